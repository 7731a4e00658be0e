"""The digital twin as a C-arm's driver: the reference implementation of the carm/* interface.

It moves and exposes only while a fresh interlock/state permits it, and asks interlock/permit_move before every motion.
Publishes carm/state (20 Hz, and one with the stamp of every frame), carm/image_raw, carm/camera_info, carm/dose, tf,
robot_description and visualization; offers carm/move, carm/collimate (actions), carm/acquire, carm/fluoro and
carm/finish_case (services).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String
from std_srvs.srv import SetBool
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from fluorosam_ros import convert
from fluorosam_ros.action import Collimate, MoveCArm
from fluorosam_ros.case_dose import CaseDose
from fluorosam_ros.control.operations import DOSE_FACTORS
from fluorosam_ros.description import urdf
from fluorosam_ros.interlock_link import InterlockLink
from fluorosam_ros.markers import scene
from fluorosam_ros.msg import CArmState
from fluorosam_ros.nodes.base import OK, WARN, ManagedNode, SetupError, run_node
from fluorosam_ros.permission import Permission
from fluorosam_ros.qos import EVENTS, FRAMES, LATCHED, STATE
from fluorosam_ros.srv import Acquire, FinishCase
from fluorosam_ros.twin_parameters import PARAMETERS
from fluorosam_sim.carm import VENDORS, CArmPose, LimitError
from fluorosam_sim.dose import DoseLedger
from fluorosam_sim.motion import BodyMotion, Breathing, Heartbeat, MotionError
from fluorosam_sim.patients import Patient, PatientError, load_patient
from fluorosam_sim.render.exposure import FIXED
from fluorosam_sim.twin import Frame, Twin

MOTION_HZ, STATE_HZ, FEEDBACK_HZ = 50.0, 20.0, 10.0
FLUORO_HZ = 7.5  # live images a second when carm/fluoro switches them on and the parameter says nothing
# After a stall the arm must not jump: at most this much time passes in one step.
MAX_STEP_S = 0.06
_FIRST_BREATH_S = 0.5


@dataclass
class _Move:
    """The move under way; `ended` gets "" on arrival, else the reason why it ended."""

    goal: ServerGoalHandle
    ended: Future
    start: CArmPose
    target: CArmPose
    feedback_due_s: float = 0.0


class TwinNode(ManagedNode):
    """ROS around fluorosam_sim.twin. Callbacks run in one thread; images are rendered in another."""

    PARAMETERS = PARAMETERS

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("twin", **kwargs)
        self._state_pub = self.create_publisher(CArmState, "carm/state", STATE)
        self._image_pub = self.create_publisher(Image, "carm/image_raw", FRAMES)
        self._info_pub = self.create_publisher(CameraInfo, "carm/camera_info", FRAMES)
        self._tf_pub = self.create_publisher(TFMessage, "/tf", STATE)
        self._static_pub = self.create_publisher(TFMessage, "/tf_static", LATCHED)
        self._description_pub = self.create_publisher(String, "robot_description", LATCHED)
        self._marker_pub = self.create_publisher(MarkerArray, "visualization", EVENTS)
        self._permission = Permission()
        self._others = 0
        self._twin: Twin | None = None
        self._move: _Move | None = None
        self._imaging: ThreadPoolExecutor | None = None
        self._exposing = False
        self._link: InterlockLink | None = None
        self._dose: CaseDose | None = None
        self._ledger: DoseLedger | None = None
        self._fluoro: Any = None
        self._fluoro_hz = 0.0
        self._fluoro_switched = False
        self._stepped_s = 0.0

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def load_patient(self) -> Patient:
        """The patient of the parameter; raises SetupError."""
        try:
            return load_patient(self.value("patient"))
        except PatientError as error:
            raise SetupError(str(error)) from error

    def load(self) -> None:
        side = self.value("image_size")
        if 0 < side < 64:
            raise SetupError(f"image_size is {side}: an image has at least 64 pixels a side.")
        values = [float(v) for v in self.value("start_pose")]
        if len(values) != 5:
            raise SetupError(f"start_pose has {len(values)} numbers, not five.")
        primary, secondary, *isocenter = values
        config = VENDORS[self.value("device")]
        twin = Twin(
            self.load_patient(),
            config,
            self.value("seed"),
            (side, side) if side else None,
            exposure=replace(FIXED, pulse_ms=self.value("pulse_ms")),
            preview=self.value("quality") == "preview",
        )
        x, y, z = (v * 1000.0 for v in isocenter)
        try:
            twin.place(CArmPose(math.degrees(primary), math.degrees(secondary), (x, y, z)))
        except LimitError as error:
            raise SetupError(f"start_pose cannot be taken: {error}") from error
        twin.truth()  # compiles the renderer now, not at the first shot
        twin.dose_factor = DOSE_FACTORS[self.value("dose_level")]
        self._breathe(twin, self.value("breathing"))
        if twin.motion:
            twin.step(_FIRST_BREATH_S)
            twin.truth()  # likewise for a body in motion
        self._twin, self._ledger = twin, None

    def start(self) -> None:
        twin = self._device
        self._imaging = ThreadPoolExecutor(1, "imaging")
        self._stepped_s = self._now_s()
        self._link = InterlockLink(self, self._permission)
        self._dose = CaseDose(self, twin, self._ledger, self.value("dose_folder"))
        # In a group of its own: a coroutine that waits holds back everything else of its group.
        waits = ReentrantCallbackGroup()
        self.keep(self.create_service(Acquire, "carm/acquire", self._acquire, callback_group=waits))
        self.keep(self.create_service(SetBool, "carm/fluoro", self._switch_fluoro))
        self.keep(self.create_service(FinishCase, "carm/finish_case", self._finish_case))
        for kind, name, callback in (
            (MoveCArm, "carm/move", self._run_move),
            (Collimate, "carm/collimate", self._collimate),
        ):
            self.keep(ActionServer(self, kind, name, callback, cancel_callback=lambda _: CancelResponse.ACCEPT))
        self.keep(self.create_timer(1.0 / MOTION_HZ, self._step))
        self.keep(self.create_timer(1.0 / STATE_HZ, self._publish_state))
        self.keep(self.create_timer(1.0, self._publish_markers))
        now = self.get_clock().now().to_msg()
        self._static_pub.publish(TFMessage(transforms=convert.static_transforms(twin.config, now)))
        self._description_pub.publish(String(data=urdf(twin.config)))
        self._set_fluoro(self.value("fluoro_hz"))

    def stop(self) -> None:
        self._device.halt()
        self._end_move("The twin was deactivated.")
        self._set_fluoro(0.0)
        if self._imaging:
            self._imaging.shutdown(wait=True, cancel_futures=True)
        self._imaging, self._exposing = None, False
        case, self._dose, self._link = self._dose, None, None
        self._ledger = case.ledger if case else None
        if case and case.unreported:
            try:
                self.get_logger().info(f"dose report: {case.write_report()}")
            except OSError as error:
                self.get_logger().error(f"The dose report could not be written: {error}.")

    def _breathe(self, twin: Twin, how: str) -> None:
        """None, free or held; raises SetupError for a patient that cannot breathe."""
        if twin.motion is None and how != "none":
            breathing, heartbeat = Breathing(self.value("breaths_per_minute")), Heartbeat(self.value("heart_rate"))
            try:
                twin.motion = BodyMotion(twin.patient, breathing, heartbeat, self.value("seed"))
            except MotionError as error:
                raise SetupError(f"breathing cannot be {how}: {error}") from error
        if twin.motion:
            twin.motion.follow(how, twin.time_s)

    def unload(self) -> None:
        self._twin = self._ledger = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        twin, refusal = self._device, self._refusal()
        values = {
            "patient": twin.patient.name,
            "shots": str(twin.shots),
            "dose_area_product_gym2": f"{twin.dap_gym2:.3g}",
            "dose_level": self.value("dose_level"),
            "breathing": self.value("breathing"),
            "fluoro_hz": f"{self._fluoro_hz:g}",
        }
        others, self._others = self._others, self._permission.others
        if others != self._others:
            return WARN, "Two nodes send interlock/state: end the one that does not belong here.", values
        return (WARN, refusal, values) if refusal else (OK, "ready", values)

    def parameters_changed(self, values: dict[str, Any]) -> None:
        if self._twin and "breathing" in values:
            self._breathe(self._twin, values["breathing"])
        if self._twin and "dose_level" in values:
            self._twin.dose_factor = DOSE_FACTORS[values["dose_level"]]
        if self.active and "fluoro_hz" in values:
            self._set_fluoro(values["fluoro_hz"])

    # --- motion -----------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        now = self._now_s()
        # Simulated time may be set back.
        elapsed, self._stepped_s = min(max(now - self._stepped_s, 0.0), MAX_STEP_S), now
        twin, move = self._device, self._move
        refusal = self._refusal() if twin.moving else None
        if refusal:
            twin.halt()
            self._end_move(refusal)
        elif move and move.goal.is_cancel_requested:
            twin.halt()
            self._end_move("Cancelled.")
        twin.step(elapsed)
        if self._move is None:
            return
        if not twin.moving:
            self._end_move("")
        elif now >= self._move.feedback_due_s:
            self._move.feedback_due_s = now + 1.0 / FEEDBACK_HZ
            feedback = MoveCArm.Feedback(state=self._state(), progress=_progress(self._move, twin.pose))
            self._move.goal.publish_feedback(feedback)

    def _end_move(self, reason: str) -> None:
        if self._move and not self._move.ended.done():
            self._move.ended.set_result(reason)
        self._move = None

    async def _run_move(self, goal: ServerGoalHandle) -> MoveCArm.Result:
        twin, link, target = self._device, self._interlock_link, convert.pose_from_message(goal.request)
        refusal = "The C-arm is already moving." if self._move or link.asking else self._refusal()
        if not refusal:
            try:
                twin.config.check_pose(target)
                refusal = await link.ask(target)
                # Meanwhile all may have changed.
                refusal = refusal or ("Cancelled." if goal.is_cancel_requested else self._refusal())
                if not refusal:
                    twin.start_move(target)
            except LimitError as error:
                refusal = str(error)
        if refusal:
            self.get_logger().warning(f"move refused: {refusal}")
            if goal.is_cancel_requested:
                goal.canceled()
            else:
                goal.abort()
            return MoveCArm.Result(success=False, message=refusal, state=self._state())
        self._move = _Move(goal, Future(), twin.pose, target)
        ended = self._move.ended
        reason = await ended
        state = self._state()
        self._state_pub.publish(state)
        if not reason:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            self.get_logger().warning(f"move ended: {reason}")
            goal.abort()
        return MoveCArm.Result(success=not reason, message=reason or "Arrived.", state=state)

    def _collimate(self, goal: ServerGoalHandle) -> Collimate.Result:
        twin, refusal = self._device, self._refusal()
        if not refusal:
            try:
                twin.set_collimation(convert.collimation_from_message(goal.request.collimator))
            except LimitError as error:
                refusal = str(error)
        if refusal:
            self.get_logger().warning(f"collimation refused: {refusal}")
            goal.abort()
        else:
            goal.publish_feedback(Collimate.Feedback(progress=1.0))
            goal.succeed()
            self._publish_state()
            self._publish_markers()
        collimator = convert.collimation_to_message(twin.collimation)
        return Collimate.Result(success=not refusal, message=refusal or "Set.", collimator=collimator)

    # --- images -----------------------------------------------------------------------------------------------------

    async def _acquire(self, request: Acquire.Request, response: Acquire.Response) -> Acquire.Response:
        exposed: Future = Future()
        refusal = self._expose(request.command, exposed)
        result: Any = refusal or await exposed
        if isinstance(result, str):
            response.success, response.message = False, result
            self.get_logger().warning(f"shot refused: {result}")
        else:
            frame, header = result
            response.success, response.message = True, f"Shot {frame.shot}."
            response.frame, response.dose_area_product = header, frame.dap_gym2
        return response

    def _expose(self, command: str, exposed: Future | None = None, live: bool = False) -> str | None:
        """Begins one exposure in the imaging thread; why not, or None. `exposed` gets (Frame, Header) or a reason."""
        refusal = "The previous exposure has not ended." if self._exposing else self._exposure_refusal()
        if refusal or self._imaging is None:
            return refusal or "The twin is not active."
        self._exposing = True

        def work() -> None:
            result: tuple[Frame, Header] | str
            try:
                result = self._exposure_refusal() or self._shoot(command, live)
            except Exception as error:
                result = f"The exposure failed: {error}"
                self.get_logger().error(result)
            self._exposing = False
            if exposed:
                exposed.set_result(result)

        self._imaging.submit(work)
        return None

    def _pulse(self) -> None:
        """One live image, unless the beam is not permitted or the last one is still under way."""
        if self._exposing:
            return
        refusal = self._expose("", live=True)
        if refusal and self._imaging:
            self._imaging.submit(self._case.end_fluoroscopy)
            if self._fluoro_switched:  # the beam must not come back by itself
                self.get_logger().warning(f"fluoroscopy ended: {refusal}")
                self._set_fluoro(0.0)

    def _shoot(self, command: str, live: bool) -> tuple[Frame, Header]:
        twin, header = self._device, self.header(convert.DETECTOR_OPTICAL)
        frame = twin.acquire()
        # First: whoever sees the image can already know what it cost.
        self._case.add(frame, header.stamp, (self._fluoro_hz or FLUORO_HZ) if live else 0.0, command)
        size = (frame.image.shape[1], frame.image.shape[0])
        self._state_pub.publish(self._state(header.stamp, frame))
        self._info_pub.publish(convert.camera_info(twin.config, frame.collimation, size, header))
        self._image_pub.publish(convert.array_to_image(frame.image, header))
        return frame, header

    def _switch_fluoro(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        refusal = self._exposure_refusal() if request.data else None
        if refusal:
            response.success, response.message = False, refusal
            return response
        self._set_fluoro((self.value("fluoro_hz") or FLUORO_HZ) if request.data else 0.0)
        self._fluoro_switched = request.data
        rate = f"on, {self._fluoro_hz:g} images a second" if request.data else "off"
        response.success, response.message = True, f"Fluoroscopy is {rate}."
        return response

    def _set_fluoro(self, rate_hz: float) -> None:
        if self._fluoro is not None:
            self.destroy_timer(self._fluoro)
            self._fluoro = None
            if self._imaging:
                self._imaging.submit(self._case.end_fluoroscopy)
        self._fluoro_hz, self._fluoro_switched = rate_hz, False
        if rate_hz > 0:
            self._fluoro = self.create_timer(1.0 / rate_hz, self._pulse)

    def _finish_case(self, request: FinishCase.Request, response: FinishCase.Response) -> FinishCase.Response:
        if request.begin_next and (self._exposing or self._permission.armed):
            response.success, response.message = False, "Disarm first: a case does not change while the C-arm is armed."
            return response
        try:
            response.path = str(self._case.write_report())
        except OSError as error:
            response.success, response.message = False, f"The dose report could not be written: {error}."
            return response
        response.success = True
        response.message = f"Dose report of {len(self._case.ledger.events)} irradiation events written."
        if request.begin_next:
            self._case.begin_next()
        return response

    # --- state ------------------------------------------------------------------------------------------------------

    @property
    def _interlock_link(self) -> InterlockLink:
        if self._link is None:
            raise SetupError("The twin is not active.")
        return self._link

    @property
    def _case(self) -> CaseDose:
        if self._dose is None:
            raise SetupError("The twin is not active.")
        return self._dose

    @property
    def _device(self) -> Twin:
        if self._twin is None:
            raise SetupError("The twin is not configured.")
        return self._twin

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _refusal(self) -> str | None:
        return self._link.refusal() if self._link else "The twin is not active."

    def _exposure_refusal(self) -> str | None:
        return self._link.exposure_refusal() if self._link else "The twin is not active."

    def _state(self, stamp: Time | None = None, frame: Frame | None = None) -> CArmState:
        """The state now, or that of a frame."""
        twin, refusal = self._device, self._refusal()
        config = twin.config
        state = CArmState(header=Header(stamp=stamp or self.get_clock().now().to_msg(), frame_id=convert.WORLD))
        convert.fill_pose(state, frame.pose if frame else twin.pose)
        state.source_detector_distance = config.sdd_mm / 1000.0
        state.source_isocenter_distance = config.sod_mm / 1000.0
        state.detector_size = [side / 1000.0 for side in config.detector_mm]
        state.collimator = convert.collimation_to_message(frame.collimation if frame else twin.collimation)
        state.moving, state.beam_on = twin.moving, frame is not None
        state.armed, state.faults = refusal is None, [refusal] if refusal else []
        state.shots, state.dose_area_product = twin.shots, twin.dap_gym2
        return state

    def _publish_state(self) -> None:
        self._step()  # so that the pose is that of the stamp: speeds are judged by it
        state = self._state()
        self._state_pub.publish(state)
        self._tf_pub.publish(TFMessage(transforms=[convert.moving_transform(self._device.pose, state.header.stamp)]))

    def _publish_markers(self) -> None:
        twin = self._device
        now = self.get_clock().now().to_msg()
        markers = scene(twin.config, twin.collimation, twin.patient.bounds_mm, self._exposing, now)
        self._marker_pub.publish(markers)


def _progress(move: _Move, pose: CArmPose) -> float:
    """Share of the way that is done, 0 to 1."""

    def way(a: CArmPose, b: CArmPose) -> float:
        shift = math.dist(a.isocenter_mm, b.isocenter_mm)
        # Degrees and millimetres are added: only the share of the whole counts.
        return abs(a.primary_deg - b.primary_deg) + abs(a.secondary_deg - b.secondary_deg) + shift

    whole = way(move.start, move.target)
    return 1.0 if whole <= 0 else min(max(1.0 - way(pose, move.target) / whole, 0.0), 1.0)


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(TwinNode, args)


if __name__ == "__main__":
    main()
