"""The one table of nodes and arguments.

launch/carm.launch.py reads it on a ROS install; `start` and `up` run the same processes where ros2 launch is missing.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from fluorosam_ros.environment import PARENT_VARIABLE, prepare, share
from fluorosam_sim.carm import CArmPose

PACKAGE = "fluorosam_ros"
START_TIMEOUT_S = 120.0  # the first start compiles the renderer
STOP_TIMEOUT_S = 4.0
_WATCH_S = 0.2

Value = bool | int | float | str | list[float]


class BringupError(RuntimeError):
    """Why the graph is not up, or no longer; one sentence that names the node."""


@dataclass(frozen=True)
class Argument:
    """Something to choose at launch, and the (node, parameter) pairs that it sets.

    yields: at its default it sets nothing, so that a parameter file may.
    """

    name: str
    default: Value
    description: str
    sets: tuple[tuple[str, str], ...]
    yields: bool = False

    def from_text(self, text: str) -> Value:
        """The value of a launch argument; raises ValueError for a text that is none of the default's type."""
        if isinstance(self.default, str):
            return text
        try:
            value = json.loads(text)
            if isinstance(self.default, list):
                return [float(v) for v in value]
            return type(self.default)(value)
        except (ValueError, TypeError):
            raise ValueError(f"{self.name} cannot be {text!r}: {self.description}.") from None


@dataclass(frozen=True)
class NodeEntry:
    """A node to run: the executable for ROS, the module for Python, its name and parameters."""

    executable: str
    parameters: dict[str, Value] = field(default_factory=dict)
    module: str = ""
    namespace: str = ""

    @property
    def remappings(self) -> list[tuple[str, str]]:
        """Topics whose names are absolute although every C-arm has its own."""
        return [("/tf", "tf"), ("/tf_static", "tf_static")] if self.namespace else []

    @property
    def name(self) -> str:
        """Name of the node in the graph."""
        return self.executable

    @property
    def command(self) -> list[str]:
        """How to start it without ros2 launch."""
        arguments = ["--ros-args", "--params-file", str(share("config", "carm.yaml"))]
        for key, value in self.parameters.items():
            arguments += ["-p", f"{key}:={_yaml(value)}"]
        if self.namespace:
            arguments += ["-r", f"__ns:={self.namespace}"]
        for name, other in self.remappings:
            arguments += ["-r", f"{name}:={other}"]
        return [sys.executable, "-m", self.module or f"{PACKAGE}.nodes.{self.executable}", *arguments]


NODES = ("interlock", "twin", "segmenter", "guidance", "recorder", "microphone", "console")
# Nodes that run only when an argument says so.
OPTIONAL = {"recorder": "record", "microphone": "voice", "console": "console"}
ARGUMENTS = (
    Argument("patient", "chest", "a packaged patient's name, or the path of a NIfTI CT", (("twin", "patient"),)),
    Argument(
        "device",
        "standard",
        "geometry and limits of the C-arm",
        (("twin", "device"), ("interlock", "device"), ("guidance", "device")),
    ),
    Argument("fluoro_hz", 0.0, "live images a second while armed; 0: single shots only", (("twin", "fluoro_hz"),)),
    Argument("image_size", 0, "pixels along each side of the image; 0: the device's own", (("twin", "image_size"),)),
    Argument(
        "breathing", "none", "of the patient, whose heart beats, too: none, free or held", (("twin", "breathing"),)
    ),
    Argument("breaths_per_minute", 15.0, "how often it breathes", (("twin", "breaths_per_minute"),)),
    Argument("heart_rate", 70.0, "how often a minute its heart beats", (("twin", "heart_rate"),)),
    Argument("quality", "full", "of the twin's images: full, or preview for more of them", (("twin", "quality"),)),
    Argument("seed", 0, "seed of the detector's noise", (("twin", "seed"),)),
    Argument(
        "start_pose",
        [0.0, 0.0, 0.0, 0.0, 0.0],
        "primary and secondary angle in radians, isocentre x, y, z in metres",
        (("twin", "start_pose"),),
    ),
    Argument(
        "model",
        "lite",
        "a shipped model's name, or the path of an exported one",
        (("segmenter", "model"), ("recorder", "model")),
    ),
    Argument(
        "backend",
        "onnxruntime",
        "inference library of the segmenter",
        (("segmenter", "backend"), ("recorder", "backend")),
    ),
    Argument(
        "threads",
        0,
        "threads of the inference library; 0 leaves it to the library",
        (("segmenter", "threads"), ("recorder", "threads")),
    ),
    Argument("audit_log", "", "the interlock's log; empty: in the user's state folder", (("interlock", "audit_log"),)),
    Argument("dose_folder", "", "where dose reports go; empty: the user's state folder", (("twin", "dose_folder"),)),
    Argument("record", False, "also record everything into an MCAP file", ()),
    Argument("record_folder", "", "where recordings go; empty: the user's state folder", (("recorder", "folder"),)),
    Argument("voice", False, "also listen, and take what is said for prompts", ()),
    Argument(
        "audio_source", "device", "where the voice comes from: device, wav or topic", (("microphone", "audio_source"),)
    ),
    Argument("wav_file", "", "the file that is listened to, if audio_source is wav", (("microphone", "wav_file"),)),
    Argument("push_to_talk", False, "listen only while fluorosam/talk is true", (("microphone", "push_to_talk"),)),
    Argument("console", False, "also serve the operator's page", ()),
    Argument("host", "127.0.0.1", "address to serve the operator's page on", (("console", "host"),)),
    Argument("port", 8080, "port to serve the operator's page on; 0: any that is free", (("console", "port"),)),
    Argument(
        "operator_timeout_s",
        0.0,
        "silence of the operator's page or pedal that disarms; 0: no heartbeat of it is needed",
        (("interlock", "operator_timeout_s"),),
        yields=True,  # a site that demands the heartbeat in its parameter file must keep it
    ),
    Argument("use_sim_time", False, "stamps and motion go by /clock", tuple((n, "use_sim_time") for n in NODES)),
)


def table(values: Mapping[str, Value] | None = None, namespace: str = "") -> tuple[NodeEntry, ...]:
    """The nodes with their parameters for some arguments, the others at their defaults. ValueError for unknown ones.

    namespace: keeps the topics of one C-arm apart from those of another in the same graph, tf included.
    """
    chosen = {argument.name: argument.default for argument in ARGUMENTS}
    for name, value in (values or {}).items():
        if name not in chosen:
            raise ValueError(f"There is no launch argument {name!r}; there are {', '.join(chosen)}.")
        chosen[name] = value
    parameters: dict[str, dict[str, Value]] = {name: {} for name in NODES}
    for argument in ARGUMENTS:
        if argument.yields and chosen[argument.name] == argument.default:
            continue
        for node, parameter in argument.sets:
            parameters[node][parameter] = chosen[argument.name]
    wanted = [name for name in NODES if name not in OPTIONAL or chosen[OPTIONAL[name]]]
    return tuple(NodeEntry(name, parameters[name], namespace=check_namespace(namespace)) for name in wanted)


def check_namespace(namespace: str) -> str:
    """A namespace with its leading slash, "" for none; raises ValueError for what ROS does not take."""
    name = namespace.strip("/")
    if name and not re.fullmatch(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", name, re.ASCII):
        raise ValueError(f"The namespace {namespace!r} is not made of letters, digits, _ and /, a letter first.")
    return f"/{name}" if name else ""


def start_pose(pose: CArmPose) -> list[float]:
    """A pose as the value of the argument of that name."""
    angles = [math.radians(pose.primary_deg), math.radians(pose.secondary_deg)]
    return [*angles, *(float(v) / 1000.0 for v in pose.isocenter_mm)]


def _yaml(value: Value) -> str:
    """A parameter for the command line; fixed-point, as ROS's parser takes 1e-05 for a text."""
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(v) for v in value) + "]"
    return f"{value:.9f}" if isinstance(value, float) else json.dumps(value)


class _Child:
    """A node's process; its output is read all the time, and its last lines are kept."""

    def __init__(self, entry: NodeEntry, environment: dict[str, str], echo: Callable[[str], None] | None) -> None:
        self.name, self.namespace = entry.name, entry.namespace
        self._tail: deque[str] = deque(maxlen=20)
        self._echo = echo
        # In a session of its own, so that Ctrl-C reaches only us, and we end the nodes in order.
        self.process = subprocess.Popen(
            entry.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {self.name}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._tail.append(line.rstrip())
            if self._echo:
                self._echo(f"[{self.name}] {line.rstrip()}")

    @property
    def obituary(self) -> str | None:
        """How the process ended, with its last line; None while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        self._reader.join(timeout=1.0)
        said = next((line for line in reversed(self._tail) if line.strip()), "it said nothing")
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"The node {self.name} {how}: {said}"

    def close(self) -> None:
        """Reaps the process and its pipe."""
        self._reader.join(timeout=1.0)
        if self.process.stdout:
            self.process.stdout.close()


class Graph:
    """Running nodes; use as a context manager. All of them are ended on leaving, whatever happens."""

    def __init__(self, entries: Sequence[NodeEntry], echo: Callable[[str], None] | None = None) -> None:
        environment = prepare(dict(os.environ))
        environment[PARENT_VARIABLE] = str(os.getpid())
        self._children: list[_Child] = []
        try:
            for entry in entries:
                self._children.append(_Child(entry, environment, echo))
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def processes(self) -> dict[str, int]:
        """Process number of every node by name."""
        return {child.name: child.process.pid for child in self._children}

    def check(self) -> None:
        """Raises BringupError when a node has ended."""
        for child in self._children:
            if child.obituary:
                raise BringupError(child.obituary)

    def wait_until_active(self, timeout_s: float = START_TIMEOUT_S, ended: Callable[[], bool] = lambda: False) -> None:
        """Until every node's lifecycle state is active (or `ended` says so); BringupError names one that is not."""
        with _Watcher([f"{child.namespace}/{child.name}" for child in self._children]) as watcher:
            end = time.monotonic() + timeout_s
            while (missing := watcher.inactive()) and not ended():
                self.check()
                if time.monotonic() > end:
                    raise BringupError(f"The node {missing[0]} is not active after {timeout_s:.0f} s.")

    def stop(self) -> None:
        """Ends all nodes: asks first, kills what does not go."""
        running = [child for child in self._children if child.process.poll() is None]
        for child in running:
            child.process.terminate()
        end = time.monotonic() + STOP_TIMEOUT_S
        for child in running:
            try:
                child.process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        for child in self._children:
            child.close()


class _Watcher:
    """Asks nodes for their lifecycle states, in a ROS context of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        import rclpy
        from lifecycle_msgs.srv import GetState
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions

        prepare()
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(f"bringup_{os.getpid()}", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._request = GetState.Request()
        self._clients: dict[str, Any] = {
            name: self._node.create_client(GetState, f"{name}/get_state") for name in names
        }

    def inactive(self) -> list[str]:
        """Names of the nodes that are not active; asks each once more, waiting for the answers for a short while."""
        from lifecycle_msgs.msg import State

        calls = {name: c.call_async(self._request) for name, c in self._clients.items() if c.service_is_ready()}
        end = time.monotonic() + 0.2
        while time.monotonic() < end and (not calls or not all(call.done() for call in calls.values())):
            self._executor.spin_once(timeout_sec=0.05)
        for name, call in calls.items():
            answer = call.result()
            if answer is not None and answer.current_state.id == State.PRIMARY_STATE_ACTIVE:
                del self._clients[name]
        return list(self._clients)

    def __enter__(self) -> _Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()


def start(
    *,
    pose: CArmPose | None = None,
    entries: Sequence[NodeEntry] | None = None,
    timeout_s: float = START_TIMEOUT_S,
    echo: Callable[[str], None] | None = None,
    namespace: str = "",
    **arguments: Value,
) -> Graph:
    """Starts the graph and returns when all nodes are active; leave the returned context to end it.

    pose: where the C-arm stands at set-up. entries: other nodes than the table's. echo: called with every line that a
    node prints. namespace: of all nodes, for a second C-arm in the graph. arguments: those of ARGUMENTS. Raises
    BringupError, and leaves nothing running, when a node does not come up.
    """
    if pose is not None:
        arguments["start_pose"] = start_pose(pose)
    prepare()
    graph = Graph(table(arguments, namespace) if entries is None else entries, echo)
    try:
        graph.wait_until_active(timeout_s)
    except BaseException:
        graph.stop()
        raise
    return graph


def up(
    *,
    rviz: bool = False,
    ready: Callable[[Graph], None] = lambda graph: None,
    echo: Callable[[str], None] | None = print,
    timeout_s: float = START_TIMEOUT_S,
    namespace: str = "",
    **arguments: Value,
) -> int:
    """Runs the graph in the foreground until SIGINT or SIGTERM (returns 0) or until a node ends (returns 1).

    ready: called once all nodes are active. Nothing is restarted silently: the node that ended is named.
    """
    # A list, not an Event: a handler that sets an Event while this very thread waits on it would lock itself out.
    signals: list[int] = []
    before = {n: signal.signal(n, lambda number, _: signals.append(number)) for n in (signal.SIGINT, signal.SIGTERM)}
    viewer: subprocess.Popen[bytes] | None = None
    try:
        with Graph(table(arguments, namespace), echo) as graph:
            try:
                graph.wait_until_active(timeout_s, lambda: bool(signals))
                if not signals:
                    ready(graph)
                    viewer = _rviz() if rviz else None
                while not signals:
                    graph.check()
                    time.sleep(_WATCH_S)
            except BringupError as error:
                print(f"error: {error}", file=sys.stderr, flush=True)
                return 1
        return 0
    finally:
        if viewer:
            viewer.terminate()
            viewer.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _rviz() -> subprocess.Popen[bytes]:
    program = shutil.which("rviz2")
    if program is None:
        raise BringupError("RViz is not installed: it comes with a ROS 2 desktop install.")
    return subprocess.Popen([program, "-d", str(share("config", "carm.rviz"))], env=prepare(dict(os.environ)))
