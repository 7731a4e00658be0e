"""Which messages count: the newest of one sender, neither late, nor repeated, nor from the future."""

from __future__ import annotations

from enum import Enum


class Newest:
    """Accepts a message only if its stamp is newer than that of the last one and near the present.

    equal: also one with the very stamp of the last, as when simulated time stands still.
    """

    def __init__(self, max_age_s: float, max_ahead_s: float = 0.2, equal: bool = False) -> None:
        self.max_age_s = max_age_s
        self._equal = equal
        self._max_ahead_s = max_ahead_s
        self._stamp_s: float | None = None

    def accept(self, stamp_s: float, now_s: float) -> bool:
        """stamp_s, now_s: on the same clock. What is not accepted must change nothing."""
        if self._stamp_s is not None and self._stamp_s > now_s + self._max_ahead_s:
            self._stamp_s = None  # simulated time was set back
        if not -self._max_ahead_s <= now_s - stamp_s <= self.max_age_s:
            return False
        if self._stamp_s is not None and (stamp_s < self._stamp_s or (stamp_s == self._stamp_s and not self._equal)):
            return False
        self._stamp_s = stamp_s
        return True


class Sender(Enum):
    """Whose message it is."""

    SAME = "same"
    NEW = "new"
    OTHER = "other"


class OneSender:
    """Holds on to whoever was heard first: another sender's messages count only after a silence of that one."""

    def __init__(self, silence_s: float) -> None:
        self.silence_s = silence_s
        self._sender: bytes | None = None
        self._heard_s = 0.0

    def judge(self, sender: bytes, now_s: float) -> Sender:
        """sender: identity of the publisher; now_s: when its message came."""
        if sender != self._sender and self._sender is not None and 0 <= now_s - self._heard_s <= self.silence_s:
            return Sender.OTHER
        verdict = Sender.SAME if sender == self._sender else Sender.NEW
        self._sender, self._heard_s = sender, now_s
        return verdict
