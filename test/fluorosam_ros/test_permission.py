"""Permission counts only while it is fresh."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

from fluorosam_ros.msg import InterlockState
from fluorosam_ros.permission import Permission


def state(seconds, armed=True, emergency_stop=False):
    message = InterlockState(armed=armed, emergency_stop=emergency_stop, reason="Because.")
    message.header.stamp.sec, message.header.stamp.nanosec = int(seconds), round(seconds % 1 * 1e9)
    return message


def heard(*states):
    permission = Permission()
    for message in states:
        permission.hear(message)
    return permission


def test_nothing_is_permitted_before_an_interlock_was_heard():
    assert "No interlock" in Permission().refusal(5.0)


def test_only_a_fresh_armed_state_permits():
    assert heard(state(100.0)).refusal(100.15) is None
    assert "silent" in heard(state(100.0)).refusal(100.25)
    assert "silent" in heard(state(101.0)).refusal(100.0), "a stamp from the future is no better"
    assert "Not armed: Because." in heard(state(100.0, armed=False)).refusal(100.1)
    assert "Emergency stop: Because." in heard(state(100.0, emergency_stop=True)).refusal(100.1)


def test_a_late_old_state_does_not_bring_the_permission_back():
    permission = heard(state(100.1, armed=False), state(100.0, armed=True))
    assert "Not armed" in permission.refusal(100.15)
