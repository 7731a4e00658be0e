"""Permission is given late and taken early."""

import pytest

from fluorosam_ros.control.interlock_rules import Interlock, InterlockConfig
from fluorosam_sim.carm import VENDORS, CArmPose

DEVICE = VENDORS["standard"]


@pytest.fixture
def interlock():
    return Interlock(InterlockConfig(DEVICE))


def armed(interlock, now=10.0):
    interlock.observe(CArmPose(), now)
    assert interlock.arm(now).granted
    return interlock


def test_starts_disarmed_and_arms_only_with_a_fresh_state(interlock):
    assert not interlock.armed
    decision = interlock.arm(5.0)
    assert not decision.granted and not interlock.armed and "no state" in decision.reason
    interlock.observe(CArmPose(), 5.0)
    assert not interlock.arm(5.6).granted, "the state is too old"
    assert not interlock.arm(4.9).granted, "a state from the future is none"
    assert interlock.arm(5.4).granted and interlock.armed


def test_silence_of_the_device_disarms(interlock):
    armed(interlock, 10.0)
    assert interlock.tick(10.49) is None and interlock.armed
    decision = interlock.tick(10.51)
    assert decision is not None and not decision.armed and "500 ms" in decision.reason
    assert interlock.tick(11.0) is None, "said once"
    interlock.observe(CArmPose(), 11.0)
    assert interlock.tick(11.0) is None and not interlock.armed, "does not arm itself again"


def test_emergency_stop_is_latched_until_reset(interlock):
    armed(interlock)
    assert interlock.stop().granted and interlock.emergency_stop and not interlock.armed
    interlock.observe(CArmPose(), 10.1)
    refused = interlock.arm(10.1)
    assert not refused.granted and "Reset" in refused.reason and "on request" in refused.reason
    assert interlock.disarm().granted and interlock.emergency_stop
    assert interlock.reset().granted and not interlock.emergency_stop and not interlock.armed
    assert interlock.arm(10.1).granted


def test_reset_without_a_stop_changes_nothing(interlock):
    armed(interlock)
    assert not interlock.reset().granted and interlock.armed


@pytest.mark.parametrize(
    "pose",
    [
        CArmPose(111.0, 0.0),
        CArmPose(0.0, -51.0),
        CArmPose(0.0, 0.0, (0.0, 0.0, 1003.0)),
        CArmPose(float("nan"), 0.0),
        CArmPose(0.0, 0.0, (float("inf"), 0.0, 0.0)),
    ],
)
def test_a_pose_beyond_the_limits_stops_everything(interlock, pose):
    armed(interlock)
    decision = interlock.observe(pose, 10.1)
    assert decision is not None and decision.emergency_stop and not decision.armed
    assert "beyond its limits" in decision.reason
    assert interlock.observe(pose, 10.2) is None, "said once"


@pytest.mark.parametrize(
    "pose", [CArmPose(110.4, -50.4), CArmPose(0.0, 0.0, (251.5, -251.5, 1001.0)), CArmPose(-110.0, 50.0)]
)
def test_the_limits_have_a_small_tolerance(interlock, pose):
    armed(interlock)
    assert interlock.observe(pose, 10.1) is None and interlock.armed
