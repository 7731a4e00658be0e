"""The commands beyond centering and collimating, carried out on the fake device: what moves, is remembered, is said."""

import pytest
from fake_device import FakeDevice
from fake_device import outcome_of as run

from fluorosam_ros.control.operations import Cancelled, DeviceError, Refused, ReplyKind
from fluorosam_ros.control.sequences import Guide
from fluorosam_sim.carm import CArmPose, Collimation


def said(guide, *texts):
    """The outcomes of prompts."""
    return [guide.carry_out(guide.understand(text)) for text in texts]


@pytest.mark.parametrize(
    ("text", "isocenter"),
    [
        ("move 2 cm to the left", (20.0, 0.0, 0.0)),
        ("2 cm to the patient's right", (-20.0, 0.0, 0.0)),
        ("2 cm to the head", (0.0, 0.0, 20.0)),
        ("a bit to the feet", (0.0, 0.0, -10.0)),
        ("raise the c-arm 3 cm", (0.0, -30.0, 0.0)),
        ("move 15 mm towards the patient's back", (0.0, 15.0, 0.0)),
    ],
)
def test_translations(text, isocenter):
    device = FakeDevice()
    outcome = run(device, text)
    assert outcome.kind == ReplyKind.DONE, outcome.text
    assert device.pose == CArmPose(0, 0, isocenter) and device.log == ["move"]
    assert "isocentre" in outcome.text


def test_translation_beyond_the_limits_is_refused():
    device = FakeDevice(CArmPose(0, 0, (240.0, 0.0, 0.0)))
    outcome = run(device, "move 2 cm left")
    assert outcome.kind == ReplyKind.REFUSED and "isocentre x" in outcome.text and device.log == []


def test_fields_and_zoom():
    device = FakeDevice()
    outcome = run(device, "set the field to 10 cm")
    assert outcome.kind == ReplyKind.DONE and "100 × 100 mm" in outcome.text
    assert device.collimation == Collimation(-80.0, -80.0, 80.0, 80.0)
    run(device, "zoom in twice")
    assert device.collimation == Collimation(-40.0, -40.0, 40.0, 40.0)
    run(device, "open the collimator by 1 cm")
    assert device.collimation == Collimation(-56.0, -56.0, 56.0, 56.0)
    run(device, "close the collimator by 1 cm")
    assert device.collimation == Collimation(-40.0, -40.0, 40.0, 40.0)
    run(device, "zoom out 5 times", "zoom out 5 times")
    assert device.collimation == device.config.open_field
    assert "shoot" not in device.log and "move" not in device.log


@pytest.mark.parametrize(
    "text", ["zoom out", "open the collimator by 1 cm", "field size 2 mm", "set the field to 40 cm"]
)
def test_impossible_fields_are_refused(text):
    device = FakeDevice()
    assert run(device, text).kind == ReplyKind.REFUSED and device.log == []


def test_a_bit_more_goes_on_in_the_same_direction_only_after_what_was_done():
    device = FakeDevice()
    guide = Guide(device)
    said(guide, "rotate 20 degrees to the right", "a bit more")
    assert device.pose.primary_deg == -25.0
    said(guide, "back 10 degrees")
    assert device.pose.primary_deg == -15.0
    refused, asked = said(guide, "rotate to LAO 170", "a bit more")
    assert refused.kind == ReplyKind.REFUSED and asked.kind == ReplyKind.QUESTION
    assert device.pose.primary_deg == -15.0


def test_going_back_undoes_one_motion_after_the_other():
    device = FakeDevice(CArmPose(5, 0, (0.0, 0.0, 0.0)))
    guide = Guide(device)
    said(guide, "rotate to LAO 30", "take a shot", "center on the left lung", "2 cm to the head")
    (back,) = said(guide, "go back")
    assert back.kind == ReplyKind.DONE and device.off_mm("left lung") < 5.0
    said(guide, "undo that")
    assert device.pose == CArmPose(30, 0, (0.0, 0.0, 0.0))
    said(guide, "go back")
    assert device.pose == CArmPose(5, 0, (0.0, 0.0, 0.0))
    (outcome,) = said(guide, "go back")
    assert outcome.kind == ReplyKind.REFUSED and device.pose == CArmPose(5, 0, (0.0, 0.0, 0.0))


def test_a_motion_that_failed_half_way_can_be_undone():
    device = FakeDevice()
    guide = Guide(device)
    real = device.move

    def move(pose):
        device.balls.pop("left lung", None)
        return real(pose)

    device.move = move
    failed, back = said(guide, "center on the left lung", "go back")
    assert failed.kind == ReplyKind.FAILED and back.kind == ReplyKind.DONE and device.pose == CArmPose()


def test_views_are_saved_with_their_field_and_recalled():
    device = FakeDevice(CArmPose(20, 10, (5.0, 0.0, 0.0)))
    guide = Guide(device)
    said(guide, "set the field to 10 cm")
    (saved,) = said(guide, "save this view as inlet")
    assert saved.kind == ReplyKind.DONE and "“inlet”" in saved.text and "LAO 20°" in saved.text
    said(guide, "rotate to RAO 40", "open the collimator")
    (recalled,) = said(guide, "go back to inlet")
    assert recalled.kind == ReplyKind.DONE and device.pose == CArmPose(20, 10, (5.0, 0.0, 0.0))
    assert device.collimation == Collimation(-80.0, -80.0, 80.0, 80.0)
    device.log.clear()
    (unknown,) = said(guide, "go to the saved view outlet")
    assert unknown.kind == ReplyKind.REFUSED and device.log == []


def test_saving_needs_no_permission():
    device = FakeDevice()
    device.armed = False
    assert run(device, "save this view as start").kind == ReplyKind.DONE


def test_fluoroscopy():
    device = FakeDevice()
    assert run(device, "fluoro on").text == "Fluoroscopy is on."
    device.armed = False
    assert run(device, "fluoro on").kind == ReplyKind.REFUSED
    assert run(device, "fluoro off").kind == ReplyKind.DONE
    assert device.log == ["fluoro on", "fluoro off"]


def test_a_device_without_fluoroscopy_refuses_in_one_sentence():
    device = FakeDevice()
    device.fail = {"fluoro on": Refused("This C-arm takes single shots only.")}
    outcome = run(device, "fluoro on")
    assert outcome.kind == ReplyKind.REFUSED and outcome.text == "This C-arm takes single shots only."


def test_dose_goes_up_and_down_in_levels():
    device = FakeDevice()
    guide = Guide(device)
    lowered, least = said(guide, "lower the dose", "less dose")
    assert lowered.text == "The dose is low now, it was normal."
    assert least.kind == ReplyKind.REFUSED and "least" in least.text and device.level == "low"
    said(guide, "raise the dose", "raise the dose")
    assert device.level == "high"
    said(guide, "set the dose to normal")
    assert device.level == "normal" and set(device.log) == {"dose"}


def test_what_is_seen_and_where():
    device = FakeDevice()
    guide = Guide(device)
    (early,) = said(guide, "what do you see")
    assert early.kind == ReplyKind.REFUSED and "no image" in early.text and device.log == []
    device.shoot()
    seen, heart, spleen = said(guide, "what do you see", "where is the heart", "where is the spleen")
    assert seen.text == "I see the left lung (0.90) and the heart (0.90)."
    assert heart.text == "The heart: 22 mm right of and 43 mm below the image's middle."
    assert spleen.kind == ReplyKind.REFUSED and "not in this image" in spleen.text
    assert device.log == ["shoot"] and device.shown == ("heart",)


def test_where_we_are():
    device = FakeDevice(CArmPose(-30, 10, (20.0, -5.0, 40.0)))
    outcome = run(device, "where are we")
    assert outcome.text == (
        "RAO 30°, cranial 10°, isocentre 20 mm left, 5 mm towards the ceiling, 40 mm towards the head of the origin, "
        "field 250 × 250 mm at the isocentre (100% of the full field)."
    )
    assert device.log == []


def test_steps_are_done_in_order_and_told_in_one_sentence():
    device = FakeDevice()
    outcome = run(device, "center on the heart, then collimate to it and take a shot")
    assert outcome.kind == ReplyKind.DONE and device.off_mm("heart") < 5.0
    assert device.log[-3:] == ["collimate", "shoot", "shoot"]
    assert "in the middle" in outcome.text and "; collimated to the heart" in outcome.text
    assert outcome.text.endswith("; one shot taken.")


def test_steps_end_at_the_first_that_fails():
    device = FakeDevice()
    outcome = run(device, "take a shot, center on the spleen, rotate to LAO 30")
    assert outcome.kind == ReplyKind.FAILED and device.log == ["shoot"]
    assert outcome.text.startswith("One shot taken; then step 2 of 3 failed: the spleen")
    device = FakeDevice()
    device.fail = {"move": DeviceError("The motor is hot.")}
    outcome = run(device, "rotate to LAO 30 and take a shot")
    assert (outcome.kind, outcome.text) == (ReplyKind.FAILED, "The motor is hot.") and device.log == []


def test_steps_with_one_sure_to_be_out_of_range_do_not_begin():
    device = FakeDevice()
    for text in ("take a shot then rotate to LAO 170", "center on the heart, then tilt to cranial 80",
                 "rotate 60 degrees LAO, take a shot, rotate 60 degrees LAO"):  # fmt: skip
        outcome = run(device, text)
        assert outcome.kind == ReplyKind.REFUSED and "angle" in outcome.text and device.log == []


def test_steps_that_are_stopped_say_so():
    device = FakeDevice()
    device.fail = {"shoot": Cancelled()}
    outcome = run(device, "rotate to LAO 30 and take a shot")
    assert outcome.kind == ReplyKind.STOPPED and "rotate to LAO 30°, then take one shot" in outcome.text


def test_corrections_of_what_was_not_there():
    device = FakeDevice()
    guide = Guide(device)
    absent, done = said(guide, "center on the right lung", "no, the left one")
    assert absent.kind == ReplyKind.REFUSED
    assert done.kind == ReplyKind.DONE and device.off_mm("left lung") < 5.0


def test_cancel_with_nothing_under_way():
    device = FakeDevice()
    outcome = run(device, "cancel")
    assert outcome.kind == ReplyKind.DONE and device.log == [] and device.armed
