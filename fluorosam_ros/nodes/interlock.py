"""The interlock: gives and takes the permission to move and to expose, and writes down why.

Publishes interlock/state (20 Hz and on every decision), offers interlock/arm, disarm, stop, reset and permit_move,
takes interlock/emergency_stop, watches carm/state, carm/dose, the heartbeats of the other nodes and, if it is told to,
of the operator's side. Its process shares nothing with those that perceive or plan.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rclpy.event_handler import QoSLivelinessChangedInfo, SubscriptionEventCallbacks
from std_msgs.msg import Empty, Header
from std_srvs.srv import Trigger

from fluorosam_ros.control.collision import Room
from fluorosam_ros.control.exposure_budget import BudgetConfig, Spent
from fluorosam_ros.control.freshness import Newest, OneSender, Sender
from fluorosam_ros.control.interlock_rules import Decision, Interlock, InterlockConfig
from fluorosam_ros.convert import pose_from_message, stamp_ns
from fluorosam_ros.environment import state_folder
from fluorosam_ros.msg import CArmState, Dose, InterlockState
from fluorosam_ros.nodes.base import ERROR, OK, WARN, ManagedNode, NodeParameter, SetupError, run_node
from fluorosam_ros.permission import hears_interlock
from fluorosam_ros.qos import EVENTS, NEWEST_STATE, STATE, WATCHED_HEARTBEAT
from fluorosam_ros.srv import PermitMove
from fluorosam_sim.carm import VENDORS

RATE_HZ = 20.0
_ROOM, _BUDGET = Room(), BudgetConfig()


class AuditLog:
    """Append-only JSON lines: every decision with its reason, on disk before it is announced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, entry: dict[str, Any]) -> None:
        """Appends an entry with the time of day, UTC."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        os.write(self._file, (json.dumps({"time": now, **entry}, ensure_ascii=False) + "\n").encode())

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)


class InterlockNode(ManagedNode):
    """ROS around control.interlock_rules."""

    PARAMETERS = (
        NodeParameter("device", "standard", "whose limits hold", choices=tuple(VENDORS), setup=True),
        NodeParameter("audit_log", "", "append-only log of every decision; empty: the user's state folder", setup=True),
        NodeParameter(
            "watch",
            "guidance, segmenter, twin, recorder, console",
            "nodes whose death ends the permission, separated by commas",
            setup=True,
        ),
        NodeParameter(
            "patient_size_m",
            [_ROOM.patient_width_mm / 1000, _ROOM.patient_depth_mm / 1000, _ROOM.patient_length_mm / 1000],
            "width, depth and length of the patient, whom no part may touch",
            setup=True,
        ),
        NodeParameter(
            "table_size_m",
            [_ROOM.table_width_mm / 1000, _ROOM.table_thickness_mm / 1000, _ROOM.table_length_mm / 1000],
            "width, thickness and length of the table under the patient",
            setup=True,
        ),
        NodeParameter("clearance_m", 0.02, "least distance that a permitted motion leaves to them", 0.0, 0.3),
        NodeParameter("state_timeout_s", 0.5, "age of carm/state that ends the permission", 0.1, 5.0),
        NodeParameter("heartbeat_timeout_s", 3.0, "silence of a watched node that ends the permission", 0.5, 30.0),
        NodeParameter(
            "operator_timeout_s", 0.0, "the same for operator/heartbeat; 0: no heartbeat of it is needed", 0.0, 30.0
        ),
        NodeParameter("speed_tolerance", 1.25, "reported speed over the device's own that stops everything", 1.0, 3.0),
        NodeParameter(
            "acceleration_deg_s2", 200.0, "change of an angle's speed that stops everything (°/s²)", 1.0, 5000.0
        ),
        NodeParameter(
            "acceleration_mm_s2", 1000.0, "change of the isocentre's speed that stops everything (mm/s²)", 1.0, 20000.0
        ),
        NodeParameter("max_dap_gym2", _BUDGET.dap_gym2, "dose-area product of a case (Gy·m²); 0: no limit", 0.0, 1.0),
        NodeParameter(
            "max_kerma_gy", _BUDGET.kerma_gy, "air kerma at the reference point of a case (Gy); 0: no limit", 0.0, 20.0
        ),
        NodeParameter("max_shots", _BUDGET.shots, "single shots of a case; 0: no limit", 0, 100_000),
        NodeParameter(
            "max_shots_per_minute", _BUDGET.shots_per_minute, "single shots within 60 s; 0: no limit", 0, 1000
        ),
        NodeParameter(
            "max_fluoro_s", _BUDGET.fluoro_s, "seconds of live fluoroscopy of a case; 0: no limit", 0.0, 36000.0
        ),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("interlock", **kwargs)
        self._publisher = self.create_publisher(InterlockState, "interlock/state", STATE)
        self._rules: Interlock | None = None
        self._log: AuditLog | None = None
        self._ignored = 0

    def load(self) -> None:
        path = Path(self.value("audit_log") or state_folder() / "interlock.jsonl").expanduser()
        try:
            self._log = AuditLog(path)
        except (OSError, ValueError) as error:
            raise SetupError(f"The audit log {path} cannot be written: {error}.") from error
        self._rules = Interlock(self._config({}))

    def _config(self, new: dict[str, Any]) -> InterlockConfig:
        """The rules' configuration with some parameters about to be changed."""

        def value(name: str) -> Any:
            return new.get(name, self.value(name))

        sizes = []
        for name in ("patient_size_m", "table_size_m"):
            if len(value(name)) != 3 or not all(0 < side < 10 for side in value(name)):
                raise SetupError(f"{name} must be three lengths between 0 and 10 m.")
            sizes += [side * 1000.0 for side in value(name)]
        return InterlockConfig(
            VENDORS[value("device")],
            state_timeout_s=value("state_timeout_s"),
            heartbeat_timeout_s=value("heartbeat_timeout_s"),
            operator_timeout_s=value("operator_timeout_s"),
            speed_tolerance=value("speed_tolerance"),
            acceleration_deg_s2=value("acceleration_deg_s2"),
            acceleration_mm_s2=value("acceleration_mm_s2"),
            clearance_mm=value("clearance_m") * 1000.0,
            room=Room(*sizes),
            budget=BudgetConfig(
                value("max_dap_gym2"),
                value("max_kerma_gy"),
                value("max_shots"),
                value("max_shots_per_minute"),
                value("max_fluoro_s"),
            ),
        )

    def start(self) -> None:
        requests: dict[str, Callable[[Interlock], Decision]] = {
            "arm": lambda rules: rules.arm(self._rules_s()),
            "disarm": lambda rules: rules.disarm(),
            "stop": lambda rules: rules.stop(),
            "reset": lambda rules: rules.reset(),
        }
        for name, request in requests.items():
            self.keep(self.create_service(Trigger, f"interlock/{name}", self._answer(request)))
        self.keep(self.create_service(PermitMove, "interlock/permit_move", self._permit_move))
        self.keep(self.create_subscription(Empty, "interlock/emergency_stop", self._on_stop, EVENTS))
        self._senders = {name: OneSender(self.value("state_timeout_s")) for name in ("carm/state", "carm/dose")}
        self._state_stamps, self._operator_stamps = Newest(self.value("state_timeout_s")), Newest(1.0)
        self.keep(self.create_subscription(CArmState, "carm/state", self._on_state, NEWEST_STATE))
        self.keep(self.create_subscription(Dose, "carm/dose", self._on_dose, NEWEST_STATE))
        self.keep(self.create_subscription(Header, "operator/heartbeat", self._on_operator, NEWEST_STATE))
        for node in filter(None, (part.strip() for part in self.value("watch").split(","))):
            self._watch(node)
        # While a simulated clock stands still a stop must still be told.
        self.keep(self.create_timer(1.0 / RATE_HZ, self._tick, clock=self.steady_clock))
        if self._log:
            self._log.write({"event": "start", "device": self.value("device")})

    def _watch(self, node: str) -> None:
        """Hears a node's heartbeat; DDS itself tells when its process is gone, within qos.ALIVE_S."""

        def changed(event: QoSLivelinessChangedInfo) -> None:
            if not self._rules:
                return
            if event.not_alive_count_change > 0:
                self._record(self._rules.died(node))
            elif event.alive_count == 0:
                self._rules.left(node)

        def beat(_: Header) -> None:
            if self._rules:
                self._rules.heard(node, self._rules_s())

        events = SubscriptionEventCallbacks(liveliness=changed)
        topic = f"heartbeat/{node}"
        self.keep(self.create_subscription(Header, topic, beat, WATCHED_HEARTBEAT, event_callbacks=events))

    def stop(self) -> None:
        if self._rules:
            self._record(self._rules.disarm("The interlock was deactivated."))

    def unload(self) -> None:
        if self._log:
            self._log.close()
        self._log = self._rules = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        rules = self._rules
        if rules is None:
            return ERROR, "not configured", {}
        level = ERROR if rules.emergency_stop else WARN if rules.armed and rules.exposure_refusal else OK
        values = {"armed": str(rules.armed), "audit_log": str(self._log and self._log.path)}
        values |= {"ignored_messages": str(self._ignored), "exposure": rules.exposure_refusal or "permitted"}
        return level, rules.reason, values

    def parameters_changed(self, values: dict[str, Any]) -> None:
        if self._rules:
            setup = {p.name for p in self.PARAMETERS if p.setup}  # read when the node is configured, not now
            self._rules.config = self._config({k: v for k, v in values.items() if k not in setup})
            if self._log:
                self._log.write({"event": "parameters", **values})

    # --- requests ---------------------------------------------------------------------------------------------------

    def _answer(self, request: Callable[[Interlock], Decision]) -> Any:
        def callback(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            if self._rules:
                decision = request(self._rules)
                self._record(decision)
                response.success, response.message = decision.granted, decision.reason
            return response

        return callback

    def _permit_move(self, request: PermitMove.Request, response: PermitMove.Response) -> PermitMove.Response:
        if self._rules:
            decision, way = self._rules.permit_move(pose_from_message(request), self._rules_s())
            self._record(decision)
            response.granted, response.reason = decision.granted, decision.reason
            response.clearance = way.distance_mm / 1000.0 if way else 0.0
        return response

    def _on_stop(self, _: Empty) -> None:
        if self._rules and not self._rules.emergency_stop:
            self._record(self._rules.stop())

    # --- what is observed -------------------------------------------------------------------------------------------

    def _on_state(self, state: CArmState, info: Any) -> None:
        if not self._rules or not self._is_the_devices("carm/state", info):
            return
        stamp_s = stamp_ns(state.header.stamp) * 1e-9
        if not self._state_stamps.accept(stamp_s, self._now_s()):
            self._ignored += 1  # late or repeated: a state that is no news keeps nothing alive
            return
        # The state of a shot tells where the image was taken, a little before or after its stamp.
        judged_s = None if state.beam_on else stamp_s
        hears = hears_interlock(state.faults)
        self._record(self._rules.observe(pose_from_message(state), self._rules_s(), judged_s, hears))

    def _on_dose(self, dose: Dose, info: Any) -> None:
        if self._rules and self._is_the_devices("carm/dose", info):
            spent = Spent(
                dose.case_uid, dose.dose_area_product, dose.air_kerma, dose.shots, dose.pulses, dose.fluoro_time
            )
            self._record(self._rules.spent(spent, self._rules_s()))

    def _is_the_devices(self, topic: str, info: Any) -> bool:
        """Whether a message comes from the one node that may send it; another one ends the permission."""
        sender = bytes(info.get("publisher_gid", {}).get("data", b""))
        if self._senders[topic].judge(sender, self._rules_s()) is not Sender.OTHER:
            return True
        self._ignored += 1
        if self._rules:
            self._record(self._rules.intruder(topic))
        return False

    def _on_operator(self, beat: Header) -> None:
        if self._rules and self._operator_stamps.accept(stamp_ns(beat.stamp) * 1e-9, self._now_s()):
            self._rules.operator(self._rules_s())

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _rules_s(self) -> float:
        """The clock of the rules: monotonic, or the simulated one, whose standing still must not look like silence."""
        return self._now_s() if self.value("use_sim_time") else time.monotonic()

    # --- what is told -----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._rules:
            self._record(self._rules.tick(self._rules_s()))
        self._publish()

    def _record(self, decision: Decision | None) -> None:
        if decision is None:
            return
        if self._log:
            self._log.write(asdict(decision))
        text = f"{decision.event}: {decision.reason}"
        if decision.granted and not decision.emergency_stop:
            self.get_logger().info(text)
        else:  # on a line of its own: a ROS logger fixes the severity of each calling line
            self.get_logger().warning(text)
        self._publish()

    def _publish(self) -> None:
        rules = self._rules
        if rules:
            refusal = rules.exposure_refusal
            state = InterlockState(header=self.header(), armed=rules.armed, reason=rules.reason)
            state.emergency_stop = rules.emergency_stop
            state.exposure_permitted, state.exposure_reason = refusal is None, refusal or ""
            self._publisher.publish(state)


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(InterlockNode, args)


if __name__ == "__main__":
    main()
