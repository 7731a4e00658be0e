"""The ray caster: slice-driven Joseph interpolation over ray tiles, compiled by numba.

For every slice of the volume across the beam, all rays of a small tile of pixels take one bilinear sample. Pairs of
neighbouring voxels are packed into one 32-bit word (two 16-bit densities), so that a bilinear sample takes two loads;
blocks of 8³ voxels of air are skipped, and so is the work on bone and on labels that a block does not hold. One pass
gives soft and bone area density and the set of labels of each pixel. Only what lies between the source and the detector
counts: the slices next to either are weighted by their share.

A body that moves is not warped: rays are bent instead (`displacement.Bends`), so that they meet the voxels of the body
at rest that lie on the straight ray at that moment. Without bends numba compiles a kernel that has none of it.

How often a ray met a label is counted by bit planes, in words of 32 labels: bit b of word w of plane n is set once
label 32·w + b was met n + 1 times.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from fluorosam_sim.render.blocks import BLOCK_SHIFT, BONE
from fluorosam_sim.render.prefetch import prefetch

F = np.float32
I = np.int32  # noqa: E741 - the field's short name for an index
U = np.uint32
U64 = np.uint64
_AHEAD = 2  # slices: what is read then is asked for now; measured the same for 1 to 6
_LINE = 64  # bytes of a cache line


@nb.njit(inline="always")
def _bilinear(near, far, frac_a, frac_b):
    """One sample from two packed pairs of neighbours along a, the second one step further along b."""
    v00, v10 = F(I(near & U(0xFFFF))), F(I(near >> U(16)))
    v01, v11 = F(I(far & U(0xFFFF))), F(I(far >> U(16)))
    e = v00 + frac_a * (v10 - v00)
    f = v01 + frac_a * (v11 - v01)
    return e + frac_b * (f - e)


@nb.njit(nogil=True, error_model="numpy", cache=True)
def _fetch(voxels, a_line, s, slices, slice_stride, region):
    """Asks for a rectangle of voxels some slices after slice s. a_line: how many, side by side, a cache line holds.

    region: the first, the last and the stride of the voxels along either side.
    """
    first_i, last_i, stride_i, first_k, last_k, stride_k = region
    ahead = _AHEAD
    if slice_stride == 1:  # a line holds many slices, so it is asked for once
        if s % a_line != 0:
            return
        ahead = a_line
    if s + ahead < slices:
        first = (s + ahead) * slice_stride
        for i in range(first_i, last_i + 1, a_line if stride_i == 1 else 1):
            for k in range(first_k, last_k + 1, a_line if stride_k == 1 else 1):
                prefetch(voxels, first + i * stride_i + k * stride_k)


@nb.njit(nogil=True, error_model="numpy", cache=True)
def _common(sets):
    """Labels that are in all of some sets of 32."""
    common = U(0xFFFFFFFF)
    for p in range(sets.size):
        common &= sets[p]
    return common


@nb.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def _nodes_of_layer(bends, layer, slab, row, col, source_s, nodes):
    """How rays are bent between two layers, at the corners of a tile's cells.

    Writes nodes, (rows, columns, 5): offsets from the straight ray along a and b where it begins, and by slice; and the
    length of straight ray that a slice stands for, in slices. Returns whether a length is not 1, and the least and most
    offsets along a and b within the layers.
    """
    each, one, t = F(1) / F(slab), F(1), F(layer * slab - source_s)
    stretched = False
    low_a, high_a, low_b, high_b = F(1e9), F(-1e9), F(1e9), F(-1e9)
    for r in range(nodes.shape[0]):
        for c in range(nodes.shape[1]):
            # The last tiles reach beyond the image, where the last nodes stand for all others.
            y, x = min(row + r, bends.shape[1] - 1), min(col + c, bends.shape[2] - 1)
            a, b = bends[layer, y, x, 0], bends[layer, y, x, 1]
            next_a, next_b = bends[layer + 1, y, x, 0], bends[layer + 1, y, x, 1]
            lean_a, lean_b = (next_a - a) * each, (next_b - b) * each
            weight = max(one + (bends[layer + 1, y, x, 2] - bends[layer, y, x, 2]) * each, F(0))
            nodes[r, c, 0], nodes[r, c, 1] = a - t * lean_a, b - t * lean_b
            nodes[r, c, 2], nodes[r, c, 3], nodes[r, c, 4] = lean_a, lean_b, weight
            if weight != one:
                stretched = True
            low_a, high_a = min(low_a, a, next_a), max(high_a, a, next_a)
            low_b, high_b = min(low_b, b, next_b), max(high_b, b, next_b)
    return stretched, low_a, high_a, low_b, high_b


@nb.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def _spread(nodes, which, rows, cols, cell, out):
    """One of a tile's numbers by pixel, from those at the corners of its cells: bilinear."""
    step = F(1) / F(cell)
    for r in range(rows):
        y, down = r // cell, F(r % cell) * step
        for x in range((cols + cell - 1) // cell):
            left = nodes[y, x, which] + down * (nodes[y + 1, x, which] - nodes[y, x, which])
            right = nodes[y, x + 1, which] + down * (nodes[y + 1, x + 1, which] - nodes[y, x + 1, which])
            slope, start = (right - left) * step, r * cols + x * cell
            for c in range(min(cell, cols - x * cell)):
                out[start + c] = left + F(c) * slope


@nb.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def _stretch(weight, start, values):
    """What was added since the start counts by its weight."""
    for p in range(values.size):
        values[p] = start[p] + weight[p] * (values[p] - start[p])


@nb.njit(parallel=True, nogil=True, fastmath=True, error_model="numpy", cache=True)
def cast_rays(
    packed,  # (n,) uint32: density of a voxel in the low half, of its next neighbour along axis a in the high half
    labels,  # (n,) uint8
    occupied,  # (m,) uint8, one per block: see blocks.mark_blocks
    held,  # (m, words) uint32, likewise
    strides,  # element strides of (slice axis, a, b)
    sizes,  # padded sizes along (slice axis, a, b)
    occupied_strides,
    source,  # (3,) float64 in padded index units, axes (slice, a, b)
    origin,  # (3,) centre of pixel (0, 0), likewise
    du,
    dv,
    step_mm,  # (3, 3) world mm per index step along (slice, a, b), as rows
    drift,  # where a slice's density is sampled: on the ray this many slices further on
    tile_height,
    tile_width,
    bone_from,  # density at which bone starts, in units of the packed density
    bone_slope,  # share of bone per unit of packed density above it
    out,  # (2, H, W) float32, added to: soft, bone, in packed density × mm
    bits,  # (H, W, words) uint64
    want_labels,
    min_path_mm,  # a label counts when its samples make up more than this
    planes,  # bit planes: the largest number of samples needed for that
    bends,  # None, or (layers, rows, columns, 3) float32: how rays are bent, see displacement.Bends
    slab,  # slices between layers of bends
    cell_shift,  # 2 to its power: pixels between their rows and columns; no more than a tile's sides
):
    height, width = out.shape[1], out.shape[2]
    words = 2 * bits.shape[2]
    cell = 1 << cell_shift
    tiles_x = (width + tile_width - 1) // tile_width
    tiles_y = (height + tile_height - 1) // tile_height
    slice_stride = strides[0]
    stride_a, stride_b, offset_b = I(strides[1]), I(strides[2]), strides[2]
    zero, half = F(0), F(0.5)
    a_max, b_max = F(sizes[1] - 1.001), F(sizes[2] - 1.001)
    source_a, source_b = F(source[1]), F(source[2])
    for tile in nb.prange(tiles_x * tiles_y):
        row0 = (tile // tiles_x) * tile_height
        col0 = (tile % tiles_x) * tile_width
        rows, cols = min(tile_height, height - row0), min(tile_width, width - col0)
        n = rows * cols
        slope_a, slope_b = np.empty(n, F), np.empty(n, F)
        soft, bone = np.zeros(n, F), np.zeros(n, F)
        soft_before, bone_before = np.empty(n, F), np.empty(n, F)
        index = np.empty(n, np.uint32)
        frac_a, frac_b = np.empty(n, F), np.empty(n, F)
        near, far = np.empty(n, np.uint32), np.empty(n, np.uint32)
        label = np.empty(n, np.uint32)
        bit = np.empty(n, np.uint32)
        seen = np.zeros((planes, words, n), np.uint32)
        wanted = np.zeros(words, np.uint32)  # labels that the tile may meet and that some of its rays still lack
        reach = np.empty(n, F)  # slices from the source to the detector
        # Made in any case: arrays made under a condition numba lets go too early.
        base_a, base_b, lean_a, lean_b = np.empty(n, F), np.empty(n, F), np.empty(n, F), np.empty(n, F)
        place_a, place_b, weight = np.empty(n, F), np.empty(n, F), np.empty(n, F)
        soft_start, bone_start = np.empty(n, F), np.empty(n, F)
        nodes = np.empty(((rows + cell - 1) // cell + 1, (cols + cell - 1) // cell + 1, 5), F)
        layer, spread, stretched = -1, False, False
        entered, any_occupied, any_wanted = True, 0, False
        inside = False  # whether no ray of the tile leaves the volume in this layer of blocks
        first_i, last_i, first_k, last_k = 0, 0, 0, 0
        low_a, high_a, low_b, high_b = zero, zero, zero, zero
        min_a, max_a, min_b, max_b = 1e30, -1e30, 1e30, -1e30
        min_reach, max_reach, forward = 1e30, 0.0, 1.0
        for r in range(rows):
            for c in range(cols):
                x, y = col0 + c, row0 + r
                ds = origin[0] + x * du[0] + y * dv[0] - source[0]
                a = (origin[1] + x * du[1] + y * dv[1] - source[1]) / ds
                b = (origin[2] + x * du[2] + y * dv[2] - source[2]) / ds
                slope_a[r * cols + c] = a
                slope_b[r * cols + c] = b
                reach[r * cols + c] = abs(ds)
                min_reach, max_reach = min(min_reach, abs(ds)), max(max_reach, abs(ds))
                forward = 1.0 if ds > 0 else -1.0
                min_a, max_a = min(min_a, a), max(max_a, a)
                min_b, max_b = min(min_b, b), max(max_b, b)
        for s in range(sizes[0]):
            t = s - source[0]
            ahead = t * forward
            if ahead <= -0.5 or ahead >= max_reach + 0.5:
                continue
            cut = ahead < 0.5 or ahead + 0.5 > min_reach
            td = t + drift
            if bends is not None:  # noqa: SIM102 - numba prunes the branch by this test alone
                if min(s // slab, bends.shape[0] - 2) != layer:
                    if spread and stretched:
                        _stretch(weight, soft_start, soft)
                        _stretch(weight, bone_start, bone)
                    layer, spread, entered = min(s // slab, bends.shape[0] - 2), False, True
                    stretched, low_a, high_a, low_b, high_b = _nodes_of_layer(
                        bends, layer, slab, row0 >> cell_shift, col0 >> cell_shift, source[0], nodes
                    )
            if entered or s & ((1 << BLOCK_SHIFT) - 1) == 0:
                # What the tile may meet is asked once for all slices of a layer of blocks: asking costs as much as
                # casting a few dozen rays.
                entered = False
                t_end = (s | ((1 << BLOCK_SHIFT) - 1)) - source[0]
                t_low, t_high = min(t, td), max(t_end, t_end + drift)
                a_low = min(t_low * min_a, t_low * max_a, t_high * min_a, t_high * max_a) + source[1] + low_a
                a_high = max(t_low * min_a, t_low * max_a, t_high * min_a, t_high * max_a) + source[1] + high_a
                b_low = min(t_low * min_b, t_low * max_b, t_high * min_b, t_high * max_b) + source[2] + low_b
                b_high = max(t_low * min_b, t_low * max_b, t_high * min_b, t_high * max_b) + source[2] + high_b
                any_occupied = 0
                wanted[:] = 0
                # A voxel to spare: positions of single rays are rounded otherwise than these bounds.
                inside = a_low >= 1 and b_low >= 1 and a_high <= sizes[1] - 3 and b_high <= sizes[2] - 3
                if a_high > 0 and b_high > 0 and a_low < sizes[1] - 1 and b_low < sizes[2] - 1:
                    first_i, last_i = max(int(a_low), 0), min(int(a_high) + 1, sizes[1] - 1)
                    first_k, last_k = max(int(b_low), 0), min(int(b_high) + 1, sizes[2] - 1)
                    for i in range(first_i >> BLOCK_SHIFT, (last_i >> BLOCK_SHIFT) + 1):
                        row = (s >> BLOCK_SHIFT) * occupied_strides[0] + i * occupied_strides[1]
                        for k in range(first_k >> BLOCK_SHIFT, (last_k >> BLOCK_SHIFT) + 1):
                            block = row + k * occupied_strides[2]
                            any_occupied |= occupied[block]
                            if want_labels:
                                for w in range(words):
                                    wanted[w] |= held[block, w]
                any_wanted = False
                for w in range(words):
                    if wanted[w] != 0:
                        # Most of the way through a large organ every ray of the tile has met it often enough.
                        wanted[w] &= ~_common(seen[planes - 1, w])
                        any_wanted |= wanted[w] != 0
            if any_occupied == 0:
                continue
            # The processor does not foresee the step to the next slice: without this the rays wait for memory.
            region = (first_i, last_i, stride_a, first_k, last_k, stride_b)
            _fetch(packed, _LINE // 4, s, sizes[0], slice_stride, region)
            if any_wanted:
                _fetch(labels, _LINE, s, sizes[0], slice_stride, region)
            plane = packed[s * slice_stride :]
            plane_next = packed[s * slice_stride + offset_b :]
            tf = F(td)
            if cut:
                soft_before[:] = soft
                bone_before[:] = bone
            if bends is not None:
                if not spread:
                    _spread(nodes, 0, rows, cols, cell, base_a)
                    _spread(nodes, 1, rows, cols, cell, base_b)
                    _spread(nodes, 2, rows, cols, cell, lean_a)
                    _spread(nodes, 3, rows, cols, cell, lean_b)
                    for p in range(n):
                        lean_a[p] += slope_a[p]
                    for p in range(n):
                        lean_b[p] += slope_b[p]
                    if stretched:
                        _spread(nodes, 4, rows, cols, cell, weight)
                        soft_start[:] = soft
                        bone_start[:] = bone
                    spread = True
                for p in range(n):
                    place_a[p] = source_a + base_a[p] + tf * lean_a[p]
                for p in range(n):
                    place_b[p] = source_b + base_b[p] + tf * lean_b[p]
            # Three short loops, so that the arithmetic vectorises and the gathers stand alone.
            if bends is None and inside:
                for p in range(n):
                    pa, pb = source_a + tf * slope_a[p], source_b + tf * slope_b[p]
                    i, k = I(pa), I(pb)
                    frac_a[p], frac_b[p] = pa - F(i), pb - F(k)
                    index[p] = U(i * stride_a + k * stride_b)
            else:
                for p in range(n):
                    if bends is None:
                        pa = min(max(source_a + tf * slope_a[p], zero), a_max)
                        pb = min(max(source_b + tf * slope_b[p], zero), b_max)
                    else:
                        pa = min(max(place_a[p], zero), a_max)
                        pb = min(max(place_b[p], zero), b_max)
                    i = I(pa)
                    k = I(pb)
                    frac_a[p] = pa - F(i)
                    frac_b[p] = pb - F(k)
                    index[p] = U(i * stride_a + k * stride_b)
            for p in range(n):
                q = index[p]
                near[p] = plane[q]
                far[p] = plane_next[q]
            if any_occupied & BONE:
                for p in range(n):
                    density = _bilinear(near[p], far[p], frac_a[p], frac_b[p])
                    mineral = min(max((density - bone_from) * bone_slope, F(0)), F(1)) * density
                    bone[p] += mineral
                    soft[p] += density - mineral
            else:
                for p in range(n):
                    soft[p] += _bilinear(near[p], far[p], frac_a[p], frac_b[p])
            if cut:
                for p in range(n):
                    share = min(F(ahead) + half, reach[p]) - max(F(ahead) - half, zero)
                    share = min(max(share, zero), F(1))
                    soft[p] = soft_before[p] + share * (soft[p] - soft_before[p])
                    bone[p] = bone_before[p] + share * (bone[p] - bone_before[p])
            if any_wanted:
                plane_labels = labels[s * slice_stride :]
                if drift == 0:
                    for p in range(n):
                        index[p] += U(I(frac_a[p] + half) * stride_a + I(frac_b[p] + half) * stride_b)
                else:
                    tf = F(t)
                    for p in range(n):
                        if bends is None:
                            i = I(min(max(source_a + tf * slope_a[p], zero), a_max) + half)
                            k = I(min(max(source_b + tf * slope_b[p], zero), b_max) + half)
                        else:
                            i = I(min(max(place_a[p] - F(drift) * lean_a[p], zero), a_max) + half)
                            k = I(min(max(place_b[p] - F(drift) * lean_b[p], zero), b_max) + half)
                        index[p] = U(i * stride_a + k * stride_b)
                for p in range(n):
                    label[p] = U(plane_labels[index[p]])
                if cut:
                    for p in range(n):
                        if ahead <= 0 or ahead >= reach[p]:
                            label[p] = U(0)
                for w in range(words):
                    if wanted[w] == 0:
                        continue
                    once = seen[0, w]
                    for p in range(n):
                        bit[p] = (U(1) << (label[p] & U(31))) * U(label[p] >> U(5) == U(w))
                    for plane in range(planes - 1, 1, -1):
                        more, less = seen[plane, w], seen[plane - 1, w]
                        for p in range(n):
                            more[p] |= less[p] & bit[p]
                    if planes > 1:
                        twice = seen[1, w]
                        for p in range(n):
                            twice[p] |= once[p] & bit[p]
                            once[p] |= bit[p]
                    else:
                        for p in range(n):
                            once[p] |= bit[p]
        if bends is not None and spread and stretched:
            _stretch(weight, soft_start, soft)
            _stretch(weight, bone_start, bone)
        for r in range(rows):
            for c in range(cols):
                p = r * cols + c
                length = F(0)
                for axis in range(3):
                    component = step_mm[0, axis] + slope_a[p] * step_mm[1, axis] + slope_b[p] * step_mm[2, axis]
                    length += component * component
                length = math.sqrt(length)
                out[0, row0 + r, col0 + c] += soft[p] * length
                out[1, row0 + r, col0 + c] += bone[p] * length
                if want_labels:
                    needed = min(int(min_path_mm / length) + 1, planes)
                    for w in range(bits.shape[2]):
                        low, high = seen[needed - 1, 2 * w, p], seen[needed - 1, 2 * w + 1, p]
                        bits[row0 + r, col0 + c, w] = U64(low) | (U64(high) << U64(32))
                    bits[row0 + r, col0 + c, 0] &= ~U64(1)  # label 0 is none


@nb.njit(parallel=True, nogil=True, fastmath=True, error_model="numpy", cache=True)
def trace_paths(
    labels,
    channels,  # (256,) int32: channel of each label, -1 for none
    strides,
    sizes,
    source,
    origin,
    du,
    dv,
    step_mm,
    out,  # (C, H, W) float32, zeroed: mm of ray inside each channel's labels
):
    """Path lengths by the same nearest-neighbour samples that make the label sets; see cast_rays."""
    height, width = out.shape[1], out.shape[2]
    for row in nb.prange(height):
        for col in range(width):
            ds = origin[0] + col * du[0] + row * dv[0] - source[0]
            a = (origin[1] + col * du[1] + row * dv[1] - source[1]) / ds
            b = (origin[2] + col * du[2] + row * dv[2] - source[2]) / ds
            length = 0.0
            for axis in range(3):
                length += (step_mm[0, axis] + a * step_mm[1, axis] + b * step_mm[2, axis]) ** 2
            length = math.sqrt(length)
            for s in range(sizes[0]):
                t = s - source[0]
                ahead = t if ds > 0 else -t
                if ahead <= 0 or ahead >= abs(ds):
                    continue
                i = int(source[1] + t * a + 0.5)
                k = int(source[2] + t * b + 0.5)
                if 0 <= i < sizes[1] and 0 <= k < sizes[2]:
                    channel = channels[labels[s * strides[0] + i * strides[1] + k * strides[2]]]
                    if channel >= 0:
                        out[channel, row, col] += length
