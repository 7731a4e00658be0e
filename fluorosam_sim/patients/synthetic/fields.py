"""Soft shapes on a coarse grid: the skin, the thickness of the fat under it, the abdominal cavity."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.synthetic.bones import Points

Field = npt.NDArray[np.float32]
COARSE_MM = 4.0


@nb.njit(cache=True, error_model="numpy")
def add_tube(field, fat, low, spacing, points, radii, fat_mm, blend):  # type: ignore[no-untyped-def]
    """Joins a chain of round cones to a field that is positive inside, smoothly over `blend` mm.

    field, fat: (k, j, i) float32. points: (N, 3) mm. radii: (N,). Where the cone is the deeper one, fat is set.
    """
    for s in range(points.shape[0] - 1):
        a, b = points[s], points[s + 1]
        reach = max(radii[s], radii[s + 1]) + blend + 12.0
        first = np.empty(3, np.int64)
        last = np.empty(3, np.int64)
        for axis in range(3):
            first[axis] = max(math.floor((min(a[axis], b[axis]) - reach - low[axis]) / spacing), 0)
            size = field.shape[2 - axis] - 1
            last[axis] = min(math.ceil((max(a[axis], b[axis]) + reach - low[axis]) / spacing), size)
        dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        length2 = max(dx * dx + dy * dy + dz * dz, 1e-9)
        for k in range(first[2], last[2] + 1):
            for j in range(first[1], last[1] + 1):
                for i in range(first[0], last[0] + 1):
                    px, py = low[0] + i * spacing - a[0], low[1] + j * spacing - a[1]
                    pz = low[2] + k * spacing - a[2]
                    t = min(max((px * dx + py * dy + pz * dz) / length2, 0.0), 1.0)
                    ex, ey, ez = px - t * dx, py - t * dy, pz - t * dz
                    value = radii[s] + t * (radii[s + 1] - radii[s]) - math.sqrt(ex * ex + ey * ey + ez * ez)
                    old = field[k, j, i]
                    if value > old:
                        fat[k, j, i] = fat_mm
                    h = max(blend - abs(value - old), 0.0) / blend
                    field[k, j, i] = max(value, old) + h * h * blend * 0.25


@nb.njit(cache=True, error_model="numpy")
def add_points(field, low, spacing, points, radius):  # type: ignore[no-untyped-def]
    """Raises a field to the depth inside spheres of one radius around points (N, 3), and just around them."""
    reach = radius + 1.5 * spacing
    for n in range(points.shape[0]):
        first = np.empty(3, np.int64)
        last = np.empty(3, np.int64)
        for axis in range(3):
            size = field.shape[2 - axis] - 1
            first[axis] = max(math.floor((points[n, axis] - reach - low[axis]) / spacing), 0)
            last[axis] = min(math.ceil((points[n, axis] + reach - low[axis]) / spacing), size)
        for k in range(first[2], last[2] + 1):
            z = low[2] + k * spacing - points[n, 2]
            for j in range(first[1], last[1] + 1):
                y = low[1] + j * spacing - points[n, 1]
                for i in range(first[0], last[0] + 1):
                    x = low[0] + i * spacing - points[n, 0]
                    depth = radius - math.sqrt(x * x + y * y + z * z)
                    if depth > field[k, j, i]:
                        field[k, j, i] = depth


@nb.njit(cache=True, error_model="numpy")
def add_polar(field, fat, cavity, low, spacing, z0, dz, centers, skin, core, fat_table):  # type: ignore[no-untyped-def]
    """Joins a trunk given by polar radii: rows every dz mm from z0, columns at even angles from +x to +y.

    centers: (rows, 2). skin, core, fat_table: (rows, angles) mm. cavity gets the depth inside the core.
    """
    rows, angles = skin.shape
    for k in range(field.shape[0]):
        row = (low[2] + k * spacing - z0) / dz
        if row < 0.0 or row > rows - 1:
            continue
        r0 = min(int(row), rows - 2)
        f = row - r0
        cx = centers[r0, 0] * (1 - f) + centers[r0 + 1, 0] * f
        cy = centers[r0, 1] * (1 - f) + centers[r0 + 1, 1] * f
        for j in range(field.shape[1]):
            y = low[1] + j * spacing - cy
            for i in range(field.shape[2]):
                x = low[0] + i * spacing - cx
                angle = math.atan2(y, x) / (2.0 * math.pi) * angles
                if angle < 0.0:
                    angle += angles
                a0 = int(angle) % angles
                a1 = (a0 + 1) % angles
                g = angle - int(angle)
                radius = math.sqrt(x * x + y * y)
                outer = (skin[r0, a0] * (1 - g) + skin[r0, a1] * g) * (1 - f)
                outer += (skin[r0 + 1, a0] * (1 - g) + skin[r0 + 1, a1] * g) * f
                inner = (core[r0, a0] * (1 - g) + core[r0, a1] * g) * (1 - f)
                inner += (core[r0 + 1, a0] * (1 - g) + core[r0 + 1, a1] * g) * f
                if outer - radius > field[k, j, i]:
                    field[k, j, i] = outer - radius
                    fat[k, j, i] = fat_table[r0, a0] * (1 - f) + fat_table[r0 + 1, a0] * f
                if inner > 0.0:
                    cavity[k, j, i] = inner - radius


def hull_radii(points: Points, center: Points, angles: int) -> Points:
    """(angles,) distance from a centre to the convex hull of points (N, 2), along even directions."""
    direction = np.arange(angles) * (2 * np.pi / angles)
    rays = np.column_stack([np.cos(direction), np.sin(direction)])
    # A convex body is the intersection of half-planes: support in every direction, then the nearest wall.
    normals = rays
    support = ((points - center) @ normals.T).max(axis=0)
    cosine = rays @ normals.T
    with np.errstate(divide="ignore"):
        reach = np.where(cosine > 1e-3, support[None, :] / np.maximum(cosine, 1e-3), np.inf)
    return np.asarray(np.clip(reach.min(axis=1), 0, None))
