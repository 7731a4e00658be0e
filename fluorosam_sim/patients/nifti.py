"""Patients from NIfTI files: a CT and, if there is one, its TotalSegmentator labels."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from fluorosam_sim.patients.assemble import (
    check_grid,
    check_hounsfield,
    check_memory,
    labelled_patient,
    labels_from_values,
)
from fluorosam_sim.patients.patient import Patient, PatientError

_NEGATIVE_SIZE = 35  # nibabel's severity of it
_MM = {"meter": 1000.0, "micron": 0.001}
_VOXEL_MM = (0.02, 30.0)  # what a voxel of a CT may measure
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_volume(path: Path, what: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """(i, j, k) array and LPS affine (4, 4) of a NIfTI file. `what` names it in errors ("CT", "label file").

    Raises PatientError for a file that is missing, unreadable, not three-dimensional or has no usable orientation.
    """
    if not path.is_file():
        raise PatientError(f"There is no {what} at {path}.")
    try:
        # Nibabel turns voxel sizes below zero round and goes on: here they are an error, for which way is meant?
        with nib.imageglobals.ErrorLevel(_NEGATIVE_SIZE):
            image = nib.load(path)
        header: Any = image.header
        if header.get("qform_code", 1) == 0 and header.get("sform_code", 1) == 0:
            raise PatientError(f"{path} does not tell its orientation: export it again with its geometry.")
        if image.get_data_dtype().kind not in "iuf":  # type: ignore[attr-defined]
            raise PatientError(f"{path} is not a single three-dimensional grey {what} ({image.get_data_dtype()}).")  # type: ignore[attr-defined]
        check_memory(image.shape, str(path))  # type: ignore[attr-defined]
        # float32 holds every CT number and label exactly, and takes half the memory and time of nibabel's float64.
        data: npt.NDArray[np.float32] = np.asarray(image.dataobj, dtype=np.float32)  # type: ignore[attr-defined]
        affine: npt.NDArray[np.float64] = np.asarray(image.affine, np.float64)  # type: ignore[attr-defined]
    except PatientError:
        raise
    except MemoryError as error:
        raise PatientError(f"{path} is larger than the memory, or its header is damaged.") from error
    except (
        ImageFileError, HeaderDataError, OSError, EOFError, OverflowError, ValueError, TypeError, zlib.error,
    ) as error:  # fmt: skip
        raise PatientError(f"{path} is not a readable NIfTI {what} ({_first_line(error)}).") from error
    if data.ndim == 4 and data.shape[3] == 1:
        data = data[..., 0]
    affine[:3] *= _MM.get(header.get_xyzt_units()[0] if hasattr(header, "get_xyzt_units") else "mm", 1.0)
    return check_geometry(data, _RAS_TO_LPS @ affine, path, what)


def check_geometry(
    data: npt.NDArray[np.float32], affine: npt.NDArray[np.float64], path: Path, what: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """The volume and its affine, when it is one grey volume on a right-angled grid; else PatientError."""
    if data.ndim != 3 or data.size == 0:
        raise PatientError(f"{path} is not a single three-dimensional grey {what} (shape {data.shape}).")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.all(np.isfinite(affine)) or spacing.min() <= 0 or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise PatientError(f"{path} has no usable voxel size or orientation: export it again with its geometry.")
    if spacing.min() < _VOXEL_MM[0] or spacing.max() > _VOXEL_MM[1]:
        sizes = " × ".join(f"{step:.3g}" for step in spacing)
        raise PatientError(f"{path} has voxels of {sizes} mm, which is no CT's: its unit is probably another one.")
    unit = affine[:3, :3] / spacing
    if np.abs(unit.T @ unit - np.eye(3)).max() > 1e-3:
        raise PatientError(f"{path} is sheared (its axes are not at right angles): resample it first.")
    return data, affine


def patient_from_nifti(
    name: str,
    ct_path: Path,
    label_path: Path | None,
    names_by_value: Mapping[int, str],
    provenance: str,
    licence: str,
) -> Patient:
    """Patient from a CT in Hounsfield units and a multi-label file of the same grid, taken as they are.

    names_by_value: leaf label name of each value in the label file; other values are ignored.
    Raises PatientError with one sentence for files that do not fit.
    """
    ct, affine = read_volume(ct_path, "CT")
    hu = check_hounsfield(ct, str(ct_path))
    labels: npt.NDArray[np.uint8] = np.zeros(hu.shape, np.uint8)
    names: tuple[str, ...] = ("",)
    if label_path is not None:
        values, label_affine = read_volume(label_path, "label file")
        check_grid(values.shape, label_affine, hu.shape, affine, str(label_path), str(ct_path))
        labels, names = labels_from_values(values, names_by_value, str(label_path))
    return labelled_patient(name, hu, labels, names, affine, provenance, licence, clean=False)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
