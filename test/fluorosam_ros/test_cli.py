"""The `fluorosam` program as a user runs it: exit statuses, one-line errors, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest


def fluorosam(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from fluorosam_ros.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def test_render_writes_an_image_and_the_mask_that_was_asked_for(tmp_path: Path) -> None:
    done = fluorosam("render", "--out", str(tmp_path / "x"), "--mask", "heart", "--center", "heart", "--size", "128")
    assert done.returncode == 0, done.stderr
    image = cv2.imread(str(tmp_path / "x" / "image.png"), cv2.IMREAD_UNCHANGED)
    mask = cv2.imread(str(tmp_path / "x" / "mask_heart.png"), cv2.IMREAD_UNCHANGED)
    assert image.dtype == "uint16" and image.shape == mask.shape == (128, 128)
    assert 0.05 < (mask > 0).mean() < 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render", "--out", "{out}", "--patient", "nobody"], "There is no patient 'nobody'"),
        (["render", "--out", "{out}", "--primary", "400"], "primary angle would be 400.0°"),
        (
            ["render", "--out", "{out}", "--mask", "kidney"],
            "is not one structure: say one of left kidney, right kidney",
        ),
        (["render", "--out", "{out}", "--mask", "pedicle screw"], "is not one structure"),
        (["render", "--out", "{out}", "--device", "toaster"], "There is no device 'toaster'"),
        (["render"], "Missing option"),
        (["segment", "/nowhere.png", "-p", "heart"], "/nowhere.png"),
        (["bench", "loop", "--target", "unobtainium", "--segmenter", "truth"], "unobtainium"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    out = tmp_path / "out"
    done = fluorosam(*(a.format(out=out) for a in arguments))
    assert done.returncode == 2
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_debug_shows_where(tmp_path: Path) -> None:
    done = fluorosam("render", "--out", str(tmp_path), "--patient", "nobody", "--debug")
    assert done.returncode != 0 and "Traceback" in done.stderr


def test_bench_loop_prints_the_documented_json() -> None:
    done = fluorosam("bench", "loop", "--segmenter", "truth", "--starts", "1", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    keys = {"task", "patient", "segmenter", "success", "mm", "degrees", "shots", "dap_ratio", "coverage", "seconds"}
    assert set(result) == {"version", "rows", "summary"} and all(keys | {"unsafe"} <= set(r) for r in result["rows"])
    assert all(row["success"] and not row["unsafe"] for row in result["rows"])


def test_doctor_names_everything_that_is_needed() -> None:
    done = fluorosam("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings["chest CT"]["ok"] and findings["model weights"]["ok"] and findings["fluorosam messages"]["ok"]
    assert "speech" in findings and not findings["speech"]["needed"]
    assert done.returncode == (0 if all(f["ok"] for f in findings.values() if f["needed"]) else 1)
