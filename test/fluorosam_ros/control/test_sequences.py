"""What each command does to a device, and that nothing moves when it must not. The device is a fake; no ROS."""

from dataclasses import replace

import pytest
from fake_device import SIZE, FakeDevice
from fake_device import outcome_of as run

from fluorosam_ros.control.motions import ACCEPTED_MM, MAX_CENTERING_SHOTS
from fluorosam_ros.control.operations import Cancelled, DeviceError, ReplyKind, View, angles_text
from fluorosam_ros.control.sequences import Guide
from fluorosam_sim.carm import CArmPose, Collimation


def test_segment_shows_what_is_there_and_says_what_is_not():
    device = FakeDevice()
    outcome = run(device, "take a shot", "left lung and spleen")
    assert outcome.kind == ReplyKind.DONE and device.shown == ("left lung",)
    assert "left lung (0.90) outlined" in outcome.text and "spleen: not in this image" in outcome.text
    assert device.log == ["shoot"]


def test_absent_structure_and_tool_change_nothing():
    device = FakeDevice()
    guide = Guide(device)
    guide.carry_out(guide.understand("take a shot"))
    guide.carry_out(guide.understand("heart"))
    for text in ("spleen", "right knee prosthesis", "center on the spleen", "collimate to the spleen"):
        outcome = guide.carry_out(guide.understand(text))
        assert outcome.kind == ReplyKind.REFUSED and "not in this image" in outcome.text
    assert device.log == ["shoot"] and device.shown == ("heart",)


def test_first_structure_takes_a_shot_only_when_armed():
    device = FakeDevice()
    device.armed = False
    outcome = run(device, "heart")
    assert outcome.kind == ReplyKind.REFUSED and "no image" in outcome.text and device.log == []
    device.armed = True
    assert run(device, "heart").kind == ReplyKind.DONE and device.log == ["shoot"]


@pytest.mark.parametrize(
    "pose",
    [
        CArmPose(),
        CArmPose(0, 0, (60.0, 0.0, -100.0)),
        CArmPose(30, 10, (-40.0, 30.0, 20.0)),
        CArmPose(-60, -20, (0.0, 100.0, 0.0)),
        CArmPose(90, 0, (50.0, 0.0, 0.0)),
    ],
)
@pytest.mark.parametrize("ball", ["heart", "left lung"])
def test_center_brings_the_target_to_the_middle(pose, ball):
    device = FakeDevice(pose)
    outcome = run(device, f"center on the {ball}")
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert device.off_mm(ball) < 5.0
    assert device.log[0] == "shoot" and device.log.count("shoot") <= 1 + MAX_CENTERING_SHOTS
    assert (device.pose.primary_deg, device.pose.secondary_deg) == (pose.primary_deg, pose.secondary_deg)
    assert device.shown == (ball,)


def test_center_uses_the_image_at_hand_and_stays_when_it_is_there():
    device = FakeDevice()
    guide = Guide(device)
    guide.carry_out(guide.understand("center on the heart"))
    shots = device.log.count("shoot")
    outcome = guide.carry_out(guide.understand("center on it"))
    assert outcome.kind == ReplyKind.DONE and "already" in outcome.text
    assert device.log.count("shoot") == shots
    device.pose = replace(device.pose, primary_deg=20.0)  # moved by hand: the image is no longer current
    guide.carry_out(guide.understand("center on it"))
    assert device.log.count("shoot") > shots


def test_center_says_so_when_it_does_not_get_there():
    device = FakeDevice()
    real = device.move
    device.move = lambda pose: real(replace(device.pose, isocenter_mm=(0.0, 0.0, 0.0)))  # a device that does not follow
    outcome = run(device, "center on the left lung")
    assert outcome.kind == ReplyKind.FAILED and f"after {MAX_CENTERING_SHOTS} shots" in outcome.text
    assert device.off_mm("left lung") > ACCEPTED_MM
    assert device.log.count("shoot") == 1 + MAX_CENTERING_SHOTS


def test_center_loses_the_target_after_the_move():
    device = FakeDevice()
    real = device.move

    def move(pose):
        device.balls.pop("heart")
        return real(pose)

    device.move = move
    outcome = run(device, "center on the heart")
    assert outcome.kind == ReplyKind.FAILED and "no longer in the image" in outcome.text


def test_center_beyond_the_limits_is_refused_with_the_limit():
    device = FakeDevice(CArmPose(0, 0, (230.0, 0.0, 0.0)))
    device.balls["heart"] = (300.0, 0.0, 0.0)
    outcome = run(device, "center on the heart")
    assert outcome.kind == ReplyKind.REFUSED and "isocentre x" in outcome.text
    assert "move" not in device.log


def test_collimate_covers_the_target_and_takes_a_shot():
    device = FakeDevice()
    outcome = run(device, "collimate to the left lung")
    assert outcome.kind == ReplyKind.DONE and "less dose-area product" in outcome.text
    assert device.log == ["shoot", "collimate", "shoot"]
    assert device.collimation.area_mm2 < 0.3 * device.config.open_field.area_mm2
    full = FakeDevice().found("left lung", View(0, device.pose, device.config.open_field, SIZE)).mask.sum()
    assert device.found("left lung", device.newest).mask.sum() == full


def test_collimate_from_a_field_that_cuts_the_target_asks_to_open():
    device = FakeDevice()
    device.collimation = Collimation(-200.0, -200.0, 95.0, 200.0)  # its edge runs through the left lung
    outcome = run(device, "collimate to the left lung")
    assert outcome.kind == ReplyKind.REFUSED and "open the collimator" in outcome.text
    assert "collimate" not in device.log
    outcome = run(device, "open the collimator")
    assert outcome.kind == ReplyKind.DONE and device.collimation == device.config.open_field


def test_an_absent_target_in_a_closed_field_may_be_outside():
    device = FakeDevice()
    device.collimation = Collimation(-200.0, -200.0, -100.0, -100.0)
    outcome = run(device, "center on the heart")
    assert outcome.kind == ReplyKind.REFUSED and "open the collimator" in outcome.text


@pytest.mark.parametrize(
    ("text", "primary", "secondary"),
    [("rotate to LAO 30", 30, 5), ("rotate by 10 degrees to the right", 0, 5), ("tilt 10 degrees caudal", 10, -5)],
)
def test_turns(text, primary, secondary):
    device = FakeDevice(CArmPose(10.0, 5.0))
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert (device.pose.primary_deg, device.pose.secondary_deg) == (primary, secondary)
    assert device.log == ["move"]


def test_turn_beyond_the_limits_is_refused():
    device = FakeDevice()
    outcome = run(device, "rotate to LAO 170")
    assert outcome.kind == ReplyKind.REFUSED and "primary angle" in outcome.text and device.log == []


ACTING = ["center on the heart", "collimate to the heart", "open the collimator", "rotate to LAO 5", "take a shot"]


@pytest.mark.parametrize("text", ACTING)
def test_nothing_acts_unless_armed(text):
    device = FakeDevice()
    device.armed = False
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.REFUSED and "arm" in outcome.text and device.log == []
    device.emergency_stop = True
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.REFUSED and "reset" in outcome.text and device.log == []


@pytest.mark.parametrize("text", ACTING)
@pytest.mark.parametrize(
    ("error", "kind"), [(Cancelled(), ReplyKind.STOPPED), (DeviceError("The motor is hot."), ReplyKind.FAILED)]
)
def test_a_device_that_fails_or_is_stopped_ends_the_sequence(text, error, kind):
    device = FakeDevice()
    device.fail = dict.fromkeys(("move", "shoot", "collimate"), error)
    outcome = run(device, text)
    assert outcome.kind == kind and outcome.text and device.log == []


def test_interlock_requests():
    device = FakeDevice()
    assert run(device, "stop").kind == ReplyKind.STOPPED and device.emergency_stop
    assert run(device, "reset").kind == ReplyKind.DONE
    assert run(device, "arm").kind == ReplyKind.DONE and device.armed
    assert run(device, "disarm").kind == ReplyKind.DONE and not device.armed


def test_a_question_is_answered_by_the_next_prompt():
    device = FakeDevice()
    guide = Guide(device)
    asked = guide.carry_out(guide.understand("center on the lung"))
    assert asked.kind == ReplyKind.QUESTION and device.log == []
    outcome = guide.carry_out(guide.understand("the left one"))
    assert outcome.kind == ReplyKind.DONE and device.off_mm("left lung") < 5.0


def test_long_sequences_are_announced_and_refusals_are_not():
    device = FakeDevice()
    guide = Guide(device)
    said = []
    guide.carry_out(guide.understand("center on the heart"), said.append)
    assert said == ["Center on the heart."]
    device.armed = False
    guide.carry_out(guide.understand("center on the heart"), said.append)
    assert len(said) == 1


def test_stop_segmenting_one_or_all():
    device = FakeDevice()
    guide = Guide(device)
    for text in ("heart and left lung", "stop segmenting the heart"):
        guide.carry_out(guide.understand(text))
    assert device.shown == ("left lung",)
    guide.carry_out(guide.understand("stop segmenting"))
    assert device.shown == ()


def test_angles_in_words():
    assert angles_text(CArmPose(30.2, -10.0)) == "LAO 30°, caudal 10°"
    assert angles_text(CArmPose(-0.2, 0.0)) == "LAO 0°, cranial 0°"


def test_five_more_goes_on_after_a_shot_but_not_after_what_was_refused():
    device = FakeDevice()
    guide = Guide(device)
    for text in ("LAO 20", "take a shot", "5 more"):
        assert guide.carry_out(guide.understand(text)).kind == ReplyKind.DONE
    assert device.pose.primary_deg == 25.0
    for text in ("rotate to LAO 170", "take a shot"):
        guide.carry_out(guide.understand(text))
    assert guide.carry_out(guide.understand("5 more")).kind == ReplyKind.QUESTION
    assert device.pose.primary_deg == 25.0
