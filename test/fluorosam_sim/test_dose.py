"""Dose: events and their sums, and the DICOM report that tells them."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pydicom
import pytest
import typer
from typer.testing import CliRunner

from fluorosam_sim import cli_dose
from fluorosam_sim.carm import VENDORS, CArmPose, Collimation
from fluorosam_sim.dicom import Case, DicomError
from fluorosam_sim.dose import DoseLedger, EventKind
from fluorosam_sim.dose_report import read_dose_report, to_dataset, write_dose_report
from fluorosam_sim.patients import Patient
from fluorosam_sim.twin import Twin

CONFIG = VENDORS["standard"]
START = datetime(2026, 3, 4, 9, 30, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def twin(phantom: Patient) -> Twin:
    return Twin(phantom, CONFIG, size_px=(64, 64))


@pytest.fixture(scope="module")
def ledger(twin: Twin) -> DoseLedger:
    """Two shots around nine pulses at 5 Hz during a move."""
    ledger = DoseLedger(START)
    ledger.add_shot(twin.acquire(), START, "take a shot")
    for n in range(9):
        twin.place(CArmPose(primary_deg=n))
        ledger.add_pulse(twin.acquire(), START + timedelta(seconds=10 + n / 5), 5.0)
    twin.set_collimation(Collimation(-50, -40, 50, 40))
    ledger.add_shot(twin.acquire(), START + timedelta(seconds=60), "collimate to it")
    return ledger


def test_sums_are_those_of_the_twin(twin: Twin, ledger: DoseLedger) -> None:
    total = ledger.shots + ledger.fluoroscopy
    assert total.dap_gym2 == pytest.approx(twin.dap_gym2, rel=1e-12)
    assert total.pulses == twin.shots == 11
    assert [e.kind for e in ledger.events] == [EventKind.SHOT, EventKind.FLUOROSCOPY, EventKind.SHOT]
    fluoro = ledger.events[1]
    assert fluoro.pulses == 9 and fluoro.duration_s == pytest.approx(1.8)
    assert (fluoro.start_pose.primary_deg, fluoro.end_pose.primary_deg) == (0, 8)
    assert ledger.fluoroscopy.beam_s == pytest.approx(1.8)
    assert ledger.newest is ledger.events[-1]
    assert ledger.shots.kerma_gy == pytest.approx(2 * 45e-6), "the device's air kerma at the reference point"


def test_a_running_event_counts_at_once(phantom: Patient) -> None:
    twin = Twin(phantom, CONFIG, size_px=(64, 64))
    ledger = DoseLedger(START)
    for n in range(3):
        ledger.add_pulse(twin.acquire(), START + timedelta(seconds=n), 1.0)
        assert (ledger.fluoroscopy.pulses, len(ledger.events)) == (n + 1, 1)
    ledger.end_fluoroscopy()
    ledger.add_pulse(twin.acquire(), START + timedelta(seconds=9), 1.0)
    assert (ledger.fluoroscopy.pulses, len(ledger.events)) == (4, 2)
    assert ledger.fluoroscopy.beam_s == pytest.approx(4.0)


def test_dose_level_scales_dose_and_quanta(phantom: Patient) -> None:
    images, daps = [], []
    for factor in (0.25, 1.0, 4.0):
        twin = Twin(phantom, CONFIG, seed=1, size_px=(128, 128))
        twin.dose_factor = factor
        shots = [twin.acquire() for _ in range(2)]
        daps.append(shots[0].dap_gym2)
        air = [s.image[:12, :12].astype(float) for s in shots]
        images.append(np.std(air[0] - air[1]) / np.mean(air))
    assert daps[0] * 16 == pytest.approx(daps[2]) and daps[0] * 4 == pytest.approx(daps[1])
    assert images[0] / images[2] == pytest.approx(4.0, rel=0.35), "noise goes with the square root of the dose"


def test_report_comes_back(tmp_path: Path, twin: Twin, ledger: DoseLedger) -> None:
    path = tmp_path / "dose.dcm"
    write_dose_report(path, ledger, CONFIG, Case(patient_id="P1"))
    report = read_dose_report(path)
    assert (report.patient_id, report.study_uid, report.frames) == ("P1", ledger.case_uid, 2)
    assert report.dap_gym2 == pytest.approx(twin.dap_gym2, rel=1e-11)
    assert report.kerma_gy == pytest.approx((ledger.shots + ledger.fluoroscopy).kerma_gy, rel=1e-11)
    assert report.fluoro_s == pytest.approx(1.8)
    assert report.dap_gym2 == pytest.approx(sum(e.dap_gym2 or 0 for e in report.events), rel=1e-11)
    for told, event in zip(report.events, ledger.events, strict=True):
        assert (told.uid, told.command, told.pulses) == (event.uid, event.command, event.pulses)
        assert told.dap_gym2 == pytest.approx(event.dap_gym2, rel=1e-11)
        assert told.kerma_gy == pytest.approx(event.kerma_gy, rel=1e-11)
        assert told.primary_deg == event.start_pose.primary_deg
    assert [e.kind for e in report.events] == ["Stationary Acquisition", "Fluoroscopy", "Stationary Acquisition"]
    assert report.events[0].started.startswith("20260304093000")


def test_an_empty_case_has_a_report_of_zeros() -> None:
    report = read_dose_report(to_dataset(DoseLedger(START), CONFIG, Case(), START))
    assert (report.dap_gym2, report.fluoro_s, report.frames, report.events) == (0, 0, 0, ())


def test_sums_of_two_planes_are_added(ledger: DoseLedger) -> None:
    ds = to_dataset(ledger, CONFIG, Case(), START)
    (plane,) = (i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "113702")
    single = read_dose_report(ds)
    ds.ContentSequence.append(plane)
    assert read_dose_report(ds).dap_gym2 == pytest.approx(2 * (single.dap_gym2 or 0))


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed: apt install dicom3tools")
def test_dciodvfy_finds_no_errors(tmp_path: Path, ledger: DoseLedger) -> None:
    path = tmp_path / "dose.dcm"
    write_dose_report(path, ledger, CONFIG)
    run = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "XRayRadiationDoseSR" in run.stderr, run.stderr
    assert "Error" not in run.stderr, run.stderr


def test_what_is_no_report_is_refused_in_one_sentence(tmp_path: Path, ledger: DoseLedger) -> None:
    (tmp_path / "text.dcm").write_text("no DICOM")
    with pytest.raises(DicomError, match="not a readable DICOM file"):
        read_dose_report(tmp_path / "text.dcm")
    ds = to_dataset(ledger, CONFIG, Case(), START)
    ds.ContentSequence = []
    with pytest.raises(DicomError, match="no accumulated dose"):
        read_dose_report(ds)
    ds.SOPClassUID = pydicom.uid.CTImageStorage
    with pytest.raises(DicomError, match="no dose report"):
        read_dose_report(ds)


def test_nothing_is_left_of_a_report_that_cannot_be_written(tmp_path: Path, ledger: DoseLedger) -> None:
    (tmp_path / "dose.dcm").mkdir()
    with pytest.raises(OSError):
        write_dose_report(tmp_path / "dose.dcm", ledger, CONFIG)
    assert [p.name for p in tmp_path.iterdir()] == ["dose.dcm"]


def test_command_prints_the_sums(tmp_path: Path, twin: Twin, ledger: DoseLedger) -> None:
    app = typer.Typer()
    cli_dose.register(app)
    app.command("other")(lambda: None)
    path = tmp_path / "dose.dcm"
    write_dose_report(path, ledger, CONFIG)
    run = CliRunner().invoke(app, ["dose", str(path)])
    assert run.exit_code == 0 and f"{twin.dap_gym2 * 1e4:.4f} Gy·cm²" in run.output, run.output
    run = CliRunner().invoke(app, ["dose", str(path), "--json"])
    assert json.loads(run.output)["dap_gym2"] == pytest.approx(twin.dap_gym2)
