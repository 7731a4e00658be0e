"""Patients by name or path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_sim import anatomy
from fluorosam_sim.patients import packaged
from fluorosam_sim.patients.assemble import (
    CLASS_NAMES,
    check_grid,
    check_hounsfield,
    labelled_patient,
    labels_from_values,
)
from fluorosam_sim.patients.dicom import is_dicom_folder, read_series
from fluorosam_sim.patients.nifti import read_volume
from fluorosam_sim.patients.nrrd import read_nrrd
from fluorosam_sim.patients.patient import Patient, PatientError
from fluorosam_sim.patients.store import SUFFIX, cached, cached_path, open_patient

PACKAGED = {"chest": packaged.chest, "head": packaged.head}
SYNTHETIC = "synthetic"
_LARGEST_SEED = 2**31 - 1
_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr")
_Image = tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]


def is_synthetic(name: str) -> bool:
    """Whether a patient's name is that of a synthetic body, whatever its seed."""
    return name.startswith(f"{SYNTHETIC}:")


def load_patient(source: str | Path) -> Patient:
    """A packaged patient by name, a synthetic one by seed, or one from files.

    "chest"; "synthetic:7" (1.25 mm voxels) or "synthetic:7@2.5" (2.5 mm), built once and then read from the cache.
    A path is a patient file, a CT file (NIfTI or NRRD) with, optionally, `<stem>_labels` beside it, a folder that holds
    `ct` and, optionally, `labels` (one multi-label file) or `segmentations/` (one mask a structure), or a folder of one
    DICOM series, which may hold the same labels. Labels have TotalSegmentator's numbers or names (tasks `total` and
    `appendicular_bones`). Raises PatientError, in one sentence, for anything else.
    """
    text = str(source)
    if text in PACKAGED:
        return PACKAGED[text]()
    if is_synthetic(text):
        return _synthetic(text)
    path = Path(source)
    try:
        path = path.expanduser()
        there = "\0" not in text and path.exists()
    except (OSError, RuntimeError):  # a path too long; the home of a user there is not
        there = False
    if not there:
        raise PatientError(
            f"There is no patient {text[:200]!r}: give one of {', '.join(PACKAGED)}, {SYNTHETIC}:SEED or a CT's path."
        )
    if path.suffix == SUFFIX:
        return open_patient(path)
    return _from_files(path)


def synthetic_identity(text: str) -> tuple[int, float]:
    """(seed, spacing in mm) of a name like synthetic:7 or synthetic:7@2.5; raises PatientError for another form."""
    from fluorosam_sim.patients.synthetic.build import DEFAULT_SPACING_MM

    seed_text, _, spacing_text = text.removeprefix(f"{SYNTHETIC}:").partition("@")
    try:
        # int() takes "9_000", " 9000" and digits of other scripts, too: held-out seeds are known by their plain digits.
        if not (seed_text.isascii() and seed_text.isdecimal()):
            raise ValueError(seed_text)
        seed, spacing = int(seed_text), float(spacing_text or DEFAULT_SPACING_MM)
    except ValueError:
        raise PatientError(f"{text[:80]!r} is not {SYNTHETIC}:SEED or {SYNTHETIC}:SEED@SPACING_MM.") from None
    if not 0 <= seed <= _LARGEST_SEED or not 0.8 <= spacing <= 4.0:
        raise PatientError(f"Seeds are 0 to {_LARGEST_SEED} and voxels 0.8 to 4 mm, not {text[:80]!r}.")
    return seed, spacing


def synthetic_path(seed: int, spacing_mm: float) -> Path:
    """Where the cache keeps a synthetic patient, built or not."""
    from fluorosam_sim.patients.synthetic.build import VERSION

    return cached_path(f"{SYNTHETIC}-{seed}", VERSION, seed, round(spacing_mm, 4))


def _synthetic(text: str) -> Patient:
    from fluorosam_sim.patients.synthetic.build import build_patient

    seed, spacing = synthetic_identity(text)
    return cached(synthetic_path(seed, spacing), lambda: build_patient(seed, spacing))


def _from_files(path: Path) -> Patient:
    if path.is_dir():
        name, folder = path.name, path
        ct = _in_folder(path, "ct")
        if ct is None and not is_dicom_folder(path):
            raise PatientError(f"The folder {path} holds no ct.nii.gz, ct.nrrd or DICOM series.")
        volume, affine = read_series(path) if ct is None else _image(ct, "CT")
        what = str(ct or path)
        label_file = _in_folder(path, "labels")
    else:
        stem = _stem(path)
        name, folder, what = stem, path.parent / f"{stem}_segmentations", str(path)
        volume, affine = _image(path, "CT")
        label_file = _in_folder(path.parent, f"{stem}_labels")
    hu = check_hounsfield(volume, what)
    masks = folder / "segmentations" if path.is_dir() else folder
    labels: npt.NDArray[np.uint8] = np.zeros(hu.shape, np.uint8)
    names: tuple[str, ...] = ("",)
    if label_file is not None:
        values, label_affine = _image(label_file, "label file")
        check_grid(values.shape, label_affine, hu.shape, affine, str(label_file), what)
        labels, names = labels_from_values(values, CLASS_NAMES, str(label_file))
    elif masks.is_dir():
        labels, names = _masks(masks, hu.shape, affine, what)
    return labelled_patient(name, hu, labels, names, affine, f"file {Path(what).name}", "the user's own")


def _masks(
    folder: Path, shape: tuple[int, ...], affine: npt.NDArray[np.float64], ct: str
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Labels from a folder with one mask a structure, as TotalSegmentator writes them; later names win overlaps."""
    known = {item.key for item in anatomy.STRUCTURES if item.kind in ("class", "side")}
    files = {_stem(path): path for path in sorted(folder.iterdir()) if path.is_file() and path.name.endswith(_SUFFIXES)}
    labels: npt.NDArray[np.uint8] = np.zeros(shape, np.uint8)
    names = [""]
    for stem, path in files.items():
        if stem not in known:
            continue
        mask, mask_affine = _image(path, "mask")
        check_grid(mask.shape, mask_affine, shape, affine, str(path), ct)
        inside = mask > 0.5
        if inside.any():
            names.append(stem)
            labels[inside] = len(names) - 1
    if len(names) == 1:
        raise PatientError(f"The folder {folder} holds no mask with the name of a structure, such as liver.nii.gz.")
    return labels, tuple(names)


def _image(path: Path, what: str) -> _Image:
    return read_nrrd(path, what) if path.suffix in (".nrrd", ".nhdr") else read_volume(path, what)


def _stem(path: Path) -> str:
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    return path.stem


def _in_folder(folder: Path, stem: str) -> Path | None:
    for suffix in _SUFFIXES:
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    return None
