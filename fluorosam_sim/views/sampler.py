"""Random views of a patient, with a fixed part of all directions held out for testing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose
from fluorosam_sim.patients.patient import Patient

CELL_DEG = 10.0
_HELD_OUT_PERIOD = 8
_FIELD_LIMITS_MM = (120.0, 420.0)
_TISSUE_HU = -500
_POINTS_PER_LABEL = 64
_BODY_POINTS = 4096


def is_held_out(primary_deg: float, secondary_deg: float) -> bool:
    """Whether a direction is kept from training: one in eight cells of 10° × 10°, spread evenly.

    Cells are centred on multiples of 10°, and the cell of the plain anterior view is a training cell.
    """
    wrapped = (primary_deg + 180.0) % 360.0 - 180.0
    i = int(np.floor(wrapped / CELL_DEG + 0.5))
    j = int(np.floor(secondary_deg / CELL_DEG + 0.5))
    return (5 * i + 3 * j) % _HELD_OUT_PERIOD == _HELD_OUT_PERIOD // 2


class ViewSampler:
    """Draws C-arm geometries and poses that look at a patient.

    Six views in seven aim at a random structure, the others anywhere in the body. Fields are 120 to 420 mm wide
    at the isocentre. Most directions are within what a C-arm reaches around an anterior view; some are from behind.

    all_round: share of directions that come from all around the patient with the same frequency instead, laterals and
    views from behind included; they are the hardest, and training sees few of them otherwise.
    """

    def __init__(self, patient: Patient, seed: int = 0, all_round: float = 0.0) -> None:
        self._all_round = all_round
        rng = np.random.default_rng(seed)
        self._targets = [
            _world(patient, points[rng.integers(len(points), size=_POINTS_PER_LABEL)])
            for points in _voxels_by_label(patient)
        ]
        body = np.flatnonzero(patient.hu > _TISSUE_HU)
        if len(body) == 0:
            raise ValueError(f"{patient.name} has no tissue to look at.")
        chosen = np.stack(np.unravel_index(rng.choice(body, _BODY_POINTS), patient.hu.shape), axis=1)
        self._body = _world(patient, chosen)

    def sample(self, rng: np.random.Generator, held_out: bool) -> tuple[CArmConfig, CArmPose]:
        """A geometry (square detector, 256 × 256 px) and a pose whose direction is, or is not, in a held-out cell."""
        primary, secondary = self._direction(rng)
        while is_held_out(primary, secondary) != held_out:
            primary, secondary = self._direction(rng)
        if self._targets and rng.random() < 6 / 7:
            points = self._targets[rng.integers(len(self._targets))]
        else:
            points = self._body
        target = points[rng.integers(len(points))] + rng.normal(0.0, 15.0, 3)
        base = list(VENDORS.values())[rng.integers(len(VENDORS))]
        field_mm = float(np.clip(rng.lognormal(np.log(240.0), 0.22), *_FIELD_LIMITS_MM))
        side_mm = field_mm * base.magnification
        config = replace(base, name="random", detector_mm=(side_mm, side_mm), detector_px=(256, 256))
        return config, CArmPose(primary, secondary, (float(target[0]), float(target[1]), float(target[2])))

    def _direction(self, rng: np.random.Generator) -> tuple[float, float]:
        primary, secondary = _direction(rng)
        if self._all_round and rng.random() < self._all_round:
            primary = float(rng.uniform(-180.0, 180.0))
        return primary, secondary


def _direction(rng: np.random.Generator) -> tuple[float, float]:
    kind = rng.random()
    if kind < 0.6:  # about the anterior view, as most images of a trunk are
        primary = float(np.clip(rng.normal(0.0, 30.0), -110.0, 110.0))
    else:  # anything a C-arm reaches, laterals included; a few from behind
        primary = rng.uniform(-110.0, 110.0) if kind < 0.94 else rng.uniform(-180.0, 180.0)
    secondary = rng.uniform(-45.0, 45.0) if rng.random() < 0.3 else float(np.clip(rng.normal(0.0, 12.0), -45.0, 45.0))
    return float(primary), float(secondary)


def _voxels_by_label(patient: Patient) -> list[npt.NDArray[np.int64]]:
    """Voxel indices (N, 3) of every label that occurs, found in one sort."""
    flat = patient.labels.ravel()
    labelled = np.flatnonzero(flat)
    order = np.argsort(flat[labelled], kind="stable")
    labelled = labelled[order]
    _, starts = np.unique(flat[labelled], return_index=True)
    return [np.stack(np.unravel_index(part, patient.labels.shape), axis=1) for part in np.split(labelled, starts[1:])]


def _world(patient: Patient, voxels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.asarray(voxels @ patient.affine[:3, :3].T + patient.affine[:3, 3])
