"""The patient file and its cache: whole or not at all."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluorosam_sim.patients import Patient, PatientError, load_patient
from fluorosam_sim.patients.store import cache_folder, cached, cached_path, open_patient, save_patient


def test_a_patient_comes_back_as_it_was_saved(tmp_path: Path, phantom: Patient) -> None:
    path = tmp_path / "folder" / "x.patient"
    patient = replace(phantom, name="Jörg", cut=frozenset({"sternum"}))
    save_patient(patient, path)
    back = open_patient(path, verify=True)
    np.testing.assert_array_equal(back.hu, patient.hu)
    np.testing.assert_array_equal(back.labels, patient.labels)
    np.testing.assert_array_equal(back.affine, patient.affine)
    assert (back.name, back.label_names, back.cut) == (patient.name, patient.label_names, patient.cut)
    assert (back.provenance, back.licence) == (patient.provenance, patient.licence)
    assert not back.hu.flags.writeable
    assert load_patient(path).name == "Jörg"
    assert [p.name for p in path.parent.iterdir()] == ["x.patient"]


def test_the_same_patient_gives_the_same_bytes(tmp_path: Path, phantom: Patient) -> None:
    save_patient(phantom, tmp_path / "a.patient")
    turned = replace(phantom, hu=np.asfortranarray(phantom.hu), labels=np.asfortranarray(phantom.labels))
    save_patient(turned, tmp_path / "b.patient")
    assert (tmp_path / "a.patient").read_bytes() == (tmp_path / "b.patient").read_bytes()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: b[:30], "not a patient file"),
        (lambda b: b"X" + b[1:], "not a patient file"),
        (lambda b: b[:8] + b"\x09" + b[9:], "version 9"),
        (lambda b: b[:60] + b"#" + b[61:], "header"),
        (lambda b: b[:-1], "cut short"),
        (lambda b: b[:-5] + b"\x05" + b[-4:], "voxels"),
    ],
    ids=["stub", "magic", "version", "header", "short", "voxel"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, phantom: Patient, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.patient"
    save_patient(phantom, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PatientError, match=words) as caught:
        open_patient(path, verify=True)
    assert "\n" not in str(caught.value)


def test_the_cache_builds_once_and_mends_what_is_damaged(tmp_path: Path, phantom: Patient) -> None:
    path, calls = tmp_path / "x.patient", []

    def build() -> Patient:
        calls.append(1)
        return phantom

    for _ in range(2):
        np.testing.assert_array_equal(cached(path, build).hu, phantom.hu)
    assert len(calls) == 1
    path.write_bytes(path.read_bytes()[:-9])
    assert cached(path, build).name == "phantom" and len(calls) == 2


def test_builders_at_the_same_time_leave_one_whole_file(tmp_path: Path, phantom: Patient) -> None:
    path = tmp_path / "x.patient"
    threads = [threading.Thread(target=cached, args=(path, lambda: phantom)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_patient(path, verify=True).name == "phantom"
    assert [p.name for p in tmp_path.iterdir()] == ["x.patient"]


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def build() -> Patient:
        raise PatientError("no")

    with pytest.raises(PatientError):
        cached(tmp_path / "x.patient", build)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_is_in_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fluorosam"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "fluorosam"
    assert cached_path("a/../b", 1).parent == cache_folder()
    assert cached_path("a", 1) != cached_path("a", 2)


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path, phantom: Patient) -> None:
    old, fresh, other = (tmp_path / name for name in (".fluorosam-a.part", ".fluorosam-b.part", ".download.part"))
    for path in (old, fresh, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (1e9, 1e9))
    save_patient(phantom, tmp_path / "x.patient")
    assert not old.exists() and fresh.exists() and other.exists()
