"""Reports in, what the page shows out: without ROS and without a browser."""

import numpy as np
import pytest

from fluorosam_model.overlay import PALETTE
from fluorosam_ros.console import clinical
from fluorosam_ros.console.frames import Compressed
from fluorosam_ros.console.reports import Answer, CArmReport, InterlockReport, NodeReport, Outlined, Picture
from fluorosam_ros.console.view_model import ViewModel
from fluorosam_ros.control.exposure_budget import BudgetConfig, Spent
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_sim.carm import CArmPose, Collimation

OPEN = Collimation(-200.0, -200.0, 200.0, 200.0)


def carm(stamp_ns=0, pose=None, field=OPEN, moving=False, beam_on=False):
    return CArmReport(stamp_ns, pose or CArmPose(), 1200.0, 750.0, (400.0, 400.0), field, moving, beam_on)


def picture(kind, stamp_ns):
    return Picture(kind, stamp_ns, 0.0, (64, 64), lambda: np.zeros((64, 64), np.uint8))


def jpeg(stamp_ns=0, late_s=0.05, arrived_s=10.0):
    return Compressed(1, stamp_ns, (64, 64), b"jpeg", late_s, arrived_s)


def test_before_anything_is_heard_nothing_looks_alive():
    shown = ViewModel().shown(100.0)
    assert shown.interlock.mode == "silent" and not shown.carm.heard
    assert {n.level for n in shown.nodes} == {"silent"} and len(shown.nodes) == 4
    assert all(bar.share is None for bar in shown.dose.bars)
    assert ViewModel().picture_shown(None, "overlay", 0.0).banner == "NO IMAGE YET"


@pytest.mark.parametrize(
    ("report", "mode", "title"),
    [
        (InterlockReport(False, False, False, "Not armed yet."), "disarmed", "DISARMED"),
        (InterlockReport(True, False, True, "Armed on request."), "armed", "ARMED"),
        (InterlockReport(False, True, False, "Emergency stop on request."), "stopped", "EMERGENCY STOP"),
    ],
)
def test_the_interlock_is_shown_with_its_reason_and_not_longer_than_it_speaks(report, mode, title):
    model = ViewModel()
    model.interlock(report, 5.0)
    shown = model.shown(5.2).interlock
    assert (shown.mode, shown.title, shown.reason) == (mode, title, report.reason)
    assert model.shown(6.5).interlock.mode == "silent"


def test_an_armed_interlock_that_permits_no_exposure_says_why():
    model = ViewModel()
    model.interlock(InterlockReport(True, False, False, "Armed.", "The exposure budget is spent."), 0.0)
    assert model.shown(0.1).interlock.exposure == "The exposure budget is spent."


def test_a_stop_that_the_interlock_does_not_answer_raises_the_alarm():
    model = ViewModel()
    model.interlock(InterlockReport(True, False, True), 0.0)
    model.stop_asked(0.0)
    assert not model.shown(0.5).interlock.alarm
    model.stop_asked(0.9)  # pressing again does not begin the wait anew
    model.interlock(InterlockReport(True, False, True), 1.1)
    assert "red button" in model.shown(1.2).interlock.alarm
    model.interlock(InterlockReport(False, True, False), 1.3)
    assert not model.shown(5.0).interlock.alarm


def test_the_c_arm_in_clinical_words():
    model = ViewModel()
    pose = CArmPose(-30.0, 10.0, (12.0, -5.0, 130.0))
    model.carm(carm(pose=pose, field=Collimation(-100.0, -80.0, 100.0, 80.0), moving=True), 0.0)
    shown = model.shown(0.1).carm
    assert (shown.primary, shown.secondary) == ("RAO 30.0°", "CRA 10.0°")
    assert (
        shown.isocenter == "L 12 · ceiling 5 · head 130 mm" and clinical.isocenter_text((0.2, 0.0, -7.0)) == "feet 7 mm"
    )
    assert shown.field == "12.5 × 10.0 cm" and "SDD 120 cm" in shown.distances
    assert shown.moving and shown.action == "moving" and shown.heard
    late = model.shown(3.0).carm
    assert not late.heard and "silent for 3.0 s" in late.action
    assert clinical.primary_text(0.01) == "0.0°" and clinical.secondary_text(-5.25) == "CAU 5.2°"


@pytest.mark.parametrize(
    ("angles", "letters"),
    [
        ((0.0, 0.0), ("R", "H", "L", "F")),
        ((90.0, 0.0), ("A", "H", "P", "F")),  # the detector on the patient's left: what lies in front is on the left
        ((-90.0, 0.0), ("P", "H", "A", "F")),
        ((30.0, 20.0), ("R", "H", "L", "F")),
    ],
)
def test_letters_of_the_patients_sides(angles, letters):
    assert clinical.edge_letters(CArmPose(*angles)) == letters


def test_an_image_is_live_only_while_it_is_new():
    model = ViewModel()
    live = model.picture_shown(jpeg(), "raw", 10.1)
    assert live.live and not live.banner
    old = model.picture_shown(jpeg(), "raw", 24.0)
    assert not old.live and old.banner == "NO LIVE IMAGE" and old.age == "14 s"
    assert not model.picture_shown(jpeg(late_s=2.0), "raw", 10.0).live, "late on arrival is not live"


def test_an_image_keeps_the_pose_it_was_taken_at():
    model = ViewModel()
    model.carm(carm(stamp_ns=7, pose=CArmPose(90.0), beam_on=True), 0.0)
    assert not model.shown(0.0).carm.heard, "the state of an exposure is not where the C-arm is now"
    model.carm(carm(stamp_ns=8, pose=CArmPose(90.0)), 0.1)
    assert model.picture_shown(jpeg(7), "raw", 10.1).note == ""
    model.carm(carm(stamp_ns=9, pose=CArmPose(0.0), field=Collimation(-100.0, -50.0, 200.0, 50.0)), 0.2)
    shown = model.picture_shown(jpeg(7), "raw", 10.1)
    assert "has moved since" in shown.note and shown.letters[0] == "A"
    assert shown.field == (0.25, 0.375, 1.0, 0.625)


def test_outlines_are_shown_only_of_images_that_are_new():
    model = ViewModel()
    assert model.shown(0.0).picture_kind == "raw"
    model.picture(picture("overlay", 1_000_000_000), 0.0)
    model.picture(picture("raw", 1_500_000_000), 0.0)
    assert model.shown(0.0, "overlay").picture_kind == "overlay"
    assert model.shown(0.0, "raw").picture_kind == "raw"
    model.picture(picture("raw", 5_000_000_000), 0.0)
    assert model.shown(0.0, "overlay").picture_kind == "raw"
    assert "segmenter" in model.picture_shown(jpeg(), "overlay", 10.1).note


def test_structures_have_the_colours_of_their_outlines():
    model = ViewModel()
    model.outlined((Outlined("ribs", "ribs", True, 0.97), Outlined("left hip", "left hip", False, 0.02),
                    Outlined("heart", "heart", True, 0.8)))  # fmt: skip
    first, absent, second = model.shown(0.0).outlined
    assert first.colour == "#{:02x}{:02x}{:02x}".format(*PALETTE[0]) and first.text == "ribs 97%"
    assert absent.colour == "" and "not in this image" in absent.text
    assert second.colour == "#{:02x}{:02x}{:02x}".format(*PALETTE[1])


def test_dose_against_the_interlocks_limits():
    model = ViewModel()
    model.limits(BudgetConfig(0.02, 1.0, 0, 60, 600.0), 2.0)
    model.node(NodeReport("twin", "ok", "ready", {"dose_level": "low"}), 0.0)
    model.dose(Spent("1", 0.005, 0.1, 3, 40, 65.0), 0.0)
    shown = model.shown(0.0)
    dap, kerma, fluoro, shots = shown.dose.bars
    assert (dap.value, dap.limit, dap.share) == ("50.000 Gy·cm²", "of 200", 0.25)
    assert kerma.share == 0.1 and (fluoro.value, fluoro.limit) == ("1:05 min", "of 10:00")
    assert shots.share is None and shots.value == "3"
    assert shown.dose.level == "low" and "heartbeat needed" in shown.operator


def test_the_beam_is_on_while_images_are_counted():
    model = ViewModel()
    model.carm(carm(), 0.0)
    model.dose(Spent("1", 0.0, 0.0, 0, 0), 0.0)
    assert not model.shown(0.0).carm.beam_on
    model.dose(Spent("1", 0.001, 0.0, 0, 1), 0.1)
    assert model.shown(0.2).carm.beam_on and not model.shown(0.9).carm.beam_on


def test_nodes_that_fall_silent_are_named():
    model = ViewModel()
    for name in ("interlock", "segmenter", "guidance", "recorder"):
        model.node(NodeReport(name, "ok", "running"), 0.0)
    model.carm(carm(), 0.0)
    assert [n.name for n in model.shown(0.5).nodes] == ["interlock", "segmenter", "guidance", "recorder"], (
        "whatever drives the C-arm need not be called twin"
    )
    model.node(NodeReport("guidance", "error", "cannot"), 4.0)
    levels = {n.name: n.level for n in model.shown(4.1).nodes}
    assert levels["guidance"] == "error" and levels["segmenter"] == levels["twin"] == "silent"


def test_suggestions_that_act_are_not_said_at_one_press():
    model = ViewModel()
    model.picture(picture("overlay", 1), 0.0)
    model.outlined((Outlined("heart", "heart", True, 0.9),))
    model.interlock(InterlockReport(True, False, True), 0.0)
    offered = {s.prompt: s.at_once for s in model.shown(0.0).suggestions}
    assert offered["center on the heart"] is False and offered["collimate to it"] is False
    model.interlock(InterlockReport(False, True, False), 0.0)
    offered = {s.prompt: s.at_once for s in model.shown(0.0).suggestions}
    assert offered["reset"] and "center on the heart" not in offered and "heart" not in offered
    assert offered["left lung"] is True


def test_a_reply_reaches_the_log():
    model = ViewModel()
    model.prompt("left lung", 0.0, "12:00:00")
    model.answer(Answer("left lung", ReplyKind.DONE, "The left lung is outlined."), 0.3, "12:00:00")
    (entry,) = model.shown(0.4).log
    assert (entry.text, entry.kind, entry.reply) == ("left lung", ReplyKind.DONE, "The left lung is outlined.")
    model.prompt("heart", 1.0, "12:00:01")
    assert "is the guidance running" in model.shown(12.0).log[-1].reply
