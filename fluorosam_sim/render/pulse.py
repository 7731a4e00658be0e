"""A C-arm that moves while the beam is on: what a pulse blurs.

Of all motion in the image, that of the plane through the isocentre across the beam is a homography: the image of the
middle of the pulse, shifted by it a few times and averaged, is blurred as the pulse blurs it. What lies nearer to the
source or to the detector moves otherwise; where that would leave more than a pixel, the pulse is cast as several views.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.geometry import Projection
from fluorosam_sim.render.renderer import Rendering

Float32Array = npt.NDArray[np.float32]
Homography = npt.NDArray[np.float64]

_BODY_MM = 120.0  # what is seen lies within this of the isocentre's plane, most of it nearer
_LEFT_PX = 1.0  # blur that may be missing there
_MOST_VIEWS = 9
_TAP_PX = 0.5  # between the images that are averaged


@dataclass(frozen=True)
class SubView:
    """Part of a pulse: where the C-arm is in its middle, and at its start and end relative to that."""

    pose: CArmPose
    start: CArmPose
    end: CArmPose


@dataclass(frozen=True, eq=False)
class Smear:
    """A rendering, and the homographies (3, 3) in pixels that take its image to others within its part of a pulse."""

    rendering: Rendering
    homographies: Sequence[Homography]


def between(start: CArmPose, end: CArmPose, share: float) -> CArmPose:
    """The pose on the way: 0 is the start, 1 the end, and it goes on straight beyond."""
    a = np.array([start.primary_deg, start.secondary_deg, *start.isocenter_mm])
    b = np.array([end.primary_deg, end.secondary_deg, *end.isocenter_mm])
    primary, secondary, x, y, z = (float(v) for v in a + share * (b - a))
    return CArmPose(primary, secondary, (x, y, z))


def sub_views(config: CArmConfig, start: CArmPose, end: CArmPose, size_px: tuple[int, int]) -> list[SubView]:
    """The views that a pulse between two poses takes: one, or as many as parallax needs; none when nothing moves."""
    if start == end:
        return []
    projection = config.projection(between(start, end, 0.5), size_px)
    first, last = config.projection(start, size_px), config.projection(end, size_px)
    homography = _plane_homography(first, last, projection, between(start, end, 0.5))
    left = 0.0
    for depth_mm in (-_BODY_MM, _BODY_MM):
        points = _on_plane(projection, between(start, end, 0.5), depth_mm)
        a, b = first.project(points), last.project(points)
        left = max(left, float(np.linalg.norm(_applied(homography, a) - b, axis=1).max()))
    count = int(np.clip(math.ceil(left / _LEFT_PX), 1, _MOST_VIEWS))
    if count == 1:
        return [SubView(between(start, end, 0.5), start, end)]
    edges = [between(start, end, n / count) for n in range(count + 1)]
    return [SubView(between(a, b, 0.5), a, b) for a, b in pairwise(edges)]


def smear(config: CArmConfig, view: SubView, rendering: Rendering) -> Smear:
    """How the image of one part of a pulse is blurred within it."""
    height, width = rendering.soft_gcm2.shape
    middle = config.projection(view.pose, (width, height))
    first, last = config.projection(view.start, (width, height)), config.projection(view.end, (width, height))
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], float)
    whole = _plane_homography(first, last, middle, view.pose)
    way_px = float(np.linalg.norm(_applied(whole, corners) - corners, axis=1).max())
    taps = max(math.ceil(way_px / _TAP_PX), 1)
    homographies = []
    for tap in range(taps):
        there = config.projection(between(view.start, view.end, (tap + 0.5) / taps), (width, height))
        homographies.append(_plane_homography(middle, there, middle, view.pose))
    return Smear(rendering, homographies)


def averaged(image: Float32Array, homographies: Sequence[Homography]) -> Float32Array:
    """(H, W) mean of an image moved by each of some homographies; its border goes on where nothing is known."""
    size = (image.shape[1], image.shape[0])
    total = np.zeros_like(image)
    for homography in homographies:
        # Cubic: linear interpolation blurs by itself.
        total += cv2.warpPerspective(image, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    total /= len(homographies)
    return np.maximum(total, 0, out=total)


def _on_plane(projection: Projection, pose: CArmPose, depth_mm: float) -> npt.NDArray[np.float64]:
    """(4, 3) world points on the rays of the corners, on the plane across the beam that far behind the isocentre."""
    size = np.array([projection.width - 1, projection.height - 1], float)
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * size
    rays = projection.rays(corners)
    axis = projection.rays(size[None] / 2)[0]
    distance = (np.array(pose.isocenter_mm) - projection.source_mm) @ axis + depth_mm
    return np.asarray(projection.source_mm + rays * (distance / (rays @ axis))[:, None])


def _plane_homography(a: Projection, b: Projection, middle: Projection, pose: CArmPose) -> Homography:
    """From where points of the isocentre's plane are in one projection to where they are in another."""
    points = _on_plane(middle, pose, 0.0)
    pixels = (a.project(points).astype(np.float32), b.project(points).astype(np.float32))
    return np.asarray(cv2.getPerspectiveTransform(*pixels), float)


def _applied(homography: Homography, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    moved = np.column_stack([pixels, np.ones(len(pixels))]) @ homography.T
    return np.asarray(moved[:, :2] / moved[:, 2:])
