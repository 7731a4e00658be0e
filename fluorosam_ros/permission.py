"""What a device knows of the interlock: permission counts only while it is fresh."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from fluorosam_ros.control.freshness import Newest, OneSender, Sender
from fluorosam_ros.msg import InterlockState

MAX_AGE_S = 0.2
"""Longest time since the interlock stamped its newest state, seconds; clocks of two machines must agree that well."""

_UNHEARD = "No interlock has been heard."
_SILENT = f"The interlock has been silent for more than {MAX_AGE_S * 1000:.0f} ms."
_UNPROVEN = "this interlock was armed when the C-arm first heard it: disarm, then arm."


@dataclass(frozen=True)
class _Heard:
    armed: bool
    emergency_stop: bool
    exposure_permitted: bool
    reason: str
    exposure_reason: str
    stamp_s: float


class Permission:
    """Thread-safe: one thread hears the interlock, others ask before they move or expose.

    Only one interlock counts: another's states are left out of account as long as the first is heard. One that begins
    in the place of the first, or before any was heard, is believed from its first disarmed state on: an interlock that
    starts is never armed, a repeated or forged “armed” is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: _Heard | None = None
        self._one = OneSender(MAX_AGE_S)
        self._newest = Newest(MAX_AGE_S, MAX_AGE_S, equal=True)
        self._believed = False
        self._others = 0

    @property
    def others(self) -> int:
        """How many states of somebody else than the interlock came."""
        return self._others

    @property
    def armed(self) -> bool:
        """Whether the interlock was armed when it was last heard, however long ago."""
        with self._lock:
            return self._heard is not None and self._heard.armed

    def hear(self, state: InterlockState, now_s: float, sender: bytes = b"") -> None:
        """Takes note of a state at this ROS time; one that is late, repeated or somebody else's changes nothing."""
        stamp_s = state.header.stamp.sec + state.header.stamp.nanosec * 1e-9
        with self._lock:
            who = self._one.judge(sender, now_s)
            if who is Sender.OTHER:
                self._others += 1
                return
            if not self._newest.accept(stamp_s, now_s):
                return
            if who is Sender.NEW:
                self._believed = False
            self._believed = self._believed or not state.armed
            self._heard = _Heard(
                state.armed and self._believed,
                state.emergency_stop,
                state.exposure_permitted,
                state.reason if self._believed else _UNPROVEN,
                state.exposure_reason,
                stamp_s,
            )

    def refusal(self, now_s: float) -> str | None:
        """One sentence saying why nothing may move or expose at this ROS time, or None."""
        with self._lock:
            heard = self._heard
        return _refusal(heard, now_s)

    def exposure_refusal(self, now_s: float) -> str | None:
        """One sentence saying why nothing may expose at this ROS time, or None."""
        with self._lock:
            heard = self._heard
        refusal = _refusal(heard, now_s)
        if refusal or heard is None or heard.exposure_permitted:
            return refusal
        return heard.exposure_reason or "The interlock does not permit exposure."


def hears_interlock(faults: Sequence[str]) -> bool:
    """Whether a device that reports these faults hears an interlock; one that says nothing of it does."""
    return _UNHEARD not in faults and _SILENT not in faults


def _refusal(heard: _Heard | None, now_s: float) -> str | None:
    if heard is None:
        return _UNHEARD
    if abs(now_s - heard.stamp_s) > MAX_AGE_S:
        return _SILENT
    if heard.emergency_stop:
        return f"Emergency stop: {heard.reason}"
    if not heard.armed:
        return f"Not armed: {heard.reason}"
    return None
