"""Measures of bones that the landmarks do not use: facets, widest distances, planes of symmetry, inscribed balls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.patients.landmarks.shape import across, principal_axes, unit

FloatArray = npt.NDArray[np.float64]
X, Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def sense_of(side: str) -> float:
    return 1.0 if side == "left" else -1.0


def long_axis(points: FloatArray, like: FloatArray = Z) -> FloatArray:
    axis = principal_axes(points)[0][:, 0]
    return axis if axis @ like > 0 else -axis


def facet(points: FloatArray, toward: FloatArray, within_deg: float) -> FloatArray:
    """Outward unit normal of the largest flat side that a body's convex hull turns towards a direction."""
    hull = ConvexHull(points)
    normals = hull.equations[:, :3]
    corners = points[hull.simplices]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    facing = normals @ unit(toward) > np.cos(np.deg2rad(within_deg))
    best, most = unit(toward), 0.0
    for candidate in normals[facing][np.argsort(-area[facing])[:40]]:
        near = facing & (normals @ candidate > np.cos(np.deg2rad(6.0)))
        if area[near].sum() > most:
            most = float(area[near].sum())
            best = unit((normals[near] * area[near][:, None]).sum(axis=0))
    return best


def widest(points: FloatArray, axis: FloatArray) -> FloatArray:
    """Unit vector along the greatest width of points seen along an axis: the mean of the pairs that are far apart."""
    flat = points - np.outer(points @ axis, axis)
    corners = flat[np.unique(ConvexHull(flat @ plane_across(axis)).vertices)]
    pairs = (corners[:, None] - corners[None]).reshape(-1, 3)
    gaps = np.linalg.norm(pairs, axis=1)
    far = pairs[gaps > 0.985 * gaps.max()]
    return unit(far.T @ np.sign(far @ pairs[np.argmax(gaps)]))


def thinnest(points: FloatArray, axis: FloatArray) -> FloatArray:
    """Unit vector along which points seen along an axis are least wide."""
    plane = plane_across(axis)
    flat = points @ plane
    corners = flat[ConvexHull(flat).vertices]
    turns = np.deg2rad(np.arange(0.0, 180.0, 0.5))
    rays = np.stack([np.cos(turns), np.sin(turns)])
    return np.asarray(plane @ rays[:, int(np.argmin(np.ptp(corners @ rays, axis=0)))])


def plane_across(axis: FloatArray) -> FloatArray:
    first = across(X if abs(axis[0]) < 0.9 else Z, axis)
    return np.column_stack([first, np.cross(axis, first)])


def ball_center(marks: Landmarks, label: str, like: FloatArray, reach_mm: float, toward: FloatArray) -> FloatArray:
    """Centre of the largest ball inside the end of a bone that lies along ``like``."""
    voxels, depth = marks.voxels.depth(label)
    along = voxels @ like
    top = (along > along.max() - reach_mm) & ((voxels - np.median(voxels, axis=0)) @ toward > 0.0)
    deep = depth[top] > 0.93 * depth[top].max()
    return np.asarray(voxels[top][deep].mean(axis=0))


def box_middle(frame: Frame, points: FloatArray, box: bool = True) -> FloatArray:
    if not box:
        return np.asarray(points.mean(axis=0))
    local = frame.local(points)
    return frame.world((np.quantile(local, 0.002, axis=0) + np.quantile(local, 0.998, axis=0)) / 2)
