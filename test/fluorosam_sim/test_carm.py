"""Limits, collimation and dose."""

from __future__ import annotations

import math

import pytest

from fluorosam_sim.carm import VENDORS, CArmPose, Collimation, LimitError

CONFIG = VENDORS["standard"]


@pytest.mark.parametrize(
    ("pose", "word"),
    [
        (CArmPose(111), "primary"),
        (CArmPose(0, -51), "secondary"),
        (CArmPose(0, 0, (0, 0, 2000.0)), "isocentre z"),
        (CArmPose(math.nan), "not a number"),
        (CArmPose(0, 0, (math.inf, 0, 0)), "not a number"),
    ],
)
def test_poses_outside_the_limits_are_refused_with_the_limit(pose: CArmPose, word: str) -> None:
    with pytest.raises(LimitError, match=word):
        CONFIG.check_pose(pose)


@pytest.mark.parametrize(
    "collimation",
    [
        Collimation(10, -50, -10, 50),
        Collimation(-5, -50, 5, 50),
        Collimation(-201, -50, 5, 50),
        Collimation(-50, -50, 50, math.nan),
    ],
)
def test_impossible_openings_are_refused(collimation: Collimation) -> None:
    with pytest.raises(LimitError):
        CONFIG.check_collimation(collimation)


@pytest.mark.parametrize("config", VENDORS.values(), ids=lambda c: c.name)
def test_every_device_has_square_pixels_and_a_legal_start(config) -> None:  # type: ignore[no-untyped-def]
    config.check_pose(CArmPose())
    config.check_collimation(config.open_field)
    assert config.detector_mm[1] / config.detector_px[1] == pytest.approx(config.pixel_mm)


def test_dose_area_product_is_proportional_to_the_open_area() -> None:
    whole = CONFIG.dose_area_product_gym2(CONFIG.open_field)
    half = CONFIG.dose_area_product_gym2(Collimation(-200, -200, 0, 200))
    assert half == pytest.approx(whole / 2)
    # The air kerma at the reference point over the field's area there: the same product as on the detector.
    side_m = 0.4 * (750 - 150) / 1200
    assert whole == pytest.approx(CONFIG.kerma_ugy * 1e-6 * side_m**2)
