"""Two C-arms in one graph, each in its namespace, one of them on simulated time."""

import time
from dataclasses import replace

import pytest
from conftest import Probe, _phantom_path

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    from fluorosam_ros import bringup

    folder = str(tmp_path_factory.mktemp("two"))
    entries = []
    for side, simulated in (("left", True), ("right", False)):
        values = {"use_sim_time": simulated, "image_size": 128, "dose_folder": folder}
        values["audit_log"] = f"{folder}/{side}.jsonl"
        table = bringup.table(values, namespace=side)
        entries += [replace(e, module="phantom_twin" if e.name == "twin" else "") for e in table[:2]]
    assert [e.name for e in entries] == ["interlock", "twin"] * 2
    with pytest.MonkeyPatch.context() as monkeypatch:
        _phantom_path(monkeypatch)
        with bringup.start(entries=entries) as running:
            yield running


@pytest.fixture(scope="module")
def probe(graph):
    probe = Probe()
    yield probe
    probe.close()


class Clock:
    """Simulated time: goes on by as much as it is told."""

    def __init__(self, probe):
        from rosgraph_msgs.msg import Clock as Message

        self._message = Message()
        self._publisher = probe.node.create_publisher(Message, "/clock", 10)
        self._message.clock.sec = 1000

    def go(self, seconds, condition=lambda: False):
        """In steps of 20 ms, in real time, until a condition holds."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            self._message.clock.nanosec += 20_000_000
            if self._message.clock.nanosec >= 10**9:
                self._message.clock.sec += 1
                self._message.clock.nanosec -= 10**9
            self._publisher.publish(self._message)
            time.sleep(0.02)


def test_each_has_its_own_permission_and_its_own_clock(probe):
    from rclpy.action import ActionClient
    from std_srvs.srv import Trigger
    from tf2_msgs.msg import TFMessage

    from fluorosam_ros import qos
    from fluorosam_ros.action import MoveCArm
    from fluorosam_ros.msg import CArmState

    left = probe.listen(CArmState, "/left/carm/state", qos.STATE)
    right = probe.listen(CArmState, "/right/carm/state", qos.STATE)
    transforms = probe.listen(TFMessage, "/left/tf", 10)
    probe.until(lambda: right, what="the right C-arm")
    clock = Clock(probe)
    clock.go(20.0, lambda: len(left) > 5 and transforms)
    assert left[-1].header.stamp.sec < 2000 < right[-1].header.stamp.sec

    client = probe.node.create_client(Trigger, "/left/interlock/arm")
    assert client.wait_for_service(timeout_sec=10.0)

    def armed():
        client.call_async(Trigger.Request())
        clock.go(0.4)
        return left[-1].armed

    probe.until(armed, what="the left C-arm to be armed")
    assert not right[-1].armed

    mover = ActionClient(probe.node, MoveCArm, "/left/carm/move")
    assert mover.wait_for_server(timeout_sec=10.0)

    def moving():
        probe.until(armed, what="the left C-arm to be armed")
        mover.send_goal_async(MoveCArm.Goal(primary_angle=1.0))
        clock.go(2.0, lambda: left[-1].moving)
        return left[-1].moving

    probe.until(moving, what="motion")
    time.sleep(0.3)  # what is under way arrives
    count, pose = len(left), left[-1].primary_angle
    time.sleep(0.5)  # time stands still, and so does the C-arm
    assert len(left) <= count + 1 and left[-1].primary_angle == pose
    clock.go(5.0, lambda: left[-1].primary_angle > pose)
    assert left[-1].primary_angle > pose and right[-1].primary_angle == 0.0
    mover.destroy()
