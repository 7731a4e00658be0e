"""An operator's side of the graph: publishes prompts, waits for replies, keeps the newest images and states."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from fluorosam_ros import qos
from fluorosam_ros.convert import image_to_array, pose_from_message, stamp_ns
from fluorosam_ros.msg import CArmState, InterlockState, Reply, Segmentation
from fluorosam_sim.carm import CArmPose


class NoAnswer(RuntimeError):
    """The graph did not answer in time; the message says what was waited for."""


@dataclass(frozen=True)
class Answer:
    """The final reply to a prompt and the seconds it took."""

    kind: int
    text: str
    seconds: float


class Operator:
    """Use as a context manager; all waits have a time limit and raise NoAnswer."""

    def __init__(self, namespace: str = "") -> None:
        rclpy.init()
        self._node = rclpy.create_node("operator", namespace=namespace or None)
        self._changed = threading.Condition()
        self._replies: list[Reply] = []
        self.state: CArmState | None = None
        self.interlock: InterlockState | None = None
        self.frame: Image | None = None
        self.overlay: Image | None = None
        self.segmentation: Segmentation | None = None
        self._prompt = self._node.create_publisher(String, "fluorosam/prompt", qos.EVENTS)
        self._node.create_subscription(Reply, "fluorosam/reply", self._on_reply, qos.EVENTS)
        for kind, topic, name, profile in (
            (CArmState, "carm/state", "state", qos.STATE),
            (InterlockState, "interlock/state", "interlock", qos.STATE),
            (Image, "carm/image_raw", "frame", qos.FRAMES),
            (Image, "fluorosam/overlay", "overlay", qos.FRAMES),
            (Segmentation, "fluorosam/segmentation", "segmentation", qos.FRAMES),
        ):
            self._node.create_subscription(kind, topic, self._keeper(name), profile)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def __enter__(self) -> Operator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        self._thread.join(timeout=2.0)
        self._node.destroy_node()
        rclpy.try_shutdown()

    def wait_until_ready(self, seconds: float) -> None:
        """Until every node of the main job has been discovered and has told its state."""
        self._wait(
            lambda: (
                self.state is not None
                and self.interlock is not None
                and self._prompt.get_subscription_count() > 0
                and self._node.count_publishers("fluorosam/reply") > 0
                and self._node.count_publishers("fluorosam/overlay") > 0
            ),
            seconds,
            "the graph to come up",
        )

    def trigger(self, service: str, seconds: float = 5.0) -> tuple[bool, str]:
        """Calls a Trigger service such as /interlock/arm; (accepted, sentence)."""
        client: Any = self._node.create_client(Trigger, service)
        if not client.wait_for_service(timeout_sec=seconds):
            raise NoAnswer(f"The service {service} is not there.")
        done = client.call_async(Trigger.Request())
        self._wait(done.done, seconds, service)
        answer: Any = done.result()
        self._node.destroy_client(client)
        return bool(answer.success), str(answer.message)

    def arm(self, seconds: float) -> None:
        """Asks the interlock for permission until it gives it: in a graph that comes up, not all hear all at once."""
        end = time.monotonic() + seconds
        while True:
            armed, sentence = self.trigger("/interlock/arm")
            if armed:
                return
            if time.monotonic() > end:
                raise NoAnswer(f"The interlock did not arm: {sentence}")
            time.sleep(0.5)

    def say(self, prompt: str) -> None:
        """Publishes a prompt and returns at once."""
        self._prompt.publish(String(data=prompt))

    def ask(self, prompt: str, seconds: float = 60.0) -> Answer:
        """Publishes a prompt and waits for its final reply."""
        with self._changed:
            seen = len(self._replies)
        start = time.monotonic()
        self.say(prompt)
        return self.answer_to(prompt, seen, start, seconds)

    def answer_to(self, prompt: str, seen: int, start: float, seconds: float) -> Answer:
        """The final reply to a prompt among those after the first `seen` replies."""
        found: list[Reply] = []

        def arrived() -> bool:
            found[:] = [r for r in self._replies[seen:] if r.prompt == prompt and r.kind != Reply.UNDERSTOOD]
            return bool(found)

        self._wait(arrived, seconds, f"a reply to {prompt!r}")
        return Answer(found[0].kind, found[0].text, time.monotonic() - start)

    @property
    def reply_count(self) -> int:
        """How many replies have come so far."""
        with self._changed:
            return len(self._replies)

    def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Until a condition on what has been received holds."""
        self._wait(condition, seconds, what)

    def overlay_of(self, frame: Image, seconds: float = 10.0) -> npt.NDArray[np.uint8]:
        """(H, W, 3) RGB overlay that belongs to a frame."""
        stamp = stamp_ns(frame.header.stamp)
        self._wait(
            lambda: self.overlay is not None and stamp_ns(self.overlay.header.stamp) >= stamp, seconds, "the overlay"
        )
        assert self.overlay is not None
        return np.asarray(image_to_array(self.overlay), np.uint8)

    def pose(self) -> CArmPose:
        """Where the C-arm said it was last."""
        if self.state is None:
            raise NoAnswer("The C-arm has not told its state.")
        return pose_from_message(self.state)

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def _on_reply(self, message: Reply) -> None:
        with self._changed:
            self._replies.append(message)
            self._changed.notify_all()

    def _keeper(self, name: str) -> Callable[[Any], None]:
        def keep(message: Any) -> None:
            with self._changed:
                setattr(self, name, message)
                self._changed.notify_all()

        return keep

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0:
                    raise NoAnswer(f"Waited {seconds:g} s for {what}.")
                self._changed.wait(min(left, 0.05))
