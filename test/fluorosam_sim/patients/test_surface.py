"""Surfaces of structures: closed, in the right place, faces outwards."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fluorosam_sim import cli_patients
from fluorosam_sim.patients import Patient, PatientError
from fluorosam_sim.patients.store import save_patient
from fluorosam_sim.patients.surface import structure_mesh

BALL_ML = 4 / 3 * np.pi * 20**3 / 1000


@pytest.mark.parametrize("smooth", [True, False])
def test_a_ball_is_a_ball_where_it_lies(phantom: Patient, smooth: bool) -> None:
    mesh = structure_mesh(phantom, "kidney_left", smooth)
    assert mesh.watertight and mesh.volume_mm3 / 1000 == pytest.approx(BALL_ML, rel=0.03)
    np.testing.assert_allclose(mesh.bounds_mm, [[30, -20, 10], [70, 20, 50]], atol=0.5)
    radius = np.linalg.norm(mesh.vertices_mm - [50, 0, 30], axis=1)
    assert np.abs(radius - 20).max() < 2.0


def test_mirrored_axes_do_not_turn_it_inside_out(phantom: Patient) -> None:
    flipped = replace(
        phantom, labels=phantom.labels[::-1], hu=phantom.hu[::-1], affine=phantom.affine @ np.diag([-1.0, 1, 1, 1])
    )
    flipped.affine[0, 3] = -flipped.affine[0, 0] * (phantom.hu.shape[0] - 1) / 2
    mesh = structure_mesh(flipped, "kidney_left")
    assert mesh.volume_mm3 / 1000 == pytest.approx(BALL_ML, rel=0.03)
    assert mesh.bounds_mm[0, 0] > 25


def test_several_labels_thin_plates_and_cut_edges_are_closed(phantom: Patient) -> None:
    both = structure_mesh(phantom, ["kidney_left", "sternum"])
    assert both.watertight and both.volume_mm3 / 1000 == pytest.approx(BALL_ML * (1 + (12 / 20) ** 3), rel=0.04)
    labels = np.zeros_like(phantom.labels)
    labels[0, 10:30, 20:40] = 1  # one voxel thick, at the edge of the scan
    plate = structure_mesh(replace(phantom, labels=labels), "kidney_left")
    assert plate.watertight and 0.4 * 3.2 < plate.volume_mm3 / 1000 < 1.1 * 3.2
    with pytest.raises(PatientError, match="has no heart"):
        structure_mesh(phantom, "heart")


def test_a_real_bone_has_its_voxels_volume(chest: Patient) -> None:
    mesh = structure_mesh(chest, "vertebrae_T9")
    voxels = np.count_nonzero(chest.labels == chest.label_names.index("vertebrae_T9")) * np.prod(chest.spacing_mm)
    assert mesh.volume_mm3 == pytest.approx(voxels, rel=0.1)
    np.testing.assert_allclose(mesh.bounds_mm.mean(axis=0), chest.centroid_mm("vertebrae_T9"), atol=15)


def test_the_command_writes_stl(phantom: Patient, tmp_path: Path) -> None:
    save_patient(phantom, tmp_path / "p.patient")
    app = typer.Typer()
    cli_patients.register(app)
    out = tmp_path / "meshes" / "kidney.stl"
    result = CliRunner().invoke(
        app, ["patients", "mesh", str(tmp_path / "p.patient"), "left kidney", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    raw = out.read_bytes()
    (count,) = struct.unpack("<I", raw[80:84])
    assert len(raw) == 84 + 50 * count and count > 1000
    normal = np.frombuffer(raw[84:96], "<f4")
    assert np.linalg.norm(normal) == pytest.approx(1, abs=1e-4)
