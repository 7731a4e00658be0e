"""Permission counts only while it is fresh, and only that of one interlock."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

from fluorosam_ros.msg import InterlockState
from fluorosam_ros.permission import Permission, hears_interlock


def state(seconds, armed=True, emergency_stop=False, exposure=True):
    message = InterlockState(armed=armed, emergency_stop=emergency_stop, reason="Because.")
    message.exposure_permitted, message.exposure_reason = exposure, "" if exposure else "Spent."
    message.header.stamp.sec, message.header.stamp.nanosec = int(seconds), round(seconds % 1 * 1e9)
    return message


def heard(*states, sender=b"a"):
    """A device that has heard an interlock start, and then these states, each when it was stamped."""
    permission = Permission()
    for message in (state(99.9, armed=False), *states):
        permission.hear(message, message.header.stamp.sec + message.header.stamp.nanosec * 1e-9, sender)
    return permission


def test_nothing_is_permitted_before_an_interlock_was_heard():
    assert "No interlock" in Permission().refusal(5.0)
    assert "No interlock" in Permission().exposure_refusal(5.0)


def test_only_a_fresh_armed_state_permits():
    assert heard(state(100.0)).refusal(100.15) is None
    assert "silent" in heard(state(100.0)).refusal(100.25)
    assert heard(state(100.0)).armed and not heard(state(100.0, armed=False)).armed
    assert "silent" in heard(state(101.0)).refusal(100.0), "a stamp from the future is no better"
    assert "Not armed: Because." in heard(state(100.0, armed=False)).refusal(100.1)
    assert "Emergency stop: Because." in heard(state(100.0, emergency_stop=True)).refusal(100.1)


def test_faults_tell_whether_an_interlock_is_heard():
    silent, disarmed = heard(state(100.0)), heard(state(100.0, armed=False))
    for refusal in (Permission().refusal(5.0), silent.refusal(100.25)):
        assert not hears_interlock([refusal, "Overheated."])
    assert hears_interlock([disarmed.refusal(100.1)]) and hears_interlock(["Overheated."]) and hears_interlock([])


def test_exposure_needs_more_than_motion():
    assert heard(state(100.0)).exposure_refusal(100.1) is None
    spent = heard(state(100.0, exposure=False))
    assert spent.refusal(100.1) is None and spent.exposure_refusal(100.1) == "Spent."
    assert "Not armed" in heard(state(100.0, armed=False)).exposure_refusal(100.1)


def test_a_late_old_state_does_not_bring_the_permission_back():
    permission = heard(state(100.1, armed=False))
    permission.hear(state(100.0), 100.11, b"a")
    assert "Not armed" in permission.refusal(100.15)


def test_a_recorded_state_is_no_permission():
    permission = heard(state(100.0))
    permission.hear(state(100.0), 107.0, b"a")
    assert "silent" in permission.refusal(107.0)


def test_a_state_from_the_future_does_not_lock_out_the_present():
    permission = heard(state(100.0))
    permission.hear(state(500.0), 100.05, b"a")
    permission.hear(state(100.1, armed=False), 100.1, b"a")
    assert "Not armed" in permission.refusal(100.15)


def test_another_interlock_is_not_believed():
    permission = heard(state(100.0, armed=False))
    permission.hear(state(100.05), 100.05, b"forged")
    assert "Not armed" in permission.refusal(100.1)
    assert permission.others == 1


def test_whoever_takes_the_place_of_a_dead_interlock_must_begin_disarmed():
    permission = heard(state(100.0))
    for seconds in (100.5, 100.55, 100.6):
        permission.hear(state(seconds), seconds, b"forged")
    assert "armed when the C-arm first heard it" in permission.refusal(100.65)
    permission.hear(state(100.7, armed=False), 100.7, b"forged")
    permission.hear(state(100.75), 100.75, b"forged")
    assert permission.refusal(100.8) is None, "a restarted interlock works again"
