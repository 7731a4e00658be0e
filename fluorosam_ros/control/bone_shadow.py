"""The axis and the ends of a long bone, from the shadow of all or a part of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_ELONGATION = 3.0
"""A shadow less than this many times as long as wide is seen too much from its end to have an axis."""

_END_SHARE = 0.04
"""Of the length, from each end: the same as for the ends of bones in `fluorosam_sim.patients.landmarks`."""
_LEAST_PIXELS = 30


@dataclass(frozen=True)
class AxisShadow:
    """middle_px: (x, y) middle of what is seen. direction_px: unit vector (x, y) along it. ends_px: ends in sight."""

    middle_px: tuple[float, float]
    direction_px: tuple[float, float]
    ends_px: tuple[tuple[float, float], ...]


def axis_shadow(mask: npt.NDArray[np.bool_], field_px: tuple[int, int, int, int]) -> AxisShadow | None:
    """Axis of a mask (H, W), or None when it is not long enough. field_px: (x0, y0, x1, y1) of the open field.

    An end at the edge of the field is where the field cuts the bone, not one of the bone's own.
    """
    rows, columns = np.nonzero(mask)
    if len(rows) < _LEAST_PIXELS:
        return None
    points = np.column_stack([columns, rows]).astype(float)
    middle = points.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((points - middle).T))
    if values[1] < MIN_ELONGATION**2 * max(values[0], 1e-9):
        return None
    direction = vectors[:, 1]
    along = (points - middle) @ direction
    depth = _END_SHARE * float(np.ptp(along))
    tips = [points[along < along.min() + depth].mean(axis=0), points[along > along.max() - depth].mean(axis=0)]
    x0, y0, x1, y1 = field_px
    border = 0.03 * max(x1 - x0, y1 - y0)
    low, high = np.array([x0, y0]) + border, np.array([x1, y1]) - border
    ends = tuple((float(x), float(y)) for x, y in tips if low[0] < x < high[0] and low[1] < y < high[1])
    return AxisShadow((float(middle[0]), float(middle[1])), (float(direction[0]), float(direction[1])), ends)
