"""How long the C-arm goes on moving after a node was killed without warning, measured in a graph of real processes."""

from __future__ import annotations

import math
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.action import ActionClient
from std_srvs.srv import Trigger

from fluorosam_ros import bringup, qos
from fluorosam_ros.action import MoveCArm
from fluorosam_ros.bystander import Bystander
from fluorosam_ros.msg import CArmState
from fluorosam_sim.carm import VENDORS

NODES = ("recorder", "segmenter", "guidance", "interlock")  # the last one is not replaced: it has to be the last
LIMIT_MS = 200
_AWAY_RAD, _SETTLE_S = 1.2, 0.5


class _Mover(Bystander):
    """Arms, moves, and keeps every state of the C-arm."""

    def __init__(self) -> None:
        super().__init__("mover")
        self.states = self.listen(CArmState, "carm/state", qos.STATE)
        self._arm: Any = self.node.create_client(Trigger, "interlock/arm")
        self._move: Any = ActionClient(self.node, MoveCArm, "carm/move")
        self.begin()

    def armed(self) -> bool:
        """Asks for permission once more; whether the C-arm knows that it has it."""
        if self._arm.wait_for_service(timeout_sec=1.0):
            answer = self._arm.call_async(Trigger.Request())
            self.until(answer.done, "the interlock")
        time.sleep(0.2)
        return bool(self.states) and bool(self.states[-1].armed)

    def go(self, angle_rad: float) -> None:
        """Begins a motion."""
        self._move.wait_for_server(timeout_sec=10.0)
        self._move.send_goal_async(MoveCArm.Goal(primary_angle=angle_rad))


def bench_stop(repeats: int = 1, tell: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Any]:
    """Kills each of NODES once during a motion, in fresh graphs for each repeat.

    Milliseconds from the kill to rest: until the last state that says moving, and from there what the way to the
    resting place takes at the C-arm's speed. A row whose reason names another node does not count: a machine under load
    may stop the C-arm by itself just then. Raises BringupError where the graph does not come up.
    """
    rows: list[dict[str, Any]] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            log = str(Path(folder, "audit.jsonl"))
            with (
                bringup.start(
                    record=True, record_folder=folder, audit_log=log, dose_folder=folder, image_size=128
                ) as graph,
                _Mover() as mover,
            ):
                for node in NODES:
                    rows.append(_kill(graph, mover, node))
                    tell(len(rows), repeats * len(NODES))
    counted = [row["ms"] for row in rows if row["node"] in row["reason"]]
    if not counted:
        raise bringup.BringupError("The machine is too busy: the C-arm stopped by itself before each kill.")
    return {"rows": rows, "worst_ms": max(counted)}


def _kill(graph: bringup.Graph, mover: _Mover, node: str) -> dict[str, Any]:
    mover.until(mover.armed, "the C-arm to be armed")
    here = mover.states[-1].primary_angle
    mover.go(-_AWAY_RAD if here > 0 else _AWAY_RAD)
    mover.until(lambda: mover.states[-1].moving and abs(mover.states[-1].primary_angle - here) > 0.1, "motion")
    killed_s = mover.now_s()
    os.kill(graph.processes[node], signal.SIGKILL)
    mover.until(lambda: not mover.states[-1].moving, "rest")
    time.sleep(_SETTLE_S)
    last = next(state for state in reversed(mover.states) if state.moving)
    rest = mover.states[-1]
    speed_rad_s = math.radians(VENDORS["standard"].speed_deg_s)
    stopped_s = last.header.stamp.sec + last.header.stamp.nanosec * 1e-9
    stopped_s += abs(rest.primary_angle - last.primary_angle) / speed_rad_s
    reason = rest.faults[0] if rest.faults else ""
    return {"node": node, "ms": round((stopped_s - killed_s) * 1000), "reason": reason}
