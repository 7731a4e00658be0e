"""Speed and acceleration of the C-arm from the poses it reports."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from fluorosam_sim.carm import CArmPose

# Velocities are means over this time: shorter ones would mistake the jitter of a reported stamp for motion.
_WINDOW_S, _KEPT_S = 0.2, 0.8
_STILL_DEG, _STILL_MM = 0.05, 0.2


@dataclass(frozen=True)
class MotionLimits:
    """Largest speed of an angle and of the isocentre, and largest change of either speed (means over 0.2 s)."""

    speed_deg_s: float
    speed_mm_s: float
    acceleration_deg_s2: float
    acceleration_mm_s2: float


class MotionWatch:
    """Keeps the last poses. Feed it in the order of the stamps."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, CArmPose]] = deque()

    def add(self, stamp_s: float, pose: CArmPose) -> bool:
        """Takes note of a pose; returns whether the C-arm has moved since the one before."""
        if self._seen and not 0 < stamp_s - self._seen[-1][0] <= _KEPT_S:
            self._seen.clear()  # after a gap nothing is known about the speed
        moved = bool(self._seen) and _moved(self._seen[-1][1], pose)
        self._seen.append((stamp_s, pose))
        while stamp_s - self._seen[0][0] > _KEPT_S:
            self._seen.popleft()
        return moved

    def problem(self, limits: MotionLimits) -> str | None:
        """Which limit the newest poses exceed, as a clause, or None."""
        if not self._seen:
            return None
        newest = len(self._seen) - 1
        now = self._velocity(newest)
        if now is None:
            return None
        first, (turning, shifting) = now
        if turning > limits.speed_deg_s:
            return f"it turns at {turning:.0f}°/s, faster than {limits.speed_deg_s:.0f}°/s"
        if shifting > limits.speed_mm_s:
            return f"it travels at {shifting:.0f} mm/s, faster than {limits.speed_mm_s:.0f} mm/s"
        before = self._velocity(first)
        if before is None:
            return None
        seconds = self._seen[newest][0] - self._seen[first][0]
        angular, linear = abs(turning - before[1][0]) / seconds, abs(shifting - before[1][1]) / seconds
        if angular > limits.acceleration_deg_s2:
            return f"it speeds up or brakes by {angular:.0f}°/s², more than {limits.acceleration_deg_s2:.0f}°/s²"
        if linear > limits.acceleration_mm_s2:
            return f"it speeds up or brakes by {linear:.0f} mm/s², more than {limits.acceleration_mm_s2:.0f} mm/s²"
        return None

    def _velocity(self, index: int) -> tuple[int, tuple[float, float]] | None:
        """(index where the window begins, (°/s of the faster angle, mm/s)) of the window that ends at an index."""
        end_s, end = self._seen[index]
        for first in range(index - 1, -1, -1):
            start_s, start = self._seen[first]
            if end_s - start_s >= _WINDOW_S - 1e-6:
                seconds = end_s - start_s
                turn = max(abs(end.primary_deg - start.primary_deg), abs(end.secondary_deg - start.secondary_deg))
                return first, (turn / seconds, math.dist(end.isocenter_mm, start.isocenter_mm) / seconds)
        return None


def _moved(a: CArmPose, b: CArmPose) -> bool:
    turned = max(abs(a.primary_deg - b.primary_deg), abs(a.secondary_deg - b.secondary_deg))
    return turned > _STILL_DEG or math.dist(a.isocenter_mm, b.isocenter_mm) > _STILL_MM
