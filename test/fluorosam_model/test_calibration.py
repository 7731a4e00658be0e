"""Calibration of presence: on what views, and how well it fits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fluorosam_model.evaluation import views
from fluorosam_model.evaluation.calibration import CalibrationViews, answer_weights, calibrate, log_odds
from fluorosam_model.evaluation.metrics import calibration_error
from fluorosam_model.evaluation.presence import PresenceAnswer
from fluorosam_sim.patients import Patient


def test_it_separates_and_keeps_the_order() -> None:
    rng = np.random.default_rng(0)
    fitted = calibrate(np.append(rng.normal(4, 2, 500), rng.normal(-6, 2, 500)), np.repeat([1, 0], 500))
    assert fitted["scale"] > 0 and 0 < fitted["threshold"] < 1
    score = 1 / (1 + np.exp(-(fitted["scale"] * np.array([-6.0, 4.0]) + fitted["bias"])))
    assert score[0] < fitted["threshold"] < score[1]
    with pytest.raises(ValueError, match="present and absent"):
        calibrate([1.0, 2.0], [1, 1])


def test_weights_ask_for_what_is_there_as_often_as_for_what_is_not() -> None:
    # Four absent ones for each that is present: the odds of the sample must not become the scores' own.
    rng = np.random.default_rng(1)
    truth = np.repeat([True, False], [400, 1600])
    logits = np.where(truth, rng.normal(1, 1.5, 2000), rng.normal(-1, 1.5, 2000))
    answers = [PresenceAnswer("heart", "chest" if i % 3 else "synthetic:9000", bool(t), 0, 0, 0)
               for i, t in enumerate(truth)]  # fmt: skip
    weights = answer_weights(answers)
    assert weights[truth].sum() == pytest.approx(weights[~truth].sum())
    fitted = calibrate(logits, truth, weights)
    balanced = np.append(np.flatnonzero(truth), rng.choice(np.flatnonzero(~truth), 400, replace=False))
    scores = 1 / (1 + np.exp(-(fitted["scale"] * logits[balanced] + fitted["bias"])))
    assert calibration_error(scores, truth[balanced]) < 0.05
    assert fitted["bias"] == pytest.approx(0, abs=0.3)


def test_log_odds_stay_finite() -> None:
    assert log_odds([0.5, 0.0, 1.0]) == pytest.approx([0, -27.6, 27.6], abs=0.1)


def test_views_are_half_of_bodies_which_take_turns(phantom: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "load_patient", lambda name: dataclasses.replace(phantom, name=name))
    dataset = CalibrationViews(["chest", "synthetic:9000", "synthetic:9001"], 8, size_px=64)
    samples = list(dataset)
    assert [sample.patient for sample in samples] == ["chest"] * 4 + ["synthetic:9000"] * 2 + ["synthetic:9001"] * 2
    assert len(dataset) == 8
    assert [sample.view[:4] for sample in samples[4:]] == ["0000", "0001", "0002", "0003"]
