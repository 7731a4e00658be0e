"""Patients from NIfTI files: a CT and, if there is one, its TotalSegmentator labels."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError

from fluorosam_sim.patients.patient import Patient, PatientError, centered_affine, cut_labels

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_LARGEST_LABEL = 999


def read_volume(path: Path, what: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """(i, j, k) array and LPS affine (4, 4) of a NIfTI file. `what` names it in errors ("CT", "label file").

    Raises PatientError for a file that is missing, unreadable, not three-dimensional or has no usable orientation.
    """
    if not path.is_file():
        raise PatientError(f"There is no {what} at {path}.")
    try:
        image = nib.load(path)
        # float32 holds every CT number and label exactly, and takes half the memory and time of nibabel's float64.
        data: npt.NDArray[np.float32] = np.asarray(image.dataobj, dtype=np.float32)  # type: ignore[attr-defined]
        affine: npt.NDArray[np.float64] = np.asarray(image.affine, np.float64)  # type: ignore[attr-defined]
    except (ImageFileError, OSError, EOFError, ValueError, TypeError, zlib.error) as error:
        raise PatientError(f"{path} is not a readable NIfTI {what} ({_first_line(error)}).") from error
    if data.ndim == 4 and data.shape[3] == 1:
        data = data[..., 0]
    if data.ndim != 3 or data.size == 0:
        raise PatientError(f"{path} is not a single three-dimensional grey {what} (shape {data.shape}).")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.all(np.isfinite(affine)) or spacing.min() <= 0 or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise PatientError(f"{path} has no usable voxel size or orientation: export it again with its geometry.")
    unit = affine[:3, :3] / spacing
    if np.abs(unit.T @ unit - np.eye(3)).max() > 1e-3:
        raise PatientError(f"{path} is sheared (its axes are not at right angles): resample it first.")
    return data, _RAS_TO_LPS @ affine


def patient_from_nifti(
    name: str,
    ct_path: Path,
    label_path: Path | None,
    names_by_value: Mapping[int, str],
    provenance: str,
    licence: str,
) -> Patient:
    """Patient from a CT in Hounsfield units and a multi-label file of the same grid.

    names_by_value: leaf label name of each value in the label file; other values are ignored.
    Raises PatientError with one sentence for files that do not fit.
    """
    ct, affine = read_volume(ct_path, "CT")
    low, high = float(ct.min()), float(ct.max())
    if not np.isfinite(low + high):
        raise PatientError(f"{ct_path} holds values that are not numbers.")
    if low > -200 or high < 100:
        raise PatientError(
            f"{ct_path} does not look like a CT in Hounsfield units: its values are {low:g} to {high:g}, "
            "but air is −1000 and bone above 300."
        )
    hu = np.clip(ct, -1024, 3071, out=ct).astype(np.int16)
    labels = np.zeros(hu.shape, np.uint8)
    label_names: list[str] = [""]
    if label_path is not None:
        values, label_affine = read_volume(label_path, "label file")
        if values.shape != hu.shape or not np.allclose(label_affine, affine, atol=0.05):
            raise PatientError(f"{label_path} does not lie on the grid of {ct_path}: resample it to the CT.")
        if not 0 <= float(values.min()) <= float(values.max()) <= _LARGEST_LABEL:
            raise PatientError(
                f"{label_path} is not a label file: its values are not all between 0 and {_LARGEST_LABEL}."
            )
        indices = values.astype(np.uint16)
        table = np.zeros(_LARGEST_LABEL + 1, np.uint8)
        for value in np.flatnonzero(np.bincount(indices.ravel(order="K"), minlength=1)):
            if value > 0 and value in names_by_value:
                label_names.append(names_by_value[int(value)])
                table[value] = len(label_names) - 1
        labels = table[indices]
    names = tuple(label_names)
    centered = centered_affine(affine, hu.shape)
    return Patient(name, hu, labels, names, centered, cut_labels(labels, names), provenance, licence)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
