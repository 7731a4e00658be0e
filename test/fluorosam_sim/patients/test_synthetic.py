"""Synthetic bodies: whole, plausible, and the same every time."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from fluorosam_sim.anatomy import APPENDICULAR
from fluorosam_sim.patients import Patient, PatientError, load_patient
from fluorosam_sim.patients.build_many import parse_seeds
from fluorosam_sim.patients.sheet import contact_sheet
from fluorosam_sim.patients.synthetic import build_patient, checks, sample_traits
from fluorosam_sim.patients.synthetic.bones import rotation
from fluorosam_sim.patients.synthetic.fields import hull_radii
from fluorosam_sim.patients.synthetic.lower_body import lower_body
from fluorosam_sim.patients.synthetic.thorax import bend
from fluorosam_sim.patients.synthetic.upper_body import arms
from fluorosam_sim.patients.synthetic.voxelise import distance_field

COARSE_MM = 4.0
pytestmark = pytest.mark.timeout(900)  # the first build in an environment compiles for half a minute


@pytest.fixture(scope="module")
def body() -> Patient:
    return build_patient(9001, COARSE_MM)


def _digest(patient: Patient) -> str:
    whole = hashlib.sha256(np.ascontiguousarray(patient.hu).tobytes())
    whole.update(np.ascontiguousarray(patient.labels).tobytes())
    return whole.hexdigest()


def test_a_seed_gives_the_same_voxels_again(body: Patient) -> None:
    again = build_patient(9001, COARSE_MM)
    assert _digest(again) == _digest(body) and again.label_names == body.label_names


def test_a_body_is_whole_and_the_right_way_round(body: Patient) -> None:
    assert len(body.structures) >= 130 and not body.cut
    for bone in (*APPENDICULAR, "femur", "humerus", "hip", "scapula"):
        assert body.centroid_mm(f"{bone}_left")[0] > body.centroid_mm(f"{bone}_right")[0]
    heights = [body.centroid_mm(name)[2] for name in ("skull", "vertebrae_C4", "heart", "vertebrae_L3", "hip_left")]
    heights += [body.centroid_mm(name)[2] for name in ("femur_left", "patella_left", "tibia_left", "tarsal_left")]
    assert heights == sorted(heights, reverse=True)
    assert body.centroid_mm("liver")[0] < 0 < body.centroid_mm("spleen")[0]
    assert body.centroid_mm("patella_left")[1] < body.centroid_mm("femur_left")[1]
    assert (body.hu[[0, -1]] < -900).all() and (body.hu[:, :, [0, -1]] < -500).mean() > 0.9
    femur = body.hu[body.labels == body.label_names.index("femur_left")]
    assert 250 < femur.mean() < 900 and femur.max() > 1000


def test_the_midline_is_at_the_origin_wherever_the_arms_lie(body: Patient) -> None:
    arms = [abs(float(body.centroid_mm(f"humerus_{side}")[0])) for side in ("left", "right")]
    assert abs(arms[0] - arms[1]) > 5, "these arms lie at different angles"
    for label in ("sternum", "sacrum", "vertebrae_L3"):
        assert abs(float(body.centroid_mm(label)[0])) < 12


def test_the_measures_find_a_whole_body_and_its_faults(body: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "load_patient", lambda name: body)
    found = checks.measure_patient(9001, COARSE_MM)
    assert found["classes"] >= 115
    assert (
        found["bones_without_pair"] == found["wrong_sex"] == found["sides_swapped"] == found["bone_outside_skin"] == 0
    )
    assert 380 < found["femur_mm"] < 550 and 850 < found["liver_ml"] < 2500
    value = body.label_names.index("patella_left")
    broken = replace(body, labels=np.where(body.labels == value, 0, body.labels).astype(np.uint8))
    monkeypatch.setattr(checks, "load_patient", lambda name: broken)
    assert checks.measure_patient(9001, COARSE_MM)["bones_without_pair"] == 1


def test_a_population_must_show_every_class() -> None:
    row = dict.fromkeys(checks.CHECKS, 0) | {"missing": ["prostate", "kidney_cyst_left"]}
    rows = [row] * 19 + [row | {"missing": ["prostate"]}]
    seen = {item["name"]: item for item in checks.summary(rows)}["population_classes"]
    assert seen["low"] == 127 and seen["outside"] == 1
    assert {item["name"]: item for item in checks.summary(rows[:19])}["population_classes"]["outside"] == 0


def test_the_contact_sheet_shows_the_body(body: Patient) -> None:
    sheet = contact_sheet(body, 300)
    assert sheet.dtype == np.uint8 and sheet.shape[0] == 334 and sheet.shape[2] == 3
    assert 0.1 < (sheet[34:] > 40).any(axis=2).mean() < 0.9


def test_every_source_of_variation_is_drawn() -> None:
    people = [sample_traits(seed) for seed in range(200)]
    assert {p.sex for p in people} == {"female", "male"}
    for share in (
        np.mean([p.fracture is not None for p in people]),
        np.mean([p.implant is not None for p in people]),
        np.mean([p.contrast > 0 for p in people]),
        np.mean([abs(p.scoliosis_mm) > 8 for p in people]),
    ):
        assert 0.01 < share < 0.5
    men = np.mean([p.height_mm for p in people if p.sex == "male"])
    women = np.mean([p.height_mm for p in people if p.sex == "female"])
    assert 90 < men - women < 180
    assert all(385 <= p.femur_mm <= 540 and 18 < p.bmi < 38 for p in people)
    assert sample_traits(5) == sample_traits(5) != sample_traits(6)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_arms_lie_beside_the_trunk_or_on_boards_with_the_palm_up(seed: int) -> None:
    traits = sample_traits(seed)
    beside = seed == 1
    for side, outward in (("left", 1.0), ("right", -1.0)):
        angles = traits.angles(side)
        assert (angles.shoulder_abduction < 14) == beside
        arm = arms(traits, {"left": np.zeros(3), "right": np.zeros(3)}, lambda _: (0.0, np.zeros(3)))[side]
        bones = {bone.leaf: bone for bone in arm.bones if bone.leaf.startswith(("radius", "ulna"))}
        ends = [bones[f"{name}_{side}"].vertices for name in ("radius", "ulna")]
        radial, ulnar = (points[points[:, 2] < points[:, 2].min() + 15].mean(axis=0) for points in ends)
        # Both bones end side by side at the wrist: one before the other beside the trunk, across it with the palm up.
        across = radial - ulnar
        assert 15 < np.linalg.norm(across) < 50
        assert (outward * across[0] > 0.8 * np.linalg.norm(across)) == (not beside)
        assert outward * (arm.wrist - arm.shoulder)[0] > (0 if beside else 100)


def test_a_third_of_the_bodies_has_the_arms_beside_the_trunk() -> None:
    beside = [sample_traits(seed).limbs[0].shoulder_abduction < 14 for seed in range(300)]
    assert 0.22 < np.mean(beside) < 0.4


@pytest.mark.parametrize("seed", range(6))
def test_the_femoral_heads_sit_in_their_sockets(seed: int) -> None:
    """No vertex of the hip lies inside the head, and the nearest ones are close to it."""
    lower = lower_body(sample_traits(seed))
    scale = lower.scale
    for side, hip in (("left", lower.pelvis[-1]), ("right", lower.pelvis[0])):
        assert hip.leaf == f"hip_{side}"
        distance = np.linalg.norm(hip.vertices - lower.legs[side].hip, axis=1)
        assert 20.0 * scale < distance.min() < 27.0 * scale
        femur = next(b for b in lower.legs[side].bones if b.leaf == f"femur_{side}")
        assert np.linalg.norm(femur.vertices - lower.legs[side].hip, axis=1).min() > 17 * scale


def test_the_bend_goes_there_and_back() -> None:
    shape = bend(replace(sample_traits(3), scoliosis_mm=20.0, kyphosis_mm=12.0))
    points = np.array([[30.0, -40.0, -90.0], [-60.0, 70.0, 0.0], [5.0, 20.0, 120.0]])
    there = shape.to_patient(points)
    rows = shape.rows(there[:, 2])
    back = np.column_stack([there[:, 0] * rows[:, 1] + rows[:, 2], there[:, 1] * rows[:, 3] + rows[:, 4], rows[:, 0]])
    np.testing.assert_allclose(back, points, atol=1e-3)


def test_a_mesh_becomes_its_signed_distance() -> None:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) * [10, 14, 18] + [3, 2, 1]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    turned = (corners - [8, 9, 10]) @ rotation("z", 20).T + [20, 20, 20]
    found = distance_field(turned, faces, np.zeros(3), (40, 40, 40), 1.0, 4.0)
    assert found is not None
    first, depth = found
    index = np.argwhere(np.ones(depth.shape, bool)) + first
    local = np.abs((index - 20.0) @ rotation("z", 20)) - np.array([5, 7, 9])
    exact = -(np.linalg.norm(np.maximum(local, 0), axis=1) + np.minimum(local.max(axis=1), 0))
    np.testing.assert_allclose(depth.ravel(), np.clip(exact, -4, 4), atol=2e-5)
    assert distance_field(turned + 100, faces, np.zeros(3), (40, 40, 40), 1.0, 4.0) is None


def test_a_hull_reaches_to_its_walls() -> None:
    square = np.array([[-2.0, -1], [2, -1], [2, 1], [-2, 1]])
    np.testing.assert_allclose(hull_radii(square, np.zeros(2), 4), [2, 1, 2, 1])
    np.testing.assert_allclose(hull_radii(square, np.zeros(2), 8)[1], np.sqrt(2))


def test_seed_lists_and_names() -> None:
    assert parse_seeds("0-3,7") == [0, 1, 2, 3, 7]
    for text in ("", "3-1", "x", "-4", "0-99999999"):
        with pytest.raises(PatientError):
            parse_seeds(text)
    for name in ("synthetic:", "synthetic:x", "synthetic:-1", "synthetic:1@0.1", "synthetic:1@x"):
        with pytest.raises(PatientError):
            load_patient(name)
