"""Geometry that landmarks are made of: frames, main axes, spheres, symmetry. World millimetres throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from fluorosam_sim.geometry import angles_from_direction, direction_from_angles

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frame:
    """A part of the body: origin_mm (3,) and axes (3, 3), whose columns point to its left, its back and its head."""

    origin_mm: FloatArray
    axes: FloatArray

    def direction(self, primary_deg: float, secondary_deg: float) -> FloatArray:
        """Unit vector (3,) in world axes of positioner angles that are meant in this frame's axes."""
        return np.asarray(self.axes @ direction_from_angles(primary_deg, secondary_deg))

    def angles(self, direction: npt.ArrayLike) -> tuple[float, float]:
        """Positioner angles in this frame's axes of a world direction (3,)."""
        return angles_from_direction(self.axes.T @ np.asarray(direction, float))

    def local(self, points_mm: npt.ArrayLike) -> FloatArray:
        """World points (N, 3) as (left, back, head) from the origin."""
        return np.asarray((np.asarray(points_mm, float) - self.origin_mm) @ self.axes)

    def world(self, local_mm: npt.ArrayLike) -> FloatArray:
        """The inverse of ``local``, for one point (3,) or several (N, 3)."""
        return np.asarray(np.asarray(local_mm, float) @ self.axes.T + self.origin_mm)

    def at(self, origin_mm: FloatArray) -> Frame:
        """The same axes elsewhere."""
        return Frame(np.asarray(origin_mm, float), self.axes)


def unit(vector: npt.ArrayLike) -> FloatArray:
    """A vector (3,) of length one. Raises ValueError for a zero vector."""
    v = np.asarray(vector, float)
    length = float(np.linalg.norm(v))
    if not length > 1e-9:
        raise ValueError("A direction of zero length.")
    return np.asarray(v / length)


def across(vector: npt.ArrayLike, axis: FloatArray) -> FloatArray:
    """The part of a vector (3,) across a unit axis, of length one."""
    v = np.asarray(vector, float)
    return unit(v - (v @ axis) * axis)


def frame_head_left(origin_mm: FloatArray, head: npt.ArrayLike, left: npt.ArrayLike) -> Frame:
    """A frame with exactly this head axis and its left axis as near as possible to the one given."""
    z = unit(head)
    x = across(left, z)
    return Frame(np.asarray(origin_mm, float), np.column_stack([x, np.cross(z, x), z]))


def frame_left_head(origin_mm: FloatArray, left: npt.ArrayLike, head: npt.ArrayLike) -> Frame:
    """A frame with exactly this left axis and its head axis as near as possible to the one given."""
    x = unit(left)
    z = across(head, x)
    return Frame(np.asarray(origin_mm, float), np.column_stack([x, np.cross(z, x), z]))


def frame_head_back(origin_mm: FloatArray, head: npt.ArrayLike, back: npt.ArrayLike) -> Frame:
    """A frame with exactly this head axis and its back axis as near as possible to the one given."""
    z = unit(head)
    y = across(back, z)
    return Frame(np.asarray(origin_mm, float), np.column_stack([np.cross(y, z), y, z]))


def principal_axes(points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Main axes (3, 3), longest first as columns, and the standard deviations (3,) of points (N, 3) along them."""
    centered = points_mm - points_mm.mean(axis=0)
    values, vectors = np.linalg.eigh(centered.T @ centered / max(len(points_mm), 1))
    return vectors[:, ::-1], np.sqrt(np.maximum(values[::-1], 0))


def flat_axis(points_mm: FloatArray, normal: FloatArray) -> FloatArray:
    """The longest axis (3,) of points (N, 3) seen along a unit vector."""
    centered = points_mm - points_mm.mean(axis=0)
    flat = centered - np.outer(centered @ normal, normal)
    return np.asarray(np.linalg.eigh(flat.T @ flat)[1][:, -1])


def shaft_axis(points_mm: FloatArray, along: FloatArray, start: float, stop: float) -> tuple[FloatArray, FloatArray]:
    """(point, unit direction with the sense of ``along``) of the line through the centres of cross-sections.

    start, stop: shares of the extent of the points (N, 3) along ``along`` between which sections are taken.
    """
    depth = points_mm @ along
    low, extent = depth.min(), np.ptp(depth)
    edges = np.linspace(low + start * extent, low + stop * extent, 13)
    part = np.digitize(depth, edges)
    centers = np.array([points_mm[part == n].mean(axis=0) for n in range(1, 13) if (part == n).sum() >= 5])
    if len(centers) < 3:
        raise ValueError("Too few sections for an axis.")
    direction = principal_axes(centers)[0][:, 0]
    return centers.mean(axis=0), direction if direction @ along > 0 else -direction


def fit_sphere(points_mm: FloatArray) -> tuple[FloatArray, float]:
    """(centre (3,), radius) of the least-squares sphere through points (N, 3), without the worst fifth."""
    kept = points_mm
    for _ in range(3):
        middle = kept.mean(axis=0)
        local = kept - middle
        design = np.column_stack([2 * local, np.ones(len(local))])
        solution = np.linalg.lstsq(design, (local**2).sum(axis=1), rcond=None)[0]
        center, radius = solution[:3] + middle, float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))
        residual = np.abs(np.linalg.norm(points_mm - center, axis=1) - radius)
        kept = points_mm[residual <= np.quantile(residual, 0.8)]
    return center, radius


def mirror_normal(points_mm: FloatArray, frame: Frame, cell_mm: float = 6.0) -> tuple[FloatArray, FloatArray]:
    """(point, unit normal to the left) of the plane half-way between a body's left and right outline.

    The outline is taken row by row, along the frame's left axis, which has to be right within about 20°.
    """
    point, left = frame.origin_mm, frame.axes[:, 0]
    for _ in range(4):
        current = frame_left_head(point, left, frame.axes[:, 2])
        local = current.local(points_mm)
        cells = np.floor(local[:, 1:] / cell_mm).astype(int)
        cells -= cells.min(axis=0)
        index = cells[:, 0] * (cells[:, 1].max() + 1) + cells[:, 1]
        order = np.lexsort((local[:, 0], index))
        starts = np.flatnonzero(np.diff(index[order], prepend=-1))
        ends = np.append(starts[1:], len(order)) - 1
        low, high = local[order[starts], 0], local[order[ends], 0]
        wide = high - low > 0.5 * np.quantile(high - low, 0.9)
        rows = local[order[starts]][wide]
        design = np.column_stack([np.ones(len(rows)), rows[:, 1:]])
        middle = (low + high)[wide] / 2
        fit = np.linalg.lstsq(design, middle, rcond=None)[0]
        residual = np.abs(middle - design @ fit)
        kept = residual <= np.quantile(residual, 0.8)
        fit = np.linalg.lstsq(design[kept], middle[kept], rcond=None)[0]
        point = current.world([fit[0], 0.0, 0.0])
        left = unit(current.axes @ np.array([1.0, -fit[1], -fit[2]]))
    return point, left


def symmetry_normal(points_mm: FloatArray, start: FloatArray) -> FloatArray:
    """Unit normal (3,) of a body's plane of symmetry: the mirror image of points (N, 3) lies best on them.

    start: (3,) unit vector, right within about 20°. Nearest neighbours and the plane that fits them take turns.
    """
    points = points_mm[:: max(1, len(points_mm) // 2000)]
    tree = cKDTree(points)
    normal, middle = unit(start), points.mean(axis=0)
    for _ in range(15):
        image = points - 2 * np.outer((points - middle) @ normal, normal)
        gap, nearest = tree.query(image)
        kept = gap <= np.quantile(gap, 0.85)  # what one side has and the other lacks
        own, other = points[kept], points[nearest[kept]]
        middle = (own.mean(axis=0) + other.mean(axis=0)) / 2
        product = (own - middle).T @ (other - middle)
        found = np.linalg.eigh(product + product.T)[1][:, 0]
        normal = found if found @ normal > 0 else -found
    return np.asarray(normal)
