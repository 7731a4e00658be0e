"""Tools lie where they should: on a ray of the image, or in the bone, joint or vessel that they are made for."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.landmarks import landmarks
from fluorosam_sim.tools import TOOLS, Placed, ToolError, place_in_beam, place_in_body, tool

CONFIG = VENDORS["standard"]


def world_points(placed: Placed) -> np.ndarray:
    points = np.concatenate([part.mesh.vertices_mm for part in placed.tool.build()]).astype(float)
    return np.asarray(points @ placed.transform[:3, :3].T + placed.transform[:3, 3])


def labels_at(patient: Patient, points: np.ndarray) -> list[str]:
    inverse = np.linalg.inv(patient.affine)
    index = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    inside = ((index >= 0) & (index < patient.hu.shape)).all(axis=1)
    return [patient.label_names[patient.labels[tuple(i)]] if ok else "" for i, ok in zip(index, inside, strict=True)]


def test_in_the_beam_the_middle_is_in_the_picture_and_near_the_body() -> None:
    rng = np.random.default_rng(0)
    for number, each in enumerate(TOOLS[::12]):
        pose = CArmPose(10.0 * (number % 9) - 40, 5.0 * (number % 5) - 10, (10.0, -20.0, 300.0))
        projection = CONFIG.projection(pose, (128, 128))
        placed = place_in_beam(each, projection, pose.isocenter_mm, rng)
        middle = placed.transform[:3, :3] @ placed.tool.bounds_mm.mean(axis=0) + placed.transform[:3, 3]
        x, y = projection.project(middle)[0]
        assert 12 < x < 115 and 12 < y < 115
        toward = np.asarray(pose.isocenter_mm) - projection.source_mm
        along = float((middle - pose.isocenter_mm) @ toward / np.linalg.norm(toward))
        assert abs(along) < 151 and placed.structure is None
        np.testing.assert_allclose(placed.transform[:3, :3] @ placed.transform[:3, :3].T, np.eye(3), atol=1e-9)
    with pytest.raises(ToolError, match="outside the beam"):
        place_in_beam(TOOLS[0], projection, projection.source_mm * 2, rng)


@pytest.mark.parametrize(
    ("key", "share"),
    [
        ("cancellous_screw_6.5x50_16_mm_thread", 0.2),  # its head lies on the bone, and its tip may come out of it
        ("pedicle_screw_polyaxial_6.5x45", 0.3),
        ("hip_stem_cementless_4", 0.5),
        ("femoral_nail_10x360_locked", 0.5),
        ("expandable_cage_20x40", 0.3),
        ("tracheal_stent_16x50", 0.1),
        ("double_j_stent", 0.05),
    ],
)
def test_implants_lie_where_they_belong(adult: Patient, key: str, share: float) -> None:
    each, rng = tool(key), np.random.default_rng(1)
    for _ in range(3):
        placed = place_in_body(each, landmarks(adult), rng)
        assert placed.structure is not None and each.site is not None
        assert any(placed.structure.startswith(stem) for stem in each.site.structures)
        found = labels_at(adult, world_points(placed))
        assert np.mean([name == placed.structure for name in found]) >= share, placed.structure


def test_sides_and_labels_are_as_asked(adult: Patient) -> None:
    nail, rng = tool("femoral_nail_10x360_locked"), np.random.default_rng(2)
    marks = landmarks(adult)
    for side, mirrored in (("left", True), ("right", False)):
        placed = place_in_body(nail, marks, rng, side=side)
        assert placed.structure == f"femur_{side}" and placed.tool.mirrored == mirrored
    assert place_in_body(nail, marks, rng, among=("femur_left", "liver")).structure == "femur_left"
    with pytest.raises(ToolError, match="nothing that the"):
        place_in_body(nail, marks, rng, among=("liver",))
    scalpel = next(t for t in TOOLS if t.family == "scalpels")
    with pytest.raises(ToolError, match="belongs nowhere in the body"):
        place_in_body(scalpel, marks, rng)


def test_what_the_patient_does_not_have_is_said(phantom: Patient) -> None:
    nail = tool("femoral_nail_10x360_locked")
    with pytest.raises(ToolError, match="phantom has no femur for the"):
        place_in_body(nail, landmarks(phantom), np.random.default_rng(0))
