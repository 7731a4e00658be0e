"""The voxels of a patient under construction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.patients.synthetic.bones import Points
from fluorosam_sim.patients.synthetic.compose import paint_tube
from fluorosam_sim.patients.synthetic.fields import COARSE_MM
from fluorosam_sim.patients.synthetic.skin import Soft
from fluorosam_sim.patients.synthetic.thorax import INDEX
from fluorosam_sim.patients.synthetic.traits import stream

_NOISE_SIZE = 96
_GAS_HU = -975.0


@dataclass(frozen=True, eq=False)
class Canvas:
    """hu (int16) and labels (uint8, values of INDEX), both (k, j, i); low: (3,) mm of voxel (0, 0, 0); spacing in mm.

    fine, coarse: periodic noise cubes of unit variance with grains of about 1 and 8 mm; medium: about 2 mm.
    """

    hu: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]
    low: Points
    spacing: float
    soft: Soft
    fine: npt.NDArray[np.float32]
    medium: npt.NDArray[np.float32]
    coarse: npt.NDArray[np.float32]

    @property
    def ratio(self) -> float:
        """Fine over coarse voxel size."""
        return self.spacing / COARSE_MM

    def tube(
        self,
        points: Iterable[Points],
        radii: Iterable[float],
        label: str | None,
        hu: float,
        *,
        gas: Iterable[float] | None = None,
        grain: float = 8.0,
        over: Iterable[str] = (),
        margin: float = 3.0,
    ) -> None:
        """Fills a chain of round cones; label None leaves the labels. over: names that may be painted over.

        gas: for a gut, how far gas fills it from the front at each point, see paint_tube; a 2 mm wall stays.
        """
        path: Points = np.asarray(np.round(np.stack(list(points)), 3), np.float64)
        allowed = np.zeros(256, np.uint8)
        allowed[0] = 1
        allowed[[INDEX[name] for name in over]] = 1
        if label is None:
            allowed[:] = 1
        width = np.asarray(list(radii), float)
        full = np.ones(len(path))
        self._paint(path, width, full, label, hu, grain, allowed, margin)
        if gas is not None and label is not None:
            own = np.zeros(256, np.uint8)
            own[INDEX[label]] = 1
            level = np.asarray(list(gas), float)
            self._paint(path, np.maximum(width - 2.0, 1.0), level, None, _GAS_HU, 4.0, own, margin)

    def _paint(
        self, path: Points, width: Points, level: Points, label: str | None, hu: float, grain: float,
        allowed: npt.NDArray[np.uint8], margin: float,
    ) -> None:  # fmt: skip
        paint_tube(
            self.hu, self.labels, self.low, self.spacing, path, width, level, INDEX[label] if label else 0, hu, grain,
            self.medium, allowed, self.soft.skin, self.ratio, margin,
        )  # fmt: skip


def canvas(soft: Soft, spacing: float, seed: int) -> Canvas:
    """An empty canvas that covers the body."""
    size = np.floor((np.array(soft.skin.shape[::-1]) - 1) * COARSE_MM / spacing).astype(int) + 1
    shape = (int(size[2]), int(size[1]), int(size[0]))
    cubes = [_noise(seed, f"noise {grain}", grain / spacing) for grain in (0.8, 2.2, 8.0)]
    return Canvas(np.full(shape, -1000, np.int16), np.zeros(shape, np.uint8), soft.low, spacing, soft, *cubes)


def _noise(seed: int, purpose: str, sigma: float) -> npt.NDArray[np.float32]:
    white = stream(seed, purpose).standard_normal((_NOISE_SIZE,) * 3, dtype=np.float32)
    smooth = ndimage.gaussian_filter(white, sigma, mode="wrap")
    return np.asarray(smooth / smooth.std(dtype=np.float64), np.float32)


def name_table(labels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """(labels renumbered without gaps, in place; label names with "" first) of a finished label volume."""
    counts = np.zeros(256, np.int64)
    for plane in labels:
        counts += np.bincount(plane.ravel(), minlength=256)
    present = [value for value in range(1, len(LABELS) + 1) if counts[value]]
    table = np.zeros(256, np.uint8)
    table[present] = np.arange(1, len(present) + 1, dtype=np.uint8)
    for plane in labels:
        plane[...] = table[plane]
    return labels, ("", *(LABELS[value - 1] for value in present))
