"""From what a presence head says to a probability, on views that neither train nor test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from fluorosam_model.evaluation.dataset import Sample
from fluorosam_model.evaluation.presence import PresenceAnswer
from fluorosam_model.evaluation.views import IMAGE_PX, TwinViews
from fluorosam_sim.patients.library import is_synthetic

_SEED = 30000  # other views than those that choose the checkpoint, and than those of `fluorosam evaluate`
_SMALLEST_SCORE = 1e-12
_CANDIDATES = np.linspace(0.05, 0.95, 91)


class CalibrationViews:
    """Views as `TwinViews` takes them for an evaluation: named and random ones, some collimated, as the detector shows
    them. Half of CTs and half of synthetic bodies, where there are both; every body goes on with the series of standard
    views where the one before it ended.
    """

    def __init__(self, patients: Sequence[str], views: int, size_px: int = IMAGE_PX) -> None:
        """patients: held-out ones, by name. views: of all of them together."""
        kinds = [[name for name in patients if is_synthetic(name) == kind] for kind in (False, True)]
        kinds = [names for names in kinds if names]
        self._parts: list[TwinViews] = []
        for names in kinds:
            count = max(1, round(views / len(kinds) / len(names)))
            for number, name in enumerate(names):
                self._parts.append(TwinViews([name], count, _SEED + 1000 * number, size_px, number * count))

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[Sample]:
        for part in self._parts:
            yield from part


def log_odds(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probabilities, kept off 0 and 1, → their logits, of the same shape."""
    score = np.clip(np.asarray(scores, np.float64), _SMALLEST_SCORE, 1 - _SMALLEST_SCORE)
    return np.asarray(np.log(score / (1 - score)))


def answer_weights(answers: Sequence[PresenceAnswer]) -> npt.NDArray[np.float64]:
    """(N,) weights with which CTs and synthetic bodies count the same, and so do what is there and what is not."""
    groups = [(is_synthetic(answer.patient), answer.present) for answer in answers]
    counts = {group: groups.count(group) for group in set(groups)}
    return np.array([1 / counts[group] for group in groups])


def calibrate(logits: npt.ArrayLike, truths: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> dict[str, float]:
    """Platt scaling of (N,) logits: score = sigmoid(scale · logit + bias), and the threshold with the best balanced
    accuracy. weights: (N,), default all the same. Raises ValueError without examples of both kinds."""
    logit, truth = np.asarray(logits, np.float64), np.asarray(truths, np.float64)
    if not 0 < truth.sum() < len(truth):
        raise ValueError("Calibration needs present and absent structures.")
    weight = np.ones_like(logit) if weights is None else np.asarray(weights, np.float64)
    weight = weight / weight.sum()

    def loss(x: npt.NDArray[np.float64]) -> float:
        z = np.exp(x[0]) * logit + x[1]
        return float(weight @ (np.logaddexp(0, z) - truth * z))

    log_scale, bias = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    scores = 1 / (1 + np.exp(-(np.exp(log_scale) * logit + bias)))
    there, gone = weight * truth / (weight @ truth), weight * (1 - truth) / (weight @ (1 - truth))
    accuracy = np.array([there @ (scores >= t) + gone @ (scores < t) for t in _CANDIDATES])
    best = _CANDIDATES[np.isclose(accuracy, accuracy.max())]
    return {"scale": float(np.exp(log_scale)), "bias": float(bias), "threshold": float(np.median(best))}
