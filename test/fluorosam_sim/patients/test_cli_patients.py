"""`fluorosam patients …`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner

from fluorosam_sim import cli_patients
from fluorosam_sim.patients import Patient, packaged
from fluorosam_sim.patients.store import save_patient

_SHOWN = ["name", "structures", "cut", "spacing_mm", "shape", "provenance", "licence"]


@pytest.fixture
def program() -> typer.Typer:
    app = typer.Typer()
    cli_patients.register(app)
    return app


def test_show_writes_a_sheet_and_says_what_it_is(program: typer.Typer, tmp_path: Path, phantom: Patient) -> None:
    path = tmp_path / "p.patient"
    save_patient(phantom, path)
    out = tmp_path / "pictures" / "sheet.png"
    result = CliRunner().invoke(program, ["patients", "show", str(path), "--json", "--out", str(out)])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert (
        list(shown) == _SHOWN and shown["structures"] == ["kidney_left", "sternum"] and shown["shape"] == [100, 80, 90]
    )
    assert cv2.imread(str(out)) is not None


def test_list_names_the_packaged_patients(
    program: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = CliRunner().invoke(program, ["patients", "list", "--json"])
    names = [row["name"] for row in json.loads(result.stdout)]
    assert names == list(packaged.installed()) and "chest" in names, "the head's Debian package is there or not"
