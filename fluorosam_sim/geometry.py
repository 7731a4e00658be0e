"""Frames, DICOM angles and projection matrices: the one place where directions and signs are defined.

World frame (millimetres): DICOM patient coordinates of the supine patient, x to the patient's left, y to the
posterior (down to the table), z to the head. See docs/geometry.md for the drawing.

Angles are DICOM positioner angles (PS3.3 C.8.7.5), spherical: the primary angle runs from the anterior direction
towards the patient's left (+ is LAO), the secondary angle towards the head (+ is CRAN). They give the direction from
the isocentre to the *detector*; at zero the detector is before the chest and the beam travels upwards.

Pixels are (x, y) with (0, 0) at the centre of the top-left pixel; the principal point is ((w-1)/2, (h-1)/2).
Images are displayed as seen from the detector's side, so that the patient's right is on the image's left at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def direction_from_angles(primary_deg: float, secondary_deg: float) -> FloatArray:
    """Unit vector (3,) from the isocentre to the detector, in world axes."""
    p, s = np.deg2rad([primary_deg, secondary_deg])
    return np.array([np.sin(p) * np.cos(s), -np.cos(p) * np.cos(s), np.sin(s)])


def angles_from_direction(direction: npt.ArrayLike) -> tuple[float, float]:
    """Positioner angles (primary, secondary) in degrees of a vector from the isocentre to the detector.

    Primary is in (-180, 180], secondary in [-90, 90]; straight along the body axis the primary angle is 0.
    Raises ValueError for a zero vector.
    """
    d = np.asarray(direction, float)
    norm = float(np.linalg.norm(d))
    if not norm > 0:
        raise ValueError("A direction of zero length has no angles.")
    x, y, z = d / norm
    secondary = float(np.rad2deg(np.arcsin(np.clip(z, -1, 1))))
    if np.hypot(x, y) < 1e-12:
        return 0.0, secondary
    return float(np.rad2deg(np.arctan2(x, -y))), secondary


def view_axes(primary_deg: float, secondary_deg: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(right, down, towards the detector) as displayed, three unit vectors (3,) in world axes.

    The triple is left-handed: a radiograph is looked at from the detector's side, not from the source.
    """
    p, s = np.deg2rad([primary_deg, secondary_deg])
    right = np.array([np.cos(p), np.sin(p), 0.0])
    down = np.array([np.sin(s) * np.sin(p), -np.sin(s) * np.cos(p), -np.cos(s)])
    return right, down, direction_from_angles(primary_deg, secondary_deg)


@dataclass(frozen=True, eq=False)
class Projection:
    """A cone beam on a flat detector.

    source_mm: (3,) focal spot. origin_mm: (3,) centre of pixel (0, 0). du_mm, dv_mm: (3,) steps of one pixel to the
    right and down as displayed. width, height: pixels.
    """

    source_mm: FloatArray
    origin_mm: FloatArray
    du_mm: FloatArray
    dv_mm: FloatArray
    width: int
    height: int

    def matrix(self) -> FloatArray:
        """(3, 4) matrix from homogeneous world millimetres to homogeneous pixels (x, y, 1)."""
        # A point X is source + t·(origin − source + x·du + y·dv): invert for (t, t·x, t·y).
        basis = np.column_stack([self.du_mm, self.dv_mm, self.origin_mm - self.source_mm])
        inverse = np.linalg.inv(basis)
        return np.column_stack([inverse, -inverse @ self.source_mm])

    def project(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Pixels (N, 2) of world points (N, 3) in mm; NaN where a point is not in front of the source."""
        points = np.atleast_2d(np.asarray(points_mm, float))
        homogeneous = np.column_stack([points, np.ones(len(points))]) @ self.matrix().T
        depth = homogeneous[:, 2:]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(depth > 0, homogeneous[:, :2] / depth, np.nan)

    def rays(self, pixels: npt.ArrayLike) -> FloatArray:
        """Unit vectors (N, 3) from the source through pixels (N, 2)."""
        p = np.atleast_2d(np.asarray(pixels, float))
        ends = self.origin_mm + p[:, :1] * self.du_mm + p[:, 1:] * self.dv_mm
        rays = ends - self.source_mm
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def resized(self, width: int, height: int) -> Projection:
        """The same detector area divided into width × height pixels."""
        sx, sy = self.width / width, self.height / height
        corner = self.origin_mm - 0.5 * self.du_mm - 0.5 * self.dv_mm
        du, dv = self.du_mm * sx, self.dv_mm * sy
        return Projection(self.source_mm, corner + 0.5 * du + 0.5 * dv, du, dv, width, height)


def triangulate(projections: Sequence[Projection], pixels: npt.ArrayLike) -> tuple[FloatArray, float]:
    """World point (3,) in mm nearest to the rays through one pixel of each view, and the RMS distance to them in mm.

    projections: N ≥ 2 views; pixels: (N, 2). Raises ValueError when the rays are (nearly) parallel.
    """
    pixel_array = np.atleast_2d(np.asarray(pixels, float))
    if len(projections) < 2 or len(projections) != len(pixel_array):
        raise ValueError("Triangulation needs two or more views with one pixel each.")
    a, b, terms = np.zeros((3, 3)), np.zeros(3), []
    for projection, pixel in zip(projections, pixel_array, strict=True):
        ray = projection.rays(pixel)[0]
        across = np.eye(3) - np.outer(ray, ray)
        a += across
        b += across @ projection.source_mm
        terms.append((across, projection.source_mm))
    if np.linalg.cond(a) > 1e6:
        raise ValueError("The rays are nearly parallel: take another view from a different angle.")
    point = np.asarray(np.linalg.solve(a, b), np.float64)
    squared = [float(np.sum((across @ (point - source)) ** 2)) for across, source in terms]
    return point, float(np.sqrt(np.mean(squared)))
