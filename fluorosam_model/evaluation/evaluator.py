"""Runs a predictor over a dataset and sums up what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from fluorosam_model.click_evidence import depth_px
from fluorosam_model.evaluation.dataset import Dataset, Sample
from fluorosam_model.evaluation.metrics import (
    auroc,
    bootstrap_interval,
    calibration_error,
    dice,
    hausdorff_px,
    iou,
    rounded,
)
from fluorosam_model.evaluation.presence import TextSegmenter, asked_structures
from fluorosam_model.evaluation.robustness import ConditionScore, condition_scores, robustness_report
from fluorosam_model.predictor import Prediction
from fluorosam_model.prompts import Prompt
from fluorosam_sim.anatomy import held_out_texts, other_side, structure

MODES = ("text", "points2", "points8", "box", "text_points2", "text_points8")
"""Clicks alone, and clicks that follow the text and correct its answer, as the paper's prompts do in training."""
SCORED_FRACTION = 0.025  # the paper's: structures that cover at least 2.5 % of the image
SIDE_FRACTION = 0.005
# In a side view left and right lie over each other, and no prompt can be told to have hit the wrong one.
SIDE_MAX_OVERLAP = 0.5
_POINTS = 8

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MaskScore:
    """How one mask of one structure in one image agrees with the truth. mode: one of MODES, or "wording"."""

    mode: str
    structure: str
    patient: str
    view: str
    dice: float
    iou: float
    hd_px: float
    series: str = ""


@dataclass
class Evaluation:
    """Everything measured; `report` sums it up.

    masks: one score per image, structure and mode. sides: whether each paired prompt hit its own side; scored_sides:
    those of pairs of which both cover at least 2.5 % of the image, as what is scored does.
    presence_scores, presence_truths: calibrated scores of text prompts, and whether the structure was there.
    conditions: text prompts again under worse conditions, where they were asked for.
    """

    masks: list[MaskScore] = field(default_factory=list)
    sides: list[bool] = field(default_factory=list)
    scored_sides: list[bool] = field(default_factory=list)
    presence_scores: list[float] = field(default_factory=list)
    presence_truths: list[bool] = field(default_factory=list)
    conditions: list[ConditionScore] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """The measured numbers as JSON-ready values, null where nothing was measured.

        {overall: {text, points2, points8, box, text_points2, text_points8: {dice, iou, hd_px, n}}, structures: {key:
        the same}, series: {name: the same}, patients: {name: the same}, sides: {accuracy, n, scored: {accuracy, n}},
        presence: {auroc, ece}, wordings: {dice_drop}}, and, where it was measured, robustness: {condition: {strength:
        {dice, change, n}}}
        """
        robustness = {"robustness": robustness_report(self.conditions)} if self.conditions else {}
        return {
            "overall": {mode: _means(self.of(mode)) for mode in MODES},
            "structures": self._by("structure"),
            "series": self._by("series"),
            "patients": self._by("patient"),
            "sides": {**_accuracy(self.sides), "scored": _accuracy(self.scored_sides)},
            "presence": {
                "auroc": rounded(auroc(self.presence_scores, self.presence_truths)),
                "ece": rounded(calibration_error(self.presence_scores, self.presence_truths)),
            },
            "wordings": {"dice_drop": self._dice_drop()},
            **robustness,
        }

    def of(self, mode: str) -> list[MaskScore]:
        """The scores of one mode."""
        return [score for score in self.masks if score.mode == mode]

    def _by(self, attribute: str) -> dict[str, dict[str, dict[str, float | int | None]]]:
        names = sorted({getattr(score, attribute) for score in self.masks} - {""})
        return {
            name: {mode: _means([s for s in self.of(mode) if getattr(s, attribute) == name]) for mode in MODES}
            for name in names
        }

    def dice_interval(self, mode: str) -> tuple[float, float]:
        """95 % bootstrap interval of the mean Dice, by patient, or by view where there is only one patient."""
        scores = self.of(mode)
        by_patient = len({score.patient for score in scores}) > 1
        clusters = [score.patient if by_patient else score.view for score in scores]
        return bootstrap_interval([score.dice for score in scores], clusters, np.random.default_rng(0))

    def _dice_drop(self) -> float | None:
        wording = self.of("wording")
        if not wording:
            return None
        named = {(score.patient, score.view, score.structure): score.dice for score in self.of("text")}
        return rounded(np.mean([named[score.patient, score.view, score.structure] - score.dice for score in wording]))


def _accuracy(hits: Sequence[bool]) -> dict[str, Any]:
    return {"accuracy": rounded(np.mean(hits)) if hits else None, "n": len(hits)}


def _means(scores: Sequence[MaskScore]) -> dict[str, float | int | None]:
    if not scores:
        return {"dice": None, "iou": None, "hd_px": None, "n": 0}
    table = np.array([(score.dice, score.iou, score.hd_px) for score in scores])
    dice_mean, iou_mean, hd_mean = (rounded(value) for value in table.mean(axis=0))
    return {"dice": dice_mean, "iou": iou_mean, "hd_px": hd_mean, "n": len(scores)}


@runtime_checkable
class PromptSegmenter(TextSegmenter, Protocol):
    """What answers points and boxes, too, as `Predictor` does."""

    def predict_prompts(self, prompts: Sequence[Prompt]) -> list[Prediction]:
        """One prediction per prompt, or per structure a text names."""


def evaluate(
    predictor: TextSegmenter,
    dataset: Dataset,
    seed: int = 0,
    progress: Callable[[int], None] = lambda count: None,
    texts_only: bool = False,
    robustness: bool = False,
) -> Evaluation:
    """Measure a predictor on a dataset.

    Every scored structure (≥ 2.5 % of the image) is prompted by its name, by one held-out wording, by its box, and by
    up to eight clicks, each in the middle of the largest error of the mask before, as an annotator would: clicks alone,
    and clicks after its name. A structure
    that the model calls absent counts with an empty mask. Presence is asked for everything in the image and for as
    many absent structures; sides for every pair that can be told apart.

    Args:
        seed: draws the absent structures and the held-out wordings.
        progress: told the number of images done.
        texts_only: leave out points and boxes, as is done for what cannot answer them.
        robustness: ask for names again under worse conditions (`conditions`).
    """
    rng = np.random.default_rng(seed)
    evaluation = Evaluation()
    for count, sample in enumerate(dataset, start=1):
        predictor.set_image(sample.image)
        named = _evaluate_texts(predictor, sample, rng, evaluation)
        scored = {key: sample.masks[key] for key in named}
        if scored and not texts_only and isinstance(predictor, PromptSegmenter):
            _evaluate_boxes(predictor, sample, scored, evaluation)
            _evaluate_points(predictor, sample, scored, {}, "points", evaluation)
            _evaluate_points(predictor, sample, scored, named, "text_points", evaluation)
        if robustness:
            dices = {key: dice(prediction.mask, scored[key]) for key, prediction in named.items()}
            evaluation.conditions += condition_scores(predictor, sample, dices, SCORED_FRACTION)
        progress(count)
    return evaluation


def scored_structures(sample: Sample) -> list[str]:
    """Keys of the structures whose masks are scored: whole in the scan, and at least 2.5 % of the image."""
    return [k for k, mask in sample.masks.items() if mask.mean() >= SCORED_FRACTION and k not in sample.unscored]


def _score(mode: str, key: str, sample: Sample, prediction: Prediction) -> MaskScore:
    mask, truth = prediction.mask, sample.masks[key]
    return MaskScore(
        mode,
        key,
        sample.patient,
        sample.view,
        dice(mask, truth),
        iou(mask, truth),
        hausdorff_px(mask, truth),
        sample.series,
    )


def _evaluate_texts(
    predictor: TextSegmenter, sample: Sample, rng: np.random.Generator, evaluation: Evaluation
) -> dict[str, Prediction]:
    """Text prompts: masks, presence, sides and held-out wordings. Returns the answers to what is scored, by key."""
    keys = asked_structures(sample, rng)
    predictions = dict(zip(keys, predictor.predict_many([structure(key).name for key in keys]), strict=True))
    evaluation.presence_scores += [predictions[key].score for key in predictions]
    evaluation.presence_truths += [key in sample.masks for key in predictions]

    scored = scored_structures(sample)
    evaluation.masks += [_score("text", key, sample, predictions[key]) for key in scored]
    for own, other in _side_pairs(sample):
        for key, opposite in ((own, other), (other, own)):
            mask = predictions[key].mask
            hit = dice(mask, sample.masks[key]) > dice(mask, sample.masks[opposite])
            evaluation.sides.append(hit)
            if min(sample.masks[key].mean(), sample.masks[opposite].mean()) >= SCORED_FRACTION:
                evaluation.scored_sides.append(hit)

    wordings = {key: str(rng.choice(texts)) for key in scored if (texts := held_out_texts(structure(key)))}
    for key, prediction in zip(wordings, predictor.predict_many(list(wordings.values())), strict=True):
        evaluation.masks.append(_score("wording", key, sample, prediction))
    return {key: predictions[key] for key in scored}


def _side_pairs(sample: Sample) -> Iterator[tuple[str, str]]:
    """Pairs (left, right) of which both are well visible and lie apart."""
    for key, mask in sample.masks.items():
        named = structure(key)
        if named.side != "left":
            continue
        mirrored = other_side(named)
        other = sample.masks.get(mirrored.key) if mirrored else None
        if mirrored is None or other is None or min(mask.mean(), other.mean()) < SIDE_FRACTION:
            continue
        if iou(mask, other) <= SIDE_MAX_OVERLAP:
            yield key, mirrored.key


def _evaluate_boxes(
    predictor: PromptSegmenter, sample: Sample, scored: dict[str, BoolArray], evaluation: Evaluation
) -> None:
    boxes = []
    for truth in scored.values():
        rows, columns = np.flatnonzero(truth.any(axis=1)), np.flatnonzero(truth.any(axis=0))
        # Outer edges of the outermost pixels, as in training.
        boxes.append(Prompt(box=(columns[0] - 0.5, rows[0] - 0.5, columns[-1] + 0.5, rows[-1] + 0.5)))
    for key, prediction in zip(scored, predictor.predict_prompts(boxes), strict=True):
        evaluation.masks.append(_score("box", key, sample, prediction))


def _evaluate_points(
    predictor: PromptSegmenter,
    sample: Sample,
    scored: dict[str, BoolArray],
    named: dict[str, Prediction],
    kind: str,
    evaluation: Evaluation,
) -> None:
    """Clicks one after the other; the mask before goes in with the next click. kind: the modes' name before the count.

    named: answers to the names, which the clicks correct; where there are any, the name goes in with the clicks, too.
    """
    clicks: dict[str, list[tuple[int, int, int]]] = {key: [] for key in scored}
    before = dict(named)
    masks = {key: before[key].mask if key in before else np.zeros_like(truth) for key, truth in scored.items()}
    for count in range(1, _POINTS + 1):
        for key, truth in scored.items():
            clicks[key].append(next_click(masks[key], truth))
        prompts = [
            click_prompt(clicks[key], before.get(key), structure(key).name if key in named else None) for key in scored
        ]
        before = dict(zip(scored, predictor.predict_prompts(prompts), strict=True))
        masks = {key: prediction.mask for key, prediction in before.items()}
        mode = f"{kind}{count}"
        if mode in MODES:
            evaluation.masks += [_score(mode, key, sample, before[key]) for key in scored]


def click_prompt(
    clicks: Sequence[tuple[int, int, int]], previous: Prediction | None, text: str | None = None
) -> Prompt:
    """What some clicks (x, y, label) ask, alone or about a text; previous: the answer to those before."""
    points, labels = [click[:2] for click in clicks], [click[2] for click in clicks]
    return Prompt(text, points=points, point_labels=labels, previous=previous)


def next_click(mask: BoolArray, truth: BoolArray) -> tuple[int, int, int]:
    """(x, y, label) in the middle of the largest error: 1 where the mask misses the truth, 0 where it spills over."""
    best = (0.0, 0, 0, 1)
    for label, error in ((1, truth & ~mask), (0, mask & ~truth)):
        depth = depth_px(error)
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        if depth[y, x] > best[0]:
            best = (float(depth[y, x]), int(x), int(y), label)
    if best[0] == 0:  # no error left: confirm the middle of the structure
        return next_click(np.zeros_like(truth), truth) if truth.any() else (0, 0, 0)
    return best[1], best[2], best[3]
