"""From a mask of the image to collimator edges, and how much of a mask an opening shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, Collimation

DEFAULT_MARGIN_MM = 10.0
"""Kept free around the target, mm at the isocentre: breathing, and a few pixels of error at the mask's edge."""

STRAY_FRACTION = 0.002
"""Share of the mask each edge may leave outside before the margin, so that stray pixels do not open the field."""


class CollimationError(ValueError):
    """There is no mask to collimate to; the message is one sentence."""


def _binary(mask: npt.NDArray[np.generic], threshold: float) -> npt.NDArray[np.bool_]:
    if mask.ndim != 2 or 0 in mask.shape:
        raise CollimationError("The mask is not an image.")
    if mask.dtype == np.bool_:
        return mask.astype(np.bool_)
    if not np.all(np.isfinite(mask.astype(np.float64))):
        raise CollimationError("The mask contains values that are not numbers.")
    return np.asarray(mask.astype(np.float64) >= threshold, np.bool_)


def _extent(profile: npt.NDArray[np.int64], stray: float) -> tuple[int, int]:
    """First and last index of a profile of pixel counts, leaving at most ``stray`` of its sum outside at each end."""
    allowed = stray * profile.sum()
    first = int(np.argmax(np.cumsum(profile) > allowed))
    last = len(profile) - 1 - int(np.argmax(np.cumsum(profile[::-1]) > allowed))
    return first, last


def _opened(low: float, high: float, limit: tuple[float, float], minimum: float) -> tuple[float, float]:
    """Cut into the limits, widened to the minimum about its middle, and pushed back inside if that reaches out."""
    low, high = max(limit[0], low), min(limit[1], high)
    missing = max(0.0, minimum - (high - low)) / 2
    low, high = low - missing, high + missing
    shift = max(0.0, limit[0] - low) - max(0.0, high - limit[1])
    return low + shift, high + shift


def collimate_to(mask: npt.NDArray[np.generic], config: CArmConfig, margin_mm: float = DEFAULT_MARGIN_MM, *,
                 threshold: float = 0.5, stray: float = STRAY_FRACTION) -> Collimation:  # fmt: skip
    """The opening that shows a mask and a margin around it.

    Args:
        mask: (H, W) of the whole detector in any resolution: bool, or a probability compared with ``threshold``.
        config: the device: detector, magnification, minimum opening.
        margin_mm: kept free on every side, mm at the isocentre.
        threshold: from this probability on a pixel belongs to the target.
        stray: share of the mask that each edge may leave out before the margin.

    Returns:
        Edges on the detector plane, within the detector and no closer than the minimum opening.

    Raises:
        CollimationError: the mask is empty, no image, or has NaN; or the margin is negative.
    """
    if not (np.isfinite(margin_mm) and margin_mm >= 0):
        raise CollimationError("The margin has to be zero or more millimetres.")
    target = _binary(mask, threshold)
    if not target.any():
        raise CollimationError("The target is not in the image, so there is nothing to collimate to.")
    field, margin = config.open_field, margin_mm * config.magnification
    edges: list[tuple[float, float]] = []
    for axis, (size_mm, low, high) in enumerate((
        (config.detector_mm[0], field.left_mm, field.right_mm),
        (config.detector_mm[1], field.top_mm, field.bottom_mm),
    )):  # fmt: skip
        profile = np.asarray(target.sum(axis=axis), np.int64)
        first, last = _extent(profile, stray)
        pitch = size_mm / len(profile)
        # Outer borders of the first and last pixel, from the principal point in the detector's middle.
        start, end = first * pitch - size_mm / 2 - margin, (last + 1) * pitch - size_mm / 2 + margin
        edges.append(_opened(start, end, (low, high), config.minimum_opening_mm))
    (left, right), (top, bottom) = edges
    return Collimation(left, top, right, bottom)


def coverage(collimation: Collimation, mask: npt.NDArray[np.generic], config: CArmConfig, *,
             threshold: float = 0.5) -> float:  # fmt: skip
    """Share 0-1 of a mask (H, W) of the whole detector whose pixel centres lie inside the opening.

    Raises:
        CollimationError: the mask is empty, no image, or has NaN.
    """
    target = _binary(mask, threshold)
    if not target.any():
        raise CollimationError("An empty mask has no coverage.")
    height, width = target.shape
    x = (np.arange(width) - (width - 1) / 2) * (config.detector_mm[0] / width)
    y = (np.arange(height) - (height - 1) / 2) * (config.detector_mm[1] / height)
    inside = np.outer((collimation.top_mm <= y) & (y <= collimation.bottom_mm),
                      (collimation.left_mm <= x) & (x <= collimation.right_mm))  # fmt: skip
    return float((target & inside).sum() / target.sum())
