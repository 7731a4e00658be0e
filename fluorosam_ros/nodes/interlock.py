"""The interlock: gives and takes the permission to move and to expose, and writes down why.

Publishes interlock/state (20 Hz and on every decision), offers interlock/arm, disarm, stop and reset, watches
carm/state. Its process shares nothing with those that perceive or plan.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from std_srvs.srv import Trigger

from fluorosam_ros.control.interlock_rules import Decision, Interlock, InterlockConfig
from fluorosam_ros.convert import pose_from_message
from fluorosam_ros.msg import CArmState, InterlockState
from fluorosam_ros.nodes.base import ERROR, OK, ManagedNode, NodeParameter, SetupError, run_node
from fluorosam_ros.qos import NEWEST_STATE, STATE
from fluorosam_sim.carm import VENDORS

RATE_HZ = 20.0


def default_audit_log() -> Path:
    """interlock.jsonl in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "fluorosam" / "interlock.jsonl"


class AuditLog:
    """Append-only JSON lines: every decision with its reason, on disk before it is announced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, entry: dict[str, Any]) -> None:
        """Appends one line with the wall-clock time."""
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
        NodeParameter("state_timeout_s", 0.5, "age of carm/state that ends the permission, seconds", 0.1, 5.0),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("interlock", **kwargs)
        self._publisher = self.create_publisher(InterlockState, "interlock/state", STATE)
        self._rules: Interlock | None = None
        self._log: AuditLog | None = None

    def load(self) -> None:
        path = Path(self.value("audit_log")).expanduser() if self.value("audit_log") else default_audit_log()
        try:
            self._log = AuditLog(path)
        except (OSError, ValueError) as error:
            raise SetupError(f"The audit log {path} cannot be written: {error}.") from error
        self._rules = Interlock(InterlockConfig(VENDORS[self.value("device")], self.value("state_timeout_s")))

    def start(self) -> None:
        requests = {
            "arm": lambda rules: rules.arm(time.monotonic()),
            "disarm": lambda rules: rules.disarm(),
            "stop": lambda rules: rules.stop(),
            "reset": lambda rules: rules.reset(),
        }
        for name, request in requests.items():
            self.keep(self.create_service(Trigger, f"interlock/{name}", self._answer(request)))
        self.keep(self.create_subscription(CArmState, "carm/state", self._on_state, NEWEST_STATE))
        self.keep(self.create_timer(1.0 / RATE_HZ, self._tick))
        if self._log:
            self._log.write({"event": "start", "device": self.value("device")})

    def stop(self) -> None:
        if self._rules:
            self._record(self._rules.disarm("The interlock was deactivated."))

    def unload(self) -> None:
        if self._log:
            self._log.close()
        self._log = self._rules = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        if self._rules is None:
            return ERROR, "not configured", {}
        level = ERROR if self._rules.emergency_stop else OK
        return (
            level,
            self._rules.reason,
            {"armed": str(self._rules.armed), "audit_log": str(self._log and self._log.path)},
        )

    def parameters_changed(self, values: dict[str, Any]) -> None:
        if self._rules and "state_timeout_s" in values:
            self._rules.config = replace(self._rules.config, state_timeout_s=values["state_timeout_s"])

    def _answer(self, request: Any) -> Any:
        def callback(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            decision: Decision = request(self._rules)
            self._record(decision)
            response.success, response.message = decision.granted, decision.reason
            return response

        return callback

    def _on_state(self, state: CArmState) -> None:
        if self._rules:
            decision = self._rules.observe(pose_from_message(state), time.monotonic())
            if decision:
                self._record(decision)

    def _tick(self) -> None:
        if self._rules:
            decision = self._rules.tick(time.monotonic())
            if decision:
                self._record(decision)
        self._publish()

    def _record(self, decision: Decision) -> None:
        if self._log:
            self._log.write(asdict(decision))
        text = f"{decision.event}: {decision.reason}"
        if decision.granted and not decision.emergency_stop:
            self.get_logger().info(text)
        else:  # on a line of its own: a ROS logger fixes the severity of each calling line
            self.get_logger().warning(text)
        self._publish()

    def _publish(self) -> None:
        if self._rules:
            state = InterlockState(header=self.header(), armed=self._rules.armed, reason=self._rules.reason)
            state.emergency_stop = self._rules.emergency_stop
            self._publisher.publish(state)


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(InterlockNode, args)


if __name__ == "__main__":
    main()
