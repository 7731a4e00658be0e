"""The same view under worse conditions: less dose, a narrower field, a turned picture, other grey levels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.evaluation.dataset import Sample
from fluorosam_model.preprocess import luminance

FloatArray = npt.NDArray[np.float32]

_WINDOW = (0.02, 0.98)
_CONTRAST_LIMIT = 3.0


@dataclass(frozen=True, eq=False)
class Condition:
    """name: what is changed; strength: by how much. apply: a sample under it, or None where it cannot be had, as of a
    picture that nobody can take again with less dose."""

    name: str
    strength: str
    apply: Callable[[Sample], Sample | None]


def conditions() -> tuple[Condition, ...]:
    """All of them, each kind from weak to strong."""
    return (
        *(Condition("dose", f"1/{part}", _retaken(1 / part, 1.0)) for part in (4, 16, 64)),
        *(Condition("field", f"{opening:.0%}", _retaken(1.0, opening)) for opening in (0.8, 0.6, 0.4)),
        *(Condition("turn", f"{turn:+d}°", _turned(turn)) for turn in (-5, 5, -15, 15)),
        Condition("polarity", "inverted", _regreyed(lambda grey: 1 - grey)),
        *(Condition("gamma", f"{power:g}", _regreyed(_power(power))) for power in (0.5, 2.0)),
        Condition("look-up table", "logarithm", _regreyed(lambda grey: np.log(grey + np.float32(0.01)))),
        Condition("look-up table", "narrow window", _regreyed(_windowed)),
        Condition("look-up table", "equalised", _regreyed(_equalised)),
    )


def _retaken(dose: float, opening: float) -> Callable[[Sample], Sample | None]:
    def apply(sample: Sample) -> Sample | None:
        if sample.retake is None:
            return None
        image, shown = sample.retake(dose, opening)
        return dataclasses.replace(sample, image=image, masks={key: mask & shown for key, mask in sample.masks.items()})

    return apply


def _turned(turn_deg: float) -> Callable[[Sample], Sample]:
    """The picture turned about its middle, black where it does not reach, and its masks with it."""

    def apply(sample: Sample) -> Sample:
        height, width = sample.image.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, 1.0)
        image = cv2.warpAffine(sample.image, matrix, (width, height), flags=cv2.INTER_LINEAR)
        masks = {
            key: cv2.warpAffine(mask.view(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST).view(bool)
            for key, mask in sample.masks.items()
        }
        return dataclasses.replace(sample, image=image, masks=masks)

    return apply


def _regreyed(curve: Callable[[FloatArray], npt.NDArray[Any]]) -> Callable[[Sample], Sample]:
    """Other grey levels; curve: from 0 for the darkest pixel to 1 for the brightest."""

    def apply(sample: Sample) -> Sample:
        grey = luminance(sample.image)
        low, high = float(grey.min()), float(grey.max())
        scaled = (grey - np.float32(low)) / np.float32(max(high - low, 1e-6))
        return dataclasses.replace(sample, image=np.asarray(curve(scaled), np.float32))

    return apply


def _power(power: float) -> Callable[[FloatArray], npt.NDArray[Any]]:
    return lambda grey: grey**power


def _windowed(grey: FloatArray) -> npt.NDArray[Any]:
    """Eight bits between two quantiles, burnt out beyond: what an archive keeps."""
    low, high = np.quantile(grey, _WINDOW).tolist()
    return np.round(255 * np.clip((grey - low) / max(high - low, 1e-6), 0, 1))


def _equalised(grey: FloatArray) -> npt.NDArray[Any]:
    """Contrast-limited adaptive histogram equalisation in eight bits."""
    return cv2.createCLAHE(_CONTRAST_LIMIT, (8, 8)).apply(np.round(255 * grey).astype(np.uint8))
