"""Where the patient's structures are, as far as the segmented views so far tell: centres with their uncertainty.

Every view in which a structure was found whole gives a ray through its centre. One ray leaves the depth open, for which
the model only assumes that the structure lies in the body, around the isocentre's plane; rays of views from other
directions narrow it. A long bone, of which the field mostly shows a part, also gives the plane in which its axis lies
and rays through those of its ends that are in sight. Of what else the field cuts, the middle of the part in sight is
kept as a hint. The patient is taken to lie still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluorosam_ros.control.bone_shadow import AxisShadow
from fluorosam_ros.control.centering import DEPTH_UNCERTAINTY_MM, Observation
from fluorosam_sim.geometry import FloatArray, Projection

Point = tuple[float, float, float]

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
class Ray:
    """A line of sight: source and direction (3,), and the depth of the isocentre's plane along it, mm."""

    source_mm: FloatArray
    direction: FloatArray
    depth_mm: float


@dataclass(frozen=True, eq=False)
class Part:
    """A structure that the field cuts. through: ray through the middle of what is seen; spread_mm: how far its own
    centre may be from there, standard deviation."""

    through: Ray
    spread_mm: float


@dataclass(frozen=True, eq=False)
class Axis:
    """A long bone's axis in one view. through: ray through the middle of what is seen; normal: (3,) unit, across the
    plane of source and axis; ends: rays through the ends in sight."""

    through: Ray
    normal: FloatArray
    ends: tuple[Ray, ...]


class PatientModel:
    """Grows with every view in which something was found. Keys are those of the vocabulary's structures."""

    def __init__(self) -> None:
        self._rays: dict[str, list[Ray]] = {}
        self._parts: dict[str, list[Part]] = {}
        self._axes: dict[str, list[Axis]] = {}

    def add(self, key: str, seen: Observation, isocenter_mm: Point) -> None:
        """Adds a view of a whole structure. isocenter_mm: that of the view."""
        new = _ray(seen.projection, seen.centroid_px, isocenter_mm)
        kept = [ray for ray in self._rays.get(key, []) if not _alike(ray, new)]
        self._rays[key] = [*kept, new][-MAX_VIEWS:]

    def add_part(self, key: str, seen: Observation, isocenter_mm: Point, spread_mm: float) -> None:
        """Adds a view of a part of a structure."""
        through = _ray(seen.projection, seen.centroid_px, isocenter_mm)
        kept = [part for part in self._parts.get(key, []) if not _alike(part.through, through)]
        self._parts[key] = [*kept, Part(through, spread_mm)][-MAX_VIEWS:]

    def add_axis(self, key: str, projection: Projection, shadow: AxisShadow, isocenter_mm: Point) -> None:
        """Adds a view of a long bone, of all or a part of it."""
        through = _ray(projection, shadow.middle_px, isocenter_mm)
        beside = projection.rays([np.add(shadow.middle_px, shadow.direction_px)])[0]
        normal = np.cross(through.direction, beside)
        ends = tuple(_ray(projection, end, isocenter_mm) for end in shadow.ends_px)
        new = Axis(through, np.asarray(normal / np.linalg.norm(normal)), ends)
        kept = [axis for axis in self._axes.get(key, []) if not _alike(axis.through, through)]
        self._axes[key] = [*kept, new][-MAX_VIEWS:]

    def rays(self) -> dict[str, tuple[Ray, ...]]:
        """Rays through the centres of structures that were seen whole, by key."""
        return {key: tuple(rays) for key, rays in self._rays.items()}

    def parts(self) -> dict[str, tuple[Part, ...]]:
        """Parts of structures that were never seen whole, by key."""
        return {key: tuple(parts) for key, parts in self._parts.items() if key not in self._rays}

    def axes(self) -> dict[str, tuple[Axis, ...]]:
        """Axes of long bones, by key."""
        return {key: tuple(axes) for key, axes in self._axes.items()}

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


def _ray(projection: Projection, pixel: tuple[float, float], isocenter_mm: Point) -> Ray:
    direction = projection.rays([pixel])[0]
    source = np.asarray(projection.source_mm, float)
    return Ray(source, direction, float((np.asarray(isocenter_mm, float) - source) @ direction))


def _alike(a: Ray, b: Ray) -> bool:
    return float(a.direction @ b.direction) > np.cos(np.deg2rad(SAME_RAY_DEG))
