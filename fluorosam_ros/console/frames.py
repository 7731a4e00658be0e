"""X-ray images for the browsers: compressed in a thread of their own, and only those that somebody looks at."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import cv2
import numpy as np

from fluorosam_model.overlay import display
from fluorosam_ros.console.reports import Picture, PictureKind

WANTED_S = 2.0
"""How long a browser's wish for a kind of image counts."""

_QUALITY = 88
_LONGEST_PX = 1280  # no screen shows more of it in the middle of the page


@dataclass(frozen=True)
class Compressed:
    """A JPEG of the image that came as number `serial`, 0 bytes if it was none; size_px: (width, height) as sent.

    late_s, arrived_s: its age when it came, and when that was (monotonic clock).
    """

    serial: int
    stamp_ns: int
    size_px: tuple[int, int]
    jpeg: bytes
    late_s: float
    arrived_s: float


class Frames:
    """Thread-safe. `put` keeps the newest of each kind; the worker compresses what is wanted and new."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: dict[PictureKind, tuple[int, Picture, float]] = {}
        self._count = 0
        self._done: dict[PictureKind, Compressed] = {}
        self._wanted: dict[PictureKind, float] = {}
        self._ended = False
        self.trouble = ""
        self._worker = threading.Thread(target=self._work, name="jpeg", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Ends the worker."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._worker.join(timeout=2.0)

    def put(self, picture: Picture) -> None:
        """An image has come; an older one of its kind that was not compressed yet never will be."""
        with self._changed:
            self._count += 1
            self._newest[picture.kind] = self._count, picture, time.monotonic()
            self._changed.notify_all()

    def want(self, kind: PictureKind) -> Compressed | None:
        """The newest compressed image of a kind; while this is asked for, new ones are compressed."""
        with self._changed:
            self._wanted[kind] = time.monotonic()
            if self._due():
                self._changed.notify_all()
            return self._done.get(kind)

    def newest(self, kind: PictureKind) -> Compressed | None:
        """As `want`, without asking for more."""
        with self._changed:
            return self._done.get(kind)

    def _due(self) -> PictureKind | None:
        """A kind that somebody looks at and whose newest image is not compressed."""
        now = time.monotonic()
        for kind, (serial, _, _) in self._newest.items():
            done = self._done.get(kind)
            if (done is None or done.serial != serial) and now - self._wanted.get(kind, -WANTED_S) < WANTED_S:
                return kind
        return None

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._due() is not None)
                if self._ended:
                    return
                kind = self._due()
                if kind is None:  # nobody looks any more
                    continue
                serial, picture, arrived_s = self._newest[kind]
            jpeg = self._compress(picture)
            done = Compressed(serial, picture.stamp_ns, picture.size_px, jpeg, picture.late_s, arrived_s)
            with self._changed:
                self._done[kind] = done

    def _compress(self, picture: Picture) -> bytes:
        """A JPEG; nothing, and `trouble`, for what is no image."""
        try:
            pixels = picture.pixels()
            shown = display(pixels) if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
            longest = max(shown.shape[:2])
            if longest > _LONGEST_PX:
                share = _LONGEST_PX / longest
                shown = np.asarray(cv2.resize(shown, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
            self.trouble = ""
            return bytes(cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
        except (ValueError, cv2.error) as error:
            self.trouble = f"An image cannot be shown: {' '.join(str(error).split())[:200]}"
            return b""
