"""The DeepDRR adapter: its worker against a stand-in for DeepDRR, its lines against a recording."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.deepdrr import PYTHON_VARIABLE, Channel, DeepDrrError, DeepDrrRenderer, probe, view_of

HERE = Path(__file__).parent
CONFIG = replace(VENDORS["standard"], detector_px=(48, 48))
RECORDING = HERE / "data" / "deepdrr_protocol.json"


class Recorder(Channel):
    """A channel that keeps what went both ways, with the paths' folders left out."""

    def __init__(self) -> None:
        super().__init__(timeout_s=60.0)
        self.lines: list[dict[str, Any]] = []

    def ask(self, **request: Any) -> dict[str, Any]:
        reply = super().ask(**request)
        kept = {key: Path(value).name if key in ("ct", "out") else value for key, value in request.items()}
        self.lines += [rounded(kept), rounded(reply)]
        return reply


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 6) + 0.0 if isinstance(value, float) else value


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(HERE / "deepdrr_stand_in"))
    return monkeypatch


def test_a_view_has_the_cpu_renderers_densities_and_labels(stand_in: pytest.MonkeyPatch, phantom: Patient) -> None:
    stand_in.setenv("DEEPDRR_STAND_IN", "chatty")
    cpu = CpuRenderer(phantom)
    with DeepDrrRenderer(phantom) as renderer:
        for angles in ((30, 0), (-75, 25)):
            projection = CONFIG.projection(CArmPose(*angles))
            got, expected = renderer.render(projection, paths=["sternum"]), cpu.render(projection, paths=["sternum"])
            total, reference = got.soft_gcm2 + got.bone_gcm2, expected.soft_gcm2 + expected.bone_gcm2
            assert np.corrcoef(total.ravel(), reference.ravel())[0, 1] > 0.995
            assert total.sum() == pytest.approx(reference.sum(), rel=0.05)
            assert got.bone_gcm2[got.mask("kidney_left")].mean() > 10 * got.bone_gcm2[~got.mask("kidney_left")].mean()
            np.testing.assert_array_equal(got.label_bits, expected.label_bits)
            np.testing.assert_array_equal(got.paths_mm["sternum"], expected.paths_mm["sternum"])


def test_the_protocol_is_the_recorded_one(stand_in: pytest.MonkeyPatch, phantom: Patient) -> None:
    recorder = Recorder()
    recorder.ask(op="hello")
    with DeepDrrRenderer(phantom, recorder) as renderer:
        renderer.render(CONFIG.projection(CArmPose(20, -10, (5.0, 6.0, 7.0)), (96, 96)), labels=False)
    if os.environ.get("FLUOROSAM_RECORD"):
        RECORDING.parent.mkdir(exist_ok=True)
        RECORDING.write_text(json.dumps(recorder.lines, indent=1) + "\n")
    assert recorder.lines == json.loads(RECORDING.read_text())


def test_another_convention_is_noticed(stand_in: pytest.MonkeyPatch, phantom: Patient) -> None:
    stand_in.setenv("DEEPDRR_STAND_IN", "mirrored")
    with DeepDrrRenderer(phantom) as renderer, pytest.raises(DeepDrrError, match="not that of the same view"):
        renderer.render(CONFIG.projection(CArmPose(30, 0, (25.0, 0.0, 0.0))))


def test_failures_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, phantom: Patient) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    with pytest.raises(DeepDrrError, match=PYTHON_VARIABLE):
        probe()
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "no-python"))
    with pytest.raises(DeepDrrError, match="cannot be run"):
        probe()
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)
    with pytest.raises(DeepDrrError, match="No module named 'deepdrr'"):
        probe()
    monkeypatch.setenv("PYTHONPATH", str(HERE / "deepdrr_stand_in"))
    assert probe() == "1.2.2"
    monkeypatch.setenv("DEEPDRR_STAND_IN", "broken")
    with pytest.raises(DeepDrrError, match="no CUDA-capable device") as caught:
        DeepDrrRenderer(phantom)
    assert "\n" not in str(caught.value)


def test_a_worker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(slow))
    with pytest.raises(DeepDrrError, match="no answer"):
        probe(timeout_s=0.3)


def test_a_detector_that_is_not_square_to_the_beam_is_refused() -> None:
    good = CONFIG.projection(CArmPose(10, 20))
    assert view_of(good)["sdd_mm"] == pytest.approx(CONFIG.sdd_mm)
    for broken in (replace(good, dv_mm=good.dv_mm * 2), replace(good, origin_mm=good.origin_mm + 30 * good.du_mm)):
        with pytest.raises(ValueError, match="square"):
            view_of(broken)
