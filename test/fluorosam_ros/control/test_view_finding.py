"""Named views from what was segmented: angles, centring by re-shooting, refusals; and the patient model behind them."""

import numpy as np
import pytest
from fake_device import CENTERS_MM, SIZE, FakeDevice
from fake_device import outcome_of as run

from fluorosam_ros.control.centering import Observation
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.patient_model import KNOWN_MM, PatientModel
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.view_finding import MAX_VIEW_SHOTS
from fluorosam_sim.carm import VENDORS, CArmPose

BONES = ("L4 vertebra", "right hip bone", "left hip bone")


@pytest.mark.parametrize(
    ("text", "angles", "target"),
    [
        ("lateral of L4", (90, 0), "L4 vertebra"),
        ("AP of L4", (0, 0), "L4 vertebra"),
        ("obturator oblique of the left hip", (45, 0), "left hip bone"),
        ("iliac oblique of the right hip", (45, 0), "right hip bone"),
    ],
)
@pytest.mark.parametrize("pose", [CArmPose(), CArmPose(-20, 10, (10.0, -30.0, 20.0))])
def test_a_view_is_reached_and_centred_in_few_shots(text, angles, target, pose):
    device = FakeDevice(pose, BONES)
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert (device.pose.primary_deg, device.pose.secondary_deg) == pytest.approx(angles, abs=1e-6)
    assert device.off_mm(target) <= 5.0
    assert device.log.count("shoot") <= 4
    assert "shot" in outcome.text and "mm off" in outcome.text


def test_a_view_of_two_structures_centres_their_middle():
    device = FakeDevice(CArmPose(20, 0, (20.0, 0.0, 0.0)), BONES)
    outcome = run(device, "inlet view of the pelvis")
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert device.pose.secondary_deg == pytest.approx(40.0)
    assert abs(device.pose.isocenter_mm[0]) < 8.0


def test_what_is_not_in_sight_is_refused_and_nothing_moves():
    device = FakeDevice(balls=("heart",))
    outcome = run(device, "lateral of L4")
    assert outcome.kind == ReplyKind.REFUSED and "not in sight" in outcome.text
    assert device.log == ["shoot"] and device.pose == CArmPose()


def test_a_view_out_of_reach_is_refused_before_a_shot():
    device = FakeDevice(balls=BONES)
    outcome = run(device, "Waters view of the skull")
    assert outcome.kind == ReplyKind.REFUSED and "out of the C-arm's reach" in outcome.text and device.log == []


def test_a_view_without_its_side_is_asked_back():
    device = FakeDevice(balls=BONES)
    guide = Guide(device)
    asked = guide.carry_out(guide.understand("obturator oblique"))
    assert asked.kind == ReplyKind.QUESTION and device.log == []
    done = guide.carry_out(guide.understand("the left one"))
    assert done.kind == ReplyKind.DONE and device.pose.primary_deg == pytest.approx(45.0)


def test_what_was_seen_from_two_sides_is_found_again_without_an_image():
    device = FakeDevice(balls=BONES)
    guide = Guide(device)
    for text in (
        "segment L4",
        "rotate to LAO 60",
        "take a shot",
        "segment L4",
        "10 cm to the head",
        "10 cm to the head",
    ):
        assert guide.carry_out(guide.understand(text)).kind == ReplyKind.DONE
    device.log.clear()
    outcome = guide.carry_out(guide.understand("lateral of L4"))
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert device.log == ["move", "shoot"] and device.off_mm("L4 vertebra") <= 5.0


def test_a_target_lost_on_the_way_says_how_to_get_back():
    device = FakeDevice(balls=BONES)
    guide = Guide(device)
    real = device.move

    def move(pose):
        device.balls.pop("L4 vertebra", None)
        return real(pose)

    device.move = move
    outcome = guide.carry_out(guide.understand("lateral of L4"))
    assert outcome.kind == ReplyKind.FAILED and "go back" in outcome.text
    assert guide.carry_out(guide.understand("go back")).kind == ReplyKind.DONE and device.pose == CArmPose()


def test_a_view_that_does_not_settle_fails_after_its_shots():
    device = FakeDevice(balls=BONES)
    real = device.move
    device.move = lambda pose: real(CArmPose(90, 0, (40.0, 0.0, 20.0)))
    outcome = run(device, "lateral of L4")
    assert outcome.kind == ReplyKind.FAILED and f"after {MAX_VIEW_SHOTS} shots" in outcome.text


# --- the patient model ----------------------------------------------------------------------------------------------


def seen(point, pose, shift_px=(0.0, 0.0)):
    projection = VENDORS["standard"].projection(pose, SIZE)
    ((x, y),) = projection.project([point])
    return Observation(projection, (float(x) + shift_px[0], float(y) + shift_px[1]))


def test_one_view_leaves_the_depth_open_and_says_so():
    model, point, pose = PatientModel(), np.array(CENTERS_MM["heart"]), CArmPose()
    assert model.estimate("heart") is None
    model.add("heart", seen(point, pose), pose.isocenter_mm)
    estimate = model.estimate("heart")
    assert estimate.views == 1 and not estimate.known
    ray = point - VENDORS["standard"].projection(pose, SIZE).source_mm
    ray /= np.linalg.norm(ray)
    assert np.linalg.norm(np.cross(estimate.center_mm - point, ray)) < 0.1
    assert np.sqrt(ray @ estimate.covariance_mm2 @ ray) == pytest.approx(100.0, rel=0.01)


def test_two_views_triangulate_and_the_covariance_covers_the_error():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(200):
        model, point = PatientModel(), rng.uniform(-60, 60, 3)
        for pose in (CArmPose(), CArmPose(50, 10, (10.0, 0.0, 0.0))):
            noise = rng.normal(0, 6.0 * 1.6 / (400 / SIZE[0]), 2)
            model.add("x", seen(point, pose, noise), pose.isocenter_mm)
        estimate = model.estimate("x")
        assert estimate.known and estimate.worst_mm <= KNOWN_MM
        error = estimate.center_mm - point
        inside += float(error @ np.linalg.solve(estimate.covariance_mm2, error)) < 7.81  # 95 % of chi², 3
    assert inside / 200 >= 0.9


def test_views_from_the_same_direction_count_once():
    model, point = PatientModel(), CENTERS_MM["heart"]
    for shift in range(5):
        pose = CArmPose(0, 0, (float(shift), 0.0, 0.0))
        model.add("heart", seen(point, pose), pose.isocenter_mm)
    assert model.estimate("heart").views == 1 and not model.estimate("heart").known


def test_the_middle_of_several_needs_all_of_them():
    model, pose = PatientModel(), CArmPose()
    model.add("a", seen((10.0, 0.0, 0.0), pose), pose.isocenter_mm)
    assert model.center(["a", "b"]) is None
    model.add("b", seen((-10.0, 0.0, 0.0), pose), pose.isocenter_mm)
    assert model.center(["a", "b"]).center_mm == pytest.approx([0.0, 0.0, 0.0], abs=0.5)
