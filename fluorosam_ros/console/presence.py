"""Whether somebody looks at the page: without a beat of a browser there is no operator."""

from __future__ import annotations

import threading

BEAT_S = 0.5
"""How often a browser says that it is there."""

SILENCE_S = 2.0
"""A browser that has been silent for so long is lost."""


class Presence:
    """Thread-safe: the page's thread hears the browsers, ROS's asks. Times are seconds on one monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beats: dict[str, float] = {}
        self._was_there = False

    def beat(self, browser: str, now_s: float) -> None:
        """A browser says that it shows the page."""
        with self._lock:
            self._beats[browser] = now_s

    def left(self, browser: str) -> None:
        """A browser closed the page or its connection."""
        with self._lock:
            self._beats.pop(browser, None)

    def browsers(self, now_s: float) -> int:
        """How many browsers show the page."""
        with self._lock:
            self._beats = {name: at for name, at in self._beats.items() if now_s - at <= SILENCE_S}
            return len(self._beats)

    def look(self, now_s: float) -> tuple[bool, bool]:
        """(somebody is there, the last one has gone since this was asked last)."""
        there = self.browsers(now_s) > 0
        gone, self._was_there = self._was_there and not there, there
        return there, gone
