import numpy as np
import pytest

from fluorosam_ros.control.collimation import DEFAULT_MARGIN_MM, CollimationError, collimate_to, coverage
from fluorosam_sim.carm import VENDORS, Collimation

CONFIG = VENDORS["standard"]  # 400 x 400 mm, magnification 1.6


def mask(rows, columns, size=(512, 512)):
    m = np.zeros(size, bool)
    m[rows, columns] = True
    return m


def edges(c):
    return (c.left_mm, c.top_mm, c.right_mm, c.bottom_mm)


def test_edges_without_margin_are_the_pixels_borders():
    c = collimate_to(mask(slice(128, 256), slice(256, 384)), CONFIG, margin_mm=0, stray=0)
    assert edges(c) == pytest.approx((0, -100, 100, 0))


def test_margin_is_in_millimetres_at_the_isocenter():
    c = collimate_to(mask(slice(128, 256), slice(256, 384)), CONFIG, stray=0)
    m = DEFAULT_MARGIN_MM * 1.6
    assert edges(c) == pytest.approx((-m, -100 - m, 100 + m, m))


@pytest.mark.parametrize("size", [(256, 256), (300, 512), (64, 64)])
def test_any_resolution_of_the_mask(size):
    h, w = size
    c = collimate_to(mask(slice(h // 4, h // 2), slice(w // 2, 3 * w // 4), size), CONFIG, margin_mm=0, stray=0)
    assert edges(c) == pytest.approx((0, -100, 100, 0))


def test_right_and_down_as_displayed():
    c = collimate_to(mask(slice(400, 420), slice(30, 60)), CONFIG)
    assert c.right_mm < 0 < c.top_mm


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(0, 512), slice(0, 512)), (slice(0, 1), slice(0, 1)), (slice(511, 512), slice(511, 512)),
     (slice(0, 3), slice(200, 300)), (slice(250, 251), slice(250, 251))],
)  # fmt: skip
@pytest.mark.parametrize("margin", [0.0, 3.0, 7.0, 10.0, 1000.0])
def test_every_opening_is_one_the_device_takes(rows, columns, margin):
    m = mask(rows, columns)
    c = collimate_to(m, CONFIG, margin)
    CONFIG.check_collimation(c)
    assert coverage(c, m, CONFIG) > 0.99


def test_stray_pixels_do_not_open_the_field():
    m = mask(slice(200, 300), slice(200, 300))
    clean = collimate_to(m, CONFIG)
    m[5, 5] = True
    assert edges(collimate_to(m, CONFIG)) == pytest.approx(edges(clean), abs=1.0)
    assert collimate_to(m, CONFIG, stray=0).left_mm < clean.left_mm - 100


def test_probabilities_are_compared_with_the_threshold():
    p = np.full((512, 512), 0.1, np.float32)
    p[200:300, 200:300] = 0.6
    p[100:400, 100:400] = np.maximum(p[100:400, 100:400], 0.3)
    assert edges(collimate_to(p, CONFIG)) == edges(collimate_to(p >= 0.5, CONFIG))
    assert collimate_to(p, CONFIG, threshold=0.25).area_mm2 > collimate_to(p, CONFIG).area_mm2


@pytest.mark.parametrize(
    "bad",
    [np.zeros((512, 512), bool), np.zeros((0, 5), bool), np.zeros((4, 4, 3), bool), np.full((8, 8), np.nan),
     np.full((8, 8), 0.4)],
)  # fmt: skip
def test_nothing_to_collimate_to(bad):
    with pytest.raises(CollimationError):
        collimate_to(bad, CONFIG)
    with pytest.raises(CollimationError):
        coverage(CONFIG.open_field, bad, CONFIG)


@pytest.mark.parametrize("margin", [-1.0, np.nan, np.inf])
def test_impossible_margins(margin):
    with pytest.raises(CollimationError, match="margin"):
        collimate_to(mask(slice(1, 9), slice(1, 9)), CONFIG, margin)


def test_coverage_counts_the_mask_inside_the_opening():
    m = mask(slice(128, 384), slice(128, 384))
    assert coverage(CONFIG.open_field, m, CONFIG) == 1.0
    assert coverage(Collimation(-200, -200, 0, 200), m, CONFIG) == pytest.approx(0.5)
    assert coverage(Collimation(-200, -200, 0, 0), m, CONFIG) == pytest.approx(0.25)
    assert coverage(Collimation(150, 150, 200, 200), m, CONFIG) == 0.0


def test_a_detector_that_is_not_square():
    config = VENDORS["angio30x40"]
    c = collimate_to(mask(slice(0, 480), slice(160, 480), (480, 640)), config, margin_mm=0, stray=0)
    assert edges(c) == pytest.approx((-100, -150, 100, 150))
