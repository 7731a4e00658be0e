"""Where the patient's structures are, as far as the segmented views so far tell: centres with their uncertainty.

Every view in which a structure was found whole gives a ray through its centre. One ray leaves the depth open, for which
the model only assumes that the structure lies in the body, around the isocentre's plane; rays of views from other
directions narrow it. The patient is taken to lie still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluorosam_ros.control.centering import DEPTH_UNCERTAINTY_MM, Observation
from fluorosam_sim.geometry import FloatArray

RAY_MM = 6.0
"""How far a shadow's centre is from the body's projected one, mm in the isocentre's plane; standard deviation."""

MAX_VIEWS = 8
"""Rays kept for every structure; the oldest goes first."""

SAME_RAY_DEG = 5.0
"""A new view from nearly the same direction replaces the one before: it says nothing more about the depth."""

KNOWN_MM = 25.0
"""A centre with less uncertainty in every direction is known well enough to go there without seeing it first."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A structure's centre.

    Attributes:
        center_mm: (3,) world.
        covariance_mm2: (3, 3).
        views: rays that it rests on.
    """

    center_mm: FloatArray
    covariance_mm2: FloatArray
    views: int

    @property
    def worst_mm(self) -> float:
        """Standard deviation in the direction that is known least, mm."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance_mm2)[-1]))

    @property
    def known(self) -> bool:
        """Whether the centre is known in all three directions."""
        return self.worst_mm <= KNOWN_MM


@dataclass(frozen=True, eq=False)
class _Ray:
    """A line of sight: source and direction (3,), and the depth of the isocentre's plane along it, mm."""

    source_mm: FloatArray
    direction: FloatArray
    depth_mm: float


class PatientModel:
    """Grows with every view in which something was found. Keys are those of the vocabulary's structures."""

    def __init__(self) -> None:
        self._rays: dict[str, list[_Ray]] = {}

    def add(self, key: str, seen: Observation, isocenter_mm: tuple[float, float, float]) -> None:
        """Adds a view of a whole structure. isocenter_mm: that of the view."""
        direction = seen.projection.rays([seen.centroid_px])[0]
        source = np.asarray(seen.projection.source_mm, float)
        depth = float((np.asarray(isocenter_mm, float) - source) @ direction)
        kept = [ray for ray in self._rays.get(key, []) if not _alike(ray.direction, direction)]
        self._rays[key] = [*kept, _Ray(source, direction, depth)][-MAX_VIEWS:]

    def estimate(self, key: str) -> Estimate | None:
        """The structure's centre, or None if it was never found whole."""
        rays = self._rays.get(key)
        if not rays:
            return None
        information, weighted = np.zeros((3, 3)), np.zeros(3)
        for ray in rays:
            along = np.outer(ray.direction, ray.direction)
            weight = (np.eye(3) - along) / RAY_MM**2 + along / DEPTH_UNCERTAINTY_MM**2
            information += weight
            weighted += weight @ (ray.source_mm + ray.depth_mm * ray.direction)
        covariance = np.asarray(np.linalg.inv(information), np.float64)
        center: FloatArray = covariance @ weighted
        return Estimate(center, covariance, len(rays))

    def center(self, keys: Sequence[str]) -> Estimate | None:
        """The middle of several structures together, or None if one of them was never found whole."""
        found = [self.estimate(key) for key in keys]
        known = [estimate for estimate in found if estimate is not None]
        if not known or len(known) < len(found):
            return None
        center: FloatArray = np.mean([estimate.center_mm for estimate in known], axis=0)
        covariance: FloatArray = np.mean([estimate.covariance_mm2 for estimate in known], axis=0)
        return Estimate(center, covariance, min(estimate.views for estimate in known))


def _alike(a: FloatArray, b: FloatArray) -> bool:
    return float(a @ b) > np.cos(np.deg2rad(SAME_RAY_DEG))
