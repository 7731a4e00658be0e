"""Where to move the isocentre so that a target comes to the middle of the image.

From one view the target's depth along the beam is unknown. Moving the isocentre across the beam, as if the target lay
in the isocentre's plane, still brings it to the middle up to the magnification error, which another shot then removes.
From two views of different directions the target is triangulated, and the isocentre goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.geometry import FloatArray, Projection, triangulate

MIN_RAY_ANGLE_DEG = 10.0
"""Rays closer together than this say too little about depth to triangulate."""

MAX_RESIDUAL_MM = 30.0
"""Rays further apart than this do not show the same target; then only the newest view counts."""

DEPTH_UNCERTAINTY_MM = 100.0
"""How far from the isocentre's plane a target in the body may lie, for the expected error from one view."""


class CenteringError(ValueError):
    """The observations do not say where the target is; the message is one sentence."""


@dataclass(frozen=True)
class Observation:
    """The target as seen in one view: the view's projection and the target's centroid (x, y) in its pixels."""

    projection: Projection
    centroid_px: tuple[float, float]


@dataclass(frozen=True)
class CenteringPlan:
    """The next move.

    Attributes:
        pose: same angles, new isocentre.
        expected_error_mm: distance of the target from the principal ray to expect after the move.
        depth_known: whether the target was triangulated, so that it stays in the middle when the C-arm turns.
    """

    pose: CArmPose
    expected_error_mm: float
    depth_known: bool


def _in_isocenter_plane(projection: Projection, centroid_px: tuple[float, float],
                        isocenter_mm: tuple[float, float, float]) -> FloatArray:  # fmt: skip
    """Where the ray through a pixel meets the plane across the beam through the isocentre, (3,) mm."""
    x, y = centroid_px
    if not (np.isfinite(x) and np.isfinite(y)):
        raise CenteringError("The target's position in the image is not a number.")
    if not (-0.5 <= x <= projection.width - 0.5 and -0.5 <= y <= projection.height - 0.5):
        raise CenteringError("The target's position lies outside the image.")
    middle = ((projection.width - 1) / 2, (projection.height - 1) / 2)
    ray, axis = projection.rays([centroid_px, middle])
    depth = (np.asarray(isocenter_mm, float) - projection.source_mm) @ axis
    if depth <= 0:
        raise CenteringError("The isocentre is not in front of the source.")
    return np.asarray(projection.source_mm + ray * (depth / (ray @ axis)), float)


def shadow_center_px(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Where the middle of a body projects to, (x, y) px, judged from its shadow (H, W) alone.

    A ray that enters a smooth body a distance d inside its outline runs through it over a length that grows as √d.
    Weighting the shadow by that guess of thickness brings its centroid nearer to the projected centroid of the body
    and lets thin appendages (great vessels of the heart, the liver's edge) count for less.

    Raises:
        CenteringError: the mask is empty.
    """
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
    weight = np.sqrt(depth)
    total = float(weight.sum())
    if total <= 0:
        raise CenteringError("The target was not seen in the image.")
    x = float(weight.sum(axis=0) @ np.arange(mask.shape[1])) / total
    y = float(weight.sum(axis=1) @ np.arange(mask.shape[0])) / total
    return x, y


def offset_mm(projection: Projection, centroid_px: tuple[float, float],
              isocenter_mm: tuple[float, float, float]) -> float:  # fmt: skip
    """Distance of a target from the image's middle, in mm in the isocentre's plane.

    Args:
        projection: the view, of any size.
        centroid_px: the target (x, y) in the view's pixels.
        isocenter_mm: the view's isocentre.

    Raises:
        CenteringError: the position is NaN or outside the image.
    """
    middle = ((projection.width - 1) / 2, (projection.height - 1) / 2)
    target = _in_isocenter_plane(projection, centroid_px, isocenter_mm)
    return float(np.linalg.norm(target - _in_isocenter_plane(projection, middle, isocenter_mm)))


def _triangulated(observations: Sequence[Observation]) -> tuple[FloatArray, float] | None:
    """(point, residual in mm) if the views differ enough in direction and agree on a point."""
    if len(observations) < 2:
        return None
    rays = np.array([o.projection.rays([o.centroid_px])[0] for o in observations])
    if np.min(rays @ rays.T) > np.cos(np.deg2rad(MIN_RAY_ANGLE_DEG)):
        return None
    point, residual = triangulate([o.projection for o in observations], [o.centroid_px for o in observations])
    return (point, residual) if residual <= MAX_RESIDUAL_MM else None


def center_pose(observations: Sequence[Observation], pose: CArmPose, config: CArmConfig) -> CenteringPlan:
    """The pose that brings the target to the middle of the image.

    Args:
        observations: the target in one or more views, newest last; older views serve for its depth.
        pose: the present pose; its angles are kept.
        config: the device, for its limits.

    Raises:
        CenteringError: no observation, or a position that is NaN or outside its image.
        LimitError: the device cannot go there.
    """
    if not observations:
        raise CenteringError("The target was not seen in any view.")
    flat = [_in_isocenter_plane(o.projection, o.centroid_px, pose.isocenter_mm) for o in observations]
    found = _triangulated(observations)
    if found is not None:
        target, error = found
    else:
        target = flat[-1]
        # A target dz off the plane is missed by the shift × dz / (source to isocentre).
        error = float(np.linalg.norm(target - pose.isocenter_mm)) * DEPTH_UNCERTAINTY_MM / config.sod_mm
    x, y, z = (float(v) for v in target)
    planned = replace(pose, isocenter_mm=(x, y, z))
    config.check_pose(planned)
    return CenteringPlan(planned, error, found is not None)
