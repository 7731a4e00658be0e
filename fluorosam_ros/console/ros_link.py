"""The console's line to ROS: what is heard goes into the view model, presses go out as prompts and service calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import Image
from std_msgs.msg import Empty, Header, String
from std_srvs.srv import Trigger

from fluorosam_ros import convert
from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.presence import Presence
from fluorosam_ros.console.reports import (
    Answer,
    CArmReport,
    InterlockReport,
    Level,
    NodeReport,
    Outlined,
    Picture,
    PictureKind,
    Request,
)
from fluorosam_ros.console.solids import solids
from fluorosam_ros.console.view_model import ViewModel
from fluorosam_ros.control.exposure_budget import BudgetConfig, Spent
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.msg import CArmState, Dose, InterlockState, Reply, Segmentation
from fluorosam_ros.nodes.base import ManagedNode
from fluorosam_ros.qos import EVENTS, LATCHED, NEWEST_FRAME, NEWEST_STATE, STATE
from fluorosam_ros.srv import FinishCase
from fluorosam_sim.anatomy import AnatomyError, structure

HEARTBEAT_HZ = 5.0
LIMITS_EVERY_S = 5.0
STOP_AGAIN_S = 0.5
"""A button and a key may both deliver the same press, over two connections: it is said once in words."""

_LEVELS: dict[bytes, Level] = {b"\x00": "ok", b"\x01": "warn", b"\x02": "error", b"\x03": "silent"}
_LIMITS = ("max_dap_gym2", "max_kerma_gy", "max_shots", "max_shots_per_minute", "max_fluoro_s", "operator_timeout_s")


class RosLink:
    """Made by a node while it is activated; its entities are the node's to destroy. Implements reports.Link.

    Its callbacks run in the node's thread; the page calls from its own.
    """

    def __init__(self, node: ManagedNode, model: ViewModel, frames: Frames, presence: Presence) -> None:
        self._node, self._model, self._frames, self._presence = node, model, frames, presence
        self._stopped_s = 0.0
        keep = node.keep
        for kind, topic, callback, profile in (
            (CArmState, "carm/state", self._on_carm, STATE),
            (Dose, "carm/dose", self._on_dose, STATE),
            (InterlockState, "interlock/state", self._on_interlock, NEWEST_STATE),
            (Segmentation, "fluorosam/segmentation", self._on_segmentation, NEWEST_FRAME),
            (String, "fluorosam/prompt", self._on_prompt, EVENTS),
            (Reply, "fluorosam/reply", self._on_reply, EVENTS),
            (String, "robot_description", self._on_description, LATCHED),
            (DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENTS),
            (Image, "carm/image_raw", self._hear_pictures("raw"), NEWEST_FRAME),
            (Image, "fluorosam/overlay", self._hear_pictures("overlay"), NEWEST_FRAME),
        ):
            keep(node.create_subscription(kind, topic, callback, profile))
        self._prompts = keep(node.create_publisher(String, "fluorosam/prompt", EVENTS))
        self._stops = keep(node.create_publisher(Empty, "interlock/emergency_stop", EVENTS))
        self._beats = keep(node.create_publisher(Header, "operator/heartbeat", STATE))
        names: tuple[Request, ...] = ("arm", "disarm", "reset")
        self._requests = {name: keep(node.create_client(Trigger, f"interlock/{name}")) for name in names}
        self._finish = keep(node.create_client(FinishCase, "carm/finish_case"))
        self._get_limits = keep(node.create_client(GetParameters, "interlock/get_parameters"))
        # The machine's own clock: while a simulated one stands still the operator is there all the same.
        keep(node.create_timer(1.0 / HEARTBEAT_HZ, self._beat, clock=node.steady_clock))
        keep(node.create_timer(LIMITS_EVERY_S, self._ask_limits, clock=node.steady_clock))

    # --- presses ----------------------------------------------------------------------------------------------------

    def say(self, prompt: str) -> None:
        """Publishes a prompt; it is logged when it is heard back, like everybody's."""
        if prompt.strip():
            self._prompts.publish(String(data=prompt))

    def request(self, name: Request) -> None:
        """Calls the interlock's service."""

        def told(response: Any) -> Answer:
            return Answer(name, ReplyKind.DONE if response.success else ReplyKind.REFUSED, str(response.message))

        self._call(self._requests[name], Trigger.Request(), name, told, "There is no interlock.")

    def emergency_stop(self) -> None:
        """To the interlock at once, and in words, so that the guidance gives up what it is doing."""
        self._stops.publish(Empty())
        now = time.monotonic()
        self._model.stop_asked(now)
        if now - self._stopped_s > STOP_AGAIN_S:
            self._stopped_s = now
            self.say("stop")

    def finish_case(self) -> None:
        """Calls the driver's service."""

        def told(response: Any) -> Answer:
            text = f"{response.message} {response.path}".strip()
            return Answer("finish case", ReplyKind.DONE if response.success else ReplyKind.REFUSED, text)

        request = FinishCase.Request(begin_next=True)
        self._call(self._finish, request, "finish case", told, "This C-arm keeps no account of its dose.")

    def _call(self, client: Any, request: Any, name: str, told: Callable[[Any], Answer], absent: str) -> None:
        self._model.prompt(name, time.monotonic(), _clock())
        if not client.service_is_ready():
            self._model.answer(Answer(name, ReplyKind.FAILED, absent), time.monotonic(), _clock())
            return

        def done(call: Any) -> None:
            self._model.answer(told(call.result()), time.monotonic(), _clock())

        client.call_async(request).add_done_callback(done)

    # --- the operator -----------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        there, gone = self._presence.look(time.monotonic())
        if there:
            self._beats.publish(self._node.header("console"))
        elif gone and self._model.armed:
            # Also where the interlock was not told to demand the heartbeat: who armed here may be gone.
            self._model.note(
                "page closed",
                ReplyKind.STOPPED,
                "No page shows the C-arm any more: disarmed.",
                time.monotonic(),
                _clock(),
            )
            self.request("disarm")

    # --- reports ----------------------------------------------------------------------------------------------------

    def _on_carm(self, state: CArmState) -> None:
        width, height = state.detector_size
        report = CArmReport(
            convert.stamp_ns(state.header.stamp),
            convert.pose_from_message(state),
            state.source_detector_distance * 1000.0,
            state.source_isocenter_distance * 1000.0,
            (width * 1000.0, height * 1000.0),
            convert.collimation_from_message(state.collimator),
            state.moving,
            state.beam_on,
            tuple(state.faults),
        )
        self._model.carm(report, time.monotonic())

    def _on_dose(self, dose: Dose) -> None:
        spent = Spent(dose.case_uid, dose.dose_area_product, dose.air_kerma, dose.shots, dose.pulses, dose.fluoro_time)
        self._model.dose(spent, time.monotonic())

    def _on_interlock(self, state: InterlockState) -> None:
        report = InterlockReport(
            state.armed, state.emergency_stop, state.exposure_permitted, state.reason, state.exposure_reason
        )
        self._model.interlock(report, time.monotonic())

    def _on_segmentation(self, message: Segmentation) -> None:
        found = [Outlined(m.prompt, _name(m.structures, m.prompt), m.present, m.score) for m in message.masks]
        self._model.outlined(tuple(found))

    def _on_prompt(self, message: String) -> None:
        self._model.prompt(message.data, time.monotonic(), _clock())

    def _on_reply(self, reply: Reply) -> None:
        answer = Answer(reply.prompt, ReplyKind(reply.kind), reply.text)
        self._model.answer(answer, time.monotonic(), _clock())

    def _on_description(self, message: String) -> None:
        try:
            self._model.body(solids(message.data))
        except (ValueError, ElementTree.ParseError) as error:
            self._node.get_logger().warning(f"The C-arm's description cannot be drawn: {error}")

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.hardware_id == "fluorosam" and status.name != self._node.get_name():
                values = {pair.key: pair.value for pair in status.values}
                level = _LEVELS.get(bytes(status.level), "error")
                self._model.node(NodeReport(status.name, level, status.message, values), time.monotonic())

    def _hear_pictures(self, kind: PictureKind) -> Callable[[Image], None]:
        def hear(image: Image) -> None:
            stamp = convert.stamp_ns(image.header.stamp)
            late_s = max((self._node.get_clock().now().nanoseconds - stamp) * 1e-9, 0.0)
            picture = Picture(kind, stamp, late_s, (image.width, image.height), lambda: convert.image_to_array(image))
            self._frames.put(picture)
            self._model.picture(picture, time.monotonic())

        return hear

    def _ask_limits(self) -> None:
        if not self._get_limits.service_is_ready():
            return

        def done(call: Any) -> None:
            result = call.result()
            if result is None or len(result.values) != len(_LIMITS):
                return
            dap, kerma, shots, per_minute, fluoro, operator = map(_number, result.values)
            self._model.limits(BudgetConfig(dap, kerma, int(shots), int(per_minute), fluoro), operator)

        self._get_limits.call_async(GetParameters.Request(names=list(_LIMITS))).add_done_callback(done)


def _number(value: Any) -> float:
    return float(value.integer_value if value.type == ParameterType.PARAMETER_INTEGER else value.double_value)


def _name(keys: list[str], prompt: str) -> str:
    try:
        return structure(keys[0]).name if len(keys) == 1 else prompt
    except AnatomyError:
        return prompt


def _clock() -> str:
    return time.strftime("%H:%M:%S")
