"""Scores of masks and of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

BoolArray = npt.NDArray[np.bool_]

CALIBRATION_BINS = 10


def dice(mask: BoolArray, truth: BoolArray) -> float:
    """Dice coefficient of two (H, W) masks; 1 for two empty ones."""
    total = np.count_nonzero(mask) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(mask & truth) / total if total else 1.0


def iou(mask: BoolArray, truth: BoolArray) -> float:
    """Intersection over union of two (H, W) masks; 1 for two empty ones."""
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def hausdorff_px(mask: BoolArray, truth: BoolArray) -> float:
    """Symmetric Hausdorff distance of two (H, W) masks in pixels.

    0 for two empty masks; the image's diagonal where only one is empty, as no distance exists.
    """
    if not mask.any() or not truth.any():
        return float(np.hypot(*mask.shape)) if mask.any() or truth.any() else 0.0
    return max(_farthest(mask, truth), _farthest(truth, mask))


def _farthest(mask: BoolArray, target: BoolArray) -> float:
    """The largest distance from a pixel of `mask` to `target`, px."""
    outside = np.logical_not(target).view(np.uint8)
    return float(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[mask].max())


def auroc(scores: npt.ArrayLike, truths: npt.ArrayLike) -> float:
    """Area under the ROC curve, ties counted half; NaN when only one class occurs."""
    truth = np.asarray(truths, bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(np.asarray(scores, np.float64))
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_error(scores: npt.ArrayLike, truths: npt.ArrayLike, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error over equally wide bins of the score; NaN without scores."""
    score, truth = np.asarray(scores, np.float64), np.asarray(truths, np.float64)
    if score.size == 0:
        return float("nan")
    index = np.minimum((score * bins).astype(int), bins - 1)
    gaps = np.bincount(index, truth - score, bins)
    return float(np.abs(gaps).sum() / score.size)


def bootstrap_interval(
    values: Sequence[float],
    clusters: Sequence[str],
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of the mean of `values` when whole clusters (patients or views) are drawn again; NaN without values."""
    if not len(values):
        return float("nan"), float("nan")
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(index, np.asarray(values, np.float64), len(names))
    counts = np.bincount(index, minlength=len(names)).astype(np.float64)
    drawn = rng.integers(len(names), size=(resamples, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)


def rounded(value: float | np.floating[Any]) -> float | None:
    """A measured number for a report, to four decimals; None where nothing was measured (NaN)."""
    return round(float(value), 4) if np.isfinite(value) else None
