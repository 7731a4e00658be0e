"""Run lengths, against pycocotools and against a decoder written from COCO's description."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco

from fluorosam_sim.fluoroseg import rle


def _masks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:37, :53]
    full = np.ones((37, 53), bool)
    one = np.zeros((37, 53), bool)
    one[0, 0] = True
    return [full, ~full, one, ~one, rng.random((37, 53)) < 0.5, (row - 18) ** 2 + (column - 30) ** 2 < 150]


@pytest.mark.parametrize("number", range(6))
def test_masks_survive_and_are_those_of_pycocotools(number: int) -> None:
    mask = _masks()[number]
    counts = rle.encode(mask)
    assert (rle.decode(counts, *mask.shape) == mask).all()
    assert counts == coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    assert (coco.decode({"size": list(mask.shape), "counts": counts}).astype(bool) == mask).all()


def test_label_sets_are_encoded_label_by_label() -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**63, (20, 30, 3), np.uint64) & rng.integers(0, 2**63, (20, 30, 3), np.uint64)
    bits[..., 2] = 0
    bits[3, 4, 2] = np.uint64(1) << np.uint64(63)
    found = rle.encode_labels(bits)
    counts = rle.count_labels(bits)
    assert 0 not in found and 191 in found
    for label in range(1, 192):
        mask = (bits[..., label >> 6] >> np.uint64(label & 63)) & np.uint64(1) == 1
        assert counts[label] == mask.sum()
        assert (label in found) == bool(mask.any())
        if label in found:
            assert (rle.decode(found[label], 20, 30) == mask).all()


@pytest.mark.parametrize("counts", ["", "`", "5", "zz~", "ü", "0000"])
def test_damaged_run_lengths_are_refused(counts: str) -> None:
    with pytest.raises(ValueError, match="damaged"):
        rle.decode(counts, 4, 5)


def test_the_size_has_to_fit() -> None:
    counts = rle.encode(np.ones((4, 5), bool))
    with pytest.raises(ValueError, match="5 × 5 pixels"):
        rle.decode(counts, 5, 5)
