"""What blocks of 8³ voxels hold, so that rays need not look at each voxel for what is not there."""

from __future__ import annotations

import numba as nb
import numpy as np

BLOCK_SHIFT = 3  # blocks of 8 voxels
TISSUE, BONE = 1, 2  # what a block with its packed neighbours may hold: bits of `occupied`


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def mark_blocks(
    density,  # (k, j, i) uint16
    labels,  # (k, j, i) uint8
    bone_from,
    occupied,  # out: (k, j, i) uint8 by block, bits TISSUE and BONE
    held,  # out: (k, j, i, words) uint32 by block, zeroed: bit b of word w for label 32·w + b
):
    """What each block may add to a ray: a sample reads a block's far neighbours, too, so they count with it."""
    reach = (1 << BLOCK_SHIFT) + 1
    for bk in nb.prange(occupied.shape[0]):
        for bj in range(occupied.shape[1]):
            for bi in range(occupied.shape[2]):
                found = 0
                for k in range(bk << BLOCK_SHIFT, min((bk << BLOCK_SHIFT) + reach, density.shape[0])):
                    for j in range(bj << BLOCK_SHIFT, min((bj << BLOCK_SHIFT) + reach, density.shape[1])):
                        for i in range(bi << BLOCK_SHIFT, min((bi << BLOCK_SHIFT) + reach, density.shape[2])):
                            value, label = density[k, j, i], labels[k, j, i]
                            if value > 0:
                                found |= TISSUE
                            if value > bone_from:
                                found |= BONE
                            if label > 0 and label >> 5 < held.shape[3]:
                                held[bk, bj, bi, label >> 5] |= np.uint32(1) << np.uint32(label & 31)
                occupied[bk, bj, bi] = found
