"""C-arm, segmenter and interlock behind their topics, services and actions, as `control.operations.Operations`.

The sequences run in a worker thread and block on these calls; the node's executor, in another thread, delivers what
they wait for. `cancel` ends whatever is waited for within a few hundredths of a second.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.action import ActionClient
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo
from std_srvs.srv import SetBool, Trigger

from fluorosam_ros import convert
from fluorosam_ros.action import Collimate, MoveCArm
from fluorosam_ros.control.command_types import DOSE_LEVELS, DoseLevel
from fluorosam_ros.control.operations import Cancelled, DeviceError, DeviceStatus, Found, Refused, View
from fluorosam_ros.msg import CArmState, InterlockState, Prompts
from fluorosam_ros.nodes.base import ManagedNode
from fluorosam_ros.qos import FRAMES, LATCHED, NEWEST_STATE, STATE
from fluorosam_ros.srv import Acquire, Segment
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation

SILENCE_S = 1.0  # a C-arm or interlock that has sent no state for so long is taken for dead
SHORT_S, LONG_S = 5.0, 120.0  # limits of a service call and of a move
_POLL_S = 0.01
_KEPT_STATES = 40  # two seconds
DOSE_PARAMETER = "dose_level"
REQUESTS = ("arm", "disarm", "stop", "reset")


class RosDevice:
    """Made by a node while it is activated; its entities are the node's to destroy.

    carm_node: name of the driver's node, whose parameter ``dose_level`` is the dose of a pulse.
    """

    def __init__(self, node: ManagedNode, config: CArmConfig, carm_node: str = "twin") -> None:
        self.config = config
        self._node = node
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._states: deque[CArmState] = deque(maxlen=_KEPT_STATES)
        self._state: CArmState | None = None
        self._info: CameraInfo | None = None
        self._view: View | None = None
        self._interlock: InterlockState | None = None
        self._state_s = self._interlock_s = -SILENCE_S
        keep = node.keep
        keep(node.create_subscription(CArmState, "carm/state", self._on_state, STATE))
        keep(node.create_subscription(CameraInfo, "carm/camera_info", self._on_info, FRAMES))
        keep(node.create_subscription(InterlockState, "interlock/state", self._on_interlock, NEWEST_STATE))
        self._segment = keep(node.create_client(Segment, "fluorosam/segment"))
        self._acquire = keep(node.create_client(Acquire, "carm/acquire"))
        self._move = keep(ActionClient(node, MoveCArm, "carm/move"))
        self._collimate = keep(ActionClient(node, Collimate, "carm/collimate"))
        self._fluoro = keep(node.create_client(SetBool, "carm/fluoro"))
        self._get_dose = keep(node.create_client(GetParameters, f"{carm_node}/get_parameters"))
        self._set_dose = keep(node.create_client(SetParameters, f"{carm_node}/set_parameters"))
        self._requests = {name: keep(node.create_client(Trigger, f"interlock/{name}")) for name in REQUESTS}
        self._prompts = keep(node.create_publisher(Prompts, "fluorosam/active_prompts", LATCHED))

    # --- what comes in ----------------------------------------------------------------------------------------------

    def _on_state(self, state: CArmState) -> None:
        with self._lock:
            self._state, self._state_s = state, time.monotonic()
            self._states.append(state)
            self._pair()

    def _on_info(self, info: CameraInfo) -> None:
        with self._lock:
            self._info = info
            self._pair()

    def _pair(self) -> None:
        """Makes the newest frame a view, by the state with its stamp, else the nearest once a later one has come."""
        if self._info is None or not self._states:
            return
        stamp = convert.stamp_ns(self._info.header.stamp)

        def away(state: CArmState) -> int:
            return abs(convert.stamp_ns(state.header.stamp) - stamp)

        state = min(self._states, key=away)
        if away(state) and convert.stamp_ns(self._states[-1].header.stamp) < stamp:
            return
        pose, collimation = convert.pose_from_message(state), convert.collimation_from_message(state.collimator)
        self._view = View(stamp, pose, collimation, (self._info.width, self._info.height))
        if away(state) == 0:
            self._info = None

    def _on_interlock(self, state: InterlockState) -> None:
        with self._lock:
            self._interlock, self._interlock_s = state, time.monotonic()

    # --- Operations -------------------------------------------------------------------------------------------------

    def status(self) -> DeviceStatus:
        """The C-arm and the interlock now; DeviceError when one of them stays silent.

        Waits a while for them: a node that has just come up may not have heard the others yet.
        """
        self._until(self._heard, SHORT_S, None)
        return self.latest_status()

    def _heard(self) -> bool:
        with self._lock:
            return time.monotonic() - min(self._state_s, self._interlock_s) <= SILENCE_S

    def latest_status(self) -> DeviceStatus:
        """As `status`, without waiting."""
        with self._lock:
            state, interlock = self._state, self._interlock
            now = time.monotonic()
            carm_silent, interlock_silent = now - self._state_s > SILENCE_S, now - self._interlock_s > SILENCE_S
        if state is None or carm_silent:
            raise DeviceError("The C-arm sends no state: is its driver or the twin running?")
        if interlock is None or interlock_silent:
            raise DeviceError("The interlock sends no state: is its node running?")
        pose, collimation = convert.pose_from_message(state), convert.collimation_from_message(state.collimator)
        return DeviceStatus(pose, collimation, interlock.armed, interlock.emergency_stop, interlock.reason)

    def view(self) -> View | None:
        """The newest image whose pose is known."""
        with self._lock:
            return self._view

    def shoot(self) -> View:
        """One exposure; returns when its image is known here, too."""
        response = self._call(self._acquire, Acquire.Request(), "The C-arm did not answer the request for a shot.")
        if not response.success:
            raise DeviceError(f"No shot: {response.message}")
        stamp = convert.stamp_ns(response.frame.stamp)
        self._until(
            lambda: (view := self.view()) is not None and view.stamp_ns >= stamp, SHORT_S, "The image never came."
        )
        view = self.view()
        assert view is not None
        return view

    def segment(self, prompts: Sequence[str], view: View) -> list[Found]:
        """Answers about a view, or about a newer one if there is one by now."""
        request = Segment.Request(prompts=list(prompts))
        request.image.header.stamp.sec, request.image.header.stamp.nanosec = divmod(view.stamp_ns, 1_000_000_000)
        end = time.monotonic() + SHORT_S
        while True:
            response = self._call(self._segment, request, "The segmenter did not answer.")
            if response.success:
                break
            behind = convert.stamp_ns(response.segmentation.header.stamp) < view.stamp_ns
            if not behind or time.monotonic() > end:
                raise DeviceError(f"No segmentation: {response.message}")
            self._until(lambda: False, 2 * _POLL_S, None)
        return [_found(mask) for mask in response.segmentation.masks]

    def show(self, prompts: Sequence[str]) -> None:
        """Makes these the active prompts."""
        self._prompts.publish(Prompts(header=self._node.header(), prompts=list(prompts)))

    def move(self, pose: CArmPose) -> CArmPose:
        """Moves, until it is there."""
        result = self._act(self._move, convert.fill_pose(MoveCArm.Goal(), pose))
        if not result.success:
            raise DeviceError(f"The C-arm did not get there: {result.message}")
        with self._lock:
            self._state = result.state
        return convert.pose_from_message(result.state)

    def collimate(self, collimation: Collimation) -> Collimation:
        """Sets the collimator."""
        result = self._act(self._collimate, Collimate.Goal(collimator=convert.collimation_to_message(collimation)))
        if not result.success:
            raise DeviceError(f"The collimator did not move: {result.message}")
        with self._lock:
            if self._state:
                self._state.collimator = result.collimator
        return convert.collimation_from_message(result.collimator)

    def interlock(self, request: str) -> tuple[bool, str]:
        """Asks the interlock; returns once its published state tells the answer."""
        response = self._call(self._requests[request], Trigger.Request(), "The interlock did not answer.")
        if response.success and request == "arm":
            self._until(lambda: self._interlock is not None and self._interlock.armed, 0.5, None)
        return bool(response.success), str(response.message)

    def fluoro(self, on: bool) -> str:
        """Switches live images; returns the device's sentence."""
        self._offered(self._fluoro, "This C-arm takes single shots only.")
        response = self._call(self._fluoro, SetBool.Request(data=on), "The C-arm did not answer.")
        if not response.success:
            raise DeviceError(f"No fluoroscopy: {response.message}")
        return str(response.message)

    def dose_level(self) -> DoseLevel:
        """The driver's parameter."""
        self._offered(self._get_dose, "This C-arm offers no dose levels.")
        response = self._call(
            self._get_dose, GetParameters.Request(names=[DOSE_PARAMETER]), "The C-arm did not answer."
        )
        level = response.values[0].string_value if response.values else ""
        for known in DOSE_LEVELS:
            if known == level:
                return known
        raise Refused("This C-arm offers no dose levels.")

    def set_dose_level(self, level: DoseLevel) -> None:
        """Sets the driver's parameter."""
        self._offered(self._set_dose, "This C-arm offers no dose levels.")
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=level)
        request = SetParameters.Request(parameters=[Parameter(name=DOSE_PARAMETER, value=value)])
        response = self._call(self._set_dose, request, "The C-arm did not answer.")
        if not response.results[0].successful:
            raise DeviceError(f"The dose was not changed: {response.results[0].reason}")

    def _offered(self, client: Any, complaint: str) -> None:
        self._until(client.service_is_ready, SILENCE_S, None)
        if not client.service_is_ready():
            raise Refused(complaint)

    # --- from the other thread --------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ends what the worker waits for; it gets Cancelled. Holds until `resume`."""
        self._cancelled.set()

    def resume(self) -> None:
        """Lets the next sequence run."""
        self._cancelled.clear()

    def interlock_now(self, request: str) -> Future | None:
        """Asks the interlock without waiting; None when it is not there."""
        client = self._requests[request]
        return client.call_async(Trigger.Request()) if client.service_is_ready() else None

    def fluoro_off_now(self) -> Future | None:
        """Switches live images off without waiting; None when the C-arm has none."""
        return self._fluoro.call_async(SetBool.Request(data=False)) if self._fluoro.service_is_ready() else None

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _call(self, client: Any, request: Any, complaint: str) -> Any:
        self._until(client.service_is_ready, SHORT_S, f"There is no service {client.srv_name}: is its node running?")
        return self._result(client.call_async(request), SHORT_S, complaint)

    def _act(self, client: ActionClient, goal: Any) -> Any:
        self._until(client.server_is_ready, SHORT_S, "The C-arm offers no such action: is its driver running?")
        handle = self._result(client.send_goal_async(goal), SHORT_S, "The C-arm did not answer.")
        if not handle.accepted:
            raise DeviceError("The C-arm rejected the request.")
        try:
            return self._result(handle.get_result_async(), LONG_S, "The C-arm did not finish in time.").result
        except (Cancelled, DeviceError):
            handle.cancel_goal_async()
            raise

    def _result(self, future: Future, seconds: float, complaint: str) -> Any:
        self._until(future.done, seconds, complaint)
        return future.result()

    def _until(self, condition: Callable[[], bool], seconds: float, complaint: str | None) -> None:
        """Waits; Cancelled when cancelled, DeviceError(complaint) after the time (none: just goes on)."""
        start = time.monotonic()
        while not condition():
            if self._cancelled.is_set():
                raise Cancelled
            waited = time.monotonic() - start
            if waited > seconds:
                if complaint is None:
                    return
                raise DeviceError(complaint)
            if waited > SILENCE_S and complaint is not None and time.monotonic() - self._state_s > SILENCE_S:
                raise DeviceError("The C-arm has fallen silent.")
            time.sleep(_POLL_S)


def _found(mask: Any) -> Found:
    if not mask.present:
        return Found(mask.prompt, False, mask.score, None, None)
    pixels = convert.image_to_array(mask.mask) > 0
    return Found(mask.prompt, True, mask.score, (float(mask.centroid[0]), float(mask.centroid[1])), pixels)
