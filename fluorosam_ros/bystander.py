"""A node beside a running graph, in a ROS context and a thread of its own: benchmarks and tests look on with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from fluorosam_ros.environment import prepare

T = TypeVar("T")
B = TypeVar("B", bound="Bystander")


class Bystander:
    """Subclasses make their publishers and subscriptions on `node`, then call `begin`. A context manager."""

    def __init__(self, name: str) -> None:
        prepare()
        self.context = rclpy.Context()
        rclpy.init(context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(name, context=self.context)
        self.ended = threading.Event()
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)

    def begin(self) -> None:
        """From now on callbacks run."""
        self._thread.start()

    def _spin(self) -> None:
        while not self.ended.is_set():
            self._executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """Ends the thread and takes the node out of the graph."""
        self.ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def __enter__(self: B) -> B:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def until(self, condition: Callable[[], T], what: str, seconds: float = 30.0) -> T:
        """Waits until a condition holds and returns what it gave; raises TimeoutError that names `what`."""
        end = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > end:
                raise TimeoutError(f"Waited {seconds:g} s for {what}.")
            time.sleep(0.01)
        return result

    def now_s(self) -> float:
        """ROS time, seconds."""
        return float(self.node.get_clock().now().nanoseconds * 1e-9)

    def listen(self, kind: Any, topic: str, profile: Any) -> list[Any]:
        """A list that grows with every message of a topic."""
        received: list[Any] = []
        self.node.create_subscription(kind, topic, received.append, profile)
        return received
