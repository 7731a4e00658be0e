"""The demo's report and the truth it is checked against."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fluorosam_ros.demo.report import write_report
from fluorosam_ros.demo.truth import Truth, dice
from fluorosam_sim.carm import VENDORS, CArmPose, Collimation
from fluorosam_sim.patients import Patient

STEP = {"title": "Segment", "prompt": "left <lung>", "ok": True, "seconds": 0.2, "reply": "a & b", "check": "found"}


def test_report_keeps_the_keys_that_scripts_read_and_escapes_the_page(tmp_path: Path) -> None:
    moved = {**STEP, "mm_before": 50.0, "mm_after": 3.0, "dap_before": 8e-7, "dap_after": 2e-7, "dice": 0.9}
    assert write_report(tmp_path, [STEP, moved], "lead")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["ok"] and set(report["steps"][0]) == {"prompt", "ok", "seconds", "reply"}
    assert {"mm_before", "mm_after", "dap_before", "dap_after", "dice"} <= set(report["steps"][1])
    page = (tmp_path / "report.html").read_text()
    assert "a &amp; b" in page and "a & b" not in page and "50 → 3.0 mm" in page and "(-75%)" in page
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("steps", [[], [STEP, {**STEP, "ok": False}]])
def test_a_failed_or_missing_step_fails_the_report(tmp_path: Path, steps: list[dict]) -> None:  # type: ignore[type-arg]
    assert not write_report(tmp_path, steps, "lead")
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is False


def test_dice_of_known_masks() -> None:
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert dice(a, b) == 1.0
    a[:2], b[1:3] = True, True
    assert dice(a, b) == pytest.approx(0.5)


def test_truth_measures_how_far_a_ball_is_from_the_middle(phantom: Patient) -> None:
    truth = Truth(phantom, VENDORS["standard"])
    ball = np.array([50.0, 0.0, 30.0])
    centred = CArmPose(20.0, 10.0, tuple(ball))
    assert truth.off_center_mm("kidney_left", centred) < 1.0 and truth.off_axis_mm("kidney_left", centred) < 1.0
    away = CArmPose(0.0, 0.0, (10.0, 0.0, 30.0))
    assert truth.off_center_mm("kidney_left", away) == pytest.approx(40.0, abs=1.5)
    assert truth.off_axis_mm("kidney_left", away) == pytest.approx(40.0, abs=1.5)


def test_truth_coverage_is_the_share_inside_the_field(phantom: Patient) -> None:
    truth, pose = Truth(phantom, VENDORS["standard"]), CArmPose(0.0, 0.0, (50.0, 0.0, 30.0))
    assert truth.coverage("kidney_left", pose, Collimation(-60, -60, 60, 60), (256, 256)) == 1.0
    assert truth.coverage("kidney_left", pose, Collimation(-60, -60, 0, 60), (256, 256)) == pytest.approx(0.5, abs=0.02)
