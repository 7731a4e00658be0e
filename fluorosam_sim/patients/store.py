"""Patients in one file, and a cache of such files.

A patient file (`.patient`) is, little endian:

    bytes 0-7    b"FLUOROPT"
    bytes 8-11   uint32 version of the format, 1
    bytes 12-15  uint32 length of the header
    bytes 16-47  SHA-256 of the header
    then         the header, UTF-8 JSON: name, shape [i, j, k], affine (4 rows, voxel → world mm), label_names, cut,
                 provenance, licence, hu_offset, labels_offset, size (of the whole file) and sha256 (of all voxel bytes)
    at hu_offset      int16 CT numbers, i fastest
    at labels_offset  uint8 labels, i fastest

Offsets are multiples of 4096, so that the arrays can be memory-mapped.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fluorosam_sim.patients.patient import Patient, PatientError

SUFFIX = ".patient"
_MAGIC = b"FLUOROPT"
_VERSION = 1
_PAGE = 4096
_LARGEST_HEADER = 1 << 20
_PART_PREFIX, _PART_SUFFIX = ".fluorosam-", ".part"
_PART_AGE_S = 24 * 3600.0  # no patient takes that long to write


def save_patient(patient: Patient, path: Path) -> None:
    """Writes a patient file, all or nothing: others see the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hu = np.ascontiguousarray(patient.hu.transpose(2, 1, 0), "<i2")
    labels = np.ascontiguousarray(patient.labels.transpose(2, 1, 0), "u1")
    digest = hashlib.sha256()
    digest.update(hu.data.cast("B"))
    digest.update(labels.data.cast("B"))
    header: dict[str, Any] = {
        "name": patient.name,
        "shape": list(patient.hu.shape),
        "affine": np.asarray(patient.affine, float).tolist(),
        "label_names": list(patient.label_names),
        "cut": sorted(patient.cut),
        "provenance": patient.provenance,
        "licence": patient.licence,
        "sha256": digest.hexdigest(),
        "hu_offset": 0,
        "labels_offset": 0,
        "size": 0,
    }
    for _ in range(2):  # the numbers in the header change its length: the second pass is final
        text = _text(header)
        first = -(-(48 + len(text) + 64) // _PAGE) * _PAGE
        second = -(-(first + hu.nbytes) // _PAGE) * _PAGE
        header |= {"hu_offset": first, "labels_offset": second, "size": second + labels.nbytes}
    text = _text(header)
    _sweep(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PART_PREFIX, suffix=_PART_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + struct.pack("<II", _VERSION, len(text)) + hashlib.sha256(text).digest() + text)
            file.seek(first)
            file.write(hu.data.cast("B"))
            file.seek(second)
            file.write(labels.data.cast("B"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(folder: Path) -> None:
    """Deletes what processes that were killed while they wrote have left."""
    for path in folder.glob(f"{_PART_PREFIX}*{_PART_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process swept it
            if time.time() - path.stat().st_mtime > _PART_AGE_S:
                path.unlink()


def _text(header: dict[str, Any]) -> bytes:
    return json.dumps(header, ensure_ascii=False).encode()


def open_patient(path: Path, verify: bool = False) -> Patient:
    """A patient whose volumes are memory-mapped, read-only, from a patient file.

    The header's checksum and the file's size are always checked; verify=True reads and checks every voxel, too.
    Raises PatientError, in one sentence, for a file that is not whole.
    """
    try:
        with path.open("rb") as file:
            fixed = file.read(48)
            if len(fixed) < 48 or fixed[:8] != _MAGIC:
                raise PatientError(f"{path} is not a patient file.")
            version, length = struct.unpack("<II", fixed[8:16])
            if version != _VERSION:
                raise PatientError(
                    f"{path} has version {version} of the patient format; this program reads {_VERSION}."
                )
            text = file.read(min(length, _LARGEST_HEADER))
        if hashlib.sha256(text).digest() != fixed[16:48]:
            raise PatientError(f"The header of {path} is damaged: build or copy the patient again.")
        header = _checked(json.loads(text))
        if path.stat().st_size != header["size"]:
            raise PatientError(f"{path} is cut short or too long: build or copy the patient again.")
        ni, nj, nk = header["shape"]
        hu = np.memmap(path, "<i2", "r", header["hu_offset"], (nk, nj, ni))
        labels = np.memmap(path, "u1", "r", header["labels_offset"], (nk, nj, ni))
    except PatientError:
        raise
    except OSError as error:
        raise PatientError(f"{path} cannot be read ({error.strerror or type(error).__name__}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PatientError(f"The header of {path} is not that of a patient ({type(error).__name__}).") from error
    if verify:
        digest = hashlib.sha256()
        for start in range(0, nk, 16):
            digest.update(np.ascontiguousarray(hu[start : start + 16]).data.cast("B"))
        for start in range(0, nk, 16):
            digest.update(np.ascontiguousarray(labels[start : start + 16]).data.cast("B"))
        if digest.hexdigest() != header["sha256"]:
            raise PatientError(f"The voxels of {path} are damaged: build or copy the patient again.")
    return Patient(
        header["name"],
        np.asarray(hu).transpose(2, 1, 0),
        np.asarray(labels).transpose(2, 1, 0),
        tuple(header["label_names"]),
        np.array(header["affine"], float),
        frozenset(header["cut"]),
        header["provenance"],
        header["licence"],
    )


def _checked(header: Any) -> dict[str, Any]:
    """A header whose entries are what they should be and fit each other; raises ValueError, KeyError or TypeError."""
    ni, nj, nk = (int(n) for n in header["shape"])
    voxels = ni * nj * nk
    if min(ni, nj, nk) < 1 or header["labels_offset"] + voxels != header["size"]:
        raise ValueError("shape")
    if not 48 <= header["hu_offset"] <= header["labels_offset"] - 2 * voxels:
        raise ValueError("hu_offset")
    affine = np.array(header["affine"], float)
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise ValueError("affine")
    names = header["label_names"]
    texts = [header["name"], header["provenance"], header["licence"], header["sha256"], *names, *header["cut"]]
    if not names or len(names) > 256 or not all(isinstance(text, str) for text in texts):
        raise TypeError("texts")
    return dict(header)


def cache_folder() -> Path:
    """Where built patients are kept: $XDG_CACHE_HOME/fluorosam or ~/.cache/fluorosam; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "fluorosam"


def cached_path(name: str, *identity: object) -> Path:
    """The cache file of a patient: its name and a digest of everything its voxels depend on."""
    digest = hashlib.sha256(json.dumps([_VERSION, *map(str, identity)]).encode()).hexdigest()[:16]
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    return cache_folder() / f"{safe}-{digest}{SUFFIX}"


def cached(path: Path, build: Callable[[], Patient]) -> Patient:
    """The patient in a cache file, built first when the file is missing or damaged.

    Several processes may build the same patient at once: each writes a file of its own, the last one stays. Where the
    cache folder cannot be written, the built patient is returned from memory.
    """
    try:
        return open_patient(path)
    except PatientError:
        patient = build()
    try:
        save_patient(patient, path)
    except OSError:
        return patient
    return open_patient(path)
