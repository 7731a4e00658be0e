"""How one image is taken: tube voltage, dose and detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosam_sim.render.detector import DetectorConfig
from fluorosam_sim.render.exposure import ExposureConfig
from fluorosam_sim.render.scatter import STANDARD_GRID, AntiScatterGrid

_NO_GRID = AntiScatterGrid(1.0, 1.0)
_KVP = (60.0, 120.0)
_KVP_STEP = 4.0  # a generator's steps; each voltage has a table, and sixteen tables are kept
_DETECTOR_UGY = (0.02, 2.0)


@dataclass(frozen=True)
class Appearance:
    """The technique of one shot."""

    kvp: float
    detector_ugy: float
    blur_mm: float
    electronic_counts: float
    grid: bool

    @property
    def exposure(self) -> ExposureConfig:
        """Automatic exposure to this dose at the detector."""
        return ExposureConfig(kvp=self.kvp, detector_ugy=self.detector_ugy)

    @property
    def detector(self) -> DetectorConfig:
        """The detector that takes it."""
        return DetectorConfig(
            grid=STANDARD_GRID if self.grid else _NO_GRID,
            blur_mm=self.blur_mm,
            electronic_counts=self.electronic_counts,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for the image's record."""
        return dict(vars(self))


def sample_appearance(rng: np.random.Generator) -> Appearance:
    """60 to 120 kV; 0.02 µGy (fluoroscopy) to 2 µGy (a single shot), 0.2 µGy in the middle; 15 % have no grid."""
    return Appearance(
        kvp=float(np.clip(_KVP_STEP * np.round(rng.normal(85.0, 14.0) / _KVP_STEP), *_KVP)),
        detector_ugy=round(float(np.clip(rng.lognormal(np.log(0.2), 0.9), *_DETECTOR_UGY)), 4),
        blur_mm=round(float(rng.uniform(0.2, 0.6)), 3),
        electronic_counts=round(float(rng.uniform(4.0, 16.0)), 2),
        grid=bool(rng.random() < 0.85),
    )
