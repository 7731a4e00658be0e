"""The same view under worse conditions: what is changed, what stays, and what it costs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fluorosam_model.evaluation import Sample, TwinViews
from fluorosam_model.evaluation.conditions import conditions
from fluorosam_model.evaluation.robustness import ConditionScore, condition_scores, robustness_report
from fluorosam_model.predictor import Prediction
from fluorosam_model.preprocess import Letterbox
from fluorosam_sim.patients import Patient

BY_NAME = {(each.name, each.strength): each for each in conditions()}


@pytest.fixture(scope="module")
def sample(phantom: Patient) -> Sample:
    return next(each for each in TwinViews([phantom], 6, seed=2, size_px=96) if each.masks)


def noise(image: np.ndarray) -> float:
    """Of neighbouring pixels, relative to the signal."""
    pixels = image.astype(float)
    return float(np.median(np.abs(np.diff(pixels, axis=1)) / (pixels[:, 1:] + 1)))


def test_less_dose_is_more_noise_and_the_same_brightness(sample: Sample) -> None:
    images = [BY_NAME["dose", f"1/{part}"].apply(sample).image for part in (4, 16, 64)]  # type: ignore[union-attr]
    levels = [noise(each) for each in (sample.image, *images)]
    assert levels == sorted(levels) and levels[-1] > 2 * levels[0]
    assert np.median(images[2]) == pytest.approx(np.median(sample.image), rel=0.1)
    again = BY_NAME["dose", "1/16"].apply(sample)
    assert again is not None and np.array_equal(again.image, images[1])


def test_a_narrow_field_cuts_picture_and_masks(sample: Sample) -> None:
    narrow = BY_NAME["field", "40%"].apply(sample)
    assert narrow is not None
    assert (narrow.image[:25] < 200).all(), "behind the blades there is only electronic noise"
    for key, mask in narrow.masks.items():
        assert not mask[:25].any() and not (mask & ~sample.masks[key]).any()
    assert any(mask.any() for mask in narrow.masks.values())


def test_a_turned_picture_turns_its_masks() -> None:
    mask = np.zeros((101, 101), bool)
    mask[20:30, 40:60] = True
    turned = BY_NAME["turn", "+15°"].apply(Sample(mask.astype(np.uint8) * 255, {"heart": mask}, (), "a", "b"))
    assert turned is not None
    agreement = (turned.image > 127) == turned.masks["heart"]
    assert agreement.mean() > 0.99 and not np.array_equal(turned.masks["heart"], mask)


def test_grey_levels_change_and_masks_do_not(sample: Sample) -> None:
    for name in ("polarity", "gamma", "look-up table"):
        for condition in (each for each in conditions() if each.name == name):
            changed = condition.apply(sample)
            assert changed is not None and changed.masks is sample.masks
            assert changed.image.shape == sample.image.shape and np.isfinite(changed.image).all()
    inverted = BY_NAME["polarity", "inverted"].apply(sample)
    assert inverted is not None
    assert np.argmax(inverted.image) == np.argmin(sample.image)


def test_a_stored_picture_cannot_be_taken_again(sample: Sample) -> None:
    stored = dataclasses.replace(sample, retake=None)
    assert {each.name for each in conditions() if each.apply(stored) is None} == {"dose", "field"}


class Fixed:
    """Answers every text with one mask, whatever the image."""

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask
        self.images = 0

    def set_image(self, image: np.ndarray) -> None:
        self.images += 1

    def predict_many(self, prompts: list[str]) -> list[Prediction]:
        size = Letterbox.fit(*self.mask.shape[::-1])
        return [
            Prediction(text, (), True, 1.0, None, None, self.mask, 1.0, 0, np.zeros((4, 4), np.float32), size)
            for text in prompts
        ]


def test_scores_are_compared_with_the_picture_as_it_was() -> None:
    mask = np.zeros((80, 80), bool)
    mask[10:30, 10:70] = True
    stored = Sample(mask.astype(np.uint8) * 200, {"heart": mask}, (), "a", "b")
    predictor = Fixed(mask)
    scores = condition_scores(predictor, stored, {"heart": 1.0}, 0.025)
    report = robustness_report(scores)
    assert set(report) == {"turn", "polarity", "gamma", "look-up table"} and predictor.images == len(scores) == 10
    assert report["polarity"]["inverted"] == {"dice": 1, "change": 0, "n": 1}
    assert report["turn"]["-15°"]["change"] < report["turn"]["-5°"]["change"] < 0
    assert robustness_report([ConditionScore("dose", "1/4", 0.5, 0.75)]) == {
        "dose": {"1/4": {"dice": 0.5, "change": -0.25, "n": 1}}
    }
