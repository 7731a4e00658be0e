"""Named views from what was segmented: the patient's own axes, re-shooting, refusals; and the patient model behind."""

from dataclasses import replace

import numpy as np
import pytest
from fake_device import CENTERS_MM, SIZE, FakeDevice
from fake_device import outcome_of as run
from scipy.spatial.transform import Rotation

from fluorosam_ros.control.centering import Observation
from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.patient_model import KNOWN_MM, PatientModel
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.site_fit import site_statistics
from fluorosam_ros.control.view_angles import turn_deg, view_frame
from fluorosam_ros.control.view_finding import MAX_VIEW_SHOTS
from fluorosam_sim.anatomy import LABELS, structure
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import direction_from_angles

BONES = ("L4 vertebra", "right hip bone", "left hip bone")
ORIGIN_MM = np.array([10.0, 5.0, -20.0])


def lying(device, text, turn_deg=(0.0, 0.0, 0.0)):
    """Puts a typical body, turned askew, on the table; returns the direction that the view is defined by there."""
    command = Guide(device).understand(text)
    assert isinstance(command, GoToView)
    known = site_statistics(view_frame(command))
    axes = Rotation.from_rotvec(np.deg2rad(turn_deg)).as_matrix() @ known.axes
    device.balls = {
        structure(label).name: ORIGIN_MM + axes @ known.mean_mm[at]
        for at, label in enumerate(LABELS)
        if known.usable[at] and np.linalg.norm(known.mean_mm[at]) < 180
    }
    view = command.view
    return axes @ direction_from_angles(view.nominal_primary_deg, view.nominal_secondary_deg)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (8.0, -6.0, 7.0), (-7.0, 7.0, -7.0)])
@pytest.mark.parametrize(
    "text",
    ["lateral of L4", "AP of T8", "obturator oblique of the left hip", "inlet view of the pelvis", "left scapular Y"],
)
def test_a_view_is_reached_on_the_patients_own_axes(text, turn):
    device = FakeDevice(CArmPose(-20, 10, (20.0, -10.0, 0.0)), ())
    wanted = lying(device, text, turn)
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.DONE, outcome.text
    off = turn_deg(device.pose, wanted)
    assert min(off, 180.0 - off) < 6.0
    towards = direction_from_angles(device.pose.primary_deg, device.pose.secondary_deg)
    assert np.linalg.norm(np.cross(ORIGIN_MM - device.pose.isocenter_mm, towards)) < 12.0
    assert device.log.count("shoot") <= MAX_VIEW_SHOTS
    assert "structures of the patient" in outcome.text and "shot" in outcome.text


def test_where_the_anatomy_has_no_axes_the_textbook_serves_and_the_reply_says_so():
    device = FakeDevice(balls=())
    device.balls = {"S1 vertebra": (0.0, 50.0, -30.0)}
    outcome = run(device, "lateral of S1")
    assert outcome.kind == ReplyKind.DONE and "textbook" in outcome.text
    assert abs(device.pose.primary_deg) == pytest.approx(90.0) and device.off_mm("S1 vertebra") <= 5.0


def test_what_is_not_in_sight_is_refused_and_nothing_moves():
    device = FakeDevice(balls=("heart",))
    outcome = run(device, "lateral of L4")
    assert outcome.kind == ReplyKind.REFUSED and "not in sight" in outcome.text
    assert device.log == ["shoot"] and device.pose == CArmPose()


def test_a_view_out_of_reach_is_refused_before_a_shot():
    device = FakeDevice(balls=BONES)
    device.config = replace(device.config, primary_limits_deg=(-30.0, 30.0))
    outcome = run(device, "lateral of L4")
    assert outcome.kind == ReplyKind.REFUSED and "out of the C-arm's reach" in outcome.text and device.log == []


def test_a_view_without_its_side_is_asked_back():
    device = FakeDevice(balls=())
    wanted = lying(device, "obturator oblique of the left hip")
    guide = Guide(device)
    asked = guide.carry_out(guide.understand("obturator oblique"))
    assert asked.kind == ReplyKind.QUESTION and device.log == []
    done = guide.carry_out(guide.understand("the left one"))
    assert done.kind == ReplyKind.DONE and turn_deg(device.pose, wanted) < 6.0


def test_what_was_seen_from_two_sides_is_found_again_without_an_image():
    device = FakeDevice(balls=())
    wanted = lying(device, "lateral of L4")
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
    assert device.log[0] == "move" and device.log.count("shoot") < MAX_VIEW_SHOTS
    assert turn_deg(device.pose, wanted) < 6.0


def test_a_target_lost_on_the_way_says_how_to_get_back():
    device = FakeDevice(balls=BONES)
    guide = Guide(device)
    real = device.move

    def move(pose):
        device.balls.clear()
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
