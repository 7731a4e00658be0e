"""When the C-arm may move and expose: plain rules, told the time, apart from everything that perceives.

Armed means permission. It is given only by a person's request while the device reports a sound state, and it ends by
request, by a stale or faulty state, or by an emergency stop, which stays latched until a deliberate reset (and after a
reset the system is still disarmed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fluorosam_sim.carm import CArmConfig, CArmPose, LimitError


@dataclass(frozen=True)
class InterlockConfig:
    """device: whose limits hold. state_timeout_s: how old the device's newest state may be while armed.

    tolerance_deg, tolerance_mm: how far beyond a limit a reported pose may be before it stops everything.
    """

    device: CArmConfig
    state_timeout_s: float = 0.5
    tolerance_deg: float = 0.5
    tolerance_mm: float = 2.0


@dataclass(frozen=True)
class Decision:
    """One line of the audit log: what was asked or seen, whether it was granted, and what holds since then."""

    event: str
    granted: bool
    armed: bool
    emergency_stop: bool
    reason: str


class Interlock:
    """The state machine disarmed → armed, with a latched emergency stop. Times are seconds on one monotonic clock."""

    def __init__(self, config: InterlockConfig) -> None:
        self.config = config
        self.armed = False
        self.emergency_stop = False
        self.reason = "Not armed yet."
        self._state_time_s = -math.inf

    def arm(self, now_s: float) -> Decision:
        """Asks for permission to move and expose."""
        if self.emergency_stop:
            return self._decide("arm", False, f"The emergency stop is latched ({self.reason}) Reset it first.")
        if not self._state_is_fresh(now_s):
            return self._decide("arm", False, "The C-arm sends no state: is its driver or the twin running?")
        self.armed = True
        return self._decide("arm", True, "Armed on request.")

    def disarm(self, reason: str = "Disarmed on request.") -> Decision:
        """Takes the permission away; always granted."""
        self.armed = False
        return self._decide("disarm", True, reason)

    def stop(self, reason: str = "Emergency stop on request.") -> Decision:
        """Emergency stop; always granted, latched until reset."""
        self.armed = False
        self.emergency_stop = True
        return self._decide("stop", True, reason)

    def reset(self) -> Decision:
        """Releases a latched emergency stop; the system stays disarmed."""
        if not self.emergency_stop:
            return self._decide("reset", False, "There is no emergency stop to reset.")
        self.emergency_stop = False
        return self._decide("reset", True, "Emergency stop reset; not armed.")

    def observe(self, pose: CArmPose, now_s: float) -> Decision | None:
        """Takes note of a pose the device reports; beyond its limits everything stops."""
        self._state_time_s = now_s
        problem = self._beyond_limits(pose)
        if problem is None or self.emergency_stop:
            return None
        return self.stop(f"The C-arm reports a pose beyond its limits: {problem}")

    def tick(self, now_s: float) -> Decision | None:
        """To be called at the rate of the published state: ends the permission when the device falls silent."""
        if self.armed and not self._state_is_fresh(now_s):
            timeout_ms = self.config.state_timeout_s * 1000
            return self.disarm(f"The C-arm has sent no state for more than {timeout_ms:.0f} ms.")
        return None

    def _state_is_fresh(self, now_s: float) -> bool:
        return 0 <= now_s - self._state_time_s <= self.config.state_timeout_s

    def _beyond_limits(self, pose: CArmPose) -> str | None:
        device, deg, mm = self.config.device, self.config.tolerance_deg, self.config.tolerance_mm

        def inside(value: float, limits: tuple[float, float], slack: float) -> float:
            """The value, pulled back to the limit if it is beyond by no more than the slack."""
            nearest = min(max(value, limits[0]), limits[1])
            return nearest if abs(value - nearest) <= slack else value

        x, y, z = (inside(v, span, mm) for v, span in zip(pose.isocenter_mm, device.isocenter_limits_mm, strict=True))
        primary = inside(pose.primary_deg, device.primary_limits_deg, deg)
        secondary = inside(pose.secondary_deg, device.secondary_limits_deg, deg)
        try:
            device.check_pose(CArmPose(primary, secondary, (x, y, z)))
        except LimitError as error:
            return str(error)
        return None

    def _decide(self, event: str, granted: bool, reason: str) -> Decision:
        if granted:
            self.reason = reason
        return Decision(event, granted, self.armed, self.emergency_stop, reason)
