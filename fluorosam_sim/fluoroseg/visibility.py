"""How much of each label of a patient lies in the open field of a view."""

from __future__ import annotations

import numba as nb
import numpy as np

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient

_POINTS_PER_LABEL = 256


class LabelPoints:
    """Up to 256 voxels of every label, spread evenly through its volume; the same ones each time."""

    def __init__(self, patient: Patient) -> None:
        # In the order in which the voxels lie in memory; the axes are put back below.
        stored = patient.labels.transpose(2, 1, 0)
        flat = np.ascontiguousarray(stored).reshape(-1)
        voxels, owners = _spread(flat, _counts(flat), _POINTS_PER_LABEL)
        k, j, i = np.unravel_index(voxels, stored.shape)
        self._points = np.stack([i, j, k], axis=1) @ patient.affine[:3, :3].T + patient.affine[:3, 3]
        self._owners = owners
        self._names = patient.label_names
        self._totals = np.bincount(owners, minlength=len(patient.label_names))

    def visible(self, projection: Projection, field_px: tuple[int, int, int, int]) -> dict[str, float]:
        """Share of each label's volume that projects into the field (x0, y0, x1, y1), upper ends excluded; only > 0."""
        x0, y0, x1, y1 = field_px
        x, y = projection.project(self._points).T
        inside = (x >= x0 - 0.5) & (x < x1 - 0.5) & (y >= y0 - 0.5) & (y < y1 - 0.5)
        counts = np.bincount(self._owners[inside], minlength=len(self._names))
        return {self._names[n]: float(counts[n] / self._totals[n]) for n in np.flatnonzero(counts).tolist()}


@nb.njit(nogil=True, cache=True)
def _counts(flat):  # type: ignore[no-untyped-def]
    counts = np.zeros(256, np.int64)
    for at in range(len(flat)):
        counts[flat[at]] += 1
    return counts


@nb.njit(nogil=True, cache=True)
def _spread(flat, counts, most):  # type: ignore[no-untyped-def]
    """Every so-many-th voxel of each label."""
    stride = np.maximum((counts + most - 1) // most, 1)
    kept = 0
    for label in range(1, 256):
        kept += (counts[label] + stride[label] - 1) // stride[label]
    voxels, owners = np.empty(kept, np.int64), np.empty(kept, np.int64)
    seen = np.zeros(256, np.int64)
    filled = 0
    for at in range(len(flat)):
        label = flat[at]
        if label:
            if seen[label] % stride[label] == 0:
                voxels[filled], owners[filled] = at, label
                filled += 1
            seen[label] += 1
    return voxels, owners
