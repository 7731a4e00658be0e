"""What a device knows of the interlock: permission counts only while it is fresh."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from fluorosam_ros.msg import InterlockState

MAX_AGE_S = 0.2
"""Longest time since the interlock stamped its newest state, seconds; clocks of two machines must agree that well."""


@dataclass(frozen=True)
class _Heard:
    armed: bool
    emergency_stop: bool
    reason: str
    stamp_s: float


class Permission:
    """Thread-safe: one thread hears the interlock, others ask before they move or expose."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: _Heard | None = None

    def hear(self, state: InterlockState) -> None:
        """Takes note of a state; one that is older than the newest heard changes nothing."""
        stamp_s = state.header.stamp.sec + state.header.stamp.nanosec * 1e-9
        with self._lock:
            if self._heard is None or stamp_s >= self._heard.stamp_s:
                self._heard = _Heard(state.armed, state.emergency_stop, state.reason, stamp_s)

    def refusal(self, now_s: float) -> str | None:
        """One sentence saying why nothing may move or expose at this ROS time, or None."""
        with self._lock:
            heard = self._heard
        if heard is None:
            return "No interlock has been heard."
        if abs(now_s - heard.stamp_s) > MAX_AGE_S:
            return f"The interlock has been silent for more than {MAX_AGE_S * 1000:.0f} ms."
        if heard.emergency_stop:
            return f"Emergency stop: {heard.reason}"
        if not heard.armed:
            return f"Not armed: {heard.reason}"
        return None
