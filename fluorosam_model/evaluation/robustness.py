"""How much Dice a model loses when the same view is taken or shown under worse conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosam_model.evaluation.conditions import conditions
from fluorosam_model.evaluation.dataset import Sample
from fluorosam_model.evaluation.metrics import dice
from fluorosam_model.evaluation.presence import TextSegmenter
from fluorosam_sim.anatomy import structure


@dataclass(frozen=True)
class ConditionScore:
    """Dice of one structure, asked for by its name, under one condition, and of the same in the picture as it was."""

    condition: str
    strength: str
    dice: float
    before: float


def condition_scores(
    predictor: TextSegmenter, sample: Sample, before: Mapping[str, float], least_share: float
) -> list[ConditionScore]:
    """Ask for the structures of `before` (key → Dice in the picture as it is) again, under every condition.

    least_share: what a structure must cover of the changed picture to be scored there.
    """
    scores = []
    for condition in conditions():
        changed = condition.apply(sample)
        keys = [key for key in before if changed is not None and changed.masks[key].mean() >= least_share]
        if changed is None or not keys:
            continue
        predictor.set_image(changed.image)
        answers = predictor.predict_many([structure(key).name for key in keys])
        for key, answer in zip(keys, answers, strict=True):
            score = dice(answer.mask, changed.masks[key])
            scores.append(ConditionScore(condition.name, condition.strength, score, before[key]))
    return scores


def robustness_report(scores: Sequence[ConditionScore]) -> dict[str, dict[str, dict[str, Any]]]:
    """{condition: {strength: {dice, change, n}}}, in the order of `conditions`; change: Dice against the same
    structures of the same pictures as they were."""
    report: dict[str, dict[str, dict[str, Any]]] = {}
    for condition in conditions():
        found = [s for s in scores if (s.condition, s.strength) == (condition.name, condition.strength)]
        if found:
            mean, before = (float(np.mean([getattr(s, name) for s in found])) for name in ("dice", "before"))
            row = {"dice": round(mean, 4), "change": round(mean - before, 4), "n": len(found)}
            report.setdefault(condition.name, {})[condition.strength] = row
    return report
