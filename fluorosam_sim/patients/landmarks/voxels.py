"""The voxels of a patient's labels as world points, found once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim.patients.patient import Patient

FloatArray = npt.NDArray[np.float64]
_MOST_POINTS = 150_000


class LandmarkError(ValueError):
    """A landmark that this patient does not show; the message says why, in one sentence."""


class Voxels:
    """Points of a patient's labels, by name. Large labels are thinned evenly to about 150,000 points."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self._index = {name: value for value, name in enumerate(patient.label_names) if name}
        self._points: dict[str, FloatArray] = {}
        self._depth: dict[str, tuple[FloatArray, FloatArray]] = {}

    @cached_property
    def _boxes(self) -> list[tuple[slice, slice, slice] | None]:
        # Scanned in the order in which the voxels lie in memory.
        labels = self.patient.labels
        if labels.flags.f_contiguous:
            return [None if box is None else box[::-1] for box in ndimage.find_objects(labels.transpose(2, 1, 0))]
        return list(ndimage.find_objects(labels))

    def box(self, name: str) -> tuple[slice, slice, slice] | None:
        """The voxel box of a label, or None when the patient does not have it."""
        value = self._index.get(name, 0)
        return self._boxes[value - 1] if 0 < value <= len(self._boxes) else None

    def has(self, name: str) -> bool:
        """Whether at least one voxel carries the label."""
        return self.box(name) is not None

    def _mask(self, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        box = self.box(name)
        if box is None:
            raise LandmarkError(f"{self.patient.name} has no {name}.")
        start = np.array([side.start for side in box])
        return self.patient.labels[box] == self._index[name], start

    def _world(self, voxels: npt.NDArray[np.int64]) -> FloatArray:
        affine = self.patient.affine
        return np.asarray(voxels @ affine[:3, :3].T + affine[:3, 3])

    def points(self, name: str) -> FloatArray:
        """(N, 3) world mm of a label's voxels. Raises LandmarkError when there are none."""
        if name not in self._points:
            mask, start = self._mask(name)
            voxels = np.argwhere(mask) + start
            self._points[name] = self._world(voxels[:: max(1, len(voxels) // _MOST_POINTS)])
        return self._points[name]

    def depth(self, name: str) -> tuple[FloatArray, FloatArray]:
        """(points (N, 3), distance (N,) in mm of each to the label's surface), all voxels of the label."""
        if name not in self._depth:
            mask, start = self._mask(name)
            inside = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=self.patient.spacing_mm)
            assert isinstance(inside, np.ndarray)
            core = inside[1:-1, 1:-1, 1:-1]
            self._depth[name] = (self._world(np.argwhere(mask) + start), core[mask].astype(float))
        return self._depth[name]

    def edge_points(self, name: str) -> FloatArray:
        """(N, 3) world mm of a label's voxels on the outermost layer of the volume; (0, 3) when it is not cut."""
        if name not in self.patient.cut:
            return np.empty((0, 3))
        mask, start = self._mask(name)
        voxels = np.argwhere(mask) + start
        last = np.array(self.patient.labels.shape) - 1
        return self._world(voxels[((voxels == 0) | (voxels == last)).any(axis=1)])
