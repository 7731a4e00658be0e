"""Writes docs/nodes.md from the nodes themselves: python -m fluorosam_ros.node_docs docs/nodes.md

Every node is made and activated in this process, with a patient of a few voxels and a predictor that finds nothing, and
asked what it publishes, subscribes, offers and uses. Nothing is written by hand, so nothing can be out of date.
"""

from __future__ import annotations

import importlib
import inspect
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from fluorosam_ros import bringup
from fluorosam_ros.environment import prepare
from fluorosam_ros.nodes.base import AUTOSTART, ManagedNode, NodeParameter
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.patient import centered_affine

_STANDARD = ("/rosout", "/parameter_events", "/clock")
# Every lifecycle node offers these.
_STANDARD_SERVICES = (
    *("/describe_parameters", "/get_parameters", "/get_parameter_types", "/list_parameters", "/set_parameters"),
    *("/set_parameters_atomically", "/change_state", "/get_state", "/get_available_states", "/get_transition_graph"),
    *("/get_available_transitions", "/get_type_description", "/get_logger_levels", "/set_logger_levels"),
)
_HEAD = """# Nodes

Generated from the code by `python -m fluorosam_ros.node_docs docs/nodes.md`; a test keeps it up to date.

Names are relative to the namespace of the C-arm (`fluorosam up --namespace left`, `namespace:=left`), except
`/diagnostics`; `/tf` and `/tf_static` are remapped into the namespace. Every node is a lifecycle node: *configure*
loads, *activate* runs, *deactivate* lets go. Quality of service: *reliable* or *best effort*; *latched* where late
joiners get the last message; *alive within* where DDS itself reports a process that is gone; depths are in
`fluorosam_ros/qos.py`, by what is lost when a message is. Parameters marked *set-up* are read when the node is
configured; the others may be changed live. What is out of range is refused with a reason. With `use_sim_time` stamps,
motion, ages and time limits go by `/clock`; whether a process is alive stays with the machine's own clock.
"""


def _patient() -> Patient:
    shape = (8, 8, 8)
    affine = centered_affine(np.diag([10.0, 10.0, 10.0, 1.0]), shape)
    empty = np.full(shape, -1000, np.int16)
    return Patient("none", empty, np.zeros(shape, np.uint8), ("",), affine, frozenset(), "made for the docs", "")


class _FindsNothing:
    def set_image(self, image: Any) -> None:
        """Takes any image."""

    def predict_many(self, prompts: list[str]) -> list[Any]:
        """No answer."""
        return []


class _Deaf:
    name = "deaf"

    def hear(self, samples: Any) -> Any:
        """Nothing."""
        from fluorosam_ros.speech.recogniser import Heard

        return Heard("", 0.0)


class _NoPage:
    address = "nowhere"

    def close(self) -> None:
        """Nothing to end."""


def _make(name: str, folder: str) -> ManagedNode:
    """An active node of that name whose heavy parts are replaced."""
    module = importlib.import_module(f"fluorosam_ros.nodes.{name}")
    (kind,) = [
        v
        for v in vars(module).values()
        if inspect.isclass(v) and issubclass(v, ManagedNode) and v.__module__ == module.__name__
    ]
    light = {
        "load_patient": lambda self: _patient(),
        "load_predictor": lambda self: _FindsNothing(),
        "load_recognisers": lambda self: (_Deaf(), _Deaf()),
        "open_page": lambda self: _NoPage(),
    }
    made = type(kind.__name__, (kind,), {key: value for key, value in light.items() if hasattr(kind, key)})
    from rclpy.parameter import Parameter

    values: dict[str, Any] = {"autostart": False, "image_size": 64, "folder": folder, "dose_folder": folder}
    values["audio_source"] = "topic"
    values["audit_log"] = os.path.join(folder, "audit.jsonl")
    known = {"autostart", *(p.name for p in kind.PARAMETERS)}
    node: ManagedNode = made(overrides=[Parameter(k, value=v) for k, v in values.items() if k in known])
    for transition in (node.trigger_configure, node.trigger_activate):
        transition()
    if node.failure:
        raise RuntimeError(f"{name}: {node.failure}")
    return node


def _interface(node: ManagedNode) -> list[str]:
    """Tables of topics, services and actions of a node, as the graph tells them."""
    from rclpy.action.graph import get_action_client_names_and_types_by_node as action_clients
    from rclpy.action.graph import get_action_server_names_and_types_by_node as action_servers

    name, space = node.get_name(), node.get_namespace()
    lines: list[str] = []
    topics = (
        ("publishes", node.get_publisher_names_and_types_by_node(name, space), node.get_publishers_info_by_topic),
        ("subscribes", node.get_subscriber_names_and_types_by_node(name, space), node.get_subscriptions_info_by_topic),
    )
    for verb, found, infos in topics:
        rows = []
        for topic, kinds in sorted(found):
            if topic in _STANDARD or "/_action/" in topic or topic == f"/{name}/transition_event":
                continue
            quality = next(_quality(info.qos_profile) for info in infos(topic) if info.node_name == name)
            rows.append(f"| `{_relative(topic)}` | {_kind(kinds)} | {quality} |")
        lines += _table(("topic", "type", "quality of service"), rows, verb)
    calls = (
        ("offers", node.get_service_names_and_types_by_node(name, space), action_servers(node, name, space)),
        ("uses", node.get_client_names_and_types_by_node(name, space), action_clients(node, name, space)),
    )
    for verb, services, actions in calls:
        rows = [
            f"| `{_relative(service)}` | {_kind(kinds)} | service |"
            for service, kinds in sorted(services)
            if "/_action/" not in service and not service.endswith(_STANDARD_SERVICES)
        ]
        rows += [f"| `{_relative(action)}` | {_kind(kinds)} | action |" for action, kinds in sorted(actions)]
        lines += _table(("name", "type", ""), rows, verb)
    return lines


def _relative(name: str) -> str:
    return name if name in ("/diagnostics", "/tf", "/tf_static") else name.lstrip("/")


def _kind(kinds: list[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _quality(profile: Any) -> str:
    reliable = "reliable" if profile.reliability.name == "RELIABLE" else "best effort"
    latched = ", latched" if profile.durability.name == "TRANSIENT_LOCAL" else ""
    lease_ns = profile.liveliness_lease_duration.nanoseconds
    alive = f", alive within {lease_ns / 1e6:.0f} ms" if 0 < lease_ns < 10**12 else ""
    return f"{reliable}{latched}{alive}"


def _table(columns: tuple[str, ...], rows: list[str], title: str) -> list[str]:
    if not rows:
        return []
    return [f"**{title}**", "", f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns), *rows, ""]


def _parameters(parameters: tuple[NodeParameter, ...]) -> list[str]:
    rows = []
    for p in parameters:
        span = f"{p.low} to {p.high}" if p.low is not None and p.high is not None else ", ".join(p.choices)
        rows.append(
            f"| `{p.name}` | {_value(p.default)} | {span} | {'set-up' if p.setup else 'live'} | {p.description} |"
        )
    return _table(("parameter", "default", "range", "when", ""), rows, "parameters")


def _value(value: Any) -> str:
    return "empty" if value == "" else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def render() -> str:
    """The whole page. Makes a ROS context of its own, on a random domain that only this machine sees."""
    os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 101))
    prepare()
    import rclpy

    rclpy.init(args=["--ros-args", "--log-level", "fatal"])
    parts = [_HEAD]
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in bringup.NODES:
                node = _make(name, folder)
                text = inspect.getdoc(sys.modules[f"fluorosam_ros.nodes.{name}"]) or ""
                first, _, rest = text.partition("\n\n")
                parts += [f"## {name}\n", f"{first}\n", *([f"{rest}\n"] if rest else []), *_interface(node)]
                parts += _parameters((AUTOSTART, *type(node).PARAMETERS))
                node.shut_down()
        finally:
            rclpy.try_shutdown()
    rows = [
        f"| `{a.name}` | {_value(a.default)} | {', '.join(f'`{n}.{p}`' for n, p in a.sets) or '–'} | {a.description} |"
        for a in bringup.ARGUMENTS
    ]
    parts += ["## Launch arguments\n", "`ros2 launch fluorosam_ros carm.launch.py name:=value`, besides `namespace`,"]
    parts += ["`params` (a parameter file) and `rviz`.\n"]
    parts += _table(("argument", "default", "sets", ""), rows, "arguments")
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Writes the page to the path that is named."""
    if len(sys.argv) != 2:
        print("usage: python -m fluorosam_ros.node_docs docs/nodes.md", file=sys.stderr)
        sys.exit(2)
    text = render()
    Path(sys.argv[1]).write_text(text)
    print(f"{sys.argv[1]}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
