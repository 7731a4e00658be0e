"""Is it in the image? What a model answers for structures that are there, and for as many that are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_model.evaluation.dataset import Dataset, Sample
from fluorosam_model.predictor import Prediction
from fluorosam_sim.anatomy import structure


class TextSegmenter(Protocol):
    """What answers texts about one image, as `Predictor` does."""

    def set_image(self, image: npt.ArrayLike) -> None:
        """Take an image; later texts are about it."""

    def predict_many(self, prompts: list[str]) -> list[Prediction]:
        """One prediction per structure that a text names."""


@dataclass(frozen=True)
class PresenceAnswer:
    """One structure asked for in one image.

    present: the truth. score: the model's calibrated probability of it, 0 to 1. peak: the highest probability in the
    structure's mask; area: the share of the mask's cells at even odds or better. Both are what there would be to go by
    without a presence head.
    """

    structure: str
    patient: str
    present: bool
    score: float
    peak: float
    area: float


def asked_structures(sample: Sample, rng: np.random.Generator) -> list[str]:
    """Keys of everything in an image, then of as many structures that are not in it, drawn from those.

    Half of what is asked for is there: the odds that scores are calibrated for and measured with.
    """
    keys = list(sample.masks)
    return (
        [*keys, *sorted(rng.choice(sample.absent, min(len(sample.absent), len(keys)), replace=False))] if keys else []
    )


def presence_answers(
    predictor: TextSegmenter, dataset: Dataset, seed: int = 0, progress: Callable[[int], None] = lambda count: None
) -> list[PresenceAnswer]:
    """Ask for what is in every image and for as much that is not; seed draws the latter."""
    rng = np.random.default_rng(seed)
    answers = []
    for count, sample in enumerate(dataset, start=1):
        predictor.set_image(sample.image)
        keys = asked_structures(sample, rng)
        for key, found in zip(keys, predictor.predict_many([structure(key).name for key in keys]), strict=True):
            peak, area = float(found.logits.max()), float((found.logits > 0).mean())
            answers.append(
                PresenceAnswer(
                    key, sample.patient, key in sample.masks, found.score, 1 / (1 + float(np.exp(-peak))), area
                )
            )
        progress(count)
    return answers
