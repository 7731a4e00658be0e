"""Files made to mislead: one clear error each, nothing written, nothing mirrored."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from fluorosam_sim.patients import Patient, PatientError, load_patient
from fluorosam_sim.patients.store import save_patient


def volume() -> np.ndarray:
    data = np.full((20, 24, 16), -1000, np.int16)
    data[4:-4, 4:-4, 2:-2] = 40
    data[8:12, 8:12, 6:10] = 900
    return data


def refused(source: Path, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and neither the folder nor the cache has anything new."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    before = {path: path.stat().st_size for path in folder.rglob("*")}
    with pytest.raises(PatientError, match=words) as caught:
        load_patient(source)
    assert "\n" not in str(caught.value)
    assert {path: path.stat().st_size for path in folder.rglob("*")} == before
    assert not (folder.parent / "cache").exists()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("at", "layout", "values", "words"),
    [
        (76, "<4f", (1, -1.0, 1.0, 1.0), "pixdim"),
        (40, "<4h", (3, -20, 24, 16), "not a readable"),
        (40, "<4h", (3, 32767, 32767, 32767), r"not a readable|memory"),
        (40, "<8h", (7, 20, 24, 16, 1, 1, 1, 1), "three-dimensional"),
        (70, "<hh", (128, 24), "grey"),
        (70, "<hh", (9999, 16), "not a readable"),
        (108, "<f", (1e12,), "not a readable"),
        (252, "<hh", (0, 0), "orientation"),
        (280, "<12f", (float("nan"),) * 12, "orientation"),
        (280, "<12f", (0.001, 0, 0, 0, 0, 0.001, 0, 0, 0, 0, 0.001, 0), "unit"),
    ],
    ids=["negative size", "negative count", "huge", "7-D", "colour", "type", "offset", "no orientation", "nan", "unit"],
)
def test_a_nifti_header_that_lies(
    folder: Path, at: int, layout: str, values: tuple[float, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "x.nii"
    nib.save(nib.Nifti1Image(volume(), np.eye(4)), path)
    raw = bytearray(path.read_bytes())
    struct.pack_into(layout, raw, at, *values)
    path.write_bytes(raw)
    refused(path, words, folder, monkeypatch)


def test_metres_are_read_as_such(folder: Path) -> None:
    image = nib.Nifti1Image(volume(), np.diag([0.002, 0.002, 0.003, 1.0]))
    image.header.set_xyzt_units("meter")
    nib.save(image, folder / "x.nii")
    np.testing.assert_allclose(load_patient(folder / "x.nii").spacing_mm, (2, 2, 3), rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "affine", "words"),
    [
        (np.zeros((20, 24, 16, 3), np.uint8), np.eye(4), "three-dimensional"),
        (np.zeros((20, 24, 15), np.uint8), np.eye(4), "grid"),
        (np.zeros((20, 24, 16), np.uint8), np.diag([-1.0, 1, 1, 1]), "grid"),
        (np.full((20, 24, 16), -3, np.int16), np.eye(4), "not a label file"),
        (np.full((20, 24, 16), np.nan, np.float32), np.eye(4), "not a label file"),
    ],
    ids=["4-D", "shape", "mirrored", "negative", "nan"],
)
def test_labels_that_do_not_belong(
    folder: Path, labels: np.ndarray, affine: np.ndarray, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nib.save(nib.Nifti1Image(volume(), np.eye(4)), folder / "x.nii.gz")
    nib.save(nib.Nifti1Image(labels, affine), folder / "x_labels.nii.gz")
    refused(folder / "x.nii.gz", words, folder, monkeypatch)


NRRD = (
    b"NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 20 24 16\nspace directions: (1,0,0) "
    b"(0,1,0) (0,0,1)\nencoding: gzip\nendian: little\n\n"
)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"20 24 16", b"-20 -24 16", "three-dimensional"),
        (b"20 24 16", b"99999999999 99999999999 9999", "cut short"),
        (b"(1,0,0)", b"none", "not a readable"),
        (b"(1,0,0)", b"(nan,0,0)", "orientation"),
        (b"(1,0,0)", b"(0.0001,0,0)", "unit"),
        (b"type: short", b"type: block", "not a readable"),
    ],
    ids=["negative", "huge", "no direction", "nan", "unit", "type"],
)
def test_an_nrrd_header_that_lies(
    folder: Path, old: bytes, new: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "x.nrrd").write_bytes(NRRD.replace(old, new) + gzip.compress(volume().tobytes(order="F")))
    refused(folder / "x.nrrd", words, folder, monkeypatch)


def test_more_than_an_nrrd_promises_is_not_unpacked(folder: Path) -> None:
    (folder / "x.nrrd").write_bytes(NRRD + gzip.compress(volume().tobytes(order="F") + bytes(1 << 26), 1))
    assert load_patient(folder / "x.nrrd").hu.shape == (20, 24, 16)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [1 << 20, 1 << 20, 1 << 20]},
        {"shape": [-1, 80, 90]},
        {"hu_offset": -4096},
        {"labels_offset": 1 << 50},
        {"affine": [[1]]},
        {"affine": [[0.0] * 4] * 4},
        {"label_names": []},
        {"label_names": [1, 2, 3]},
        {"name": 5},
        {"cut": None},
    ],
    ids=lambda change: "-".join(f"{key}={value}"[:30] for key, value in change.items()),
)
def test_a_patient_file_whose_header_lies(
    folder: Path, phantom: Patient, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_patient(phantom, folder / "x.patient")
    raw = (folder / "x.patient").read_bytes()
    length = struct.unpack("<I", raw[12:16])[0]
    rewrite(folder / "x.patient", raw, json.dumps(json.loads(raw[48 : 48 + length]) | change).encode())
    refused(folder / "x.patient", "header", folder, monkeypatch)


@pytest.mark.parametrize("text", [b"[1, 2]", b"{{{", b"{}", b"\xff"])
def test_a_patient_file_without_a_header(
    folder: Path, phantom: Patient, text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_patient(phantom, folder / "x.patient")
    rewrite(folder / "x.patient", (folder / "x.patient").read_bytes(), text)
    refused(folder / "x.patient", "header", folder, monkeypatch)


def rewrite(path: Path, raw: bytes, text: bytes) -> None:
    """The file with another header and a checksum that agrees with it."""
    head = raw[:8] + struct.pack("<II", 1, len(text)) + hashlib.sha256(text).digest() + text
    path.write_bytes(head + raw[len(head) :])


@pytest.mark.parametrize("path", ["~no-such-user/ct.nii", "x" * 5000, "\udcff", "a\0b", "/dev/null", "/proc/self/mem"])
def test_a_hostile_path(folder: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    with pytest.raises(PatientError) as caught:
        load_patient(path)
    assert "\n" not in str(caught.value) and not (folder / "cache").exists()
