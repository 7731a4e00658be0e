"""Nodes as lifecycle nodes, and what becomes of a graph when one of them goes."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


def change(probe, node, transition):
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState

    request = ChangeState.Request(
        transition=Transition(label=transition, id=getattr(Transition, f"TRANSITION_{transition.upper()}"))
    )
    return probe.call(ChangeState, f"/{node}/change_state", request).success


def test_segmenter_rests_and_comes_back(probe):
    probe.arm()
    assert probe.ask("take a shot").kind == 1
    assert change(probe, "segmenter", "deactivate")
    reply = probe.ask("left kidney")
    assert reply.kind == reply.FAILED and "fluorosam/segment" in reply.text
    assert change(probe, "segmenter", "activate")
    assert probe.ask("take a shot").kind == 1
    assert probe.ask("left kidney").kind == reply.DONE


def test_twin_can_be_set_up_anew(probe):
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    for transition in ("deactivate", "cleanup"):
        assert change(probe, "twin", transition)
    request = SetParameters.Request(parameters=[Parameter("image_size", value=128).to_parameter_msg()])
    assert probe.call(SetParameters, "/twin/set_parameters", request).results[0].successful
    for transition in ("configure", "activate"):
        assert change(probe, "twin", transition)
    probe.arm()
    assert probe.ask("take a shot").kind == 1


def test_deactivated_interlock_disarms(probe):
    probe.arm()
    assert change(probe, "interlock", "deactivate")
    probe.until(lambda: not probe.states[-1].armed, what="the C-arm to be disarmed")
    assert change(probe, "interlock", "activate")
    assert not probe.state().armed
    probe.arm()


def test_a_killed_interlock_leaves_the_arm_still_and_is_named(probe, graph):
    from fluorosam_ros.bringup import BringupError

    probe.arm()
    probe.say("rotate to LAO 60")
    probe.until(lambda: probe.states[-1].moving, what="motion")
    os.kill(graph.processes["interlock"], signal.SIGKILL)
    start = time.monotonic()
    probe.until(lambda: not probe.states[-1].moving, 5.0, "rest")
    assert time.monotonic() - start < 4.5  # it slows down; the states that say so come late on a busy machine
    with pytest.raises(BringupError, match="interlock was ended by signal 9"):
        graph.check()
    reply = probe.ask("take a shot")
    assert reply.kind in (reply.REFUSED, reply.FAILED)


def test_a_node_that_cannot_start_is_named_with_its_reason(monkeypatch, tmp_path):
    from fluorosam_ros import bringup

    monkeypatch.setenv("ROS_DOMAIN_ID", "0" if os.environ["ROS_DOMAIN_ID"] != "0" else "1")
    entries = [e for e in bringup.table({"patient": "/no/such/ct.nii.gz"}) if e.name == "twin"]
    with pytest.raises(bringup.BringupError, match=r"The node twin ended with status 1: .*no patient"):
        bringup.start(entries=entries)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-p", "fluoro_hz:=fast"], "fluoro_hz"),
        (["-p", "fluoro_hz:=99.0"], "fluoro_hz"),
        (["-p", "device:=x-wing"], "device must be one of"),
        (["-p", "start_pose:=[9.0, 0.0, 0.0, 0.0, 0.0]"], "primary angle"),
    ],
)
def test_wrong_parameters_at_start_end_in_one_line(arguments, reason, tmp_path, phantom_path):
    done = subprocess.run(
        [sys.executable, "-m", "phantom_twin", "--ros-args", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert reason in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_an_unwritable_audit_log_keeps_the_interlock_from_starting():
    command = [
        sys.executable,
        "-m",
        "fluorosam_ros.nodes.interlock",
        "--ros-args",
        "-p",
        "audit_log:=/proc/no/log.jsonl",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "audit log" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_ends_all_nodes_on_a_signal(number, tmp_path):
    """`up` in a process of its own, without the twin and the segmenter, which take seconds to load."""
    program = (
        "import sys\nfrom fluorosam_ros import bringup\n"
        "bringup.NODES = ('interlock', 'guidance')\n"
        "bringup.ARGUMENTS = tuple(a for a in bringup.ARGUMENTS if a.name == 'audit_log')\n"
        "ready = lambda graph: print('ready', *graph.processes.values(), flush=True)\n"
        f"sys.exit(bringup.up(ready=ready, echo=None, audit_log={str(tmp_path / 'a.jsonl')!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        _, *numbers = process.stdout.readline().split()
        assert len(numbers) == 2
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()
    for child in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)


def test_nodes_do_not_outlive_whoever_started_them(tmp_path):
    program = (
        "import time\nfrom fluorosam_ros import bringup\n"
        f"entries = [bringup.NodeEntry('interlock', {{'audit_log': {str(tmp_path / 'a.jsonl')!r}}})]\n"
        "graph = bringup.start(entries=entries)\nprint(*graph.processes.values(), flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    child = int(process.stdout.readline())
    process.kill()
    process.communicate()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the interlock outlived its parent")
