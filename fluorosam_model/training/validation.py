"""Scores on held-out views as the twin's detector shows them, quick enough to run every few minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fluorosam_model.mask_threshold import best_dice_logit
from fluorosam_model.modeling import FluoroSAM
from fluorosam_model.preprocess import to_input
from fluorosam_model.training.augment import coverage
from fluorosam_model.training.losses import gather_best
from fluorosam_model.training.pool import ViewSource, vocabulary_bits
from fluorosam_model.training.promptable import PromptTensors, error_points
from fluorosam_model.training.prompting import Vocabulary, random_point
from fluorosam_model.training.wordings import UNKNOWN, Wordings
from fluorosam_sim.render.detector import expose

LARGE_SHARE = 0.025
_PRESENT_SHARE = 0.005
_SIDE_SHARE = 0.01
_SAME_PLACE = 0.5  # sides whose truths overlap more than this lie behind each other and cannot be told apart
_UNKNOWN_PER_VIEW = 6

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Case:
    image: FloatArray
    coverage: FloatArray
    structures: npt.NDArray[np.int64]  # those that cover at least 0.5 % of the image
    absent: npt.NDArray[np.int64]
    unknown_rows: npt.NDArray[np.int64]


class Validator:
    """Renders its views once. Scores are means over (view, structure) pairs of at least 2.5 % of the image."""

    def __init__(
        self,
        source: ViewSource,
        views: int,
        seed: int,
        labels: npt.NDArray[np.int64],
        vocabulary: Vocabulary,
        plain: Wordings,
        held_out: Wordings,
    ) -> None:
        rng = np.random.default_rng(seed)
        self._vocabulary, self._plain, self._held_out = vocabulary, plain, held_out
        self._cases = [self._case(source, labels, rng) for _ in range(views)]
        self._seed = seed

    def _case(self, source: ViewSource, labels: npt.NDArray[np.int64], rng: np.random.Generator) -> _Case:
        rendering, config, _ = source.render()
        picture = expose(rendering, config, config.open_field, rng)
        image, _ = to_input(picture, picture.shape[0])
        cover = coverage(vocabulary_bits(rendering), labels)
        cells = self._vocabulary.cells(cover)
        candidates = np.flatnonzero(cells > 0)
        shares = np.array([self._vocabulary.mask(int(index), cover).mean() for index in candidates])
        absent = np.flatnonzero(cells == 0)
        rows = self._held_out.rows[UNKNOWN]
        unknown = rows[rng.integers(len(rows), size=_UNKNOWN_PER_VIEW)]
        return _Case(image, cover, candidates[shares >= _PRESENT_SHARE], absent, unknown)

    @torch.no_grad()
    def score(self, model: FluoroSAM) -> dict[str, float]:
        """Means by name: text_dice (plain names), held_out_dice (wordings never trained on), point1_dice, points2_dice,
        presence_auroc, side_accuracy over pairs of sides that can be told apart."""
        sums = self._collected(model)
        return {
            "text_dice": _mean(sums["text"]),
            "best_of_3_dice": _mean(sums["best_of_3"]),
            "held_out_dice": _mean(sums["held_out"]),
            "point1_dice": _mean(sums["point1"]),
            "points2_dice": _mean(sums["point2"]),
            "side_accuracy": _mean(sums["sides"]),
            "presence_auroc": _auroc(sums["positive"], sums["negative"]),
            "pairs": float(len(sums["text"])),
            "side_pairs": float(len(sums["sides"])),
        }

    def _collected(self, model: FluoroSAM) -> dict[str, list[float]]:
        model.eval()
        names = ("text", "held_out", "best_of_3", "point1", "point2", "sides", "positive", "negative")
        sums: dict[str, list[float]] = {name: [] for name in names}
        rng = np.random.default_rng(self._seed)
        # Points are drawn with torch, too: the same ones at every validation, without touching training's numbers.
        state = torch.get_rng_state()
        torch.manual_seed(self._seed)
        for case in self._cases:
            self._score_case(model, case, rng, sums)
        torch.set_rng_state(state)
        return sums

    def _score_case(
        self, model: FluoroSAM, case: _Case, rng: np.random.Generator, sums: dict[str, list[float]]
    ) -> None:
        device = next(model.parameters()).device
        embedding, high4 = model.encode(torch.from_numpy(case.image)[None].to(device))

        def ask(prompts: PromptTensors) -> tuple[Tensor, Tensor, Tensor]:
            inputs = {name: value.to(device) for name, value in vars(prompts).items()}
            decoded = model.decode(embedding, high4, **inputs)
            logits = decoded.mask_logits.float().cpu()
            return gather_best(logits, decoded.iou.float().cpu()), decoded.presence_logit.float().cpu(), logits

        present = case.structures
        plain_rows = [int(self._plain.rows[index][0]) for index in (*present, *case.absent)]
        texts = np.concatenate([self._plain.embeddings[plain_rows], self._held_out.embeddings[case.unknown_rows]])
        cells = case.coverage.shape[1:]
        best, presence, hypotheses = ask(_text_prompts(texts, cells))
        sums["positive"] += presence[: len(present)].tolist()
        sums["negative"] += presence[len(present) :].tolist()
        if len(present) == 0:
            return
        masks = np.stack([self._vocabulary.mask(int(index), case.coverage) for index in present])
        truth = torch.from_numpy(masks) > 0.5
        large = np.flatnonzero(masks.mean(axis=(1, 2)) >= LARGE_SHARE)
        answers = _masks(best[: len(present)])
        sums["text"] += [_dice(answers[k], truth[k]) for k in large]
        sums["best_of_3"] += [max(_dice(hypotheses[k, m] > 0, truth[k]) for m in range(3)) for k in large]
        sums["sides"] += self._sides(present, answers, truth, masks)
        if len(large) == 0:
            return
        rows = [int(rng.choice(self._held_out.rows[present[k]])) for k in large]
        other, _, _ = ask(_text_prompts(self._held_out.embeddings[rows], cells))
        sums["held_out"] += [_dice(mask, truth[k]) for mask, k in zip(_masks(other), large, strict=True)]
        points = torch.from_numpy(np.stack([random_point(masks[k], rng) for k in large]))[:, None]
        labels = torch.ones(points.shape[:2])
        nothing = torch.zeros(len(large), *cells)
        one, _, _ = ask(_point_prompts(points, labels, nothing, 0.0))
        sums["point1"] += [_dice(one[i] > 0, truth[k]) for i, k in enumerate(large)]
        more, more_labels = error_points(one, truth[large], 1)
        prompts = _point_prompts(torch.cat([points, more], dim=1), torch.cat([labels, more_labels], dim=1), one, 1.0)
        two, _, _ = ask(prompts)
        sums["point2"] += [_dice(two[i] > 0, truth[k]) for i, k in enumerate(large)]

    def _sides(self, present: npt.NDArray[np.int64], answers: Tensor, truth: Tensor, masks: FloatArray) -> list[float]:
        """For each prompt with a visible counterpart: does the answer fit its own side better than the other?"""
        place = {int(index): k for k, index in enumerate(present)}
        correct = []
        for index, k in place.items():
            other = place.get(int(self._vocabulary.counterpart[index]))
            if other is None or min(masks[k].mean(), masks[other].mean()) < _SIDE_SHARE:
                continue
            if _dice(truth[k], truth[other]) > _SAME_PLACE:
                continue
            correct.append(float(_dice(answers[k], truth[k]) > _dice(answers[k], truth[other])))
        return correct


def _text_prompts(texts: FloatArray, cells: tuple[int, ...]) -> PromptTensors:
    """cells: height and width of a mask."""
    count = len(texts)
    return PromptTensors(
        torch.from_numpy(np.ascontiguousarray(texts)),
        torch.ones(count),
        torch.zeros(count, 1, 2),
        torch.full((count, 1), -1.0),
        torch.zeros(count, 1, *cells),
        torch.zeros(count),
    )


def _point_prompts(points: Tensor, labels: Tensor, mask: Tensor, has_mask: float) -> PromptTensors:
    count = len(points)
    given = torch.full((count,), has_mask)
    return PromptTensors(torch.zeros(count, 384), torch.zeros(count), points, labels, mask[:, None], given)


def _masks(logits: Tensor) -> Tensor:
    """(N, H, W) logits of texts → masks, cut as the predictor does."""
    cuts = [best_dice_logit(each) for each in logits.numpy()]
    return logits > torch.tensor(cuts)[:, None, None]


def _dice(mask: Tensor, truth: Tensor) -> float:
    total = int(mask.sum()) + int(truth.sum())
    return 2 * int((mask & truth).sum()) / total if total else 1.0


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _auroc(positive: list[float], negative: list[float]) -> float:
    """Chance that a present structure scores above an absent one; ties count half."""
    if not positive or not negative:
        return float("nan")
    ordered = np.sort(np.asarray(negative))
    scores = np.asarray(positive)
    below = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return float(below.mean() / 2 / len(ordered))
