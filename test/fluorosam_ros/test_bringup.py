"""One table for ros2 launch and for `fluorosam up`."""

import re
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

from fluorosam_ros import bringup
from fluorosam_ros.environment import prepare, share
from fluorosam_sim.carm import CArmPose

ROOT = Path(__file__).resolve().parents[2]


def declared(executable):
    """Names of the parameters that a node declares."""
    module = __import__(f"fluorosam_ros.nodes.{executable}", fromlist=["main"])
    (kind,) = [
        v
        for v in vars(module).values()
        if isinstance(v, type) and v.__module__ == module.__name__ and hasattr(v, "PARAMETERS")
    ]
    return {p.name: p for p in kind.PARAMETERS}


def test_every_argument_sets_parameters_that_exist_with_the_same_default_and_type():
    for argument in bringup.ARGUMENTS:
        assert argument.sets or argument.name in bringup.OPTIONAL.values()
        if argument.name == "use_sim_time":  # rclpy's own
            assert argument.default is False and {node for node, _ in argument.sets} == set(bringup.NODES)
            continue
        for node, parameter in argument.sets:
            default = declared(node)[parameter].default
            assert (default, type(default)) == (argument.default, type(argument.default))


def test_every_node_has_an_executable_in_the_ros_package():
    text = (ROOT / "CMakeLists.txt").read_text()
    listed = re.search(r"foreach\(node ([a-z ]+)\)", text).group(1).split()
    everything = bringup.table(dict.fromkeys(bringup.OPTIONAL.values(), True))
    assert set(listed) == {entry.executable for entry in everything} == set(bringup.NODES)


def test_the_recorder_runs_only_when_asked_for():
    assert "recorder" not in [e.name for e in bringup.table()]
    (recorder,) = [e for e in bringup.table({"record": True, "record_folder": "/r"}) if e.name == "recorder"]
    assert recorder.parameters["folder"] == "/r"


def test_the_microphone_listens_only_when_asked_to():
    assert "microphone" not in [e.name for e in bringup.table()]
    (microphone,) = [e for e in bringup.table({"voice": True, "push_to_talk": True}) if e.name == "microphone"]
    assert microphone.parameters["push_to_talk"] is True and microphone.parameters["audio_source"] == "device"


def test_the_operators_page_is_served_only_when_asked_for_and_its_heartbeat_demanded_only_then():
    everyday = {e.name: e for e in bringup.table()}
    assert "console" not in everyday
    assert "operator_timeout_s" not in everyday["interlock"].parameters, "a parameter file may demand it"
    asked = {e.name: e for e in bringup.table({"console": True, "port": 8081, "operator_timeout_s": 2.0})}
    assert asked["console"].parameters["port"] == 8081 and asked["console"].parameters["host"] == "127.0.0.1"
    assert asked["interlock"].parameters["operator_timeout_s"] == 2.0


def test_a_namespace_keeps_two_c_arms_apart():
    for entry in bringup.table(namespace="left/"):
        assert "__ns:=/left" in entry.command and "/tf:=tf" in entry.command
    assert not any("__ns" in part for entry in bringup.table() for part in entry.command)
    for wrong in ("2nd", "a b", "a//b", "ä"):
        with pytest.raises(ValueError, match="namespace"):
            bringup.table(namespace=wrong)


def test_table_takes_arguments_and_refuses_unknown_ones():
    entries = {e.name: e for e in bringup.table({"device": "mobile30", "fluoro_hz": 5.0})}
    assert entries["twin"].parameters["device"] == entries["guidance"].parameters["device"] == "mobile30"
    assert entries["twin"].parameters["fluoro_hz"] == 5.0
    with pytest.raises(ValueError, match="no launch argument 'patiant'"):
        bringup.table({"patiant": "chest"})


def test_parameters_reach_the_command_line_with_their_types():
    pose = bringup.start_pose(CArmPose(0.0, 0.001, (1.0, 0.0, 45.0)))
    (twin,) = [e for e in bringup.table({"patient": "7", "start_pose": pose}) if e.name == "twin"]
    assert 'patient:="7"' in twin.command, "a text that looks like a number stays a text"
    (value,) = [a.split(":=")[1] for a in twin.command if a.startswith("start_pose")]
    assert "e-" not in value and len(value.split(",")) == 5


def test_arguments_from_text():
    arguments = {a.name: a for a in bringup.ARGUMENTS}
    assert arguments["fluoro_hz"].from_text("5") == 5.0 and isinstance(arguments["fluoro_hz"].from_text("5"), float)
    assert arguments["image_size"].from_text("256") == 256
    assert arguments["patient"].from_text("7") == "7"
    assert arguments["start_pose"].from_text("[0, 0, 0, 0, 0.1]") == [0.0, 0.0, 0.0, 0.0, 0.1]
    for name, text in (("fluoro_hz", "fast"), ("image_size", "[1]"), ("start_pose", "3")):
        with pytest.raises(ValueError, match=name):
            arguments[name].from_text(text)


def test_environment_keeps_what_is_set():
    env = prepare({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "AMENT_PREFIX_PATH": "/opt/ros/x"})
    assert env["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    assert env["AMENT_PREFIX_PATH"].startswith("/opt/ros/x")
    assert Path(env["FASTDDS_DEFAULT_PROFILES_FILE"]).is_file()
    assert prepare({})["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


def test_rviz_shows_topics_and_frames_that_exist():
    text = share("config", "carm.rviz").read_text()
    sources = "".join(p.read_text() for p in (ROOT / "fluorosam_ros" / "nodes").glob("*.py"))
    for topic in re.findall(r"Value: /(\S+)", text):
        assert f'"{topic}"' in sources, topic


def test_launch_file_makes_the_nodes_of_the_table():
    pytest.importorskip("launch.actions", reason="launch is not installed: it comes with a ROS 2 install")
    pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with a ROS 2 install")
    from launch.launch_description_sources import get_launch_description_from_python_launch_file
    from launch_ros.actions import LifecycleNode

    import launch

    description = get_launch_description_from_python_launch_file(str(share("launch", "carm.launch.py")))
    names = {a.name for a in description.get_launch_arguments()}
    assert names == {a.name for a in bringup.ARGUMENTS} | {"params", "namespace", "rviz"}
    context = launch.LaunchContext()
    for name, argument in ((a.name, a) for a in description.get_launch_arguments()):
        context.launch_configurations[name] = "".join(part.perform(context) for part in argument.default_value or ())
    (made,) = [e.execute(context) for e in description.entities if isinstance(e, launch.actions.OpaqueFunction)]
    assert all(isinstance(node, LifecycleNode) for node in made)
    assert [node.node_executable for node in made] == list(bringup.NODES)
