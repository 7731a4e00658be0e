"""When the C-arm may move and expose: plain rules, told the time, apart from everything that perceives.

Armed means permission to move. It is given only by a person's request while the device reports a sound state, and it
ends by request, by a stale or faulty state, when whoever guides or operates falls silent, or by an emergency stop,
which stays latched until a deliberate reset (and after a reset the system is still disarmed). Every single motion is
permitted apart, after its whole way was checked; exposure also needs room in the case's budget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fluorosam_ros.control.collision import Clearance, CollisionModel, Room
from fluorosam_ros.control.exposure_budget import BudgetConfig, ExposureBudget, Spent
from fluorosam_ros.control.motion_watch import MotionLimits, MotionWatch
from fluorosam_sim.carm import CArmConfig, CArmPose, LimitError

_NO_DOSE = "The C-arm does not report its dose (carm/dose): what cannot be counted is not permitted."


@dataclass(frozen=True)
class InterlockConfig:
    """device: whose limits hold. state_timeout_s: how old the device's newest state may be while armed.

    heartbeat_timeout_s: the same for the nodes that beat. operator_timeout_s: the same for the operator's side; 0: no
    heartbeat of it is needed. dose_timeout_s: age of the device's dose report that ends the permission to expose.
    tolerance_deg, tolerance_mm: how far beyond a limit a reported pose may be before it stops everything.
    speed_tolerance: reported speed over the device's own. clearance_mm: what a permitted motion leaves between gantry,
    table and patient.
    """

    device: CArmConfig
    state_timeout_s: float = 0.5
    heartbeat_timeout_s: float = 3.0
    operator_timeout_s: float = 0.0
    dose_timeout_s: float = 3.0
    tolerance_deg: float = 0.5
    tolerance_mm: float = 2.0
    speed_tolerance: float = 1.25
    acceleration_deg_s2: float = 200.0
    acceleration_mm_s2: float = 1000.0
    clearance_mm: float = 20.0
    room: Room = field(default_factory=Room)
    budget: BudgetConfig = field(default_factory=BudgetConfig)

    @property
    def motion(self) -> MotionLimits:
        """Limits of what the device reports."""
        turn, shift = (self.speed_tolerance * v for v in (self.device.speed_deg_s, self.device.speed_mm_s))
        return MotionLimits(turn, shift, self.acceleration_deg_s2, self.acceleration_mm_s2)


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
        self.armed = False
        self.emergency_stop = False
        self.reason = "Not armed yet."
        self._state_time_s = self._operator_time_s = self._dose_time_s = -math.inf
        self._beats: dict[str, float] = {}
        self._pose: CArmPose | None = None
        self._device_hears = self._motion_permitted = False
        self._watch = MotionWatch()
        self._budget = ExposureBudget(config.budget)
        self._exposure_refusal: str | None = _NO_DOSE
        self.config = config

    @property
    def config(self) -> InterlockConfig:
        """Limits; may be replaced at any time."""
        return self._config

    @config.setter
    def config(self, config: InterlockConfig) -> None:
        self._config = config
        self._collision = CollisionModel(config.device, config.room)
        self._budget.config = config.budget

    # --- requests ---------------------------------------------------------------------------------------------------

    def arm(self, now_s: float) -> Decision:
        """Asks for permission to move and expose."""
        if self.emergency_stop:
            return self._decide("arm", False, f"The emergency stop is latched ({self.reason}) Reset it first.")
        if not self._state_is_fresh(now_s):
            return self._decide("arm", False, "The C-arm sends no state: is its driver or the twin running?")
        if not self._device_hears:
            # A device believes no interlock that it first hears armed; it would stay disarmed, and nobody knew why.
            return self._decide("arm", False, "The C-arm does not hear the interlock yet: arm again in a second.")
        if not self._operator_is_there(now_s):
            return self._decide("arm", False, "The operator's side sends no heartbeat: is its page or pedal connected?")
        silent = self._silent_node(now_s)
        if silent:
            return self._decide("arm", False, silent)
        self.armed = True
        return self._decide("arm", True, "Armed on request.")

    def disarm(self, reason: str = "Disarmed on request.") -> Decision:
        """Takes the permission away; always granted."""
        self.armed = self._motion_permitted = False
        return self._decide("disarm", True, reason)

    def stop(self, reason: str = "Emergency stop on request.") -> Decision:
        """Emergency stop; always granted, latched until reset."""
        self.armed = self._motion_permitted = False
        self.emergency_stop = True
        return self._decide("stop", True, reason)

    def reset(self) -> Decision:
        """Releases a latched emergency stop; the system stays disarmed."""
        if not self.emergency_stop:
            return self._decide("reset", False, "There is no emergency stop to reset.")
        self.emergency_stop = False
        return self._decide("reset", True, "Emergency stop reset; not armed.")

    def permit_move(self, target: CArmPose, now_s: float) -> tuple[Decision, Clearance | None]:
        """Asks whether the C-arm may go from where it last reported to be to a target; nothing else ends by this.

        What is too close already may still move away: no pose on the way may be closer than the first.
        """
        if not self.armed:
            return self._decide("move", False, f"Not armed: {self.reason}"), None
        if self._pose is None or not self._state_is_fresh(now_s):
            return self._decide("move", False, "Where the C-arm stands is not known: it sends no state."), None
        try:
            self.config.device.check_pose(target)
        except LimitError as error:
            return self._decide("move", False, str(error)), None
        here = self._collision.clearance(self._pose).distance_mm
        way = self._collision.along(self._pose, target)
        if way.distance_mm < min(self.config.clearance_mm, here):
            text = f"A collision is near: {way}; {self.config.clearance_mm:.0f} mm are kept free."
            return self._decide("move", False, text), way
        self._motion_permitted = True
        where = f"to {target.primary_deg:.1f}°, {target.secondary_deg:.1f}°"
        return self._decide("move", True, f"Motion {where} permitted, {way.distance_mm:.0f} mm free.", keep=True), way

    # --- what is observed -------------------------------------------------------------------------------------------

    def observe(
        self, pose: CArmPose, now_s: float, stamp_s: float | None = None, hears: bool = True
    ) -> Decision | None:
        """Takes note of a pose the device reports; a wrong one stops everything.

        stamp_s: when the device was there, on its own clock, increasing; without it speeds are not judged. hears:
        whether it hears this interlock.
        """
        self._state_time_s, self._pose, self._device_hears = now_s, pose, hears
        problem = self._beyond_limits(pose)
        if problem and not self.emergency_stop:
            return self.stop(f"The C-arm reports a pose beyond its limits: {problem}")
        if stamp_s is None:
            return None
        moved = self._watch.add(stamp_s, pose)
        if not moved or self.emergency_stop:
            return None
        problem = self._watch.problem(self.config.motion)
        if problem:
            return self.stop(f"The C-arm is out of control: {problem}.")
        if not self.armed:
            return None
        if not self._motion_permitted:
            return self.disarm(
                "The C-arm moves without having asked: moved by hand, or its driver skips the interlock."
            )
        near = self._collision.clearance(pose)
        if near.distance_mm < 0:
            return self.stop(f"A collision is near: {near}.")
        return None

    def spent(self, spent: Spent, now_s: float) -> Decision | None:
        """Takes note of the dose the device reports; a decision when the budget ends or begins to permit exposure."""
        self._dose_time_s = now_s
        self._budget.observe(spent, now_s, new_case_permitted=not self.armed)
        return self._judge_budget(now_s)

    def heard(self, node: str, now_s: float) -> None:
        """A heartbeat of a node: from now on its silence ends the permission."""
        self._beats[node] = now_s

    def left(self, node: str) -> None:
        """A node was deactivated in good order: its silence means nothing any more."""
        self._beats.pop(node, None)

    def died(self, node: str) -> Decision | None:
        """A node is gone without having said so: told once, also where something else ended the permission before."""
        if self._beats.pop(node, None) is None and not self.armed:
            return None
        told = f"The node {node} has died: start it again, then arm."
        return self._decide("disarm", True, told, keep=True) if self.emergency_stop else self.disarm(told)

    def operator(self, now_s: float) -> None:
        """A heartbeat of the operator's side."""
        self._operator_time_s = now_s

    def intruder(self, topic: str) -> Decision | None:
        """Somebody else sends what only one node may send."""
        if not self.armed:
            return None
        return self.disarm(f"Two nodes send {topic}: end the one that does not belong here, then arm.")

    def tick(self, now_s: float) -> Decision | None:
        """To be called at the rate of the published state: ends the permission when somebody falls silent."""
        decision = self._judge_budget(now_s)
        if not self.armed:
            return decision
        if not self._state_is_fresh(now_s):
            timeout_ms = self.config.state_timeout_s * 1000
            return self.disarm(f"The C-arm has sent no state for more than {timeout_ms:.0f} ms.")
        if not self._operator_is_there(now_s):
            timeout_ms = self.config.operator_timeout_s * 1000
            return self.disarm(f"The operator's side has sent no heartbeat for more than {timeout_ms:.0f} ms.")
        silent = self._silent_node(now_s)
        return self.disarm(silent) if silent else decision

    @property
    def exposure_refusal(self) -> str | None:
        """Why no exposure is permitted now, in one sentence, or None."""
        return f"Not armed: {self.reason}" if not self.armed else self._exposure_refusal

    # --- details ----------------------------------------------------------------------------------------------------

    def _judge_budget(self, now_s: float) -> Decision | None:
        unknown = now_s - self._dose_time_s > self.config.dose_timeout_s
        before, self._exposure_refusal = self._exposure_refusal, _NO_DOSE if unknown else self._budget.refusal(now_s)
        if (before is None) == (self._exposure_refusal is None):
            return None
        ended = self._exposure_refusal
        return self._decide("budget", ended is None, ended or "Exposure is within the budget.", keep=True)

    def _silent_node(self, now_s: float) -> str | None:
        timeout_s = self.config.heartbeat_timeout_s
        for node, beat_s in self._beats.items():
            if now_s - beat_s > timeout_s:
                return f"The node {node} has sent no heartbeat for more than {timeout_s:.1f} s: is it stuck?"
        return None

    def _operator_is_there(self, now_s: float) -> bool:
        timeout_s = self.config.operator_timeout_s
        return timeout_s <= 0 or now_s - self._operator_time_s <= timeout_s

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

    def _decide(self, event: str, granted: bool, reason: str, keep: bool = False) -> Decision:
        """keep: what holds for the whole system, and its reason, is the same as before."""
        if granted and not keep:
            self.reason = reason
        return Decision(event, granted, self.armed, self.emergency_stop, reason)
