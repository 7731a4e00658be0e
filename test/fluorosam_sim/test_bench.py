"""`fluorosam bench render` and what the benchmarks of rendering print."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fluorosam_sim import bench
from fluorosam_sim.patients import Patient
from fluorosam_sim.render import deepdrr

FOLDER = Path(__file__).parents[2] / "benchmarks"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_bench_render_prints_what_scripts_rely_on(monkeypatch: pytest.MonkeyPatch, phantom: Patient) -> None:
    monkeypatch.setattr(bench, "load_patient", lambda name: phantom)
    monkeypatch.setattr(bench, "_ERROR_SIZE", 24)
    monkeypatch.setattr(bench, "_has_diffdrr", lambda: False)
    monkeypatch.delenv(deepdrr.PYTHON_VARIABLE, raising=False)
    result = json.loads(json.dumps(bench.bench_render((16, 32), repeats=1), allow_nan=False))
    assert list(result) == ["machine", "rows", "ratios"]
    ours = [row for row in result["rows"] if row["renderer"] == "fluorosam cpu"]
    assert len(ours) == 8
    assert all(
        list(row) == ["renderer", "size", "labels", "quality", "cpu_ms", "wall_ms", "rel_error"]
        for row in result["rows"]
    )


def test_views_of_the_accuracy_benchmark_cover_the_c_arms_range() -> None:
    accuracy = script("render_accuracy")
    poses = list(accuracy.poses(200, 0))
    assert (
        sum(pose.secondary_deg == 50 for pose in poses) >= 5 and sum(pose.secondary_deg == -50 for pose in poses) >= 5
    )
    assert sum(abs(pose.primary_deg) == 90 and pose.secondary_deg == 0 for pose in poses) == 20
    assert max(abs(pose.primary_deg) for pose in poses) > 100


def test_straight_lines_through_costs_are_found_and_drawn() -> None:
    scaling = script("render_scaling")
    line = scaling.fitted("megapixels · full, all labels", [(0.1, 15.0), (0.2, 25.0), (0.4, 45.0)])
    assert (line.offset_ms, line.slope_ms, line.r2) == (5.0, 100.0, 1.0)
    assert scaling.fitted("x", [(1.0, 1.0), (2.0, 4.0), (3.0, 9.0), (4.0, 16.0)]).r2 < 0.98
    drawing = scaling.panel(60, "megapixels", [(line, "#123456", [(0.1, 15.0), (0.4, 45.0)])])
    assert drawing.count("<circle") == 2 and "NaN" not in drawing and "nan" not in drawing


def test_the_frame_benchmark_prints_its_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = script("frames")
    kinds = {frames.PREVIEW: (30.0, 20.0), "512² full, twin's frame, patient breathes": (250.0, 130.0)}
    monkeypatch.setattr(frames, "frames", lambda repeats: kinds)
    peer = {"renderer": "itk-rtk joseph", "wall_ms": 90.0}
    monkeypatch.setattr(frames, "bench_render", lambda sizes, repeats: {"rows": [peer, {"renderer": "fluorosam cpu"}]})
    for limit, status in (("25", 0), ("15", 1)):
        monkeypatch.setattr(sys, "argv", ["frames.py", "--limit-ms", limit])
        assert frames.main() == status
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row["wall_ms"] for row in printed["rows"]] == [20.0, 130.0] and list(printed["ratios"].values()) == [4.5]
