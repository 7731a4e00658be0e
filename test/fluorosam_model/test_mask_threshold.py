"""The cut with the highest expected Dice, against brute force and in the limits that matter."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_model.mask_threshold import best_dice_logit


def expected_dice(probability: np.ndarray, mask: np.ndarray) -> float:
    return float(2 * probability[mask].sum() / (mask.sum() + probability.sum()))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_cut_has_a_higher_expected_dice(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(-1, 1.5, (16, 16)).astype(np.float32)
    probability = 1 / (1 + np.exp(-logits.astype(float)))
    mask = logits > best_dice_logit(logits)
    others = (expected_dice(probability, logits > value) for value in np.linspace(-4, 3, 400))
    assert expected_dice(probability, mask) >= max(others) - 1e-9


def test_a_sure_mask_is_cut_where_it_ends() -> None:
    logits = np.full((64, 64), -8.0, np.float32)
    logits[10:30, 10:30] = 8
    assert (logits > best_dice_logit(logits)).sum() == 400


def test_an_unsure_one_is_shown_at_its_likeliest_place() -> None:
    logits = np.full((64, 64), -8.0, np.float32)
    logits[10:12, 10:40] = -0.5
    logits[40:42, 10:40] = -1.5
    mask = logits > best_dice_logit(logits)
    assert mask[10:12, 10:40].all() and mask.sum() < 200


def test_what_is_nowhere_likely_has_no_mask() -> None:
    assert not (np.full((64, 64), -5.0, np.float32) > best_dice_logit(np.full((64, 64), -5.0, np.float32))).any()
