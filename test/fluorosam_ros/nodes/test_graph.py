"""The real nodes over DDS on the phantom: what is published, what moves, what is refused."""

import json
import os
import signal
import time

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def ready(probe):
    """Armed, at rest at the same place, the collimator open, before every test."""
    from fluorosam_ros.action import Collimate, MoveCArm
    from fluorosam_ros.convert import collimation_to_message
    from fluorosam_sim.carm import VENDORS

    opened = Collimate.Goal(collimator=collimation_to_message(VENDORS["standard"].open_field))
    for _ in range(5):  # on a busy machine the interlock may fall silent, and the C-arm rightly stops
        probe.arm()
        _, moved = probe.act(MoveCArm, "/carm/move", MoveCArm.Goal())
        _, result = probe.act(Collimate, "/carm/collimate", opened)
        if moved.success and result.success:
            return
    raise AssertionError(f"not ready: {moved.message} {result.message}")


def test_frames_camera_and_transforms_agree(probe):
    """A point of the patient goes through tf and CameraInfo to the pixel where its shadow is."""
    from scipy.spatial.transform import Rotation
    from sensor_msgs.msg import CameraInfo, Image
    from tf2_msgs.msg import TFMessage

    from fluorosam_ros import qos
    from fluorosam_ros.action import MoveCArm
    from fluorosam_ros.convert import image_to_array

    images, infos = (
        probe.listen(Image, "/carm/image_raw", qos.FRAMES),
        probe.listen(CameraInfo, "/carm/camera_info", 10),
    )
    moving, fixed = probe.listen(TFMessage, "/tf", 10), probe.listen(TFMessage, "/tf_static", qos.LATCHED)
    goal = MoveCArm.Goal(primary_angle=0.4, secondary_angle=-0.2)
    goal.isocenter.x = 0.02
    assert probe.act(MoveCArm, "/carm/move", goal)[1].success
    moving.clear()
    probe.until(lambda: moving and fixed, what="transforms")
    assert probe.ask("take a shot").kind == 1
    probe.until(lambda: images and infos, what="a frame")

    point = np.array([0.050, 0.0, 0.030])  # the larger ball, in world metres
    (root,), chain = moving[-1].transforms, {t.child_frame_id: t for t in fixed[-1].transforms}
    assert (root.header.frame_id, root.child_frame_id) == ("world", "carm/isocenter")
    for step in (root, chain["carm/detector_optical"]):
        t, q = step.transform.translation, step.transform.rotation
        point = Rotation.from_quat([q.x, q.y, q.z, q.w]).inv().apply(point - [t.x, t.y, t.z])
    assert point[2] > 0.5, "the optical frame looks from the source to the detector"
    u, v, w = np.array(infos[-1].p).reshape(3, 4) @ [*point, 1.0]
    assert infos[-1].k[0] < 0 < infos[-1].k[4]
    image = image_to_array(images[-1])
    rows, columns = np.nonzero((image > 200) & (image < 4000))
    near = np.hypot(columns - u / w, rows - v / w) < 30
    assert near.sum() > 300
    assert np.hypot(columns[near].mean() - u / w, rows[near].mean() - v / w) < 2.5
    assert infos[-1].header.stamp == images[-1].header.stamp
    assert (infos[-1].roi.width, infos[-1].roi.height) == (256, 256)


def test_segment_center_collimate(probe):
    from sensor_msgs.msg import Image

    from fluorosam_ros import qos
    from fluorosam_ros.convert import image_to_array, stamp_ns
    from fluorosam_ros.msg import Segmentation

    segmentations = probe.listen(Segmentation, "/fluorosam/segmentation", qos.FRAMES)
    overlays = probe.listen(Image, "/fluorosam/overlay", qos.FRAMES)
    assert probe.ask("take a shot").kind == 1
    reply = probe.ask("left kidney")
    assert reply.kind == reply.DONE and "left kidney" in reply.text
    found = probe.until(lambda: [s for s in segmentations if s.masks and s.masks[0].present], what="a segmentation")[-1]
    (mask,) = found.masks
    assert mask.structures == ["kidney_left"] and 0 < mask.score <= 1
    pixels = image_to_array(mask.mask)
    assert set(np.unique(pixels)) == {0, 255}
    rows, columns = np.nonzero(pixels)
    assert np.allclose(mask.centroid, (columns.mean(), rows.mean()), atol=0.6)
    assert mask.centroid[0] > 128, "the patient's left is on the image's right"
    overlay = probe.until(lambda: [o for o in overlays if stamp_ns(o.header.stamp) == stamp_ns(found.header.stamp)])[-1]
    assert overlay.encoding == "rgb8"

    reply = probe.ask("center on the left kidney")
    assert reply.kind == reply.DONE, reply.text
    state = probe.state()
    # The ball lies at x 50, z 30 mm in the isocentre's plane.
    assert abs(state.isocenter.x - 0.050) < 0.006 and abs(state.isocenter.z - 0.030) < 0.006
    shots, dose = state.shots, state.dose_area_product

    reply = probe.ask("collimate to it")
    assert reply.kind == reply.DONE, reply.text
    after = probe.state()
    assert after.shots == shots + 1
    assert 0 < after.dose_area_product - dose < 0.5 * (dose / shots)
    reply = probe.ask("open the collimator")
    assert reply.kind == reply.DONE, reply.text


def test_absent_structure_moves_and_exposes_nothing(probe):
    assert probe.ask("take a shot").kind == 1
    before = probe.state()
    for prompt in ("right knee prosthesis", "heart", "center on the heart", "collimate to the heart"):
        reply = probe.ask(prompt)
        assert reply.kind == reply.REFUSED and "not in this image" in reply.text, reply.text
    after = probe.state()
    assert (after.shots, after.isocenter, after.collimator) == (before.shots, before.isocenter, before.collimator)


def test_every_prompt_gets_one_final_reply(probe):
    start = len(probe.replies)
    prompts = [f"left kidney {word}" for word in ("please", "now", "please now")] + ["rotate to LAO 5"]
    for prompt in prompts:
        probe.say(prompt)
    probe.until(lambda: len([r for r in probe.replies[start:] if r.kind != 0]) >= len(prompts), what="replies")
    time.sleep(0.5)
    final = [r.prompt for r in probe.replies[start:] if r.kind != r.UNDERSTOOD]
    assert sorted(final) == sorted(prompts)


def test_stop_ends_the_motion_at_once_and_stays_until_reset(probe):
    probe.say("rotate to LAO 90")
    probe.until(lambda: probe.states[-1].moving, what="motion")
    start = time.monotonic()
    reply = probe.ask("stop")
    probe.until(lambda: not probe.states[-1].moving, what="rest")
    assert time.monotonic() - start < 3.0
    assert reply.kind == reply.STOPPED
    ended = probe.until(lambda: [r for r in probe.replies if r.prompt == "rotate to LAO 90" and r.kind != 0])
    assert [r.kind for r in ended] == [ended[0].STOPPED]
    pose = probe.state().primary_angle
    assert pose < 1.4
    for prompt in ("take a shot", "rotate to LAO 10", "arm"):
        assert probe.ask(prompt).kind == reply.REFUSED
    assert probe.state().primary_angle == pose
    assert probe.ask("reset").kind == reply.DONE
    assert probe.ask("take a shot").kind == reply.REFUSED, "still disarmed after a reset"
    assert probe.ask("arm").kind == reply.DONE


def test_out_of_range_is_answered_with_the_reason_and_moves_nothing(probe):
    from action_msgs.msg import GoalStatus

    from fluorosam_ros.action import Collimate, MoveCArm
    from fluorosam_ros.msg import Collimation

    before = probe.state()
    for value in (3.0, float("nan"), float("inf")):
        status, result = probe.act(MoveCArm, "/carm/move", MoveCArm.Goal(primary_angle=value))
        assert status == GoalStatus.STATUS_ABORTED and not result.success
        assert "primary angle" in result.message
    window = Collimation(left=-0.3, top=-0.1, right=0.1, bottom=0.1)
    status, result = probe.act(Collimate, "/carm/collimate", Collimate.Goal(collimator=window))
    assert status == GoalStatus.STATUS_ABORTED and "outside the detector" in result.message
    after = probe.state()
    assert (after.primary_angle, after.collimator) == (before.primary_angle, before.collimator)


def test_a_move_tells_its_progress_and_can_be_cancelled(probe):
    from action_msgs.msg import GoalStatus

    from fluorosam_ros.action import MoveCArm

    heard = []
    goal = MoveCArm.Goal(primary_angle=1.2)
    status, result = probe.act(
        MoveCArm, "/carm/move", goal, lambda m: heard.append(m.feedback.progress), cancel_after=1.0
    )
    assert status == GoalStatus.STATUS_CANCELED and result.message == "Cancelled."
    assert heard == sorted(heard) and heard[-1] > 0
    assert 0 < probe.state().primary_angle < 1.1
    assert not probe.state().moving


def test_execute_takes_the_same_path(probe):
    from action_msgs.msg import GoalStatus

    from fluorosam_ros.action import Execute

    heard = []
    status, result = probe.act(Execute, "/fluorosam/execute", Execute.Goal(prompt="tilt to cranial 3"), heard.append)
    assert status == GoalStatus.STATUS_SUCCEEDED and result.success and "cranial 3°" in result.reply.text
    assert [f.feedback.status.kind for f in heard] == [0]
    status, result = probe.act(Execute, "/fluorosam/execute", Execute.Goal(prompt="rotate to RAO 90"), cancel_after=1.0)
    assert status == GoalStatus.STATUS_CANCELED and result.reply.kind == result.reply.STOPPED
    probe.until(lambda: not probe.state().moving, what="rest")
    assert probe.state().primary_angle > -1.5


def test_a_silent_interlock_stops_the_motion(probe, graph):
    interlock = graph.processes["interlock"]
    probe.say("rotate to LAO 80")
    probe.until(lambda: probe.states[-1].moving, what="motion")
    os.kill(interlock, signal.SIGSTOP)
    start = time.monotonic()
    try:
        probe.until(lambda: not probe.states[-1].moving, 5.0, "rest")
        seconds = time.monotonic() - start
        assert "interlock" in probe.until(lambda: probe.states[-1].faults)[0]
    finally:
        os.kill(interlock, signal.SIGCONT)
    assert seconds < 1.0
    ended = probe.until(lambda: [r for r in probe.replies if r.prompt == "rotate to LAO 80" and r.kind != 0][-1:])
    assert ended[0].kind == ended[0].FAILED and "silent" in ended[0].text


def test_fluoroscopy_and_dose_by_prompt(probe):
    probe.arm()
    shots = probe.state().shots
    reply = probe.ask("fluoro on")
    assert reply.kind == reply.DONE and "on" in reply.text, reply.text
    probe.until(lambda: probe.states[-1].shots >= shots + 3, what="live images")
    reply = probe.ask("fluoro off")
    assert reply.kind == reply.DONE and "off" in reply.text, reply.text
    time.sleep(0.5)
    shots = probe.state().shots
    time.sleep(0.5)
    assert probe.state().shots == shots
    assert probe.ask("lower the dose").text == "The dose is low now, it was normal."
    dose = probe.state().dose_area_product
    assert probe.ask("take a shot").kind == reply.DONE
    low = probe.state().dose_area_product - dose
    assert probe.ask("set the dose to normal").kind == reply.DONE
    assert probe.ask("take a shot").kind == reply.DONE
    assert low / (probe.state().dose_area_product - dose - low) == pytest.approx(0.5, abs=0.1)


def test_cancel_ends_the_motion_and_stays_armed(probe):
    probe.say("rotate to LAO 85 and take a shot")
    probe.until(lambda: probe.states[-1].moving, what="motion")
    shots = probe.state().shots
    reply = probe.ask("cancel that")
    assert reply.kind == reply.DONE and "Cancelled" in reply.text, reply.text
    probe.until(lambda: not probe.states[-1].moving, what="rest")
    prompt = "rotate to LAO 85 and take a shot"
    ended = probe.until(lambda: [r for r in probe.replies if r.prompt == prompt and r.kind != 0])
    assert [r.kind for r in ended] == [reply.STOPPED]
    state = probe.state()
    assert state.primary_angle < 1.4 and state.shots == shots and state.armed
    reply = probe.ask("go back")
    assert reply.kind == reply.DONE, reply.text
    assert "nothing" in probe.ask("never mind").text


def test_live_images_only_while_armed(probe):
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter
    from std_srvs.srv import Trigger

    def set_rate(rate):
        request = SetParameters.Request(parameters=[Parameter("fluoro_hz", value=rate).to_parameter_msg()])
        return probe.call(SetParameters, "/twin/set_parameters", request).results[0]

    shots = probe.state().shots
    assert set_rate(10.0).successful
    probe.until(lambda: probe.states[-1].shots >= shots + 5, what="live images")
    probe.call(Trigger, "/interlock/disarm")
    time.sleep(0.5)
    shots = probe.state().shots
    time.sleep(0.5)
    assert probe.state().shots == shots
    assert set_rate(0.0).successful


def test_the_audit_log_tells_every_decision(probe, graph):
    from std_srvs.srv import Trigger

    before = graph.audit_log.read_text().splitlines()
    probe.call(Trigger, "/interlock/stop")
    probe.call(Trigger, "/interlock/arm")
    new = [json.loads(line) for line in graph.audit_log.read_text().splitlines()[len(before) :]]
    assert [(entry["event"], entry["granted"]) for entry in new] == [("stop", True), ("arm", False)]
    assert all(entry["reason"] and entry["time"] for entry in new)


def test_diagnostics_of_every_node(probe, graph):
    from diagnostic_msgs.msg import DiagnosticArray

    heard = probe.listen(DiagnosticArray, "/diagnostics", 20)
    probe.until(lambda: {s.name for m in heard for s in m.status} >= set(graph.processes), what="diagnostics")
