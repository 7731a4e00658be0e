"""Writing tissue into the voxels: soft tissue, the real thorax, tubes, bones, metal.

All volumes are (k, j, i) with i fastest; positions are voxel centres, low + index · spacing, in mm (x, y, z).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

AIR, SKIN, FAT, MUSCLE, VISCERAL_FAT = -1000.0, 10.0, -100.0, 52.0, -92.0


@nb.njit(cache=True, inline="always")
def _rounded(value):  # type: ignore[no-untyped-def]
    return np.int16(min(max(math.floor(value + 0.5), -1024.0), 3071.0))


@nb.njit(cache=True, error_model="numpy", inline="never")
def _sample(field, z, y, x):  # type: ignore[no-untyped-def]
    """Trilinear value of a (k, j, i) field at voxel coordinates, clamped to the grid."""
    nk, nj, ni = field.shape
    z = min(max(z, 0.0), nk - 1.001)
    y = min(max(y, 0.0), nj - 1.001)
    x = min(max(x, 0.0), ni - 1.001)
    k, j, i = int(z), int(y), int(x)
    c, b, a = z - k, y - j, x - i
    low = (field[k, j, i] * (1 - a) + field[k, j, i + 1] * a) * (1 - b)
    low += (field[k, j + 1, i] * (1 - a) + field[k, j + 1, i + 1] * a) * b
    high = (field[k + 1, j, i] * (1 - a) + field[k + 1, j, i + 1] * a) * (1 - b)
    high += (field[k + 1, j + 1, i] * (1 - a) + field[k + 1, j + 1, i + 1] * a) * b
    return low * (1 - c) + high * c


@nb.njit(cache=True, parallel=True, error_model="numpy")
def fill_soft(hu, skin, fat, cavity, ratio, coarse_noise, fine_noise, spacing):  # type: ignore[no-untyped-def]
    """Skin, fat under it, muscle, and fat in the abdominal cavity. ratio: fine over coarse voxel size."""
    nk, nj, ni = hu.shape
    nn = coarse_noise.shape[0]
    for k in nb.prange(nk):
        for j in range(nj):
            for i in range(ni):
                z, y, x = k * ratio, j * ratio, i * ratio
                # Most voxels are air far away: one coarse value tells.
                if skin[int(z + 0.5), int(y + 0.5), int(x + 0.5)] < -7.0:
                    continue
                depth = _sample(skin, z, y, x)
                share = min(max(depth / spacing + 0.5, 0.0), 1.0)
                if share <= 0.0:
                    continue
                slow = coarse_noise[k % nn, j % nn, i % nn]
                quick = fine_noise[k % nn, j % nn, i % nn]
                layer = _sample(fat, z, y, x) * (1.0 + 0.22 * slow)
                inner = _sample(cavity, z, y, x)
                if depth < 1.6:
                    value = SKIN
                elif inner > 6.0:
                    # Mesentery and empty bowel among the fat.
                    mix = min(max((slow - 0.1) * 2.0, 0.0), 1.0)
                    value = VISCERAL_FAT + 115.0 * mix + 9.0 * quick
                elif depth < layer:
                    value = FAT + 9.0 * quick
                else:
                    # A blurred border between fat and muscle, and streaks of fat between the muscles.
                    mix = min(max((depth - layer) / 1.5, 0.0), 1.0)
                    streak = min(max((slow - 1.1) * 1.2, 0.0), 1.0)
                    value = FAT + (MUSCLE - FAT) * mix * (1.0 - 0.75 * streak) + 11.0 * quick
                hu[k, j, i] = _rounded(AIR + (value - AIR) * share)


@nb.njit(cache=True, parallel=True, error_model="numpy")
def fill_thorax(  # type: ignore[no-untyped-def]
    hu, labels, low, spacing, rows, midline, plain, enhanced, kept, core, affine, contrast, bone, density
):
    """The warped chest CT inside the chest wall.

    rows: (nk, 5) of Bend.rows. midline: reference midline by CT slice. plain, enhanced, kept, core: (i, j, k) of the
    reference. affine: (6,) spacing and origin of x, y, z. bone: (256,) whether a label is bone, scaled by density.
    """
    nk, nj, ni = hu.shape
    n0, n1, n2 = plain.shape
    for k in nb.prange(nk):
        w = (rows[k, 0] - affine[5]) / affine[2]
        if w < 2.0 or w > n2 - 6.0:
            continue
        # Fades out over 8 mm at both ends.
        edge = min(min(w - 2.0, n2 - 6.0 - w) / 3.0, 1.0)
        k0 = int(w)
        c = w - k0
        middle = midline[k0] * (1 - c) + midline[k0 + 1] * c
        for j in range(nj):
            v = ((low[1] + j * spacing) * rows[k, 3] + rows[k, 4] - affine[4]) / affine[1]
            if v < 1.0 or v > n1 - 2.0:
                continue
            j0 = int(v)
            b = v - j0
            for i in range(ni):
                u = ((low[0] + i * spacing) * rows[k, 1] + rows[k, 2] + middle - affine[3]) / affine[0]
                if u < 1.0 or u > n0 - 2.0:
                    continue
                i0 = int(u)
                a = u - i0
                near_k = k0 + int(c + 0.5)
                weight = core[int(u + 0.5), int(v + 0.5), near_k] / 255.0 * edge
                if weight <= 0.02:
                    continue
                value = 0.0
                for step in range(8):
                    p, q, r = step & 1, (step >> 1) & 1, step >> 2
                    portion = (a if p else 1 - a) * (b if q else 1 - b) * (c if r else 1 - c)
                    clear = float(plain[i0 + p, j0 + q, k0 + r])
                    bright = float(enhanced[i0 + p, j0 + q, k0 + r])
                    value += portion * (clear + contrast * (bright - clear))
                if weight > 0.5:
                    label = kept[int(u + 0.5), int(v + 0.5), near_k]
                    labels[k, j, i] = label
                    if bone[label] and value > 90.0:
                        value = 90.0 + (value - 90.0) * density
                hu[k, j, i] = _rounded(hu[k, j, i] + (value - hu[k, j, i]) * weight)


@nb.njit(cache=True, error_model="numpy")
def paint_tube(  # type: ignore[no-untyped-def]
    hu, labels, low, spacing, points, radii, level, label, value, grain, noise, over, skin, ratio, margin
):
    """Fills a chain of round cones with one tissue.

    level: (N,) 1 for a full tube; less when only what lies before (y below) that share of the radius is filled, as gas
    in a supine patient does; −1 for nothing. over: (256,) which present labels may be painted over. Nothing is painted
    closer than margin mm to the skin.
    """
    nn = noise.shape[0]
    for s in range(points.shape[0] - 1):
        a, b = points[s], points[s + 1]
        reach = max(radii[s], radii[s + 1]) + spacing
        first = np.empty(3, np.int64)
        last = np.empty(3, np.int64)
        for axis in range(3):
            first[axis] = max(math.floor((min(a[axis], b[axis]) - reach - low[axis]) / spacing), 0)
            size = hu.shape[2 - axis] - 1
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
                    radius = radii[s] + t * (radii[s + 1] - radii[s])
                    depth = radius - math.sqrt(ex * ex + ey * ey + ez * ez)
                    share = min(max(depth / spacing + 0.5, 0.0), 1.0)
                    if share <= 0.0 or not over[labels[k, j, i]]:
                        continue
                    if _sample(skin, k * ratio, j * ratio, i * ratio) < margin:
                        continue
                    inside = value + grain * noise[k % nn, j % nn, i % nn]
                    surface = level[s] + t * (level[s + 1] - level[s])
                    if surface < 1.0:
                        share = min(share, min(max((surface * radius - ey) / spacing + 0.5, 0.0), 1.0))
                        if surface <= -1.0 or share <= 0.0:
                            continue
                    hu[k, j, i] = _rounded(hu[k, j, i] + (inside - hu[k, j, i]) * share)
                    if share >= 0.5 and label > 0:
                        labels[k, j, i] = label


@nb.njit(cache=True, error_model="numpy")
def paint_bone(  # type: ignore[no-untyped-def]
    hu,
    labels,
    first,
    depth,
    label,
    material,
    low,
    spacing,
    top,
    axis,
    clip_point,
    clip_normal,
    clipped,
    density,
    fine_noise,
    coarse_noise,
):
    """Composes a bone from its signed depth (i, j, k block at voxel `first`).

    material: (S, 3) thickness, shell HU, inside HU along the axis; axis: direction over length², from top. The shell is
    averaged across the voxel, so that thin cortex keeps its mass on a coarse grid.
    """
    samples = material.shape[0]
    nn = fine_noise.shape[0]
    for bi in range(depth.shape[0]):
        for bj in range(depth.shape[1]):
            for bk in range(depth.shape[2]):
                d = float(depth[bi, bj, bk])
                if d < -0.6 * spacing:
                    continue
                i, j, k = first[0] + bi, first[1] + bj, first[2] + bk
                x, y, z = low[0] + i * spacing, low[1] + j * spacing, low[2] + k * spacing
                if clipped:
                    side = (x - clip_point[0]) * clip_normal[0] + (y - clip_point[1]) * clip_normal[1]
                    side += (z - clip_point[2]) * clip_normal[2]
                    cut = side + 0.6 * coarse_noise[k % nn, j % nn, i % nn]
                    if cut < -0.6 * spacing:
                        continue
                    edge = min(max(cut / spacing + 0.5, 0.0), 1.0)
                else:
                    edge = 1.0
                u = (x - top[0]) * axis[0] + (y - top[1]) * axis[1] + (z - top[2]) * axis[2]
                place = min(max(u, 0.0), 1.0) * (samples - 1)
                at = min(int(place), samples - 2)
                f = place - at
                thick = material[at, 0] * (1 - f) + material[at + 1, 0] * f
                shell = material[at, 1] * (1 - f) + material[at + 1, 1] * f
                inside = material[at, 2] * (1 - f) + material[at + 1, 2] * f
                trabecular = 55.0 * fine_noise[k % nn, j % nn, i % nn] + 40.0 * coarse_noise[k % nn, j % nn, i % nn]
                if inside < 60.0:
                    trabecular *= 0.3
                total, share = 0.0, 0.0
                for step in range(5):
                    e = d + (step - 2) * 0.2 * spacing
                    if e <= 0.0:
                        continue
                    compact = 1.0 / (1.0 + math.exp((e - thick) / 0.3))
                    total += inside + trabecular * (1.0 - compact) + (shell - inside) * compact
                    share += 1.0
                if share == 0.0:
                    continue
                value = total / share
                if value > 0.0:
                    value *= density
                share = share / 5.0 * edge
                hu[k, j, i] = _rounded(hu[k, j, i] + (value - hu[k, j, i]) * share)
                if share > 0.5:
                    labels[k, j, i] = label


@nb.njit(cache=True, error_model="numpy")
def paint_block(hu, labels, low, spacing, center, turn, soft, values, origin, step, label, density):  # type: ignore[no-untyped-def]
    """Copies a vertebra of the CT: voxel → CT millimetres by `turn` (3, 3) about `center`.

    soft: (i, j, k) float32 membership 0 to 1. values: its CT numbers. origin, step: CT offset and voxel size in mm
    relative to the vertebra's own centre.
    """
    inverse = np.linalg.inv(turn)
    reach = 0.0
    for corner in range(8):
        p = np.empty(3)
        for axis in range(3):
            bit = (corner >> axis) & 1
            p[axis] = origin[axis] + (soft.shape[axis] - 1) * step[axis] * bit
        q = inverse @ p
        reach = max(reach, math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]))
    first = np.empty(3, np.int64)
    last = np.empty(3, np.int64)
    for axis in range(3):
        first[axis] = max(math.floor((center[axis] - reach - low[axis]) / spacing), 0)
        last[axis] = min(math.ceil((center[axis] + reach - low[axis]) / spacing), hu.shape[2 - axis] - 1)
    for k in range(first[2], last[2] + 1):
        for j in range(first[1], last[1] + 1):
            for i in range(first[0], last[0] + 1):
                px, py = low[0] + i * spacing - center[0], low[1] + j * spacing - center[1]
                pz = low[2] + k * spacing - center[2]
                u = (turn[0, 0] * px + turn[0, 1] * py + turn[0, 2] * pz - origin[0]) / step[0]
                v = (turn[1, 0] * px + turn[1, 1] * py + turn[1, 2] * pz - origin[1]) / step[1]
                w = (turn[2, 0] * px + turn[2, 1] * py + turn[2, 2] * pz - origin[2]) / step[2]
                if u < 0 or v < 0 or w < 0 or u > soft.shape[0] - 1 or v > soft.shape[1] - 1 or w > soft.shape[2] - 1:
                    continue
                member = _sample(soft, u, v, w)
                share = min(max((member - 0.5) * 2.0 + 0.5, 0.0), 1.0)
                if share <= 0.0:
                    continue
                value = _sample(values, u, v, w)
                if value > 90.0:
                    value = 90.0 + (value - 90.0) * density
                hu[k, j, i] = _rounded(hu[k, j, i] + (value - hu[k, j, i]) * share)
                if share > 0.5:
                    labels[k, j, i] = label
