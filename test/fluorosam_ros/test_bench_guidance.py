"""The benchmark of guidance at its smallest, with the patient's labels in place of the segmenter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fluorosam_ros import bench_guidance as bench
from fluorosam_ros.bench_guidance import Case, bench_guidance, summarised
from fluorosam_ros.bench_guidance_command import register
from fluorosam_sim.carm import VENDORS, CArmPose, Collimation
from fluorosam_sim.patients import Patient


@pytest.fixture
def case(phantom: Patient, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(bench, "load_patient", lambda name: phantom)
    return Case("phantom", VENDORS["standard"], np.random.default_rng(0), 8.0, preview=True)


def test_a_case_lies_askew_and_offers_what_is_whole_and_fits_into_the_field(case: Case, phantom: Patient) -> None:
    turn = case.patient.affine[:3, :3] @ np.linalg.inv(phantom.affine[:3, :3])
    assert 0.5 < np.rad2deg(np.arccos((np.trace(turn) - 1) / 2)) < 8.0 * np.sqrt(3)
    assert set(case.targets) == {"kidney_left", "sternum"}
    cut = replace(phantom, cut=frozenset({"sternum"}))
    assert set(bench._targets(cut, case.config)) == {"kidney_left"}
    assert bench._targets(phantom, replace(case.config, detector_mm=(40.0, 40.0))) == {}


def test_distances_and_coverage_are_those_of_the_shadow(case: Case) -> None:
    x, y, z = case.targets["kidney_left"]
    case.twin.place(CArmPose(0.0, 0.0, (x + 30.0, y, z)))
    assert case.off_center_mm("kidney_left") == pytest.approx(30.0, abs=1.5)
    assert case.coverage("kidney_left") == 1.0
    case.twin.set_collimation(Collimation(0.0, -200.0, 200.0, 200.0))
    assert case.coverage("kidney_left") == 0.0


def test_commands_are_measured_and_a_log_is_gone_on_with(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "new" / "log.jsonl"
    run = {"patients": ["phantom"], "segmenter": "truth", "log": log, "families": ("center", "collimate")}
    done: list[tuple[int, int]] = []
    first = bench_guidance(poses=1, progress=lambda *at: done.append(at), **run)
    both = bench_guidance(poses=2, **run)
    assert both["rows"][:2] == first["rows"] and done == [(1, 1)] and len(both["rows"]) == 4
    for row in both["rows"]:
        assert row["success"] and not row["unsafe"], row["reply"]
        assert row["family"] == "collimate" or (row["mm"] < 5.0 < row["mm_before"] and row["shots"] <= 3)
        assert row["family"] == "center" or (row["coverage"] == 1.0 and row["dap_ratio"] < 0.5)
    monkeypatch.setattr(bench, "load_patient", lambda name: pytest.fail("measured again"))
    assert bench_guidance(poses=2, **run) == both
    with pytest.raises(ValueError, match="other options"):
        bench_guidance(poses=2, seed=1, **run)


def test_the_command_prints_rows_of_all_three_families_and_their_summary() -> None:
    app = typer.Typer()
    register(app)
    done = CliRunner().invoke(app, ["--oracle", "--poses", "1", "--patients", "chest", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert [row["family"] for row in result["rows"]] == ["center", "collimate", "view"]
    assert all({"task", "patient", "success", "shots", "seconds", "unsafe", "reply"} <= set(r) for r in result["rows"])
    assert result["rows"][2]["success"] and result["rows"][2]["degrees"] < 15.0 and result["rows"][2]["shots"] <= 4
    assert result["summary"]["view"]["n"] == 1 and result["summary"]["unsafe"] == 0


def test_failures_count_with_where_they_ended() -> None:
    def row(**values: object) -> dict[str, object]:
        return {"family": "view", "unsafe": False, "seconds": 1.0, "dap_ugym2": 1.0, "mm": 1.0, **values}

    rows = [row(success=True, degrees=degrees, degrees_textbook=9.0, shots=3) for degrees in (1.0, 2.0, 7.0)]
    rows.append(row(success=False, degrees=80.0, degrees_textbook=9.0, shots=1))
    view = summarised(rows)["view"]
    assert (view["n"], view["done"], view["reached"]) == (4, 0.75, 0.5)
    assert view["median_degrees"] == 4.5 and view["mean_shots"] == 2.5 and view["p90_degrees"] > 50
