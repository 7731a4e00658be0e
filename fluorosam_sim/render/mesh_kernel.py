"""Signed-depth rasterising of closed meshes, compiled by numba.

A ray crosses a face when it passes all three edges on the same side. The side of an edge is the sign of a triple
product that both faces of the edge compute from the same numbers, and a ray exactly through an edge or a vertex is
moved aside symbolically: so every ray that enters a watertight mesh also leaves it. Depths are in units of the distance
from the source to the detector along the ray.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

_DEEPEST = 64  # solids that a ray may be inside of at the same time


@nb.njit(nogil=True, error_model="numpy", inline="always")  # no fastmath: edges must be exactly antisymmetric
def _side(dx, dy, dz, nx, ny, nz):  # type: ignore[no-untyped-def]
    """Sign of d·n for the direction d moved by (ε, ε², ε³)."""
    e = dx * nx + dy * ny + dz * nz
    if e == 0.0:
        e = nx
    if e == 0.0:
        e = ny
    if e == 0.0:
        e = nz
    return e > 0.0


@nb.njit(nogil=True, error_model="numpy", cache=True)
def cross_faces(
    rays,  # (N, 3) float64 vertices relative to the source, mm
    pixels,  # (N, 3) the same in homogeneous pixels of the window: (x·k, y·k, k), k = 1 on the detector
    faces,  # (M, 3) int32, outwards
    corner,  # (3,) from the source to the window's first pixel, mm
    du,
    dv,
    piece,  # number of this mesh
    heads,  # (h, w) int32: each pixel's last crossing, -1 for none
    depth,  # (n,) float64 of the crossings
    code,  # (n,) int32: 2 · piece, + 1 on entry
    after,  # (n,) int32: the pixel's crossing before
    used,
):
    """Adds a mesh's crossings to every pixel's list; returns the lists, grown, and how much of them is used."""
    height, width = heads.shape
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ki, kj, kk = pixels[i, 2], pixels[j, 2], pixels[k, 2]
        if max(ki, kj, kk) <= 0.0:
            continue
        c0, c1, r0, r1 = 0, width - 1, 0, height - 1
        if min(ki, kj, kk) > 1e-9:
            xi, xj, xk = pixels[i, 0] / ki, pixels[j, 0] / kj, pixels[k, 0] / kk
            yi, yj, yk = pixels[i, 1] / ki, pixels[j, 1] / kj, pixels[k, 1] / kk
            # A rounding error wider than the face: what lies on its border must be asked about.
            c0, c1 = max(c0, math.ceil(min(xi, xj, xk) - 1e-6)), min(c1, math.floor(max(xi, xj, xk) + 1e-6))
            r0, r1 = max(r0, math.ceil(min(yi, yj, yk) - 1e-6)), min(r1, math.floor(max(yi, yj, yk) + 1e-6))
        if c1 < c0 or r1 < r0:
            continue
        ax, ay, az = rays[i, 0], rays[i, 1], rays[i, 2]
        bx, by, bz = rays[j, 0], rays[j, 1], rays[j, 2]
        cx, cy, cz = rays[k, 0], rays[k, 1], rays[k, 2]
        n0x, n0y, n0z = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
        n1x, n1y, n1z = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
        n2x, n2y, n2z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        det = ax * n0x + ay * n0y + az * n0z
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                dx = corner[0] + c * du[0] + r * dv[0]
                dy = corner[1] + c * du[1] + r * dv[1]
                dz = corner[2] + c * du[2] + r * dv[2]
                side = _side(dx, dy, dz, n0x, n0y, n0z)
                if _side(dx, dy, dz, n1x, n1y, n1z) != side or _side(dx, dy, dz, n2x, n2y, n2z) != side:
                    continue
                whole = (dx * n0x + dy * n0y + dz * n0z) + (dx * n1x + dy * n1y + dz * n1z)
                whole += dx * n2x + dy * n2y + dz * n2z
                # An edge-on face leaves 0 / 0: any depth within it will do.
                t = det / whole if whole != 0.0 else (ki + kj + kk) / 3
                if not t > 0.0:
                    continue
                if used == depth.size:
                    depth = np.concatenate((depth, np.empty(used)))
                    code = np.concatenate((code, np.empty(used, np.int32)))
                    after = np.concatenate((after, np.empty(used, np.int32)))
                depth[used] = t
                code[used] = 2 * piece + (0 if side else 1)
                after[used] = heads[r, c]
                heads[r, c] = used
                used += 1
    return depth, code, after, used


@nb.njit(nogil=True, error_model="numpy", cache=True)
def walk_rays(
    heads,
    depth,
    code,
    after,
    tool_of,  # (P,) tool of each piece
    material_of,  # (P,) material of each piece
    corner,
    du,
    dv,
    sub_rays,
    x0,
    y0,  # first pixel of the window in the image
    density,  # flat uint16
    strides,  # of (slice, a, b)
    sizes,
    source,  # (3,) padded index units, (slice, a, b)
    to_index,  # (3, 3) from mm to index units, rows (slice, a, b)
    bone_from,
    bone_slope,
    paths,  # (T, H, W) float32, zeroed: mm in each tool, mean over the sub-rays
    material_mm,  # (M, H, W) float32, zeroed: mm of each material
    displaced,  # (2, H, W) float32, zeroed: soft tissue and bone that the tools replace, density × mm
):
    """Walks through every sub-ray's crossings in the order of their depth."""
    share = 1.0 / (sub_rays * sub_rays)
    order = np.empty(_DEEPEST, np.int32)
    inside = np.zeros(tool_of.size, np.int32)
    for r in range(heads.shape[0]):
        y = y0 + r // sub_rays
        for c in range(heads.shape[1]):
            n = 0
            at = heads[r, c]
            while at >= 0:
                if n == order.size:
                    order = np.concatenate((order, np.empty(n, np.int32)))
                # Insertion sort: entries before exits of the same depth, so that touching solids leave no gap.
                place = n
                while place > 0 and (
                    depth[order[place - 1]] > depth[at]
                    or (depth[order[place - 1]] == depth[at] and (code[at] & 1) > (code[order[place - 1]] & 1))
                ):
                    order[place] = order[place - 1]
                    place -= 1
                order[place] = at
                n += 1
                at = after[at]
            if n == 0:
                continue
            x = x0 + c // sub_rays
            dx = corner[0] + c * du[0] + r * dv[0]
            dy = corner[1] + c * du[1] + r * dv[1]
            dz = corner[2] + c * du[2] + r * dv[2]
            mm = math.sqrt(dx * dx + dy * dy + dz * dz)
            step_s = to_index[0, 0] * dx + to_index[0, 1] * dy + to_index[0, 2] * dz
            step_a = to_index[1, 0] * dx + to_index[1, 1] * dy + to_index[1, 2] * dz
            step_b = to_index[2, 0] * dx + to_index[2, 1] * dy + to_index[2, 2] * dz
            inside[:] = 0
            solids, start = 0, 0.0
            for m in range(n):
                now = min(depth[order[m]], 1.0)
                piece = code[order[m]] >> 1
                entering = code[order[m]] & 1
                if solids > 0 and now > start:
                    for other in range(inside.size):
                        if inside[other] > 0:
                            length = np.float32((now - start) * mm * share)
                            paths[tool_of[other], y, x] += length
                            material_mm[material_of[other], y, x] += length
                    soft, bone = _between(
                        start, now, source, step_s, step_a, step_b, density, strides, sizes, bone_from, bone_slope
                    )
                    displaced[0, y, x] += np.float32(soft * mm * share)
                    displaced[1, y, x] += np.float32(bone * mm * share)
                start = now
                if entering:
                    inside[piece] += 1
                    solids += 1
                elif inside[piece] > 0:
                    inside[piece] -= 1
                    solids -= 1


@nb.njit(nogil=True, error_model="numpy", cache=True)
def _between(start, stop, source, step_s, step_a, step_b, density, strides, sizes, bone_from, bone_slope):  # type: ignore[no-untyped-def]
    """Soft tissue and bone between two depths, in density × units of depth: one sample in every slice's share of it.

    A slice reaches half a step to either side, as in kernel.cast_rays; it is sampled in the middle of its share, so
    that what is taken from a slice that the tool fills is what the ray caster had counted there.
    """
    s_start, s_stop = source[0] + start * step_s, source[0] + stop * step_s
    low, high = min(s_start, s_stop), max(s_start, s_stop)
    first, last = max(math.floor(low + 0.5), 0), min(math.floor(high + 0.5), sizes[0] - 1)
    soft, bone = 0.0, 0.0
    for s in range(first, last + 1):
        here, there = max(low, s - 0.5), min(high, s + 0.5)
        if there <= here:
            continue
        t = ((here + there) / 2 - source[0]) / step_s
        ps, pa, pb = (here + there) / 2, source[1] + t * step_a, source[2] + t * step_b
        if pa <= 0 or pb <= 0 or ps <= 0 or pa >= sizes[1] - 1.001 or pb >= sizes[2] - 1.001 or ps >= sizes[0] - 1.001:
            continue
        i, j, k = int(ps), int(pa), int(pb)
        fs, fa, fb = ps - i, pa - j, pb - k
        value = 0.0
        for corner in range(8):
            ci, cj, ck = corner >> 2, (corner >> 1) & 1, corner & 1
            weight = (fs if ci else 1 - fs) * (fa if cj else 1 - fa) * (fb if ck else 1 - fb)
            value += weight * density[(i + ci) * strides[0] + (j + cj) * strides[1] + (k + ck) * strides[2]]
        mineral = min(max((value - bone_from) * bone_slope, 0.0), 1.0) * value
        share = (there - here) / abs(step_s)
        bone += mineral * share
        soft += (value - mineral) * share
    return soft, bone
