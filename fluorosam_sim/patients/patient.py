"""A patient: CT numbers, labels and where they lie in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


class PatientError(ValueError):
    """A source that cannot become a patient; the message says why and what to do, in one sentence."""


@dataclass(frozen=True, eq=False)
class Patient:
    """A labelled volume.

    hu: (i, j, k) int16 CT numbers. labels: (i, j, k) uint8 leaf labels, 0 for none. label_names: name of each label by
    index, "" for 0. affine: (4, 4) from voxel index to world millimetres (x left, y posterior, z head), with the
    volume's centre at the world's origin. cut: labels that touch the edge of the scan. provenance, licence: where the
    data come from and on which terms.
    """

    name: str
    hu: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]
    label_names: tuple[str, ...]
    affine: npt.NDArray[np.float64]
    cut: frozenset[str]
    provenance: str
    licence: str

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along i, j, k in mm."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @property
    def structures(self) -> tuple[str, ...]:
        """Names of the leaf labels that this patient may carry, in label order."""
        return self.label_names[1:]

    @property
    def bounds_mm(self) -> npt.NDArray[np.float64]:
        """(2, 3): lowest and highest world coordinate of the voxel centres."""
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.hu.shape])).reshape(3, -1)
        world = (self.affine[:3, :3] @ corners + self.affine[:3, 3:]).T
        return np.array([world.min(axis=0), world.max(axis=0)])

    def centroid_mm(self, names: str | tuple[str, ...]) -> npt.NDArray[np.float64]:
        """World centroid (3,) of the union of some labels; raises PatientError when none of them is there."""
        wanted = {names} if isinstance(names, str) else set(names)
        chosen = np.array([bool(name) and name in wanted for name in self.label_names])[self.labels]
        # Marginal counts give the mean index without listing the voxels.
        planes = [np.count_nonzero(chosen, axis=other) for other in ((1, 2), (0, 2), (0, 1))]
        total = int(planes[0].sum())
        if total == 0:
            raise PatientError(f"{self.name} has no {' or '.join(sorted(wanted))}.")
        mean = np.array([float(np.arange(len(plane)) @ plane) / total for plane in planes])
        return np.asarray(self.affine[:3, :3] @ mean + self.affine[:3, 3])


def cut_labels(labels: npt.NDArray[np.uint8], label_names: tuple[str, ...]) -> frozenset[str]:
    """Names of the labels that occur on the outermost voxel layer of the volume."""
    faces = [np.moveaxis(labels, axis, 0)[index] for axis in range(3) for index in (0, -1)]
    found = np.unique(np.concatenate([np.unique(face) for face in faces]))
    return frozenset(label_names[int(label)] for label in found if label)


def centered_affine(affine: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """The affine moved so that the centre of the volume is the world's origin."""
    result = np.array(affine, float)
    result[:3, 3] = -result[:3, :3] @ ((np.array(shape[:3]) - 1) / 2)
    return result
