"""What the presence head and the three hypotheses are worth, from the weights as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fluorosam_model.evaluation.calibration import CalibrationViews, answer_weights, calibrate, log_odds
from fluorosam_model.evaluation.dataset import Dataset, Sample
from fluorosam_model.evaluation.evaluator import click_prompt, next_click, scored_structures
from fluorosam_model.evaluation.metrics import auroc, calibration_error, dice, rounded
from fluorosam_model.evaluation.presence import PresenceAnswer, presence_answers
from fluorosam_model.predictor import Hypotheses, Predictor
from fluorosam_model.prompts import Prompt

_LEAST_AREA = 1e-4
CLICKS = (1, 2, 3)

Feature = Callable[[Sequence[PresenceAnswer]], npt.NDArray[np.float64]]
_FEATURES: dict[str, Feature] = {
    "presence head": lambda answers: log_odds([each.score for each in answers]),
    "mask's highest probability": lambda answers: log_odds([each.peak for each in answers]),
    "mask's area": lambda answers: np.log([each.area + _LEAST_AREA for each in answers]),
}


def presence_ablation(
    predictor: Predictor,
    calibration: CalibrationViews,
    dataset: Dataset,
    progress: Callable[[int], None] = lambda count: None,
) -> list[dict[str, Any]]:
    """AUROC and calibration error of the presence head, and of what a mask alone says about whether there is anything.

    All are calibrated in the same way, on the same views, which are not those of the dataset. progress: told the number
    of images done of both together. A row: {name, auroc, ece, n}.
    """
    fitted_on = presence_answers(predictor, calibration, progress=progress)
    answers = presence_answers(predictor, dataset, progress=lambda count: progress(len(calibration) + count))
    truths = [each.present for each in answers]
    rows = []
    for name, feature in _FEATURES.items():
        fit = calibrate(feature(fitted_on), [each.present for each in fitted_on], answer_weights(fitted_on))
        scores = 1 / (1 + np.exp(-(fit["scale"] * feature(answers) + fit["bias"])))
        ece = calibration_error(scores, truths)
        rows.append({"name": name, "auroc": rounded(auroc(scores, truths)), "ece": rounded(ece), "n": len(answers)})
    return rows


def hypotheses_ablation(
    predictor: Predictor, dataset: Dataset, progress: Callable[[int], None] = lambda count: None
) -> list[dict[str, Any]]:
    """Mean Dice after one, two and three clicks of four masks: the one that is chosen (it agrees with most clicks, and
    of equals the IoU head prefers it), the one that the IoU head prefers, the first, and the best, which only the truth
    can choose.

    Clicks as in an evaluation, each in the middle of the largest error of the chosen mask before; that mask goes in
    with the next click. A row: {clicks, chosen, iou_head, first, best, n}.
    """
    dices: dict[int, list[tuple[float, ...]]] = {clicks: [] for clicks in CLICKS}
    for count, sample in enumerate(dataset, start=1):
        predictor.set_image(sample.image)
        for clicks, found in _clicked(predictor, sample):
            dices[clicks] += found
        progress(count)
    means = {clicks: np.mean(found, axis=0) if found else np.full(4, np.nan) for clicks, found in dices.items()}
    names = ("chosen", "iou_head", "first", "best")
    return [
        {
            "clicks": clicks,
            **{name: rounded(value) for name, value in zip(names, means[clicks], strict=True)},
            "n": len(found),
        }
        for clicks, found in dices.items()
    ]


def _clicked(predictor: Predictor, sample: Sample) -> list[tuple[int, list[tuple[float, ...]]]]:
    """For every number of clicks the Dice of each structure, as `hypotheses_ablation` says."""
    truths = {key: sample.masks[key] for key in scored_structures(sample)}
    if not truths:
        return []
    points: dict[str, list[tuple[int, int, int]]] = {key: [] for key in truths}
    prompts: list[Prompt] = []
    masks = {key: np.zeros_like(truth) for key, truth in truths.items()}
    rounds = []
    for clicks in CLICKS:
        before = predictor.predict_prompts(prompts) if prompts else [None] * len(truths)
        for key, truth in truths.items():
            points[key].append(next_click(masks[key], truth))
        prompts = [click_prompt(points[key], earlier) for key, earlier in zip(truths, before, strict=True)]
        found = dict(zip(truths, predictor.predict_hypotheses(prompts), strict=True))
        masks = {key: np.asarray(each.masks[each.chosen]) for key, each in found.items()}
        rounds.append((clicks, [_dices(found[key], truth) for key, truth in truths.items()]))
    return rounds


def _dices(found: Hypotheses, truth: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    each = [dice(mask, truth) for mask in found.masks]
    return each[found.chosen], each[int(found.iou.argmax())], each[0], max(each)
