"""The recorder: writes everything that the graph says into one MCAP file.

Subscribes every topic under carm/, fluorosam/, interlock/ and operator/ of its own namespace, and tf and the robot's
description, as soon as they appear, with the quality of service that their publishers offer. It publishes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from fluorosam_ros.environment import state_folder
from fluorosam_ros.nodes.base import ERROR, OK, ManagedNode, NodeParameter, SetupError, run_node
from fluorosam_ros.recording import RecordingError, RecordingWriter, message_type

_RECORDED = ("carm/", "fluorosam/", "interlock/", "operator/")
_ALSO = ("robot_description", "tf", "tf_static")
_LOOK_S = 0.2
_DEPTH = 100


class RecorderNode(ManagedNode):
    """ROS around fluorosam_ros.recording."""

    PARAMETERS = (
        NodeParameter("folder", "", "where recordings go; empty: the user's state folder", setup=True),
        NodeParameter("model", "lite", "the segmenter's model, noted for the replay", setup=True),
        NodeParameter("backend", "onnxruntime", "the segmenter's library, noted for the replay", setup=True),
        NodeParameter("threads", 0, "the segmenter's threads, noted for the replay", 0, 64, setup=True),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("recorder", **kwargs)
        self._writer: RecordingWriter | None = None
        self._topics: set[str] = set()
        self._trouble = ""

    def start(self) -> None:
        folder = Path(self.value("folder") or state_folder() / "recordings").expanduser()
        now = datetime.now(timezone.utc)
        path = folder / f"{now:%Y%m%dT%H%M%S}_{now.microsecond // 1000:03d}Z.mcap"
        metadata = {name: str(self.value(name)) for name in ("model", "backend", "threads")}
        try:
            self._writer = RecordingWriter(path, metadata)
        except (OSError, RecordingError) as error:
            raise SetupError(f"The recording {path} cannot be begun: {error}") from error
        self._topics, self._trouble = set(), ""
        self.keep(self.create_timer(_LOOK_S, self._look, clock=self.steady_clock))
        self._look()
        self.get_logger().info(f"recording to {path}")

    def stop(self) -> None:
        if self._writer:
            self._writer.close()
            self.get_logger().info(f"{self._writer.messages} messages in {self._writer.path}")
        self._writer = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        if self._writer is None:
            return ERROR, self._trouble or "not recording", {}
        values = {"file": str(self._writer.path), "messages": str(self._writer.messages)}
        return (ERROR, self._trouble, values) if self._trouble else (OK, "recording", values)

    def _look(self) -> None:
        """Subscribes topics that are new in the graph."""
        own = self.get_namespace().rstrip("/") + "/"
        for topic, kinds in self.get_topic_names_and_types():
            if topic in self._topics or "/_action/" in topic or len(kinds) != 1:
                continue
            wanted = topic.startswith(tuple(own + prefix for prefix in _RECORDED))
            if wanted or topic in [f"{base}{name}" for name in _ALSO for base in ("/", own)]:
                self._subscribe(topic, kinds[0])

    def _subscribe(self, topic: str, kind: str) -> None:
        offered = [info.qos_profile for info in self.get_publishers_info_by_topic(topic)]
        if not offered or self._writer is None:
            return  # nobody publishes it yet
        self._topics.add(topic)
        reliable = all(qos.reliability == ReliabilityPolicy.RELIABLE for qos in offered)
        latched = all(qos.durability == DurabilityPolicy.TRANSIENT_LOCAL for qos in offered)
        profile = QoSProfile(
            depth=_DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )
        try:
            self._writer.add_topic(topic, kind)
            kept = self._keeper(topic)
            self.keep(self.create_subscription(message_type(kind), topic, kept, profile, raw=True))
        except RecordingError as error:
            self._trouble = f"{topic} is not recorded: {error}"
            self.get_logger().warning(self._trouble)

    def _keeper(self, topic: str) -> Callable[[bytes, Any], None]:
        def keep(data: bytes, info: Any) -> None:
            if self._writer is None:
                return
            now = self.get_clock().now().nanoseconds
            try:
                self._writer.add(topic, bytes(data), now, int(info.get("source_timestamp", now)))
            except OSError as error:
                self._trouble = f"The recording ended: {error}"
                self.get_logger().error(self._trouble)
                self._writer = None

        return keep


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(RecorderNode, args)


if __name__ == "__main__":
    main()
