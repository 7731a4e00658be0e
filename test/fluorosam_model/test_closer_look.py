"""The magnified input, and the mean of both looks in the first one's pixels."""

import numpy as np

from fluorosam_model.closer_look import MAGNIFICATION, both_looks, in_doubt, magnified


def blob(size, x, y, sigma):
    rows, columns = np.mgrid[:size, :size]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_the_magnified_input_is_larger_about_its_middle():
    size, middle = 64, 31.5
    enlarged = magnified(np.stack([blob(size, 41.5, 31.5, 3), np.full((size, size), 2, np.float32)]))
    y, x = np.unravel_index(int(enlarged[0].argmax()), (size, size))
    assert abs(x - (middle + MAGNIFICATION * 10)) <= 0.5 and abs(y - middle) <= 0.5
    assert enlarged[0].sum() > 1.15 * blob(size, 41.5, 31.5, 3).sum()
    assert (enlarged[1] == 2).all()


def test_both_looks_at_the_same_thing_agree():
    size = 64
    seen = 10 * blob(size, 40, 25, 6) - 5
    (closer,) = magnified(seen[None])
    assert np.abs(both_looks(seen, closer) - seen).max() < 0.3


def test_what_the_closer_look_does_not_show_stays_as_it_was():
    logits = both_looks(np.zeros((64, 64), np.float32), np.full((64, 64), 8, np.float32))
    assert logits[0, 0] == logits[-1, -1] == 0
    assert logits[32, 32] == 4
    assert 0.75 < (logits == 4).mean() < 0.9


def test_sides_that_lie_over_each_other_are_in_doubt():
    left, right = blob(64, 25, 32, 6) - 0.5, blob(64, 40, 32, 6) - 0.5
    assert in_doubt(left, left) and in_doubt(left, blob(64, 28, 32, 6) - 0.5)
    assert not in_doubt(left, right)
    assert not in_doubt(np.full((64, 64), -1, np.float32), np.full((64, 64), -1, np.float32))
