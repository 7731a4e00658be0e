"""Closed triangle meshes to signed distances on a voxel grid."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt


@nb.njit(cache=True, nogil=True, error_model="numpy")
def signed_distance(vertices, faces, low, shape, spacing, band):  # type: ignore[no-untyped-def]
    """Distance in mm to the surface of a closed mesh at voxel centres, positive inside, limited to ±band.

    vertices: (N, 3) float64 mm. faces: (M, 3) int. low: (3,) centre of voxel (0, 0, 0). shape: (3,) int.
    Returns float32 of that shape. One thread, fixed order: the same result everywhere.
    """
    ni, nj, nk = shape[0], shape[1], shape[2]
    squared = np.full((ni, nj, nk), band * band, np.float64)
    flips = np.zeros((ni, nj, nk + 1), np.uint8)
    for face in range(faces.shape[0]):
        a, b, c = vertices[faces[face, 0]], vertices[faces[face, 1]], vertices[faces[face, 2]]
        _near(squared, a, b, c, low, spacing, band)
        _cross(flips, vertices, faces[face], low, spacing)
    out = np.empty((ni, nj, nk), np.float32)
    for i in range(ni):
        for j in range(nj):
            inside = 0
            for k in range(nk):
                inside ^= flips[i, j, k]
                distance = math.sqrt(squared[i, j, k])
                out[i, j, k] = distance if inside else -distance
    return out


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="never")
def _near(squared, a, b, c, low, spacing, band):  # type: ignore[no-untyped-def]
    """Lowers the squared distances around one triangle."""
    first = np.empty(3, np.int64)
    last = np.empty(3, np.int64)
    for axis in range(3):
        lower = min(a[axis], b[axis], c[axis]) - band
        upper = max(a[axis], b[axis], c[axis]) + band
        first[axis] = max(math.ceil((lower - low[axis]) / spacing), 0)
        last[axis] = min(math.floor((upper - low[axis]) / spacing), squared.shape[axis] - 1)
    abx, aby, abz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    acx, acy, acz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = aby * acz - abz * acy, abz * acx - abx * acz, abx * acy - aby * acx
    norm2 = nx * nx + ny * ny + nz * nz
    if norm2 <= 0.0:
        return
    ab2 = abx * abx + aby * aby + abz * abz
    ac2 = acx * acx + acy * acy + acz * acz
    abac = abx * acx + aby * acy + abz * acz
    for i in range(first[0], last[0] + 1):
        px = low[0] + i * spacing - a[0]
        for j in range(first[1], last[1] + 1):
            py = low[1] + j * spacing - a[1]
            for k in range(first[2], last[2] + 1):
                pz = low[2] + k * spacing - a[2]
                best = squared[i, j, k]
                height = px * nx + py * ny + pz * nz
                if height * height >= best * norm2:
                    continue
                d1 = abx * px + aby * py + abz * pz
                d2 = acx * px + acy * py + acz * pz
                # Barycentric coordinates of the foot point; outside the triangle the nearest edge counts.
                v = (ac2 * d1 - abac * d2) / norm2
                w = (ab2 * d2 - abac * d1) / norm2
                if v >= 0.0 and w >= 0.0 and v + w <= 1.0:
                    distance = height * height / norm2
                else:
                    t = min(max(d1 / ab2, 0.0), 1.0)
                    x, y, z = px - t * abx, py - t * aby, pz - t * abz
                    distance = x * x + y * y + z * z
                    t = min(max(d2 / ac2, 0.0), 1.0)
                    x, y, z = px - t * acx, py - t * acy, pz - t * acz
                    distance = min(distance, x * x + y * y + z * z)
                    bcx, bcy, bcz = acx - abx, acy - aby, acz - abz
                    qx, qy, qz = px - abx, py - aby, pz - abz
                    t = (bcx * qx + bcy * qy + bcz * qz) / max(bcx * bcx + bcy * bcy + bcz * bcz, 1e-30)
                    t = min(max(t, 0.0), 1.0)
                    x, y, z = qx - t * bcx, qy - t * bcy, qz - t * bcz
                    distance = min(distance, x * x + y * y + z * z)
                if distance < best:
                    squared[i, j, k] = distance


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="never")
def _edge(p, q, x, y):  # type: ignore[no-untyped-def]
    return (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="never")
def _cross(flips, vertices, face, low, spacing):  # type: ignore[no-untyped-def]
    """Toggles the parity of the columns along z at the height where they pass the triangle."""
    a, b, c = vertices[face[0]], vertices[face[1]], vertices[face[2]]
    # Columns are looked at a hair off the voxel centres, so that none runs along an edge.
    x0, y0 = low[0] + 1.37e-5 * spacing, low[1] + 2.71e-5 * spacing
    i_first = max(math.ceil((min(a[0], b[0], c[0]) - x0) / spacing), 0)
    i_last = min(math.floor((max(a[0], b[0], c[0]) - x0) / spacing), flips.shape[0] - 1)
    j_first = max(math.ceil((min(a[1], b[1], c[1]) - y0) / spacing), 0)
    j_last = min(math.floor((max(a[1], b[1], c[1]) - y0) / spacing), flips.shape[1] - 1)
    area = _edge(a, b, c[0], c[1])
    if area == 0.0:
        return
    for i in range(i_first, i_last + 1):
        x = x0 + i * spacing
        for j in range(j_first, j_last + 1):
            y = y0 + j * spacing
            # An edge shared by two triangles is computed from the same end in both: no gap, no double hit.
            e0 = _edge(a, b, x, y) if face[0] < face[1] else -_edge(b, a, x, y)
            e1 = _edge(b, c, x, y) if face[1] < face[2] else -_edge(c, b, x, y)
            e2 = _edge(c, a, x, y) if face[2] < face[0] else -_edge(a, c, x, y)
            if (e0 > 0) == (e1 > 0) and (e1 > 0) == (e2 > 0):
                z = (e1 * a[2] + e2 * b[2] + e0 * c[2]) / (e0 + e1 + e2)
                k = min(max(math.ceil((z - low[2]) / spacing), 0), flips.shape[2] - 1)
                flips[i, j, k] ^= 1


def distance_field(
    vertices: npt.NDArray[np.float64],
    faces: npt.NDArray[np.integer],
    origin: npt.NDArray[np.float64],
    grid: tuple[int, int, int],
    spacing: float,
    band: float,
) -> tuple[tuple[int, int, int], npt.NDArray[np.float32]] | None:
    """(first voxel, signed distance block) of a mesh on a grid whose voxel (0, 0, 0) is centred on origin.

    The block holds the mesh and one voxel around it. None when the mesh lies outside the grid.
    """
    first = np.floor((vertices.min(axis=0) - origin) / spacing).astype(np.int64) - 1
    last = np.ceil((vertices.max(axis=0) - origin) / spacing).astype(np.int64) + 1
    first = np.maximum(first, 0)
    last = np.minimum(last, np.array(grid) - 1)
    if np.any(last < first):
        return None
    block = signed_distance(
        np.ascontiguousarray(vertices),
        np.ascontiguousarray(faces, np.int64),
        origin + first * spacing,
        last - first + 1,
        spacing,
        band,
    )
    return (int(first[0]), int(first[1]), int(first[2])), block
