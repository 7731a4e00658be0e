"""Patients by name or path."""

from __future__ import annotations

from pathlib import Path

from fluorosam_sim import anatomy
from fluorosam_sim.patients import packaged
from fluorosam_sim.patients.nifti import patient_from_nifti
from fluorosam_sim.patients.patient import Patient, PatientError

PACKAGED = {"chest": packaged.chest}


def load_patient(source: str | Path) -> Patient:
    """A packaged patient by name, or one from a NIfTI CT.

    A path is a CT file (`ct.nii.gz`) with, optionally, `<stem>_labels.nii.gz` beside it, or a folder that holds
    `ct.nii.gz` and, optionally, `labels.nii.gz`; labels are TotalSegmentator's numbers (task `total`).
    Raises PatientError, in one sentence, for anything else.
    """
    if str(source) in PACKAGED:
        return PACKAGED[str(source)]()
    path = Path(source).expanduser()
    if "\0" in str(source) or not path.exists():
        raise PatientError(
            f"There is no patient {str(source)[:200]!r}: give one of {', '.join(PACKAGED)} or a NIfTI CT."
        )
    if path.is_dir():
        ct, labels = _in_folder(path, "ct"), _in_folder(path, "labels")
        if ct is None:
            raise PatientError(f"The folder {path} holds no ct.nii.gz or ct.nii.")
    else:
        ct = path
        stem = path.name.removesuffix(".gz").removesuffix(".nii")
        labels = _in_folder(path.parent, f"{stem}_labels")

    names = {item.id: item.key for item in anatomy.STRUCTURES if item.kind == "class" and len(item.members) == 1}
    return patient_from_nifti(path.stem.removesuffix(".nii"), ct, labels, names, f"file {ct.name}", "the user's own")


def _in_folder(folder: Path, stem: str) -> Path | None:
    for suffix in (".nii.gz", ".nii"):
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    return None
