"""Reading a CT series from a folder of DICOM files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.errors import InvalidDicomError

from fluorosam_sim.patients.assemble import check_memory
from fluorosam_sim.patients.patient import PatientError

_MOST_FILES = 5000


def is_dicom_folder(folder: Path) -> bool:
    """Whether a folder holds a file that begins as DICOM does (looks at the first 50 files)."""
    for number, path in enumerate(sorted(folder.iterdir())):
        if number >= 50:
            break
        if path.is_file():
            with path.open("rb") as file:
                if file.read(132)[128:] == b"DICM":
                    return True
    return False


def read_series(folder: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """(i, j, k) CT numbers and LPS affine (4, 4) of the one CT series in a folder.

    Raises PatientError for several series, missing or doubled slices, a tilted gantry, colour or compressed images that
    cannot be read, and slices that differ in size or orientation.
    """
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if len(paths) > _MOST_FILES:
        raise PatientError(f"The folder {folder} holds more than {_MOST_FILES} files: give a folder with one series.")
    slices: list[Any] = []
    for path in paths:
        try:
            found = pydicom.dcmread(path)
        except (InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError):
            if path.suffix.lower() in (".dcm", ".ima"):
                raise PatientError(f"{path} is not a readable DICOM file: copy the series again.") from None
            continue
        if str(found.get("Modality", "CT")) == "CT" and "ImagePositionPatient" in found and "Rows" in found:
            slices.append(found)
    if len(slices) < 2:
        raise PatientError(f"The folder {folder} holds no CT series of two or more slices.")
    series = Counter(str(item.get("SeriesInstanceUID", "")) for item in slices)
    if len(series) > 1:
        counts = ", ".join(str(n) for n in series.values())
        raise PatientError(f"The folder {folder} mixes {len(series)} series ({counts} slices): give a folder with one.")
    return _stacked(slices, folder)


def _stacked(slices: list[Any], folder: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    first = slices[0]
    orientation = np.array([float(v) for v in first.ImageOrientationPatient])
    for item in slices:
        if int(item.get("SamplesPerPixel", 1)) != 1:
            raise PatientError(f"The series in {folder} is in colour: give the original CT.")
        if (item.Rows, item.Columns) != (first.Rows, first.Columns):
            raise PatientError(f"The slices in {folder} differ in size: the series is mixed or damaged.")
        if not np.allclose([float(v) for v in item.ImageOrientationPatient], orientation, atol=1e-4):
            raise PatientError(f"The slices in {folder} differ in orientation: the series is mixed, or a localiser.")
    right, down = orientation[:3], orientation[3:]
    if abs(float(right @ down)) > 1e-3 or min(np.linalg.norm(right), np.linalg.norm(down)) < 0.99:
        raise PatientError(f"The series in {folder} has no usable orientation: export it again.")
    normal = np.cross(right, down)
    places = np.array([[float(v) for v in item.ImagePositionPatient] for item in slices])
    heights = places @ normal
    order = np.argsort(heights)
    places, heights = places[order], heights[order]
    steps = np.diff(heights)
    step = float(np.median(steps))
    if step < 1e-3 or steps.min() < 0.5 * step:
        raise PatientError(f"Slices of the series in {folder} lie at the same place: the series is doubled or mixed.")
    if np.abs(steps - step).max() > 0.02 * step + 0.02:
        gap = int(np.argmax(np.abs(steps - step)))
        raise PatientError(
            f"A slice is missing in {folder} between {heights[gap]:.1f} and {heights[gap + 1]:.1f} mm "
            f"(slices are {step:.2f} mm apart): copy the series again."
        )
    sideways = np.abs((places - places[0]) - np.outer(heights - heights[0], normal)).max()
    if sideways > 0.5 * step + 0.5:
        raise PatientError(f"The series in {folder} has a tilted gantry (its slices are shifted): resample it first.")
    spacing = [float(v) for v in first.PixelSpacing]
    if min(spacing) <= 0:
        raise PatientError(f"The series in {folder} has no usable pixel size.")
    check_memory((int(first.Columns), int(first.Rows), len(slices)), str(folder))
    volume = np.empty((int(first.Columns), int(first.Rows), len(slices)), np.float32)
    for k, index in enumerate(order):
        item = slices[int(index)]
        try:
            pixels = item.pixel_array
        except Exception as error:  # pydicom's decoders raise many kinds
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise PatientError(f"A slice of the series in {folder} cannot be decoded ({reason[:120]}).") from error
        slope, offset = float(item.get("RescaleSlope", 1)), float(item.get("RescaleIntercept", 0))
        volume[:, :, k] = pixels.T * np.float32(slope) + np.float32(offset)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = right * spacing[1], down * spacing[0]
    affine[:3, 2] = normal * step
    affine[:3, 3] = places[0]
    return volume, affine
