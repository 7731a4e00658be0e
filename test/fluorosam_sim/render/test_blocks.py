"""What blocks hold, against looking at every voxel; and memory that is fetched ahead."""

import numba as nb
import numpy as np

from fluorosam_sim.render.blocks import BLOCK_SHIFT, BONE, TISSUE, mark_blocks
from fluorosam_sim.render.prefetch import prefetch

SIZE = 1 << BLOCK_SHIFT


def test_blocks_hold_what_their_voxels_and_far_neighbours_hold():
    rng = np.random.default_rng(3)
    shape = (19, 12, 26)
    density = np.where(rng.random(shape) < 0.002, rng.integers(1, 200, shape), 0).astype(np.uint16)
    labels = np.where(rng.random(shape) < 0.01, rng.integers(1, 128, shape), 0).astype(np.uint8)
    occupied = np.empty([-(-n // SIZE) for n in shape], np.uint8)
    held = np.zeros((*occupied.shape, 4), np.uint32)
    mark_blocks(density, labels, np.float32(100), occupied, held)
    for block in np.ndindex(occupied.shape):
        near = tuple(slice(at * SIZE, at * SIZE + SIZE + 1) for at in block)
        expected = {int(label) for label in np.unique(labels[near])} - {0}
        found = {32 * w + b for w in range(4) for b in range(32) if int(held[block][w]) >> b & 1}
        assert found == expected
        assert bool(occupied[block] & TISSUE) == bool((density[near] > 0).any())
        assert bool(occupied[block] & BONE) == bool((density[near] > 100).any())


def test_labels_without_a_word_are_left_out():
    labels = np.full((2, 2, 2), 200, np.uint8)
    held = np.zeros((1, 1, 1, 2), np.uint32)
    mark_blocks(np.ones_like(labels, np.uint16), labels, np.float32(100), np.empty((1, 1, 1), np.uint8), held)
    assert not held.any()


def test_fetching_reads_and_changes_nothing():
    @nb.njit
    def walk(values):
        total = 0
        for at in range(values.size):
            prefetch(values, at + 1_000_000)  # far beyond the end
            total += values[at]
        return total

    values = np.arange(1000, dtype=np.uint32)
    assert walk(values) == values.sum() == 499_500
