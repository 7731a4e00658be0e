"""A driver's line to the interlock: hears its permission, and asks it about every motion."""

from __future__ import annotations

from typing import Any

from rclpy.task import Future

from fluorosam_ros import convert
from fluorosam_ros.msg import InterlockState
from fluorosam_ros.nodes.base import ManagedNode
from fluorosam_ros.permission import Permission
from fluorosam_ros.qos import NEWEST_STATE
from fluorosam_ros.srv import PermitMove
from fluorosam_sim.carm import CArmPose

ANSWER_S = 1.0  # how long the interlock may take to check a motion
_LOOK_S = 0.05


class InterlockLink:
    """Made by a node while it is activated; its entities are the node's to destroy."""

    def __init__(self, node: ManagedNode, permission: Permission) -> None:
        self._node, self._permission = node, permission
        self._asked: tuple[Future, float] | None = None
        node.keep(node.create_subscription(InterlockState, "interlock/state", self._hear, NEWEST_STATE))
        self._permit = node.keep(node.create_client(PermitMove, "interlock/permit_move"))
        node.keep(node.create_timer(_LOOK_S, self._look, clock=node.steady_clock))

    @property
    def asking(self) -> bool:
        """Whether an answer about a motion is awaited."""
        return self._asked is not None

    def refusal(self) -> str | None:
        """Why nothing may move now, or None."""
        return self._permission.refusal(self._now_s())

    def exposure_refusal(self) -> str | None:
        """Why nothing may expose now, or None."""
        return self._permission.exposure_refusal(self._now_s())

    async def ask(self, target: CArmPose) -> str | None:
        """Why the interlock does not permit a motion to a target, or None; it checks the whole way for collisions."""
        if not self._permit.service_is_ready():
            return "There is no interlock that could check the way."
        answer: Future = Future()
        self._asked = answer, self._steady_s() + ANSWER_S

        def answered(call: Future) -> None:
            response = call.result()
            if response is None:
                self._answer("The interlock did not answer.")
            else:
                self._answer("" if response.granted else response.reason)

        self._permit.call_async(convert.fill_pose(PermitMove.Request(), target)).add_done_callback(answered)
        return str(await answer) or None

    def _hear(self, state: InterlockState, info: Any) -> None:
        sender = bytes(info.get("publisher_gid", {}).get("data", b""))
        self._permission.hear(state, self._now_s(), sender)

    def _look(self) -> None:
        if self._asked and self._steady_s() > self._asked[1]:
            self._answer("The interlock did not answer.")

    def _answer(self, reason: str) -> None:
        if self._asked:
            answer, self._asked = self._asked[0], None
            answer.set_result(reason)

    def _now_s(self) -> float:
        return self._node.get_clock().now().nanoseconds * 1e-9

    def _steady_s(self) -> float:
        return self._node.steady_clock.now().nanoseconds * 1e-9
