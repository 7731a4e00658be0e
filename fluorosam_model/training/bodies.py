"""The patients of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fluorosam_model.training.config import ConfigError
from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.patients.held_out import is_held_out_patient
from fluorosam_sim.patients.names import expand_names


def training_patients(names: Iterable[str]) -> tuple[Patient, ...]:
    """Load the patients of a run, one as often as it is named. Raises ConfigError for one that is held out, or none."""
    expanded = expand_names(names)
    if not expanded:
        raise ConfigError("data.patients names nobody to train on.")
    for name in expanded:
        if is_held_out_patient(name):
            raise ConfigError(f"{name} is kept for testing and cannot be trained on: choose a seed below 9000.")
    loaded = {name: load_patient(name) for name in dict.fromkeys(expanded)}
    return tuple(loaded[name] for name in expanded)


def label_columns(patients: Sequence[Patient]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """(L,) indices into LABELS of what occurs in any of the patients, in order, and the names."""
    found: set[str] = set()
    for patient in dict.fromkeys(patients):
        present = np.zeros(256, bool)
        present[patient.labels] = True
        found |= {name for number, name in enumerate(patient.label_names) if present[number] and number}
    columns = np.array([index for index, label in enumerate(LABELS) if label in found], np.int64)
    return columns, tuple(LABELS[index] for index in columns)
