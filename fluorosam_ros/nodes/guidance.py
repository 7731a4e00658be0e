"""The guidance: from a prompt to what the C-arm does, and one reply to every prompt.

Subscribes fluorosam/prompt, offers fluorosam/execute (the same path); publishes fluorosam/reply and
fluorosam/active_prompts; uses fluorosam/segment, carm/move, carm/collimate, carm/acquire, carm/fluoro, the
driver's parameter dose_level, and interlock/*. Sequences run
in a worker thread, one at a time, so that a stop is heard at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from std_msgs.msg import String

from fluorosam_ros.action import Execute
from fluorosam_ros.control.command_types import Cancel, Command, Disarm, Stop, SwitchFluoro, Unclear, acts
from fluorosam_ros.control.operations import DeviceError, Outcome, ReplyKind
from fluorosam_ros.control.plain_text import MAX_TEXT
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.device import RosDevice
from fluorosam_ros.msg import Reply
from fluorosam_ros.nodes.base import OK, WARN, ManagedNode, NodeParameter, run_node
from fluorosam_ros.qos import EVENTS
from fluorosam_sim.carm import VENDORS

MAX_WAITING = 8
ANSWER_S = 1.0  # how long an urgent request may take to be answered


@dataclass(eq=False)
class _Job:
    """A prompt on its way. tell: gets every reply, the final one last and once."""

    text: str
    command: Command
    tell: Callable[[Reply], None]
    cancelled: threading.Event = field(default_factory=threading.Event)
    answered: bool = False


class GuidanceNode(ManagedNode):
    """ROS around control.sequences."""

    PARAMETERS = (
        NodeParameter("device", "standard", "geometry and limits to plan with", choices=tuple(VENDORS), setup=True),
        NodeParameter("carm_node", "twin", "the driver's node, whose parameter dose_level is set by voice", setup=True),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("guidance", **kwargs)
        self._reply_pub = self.create_publisher(Reply, "fluorosam/reply", EVENTS)
        self._lock = threading.Lock()
        self._device: RosDevice | None = None
        self._guide: Guide | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._running: _Job | None = None
        self._goals: dict[bytes, _Job] = {}
        self._waiting: list[_Job] = []
        self._urgent: list[tuple[_Job, Future, float]] = []

    def start(self) -> None:
        self._device = RosDevice(self, VENDORS[self.value("device")], self.value("carm_node"))
        self._guide = Guide(self._device)
        self._worker = ThreadPoolExecutor(1, "sequence")
        self.keep(self.create_subscription(String, "fluorosam/prompt", self._on_prompt, EVENTS))
        self.keep(ActionServer(self, Execute, "fluorosam/execute", self._execute, cancel_callback=self._cancel_goal))
        self.keep(self.create_timer(0.02, self._watch_answers))

    def stop(self) -> None:
        with self._lock:
            for job in (*self._waiting, *([self._running] if self._running else [])):
                job.cancelled.set()
        if self._device:
            self._device.cancel()
        if self._worker:
            self._worker.shutdown(wait=True)
        self._worker = self._device = self._guide = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        try:
            status = self._device.latest_status() if self._device else None
        except DeviceError as error:
            return WARN, str(error), {}
        running = self._running
        values = {"waiting": str(len(self._waiting)), "armed": str(status.armed if status else False)}
        return OK, f"busy with {running.text[:60]!r}" if running else "idle", values

    # --- prompts ----------------------------------------------------------------------------------------------------

    def _on_prompt(self, message: String) -> None:
        self._take(message.data, lambda reply: None)

    async def _execute(self, goal: ServerGoalHandle) -> Execute.Result:
        ended: Future = Future()

        def tell(reply: Reply) -> None:
            if reply.kind == Reply.UNDERSTOOD:
                goal.publish_feedback(Execute.Feedback(status=reply))
            else:
                ended.set_result(reply)

        job = self._take(goal.request.prompt, tell)
        self._goals[bytes(goal.goal_id.uuid)] = job
        if goal.is_cancel_requested:  # before it had a job
            self._cancel_goal(goal)
        reply = await ended
        del self._goals[bytes(goal.goal_id.uuid)]
        assert reply is not None
        if reply.kind == Reply.DONE:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return Execute.Result(success=reply.kind == Reply.DONE, reply=reply)

    def _cancel_goal(self, goal: ServerGoalHandle) -> CancelResponse:
        job = self._goals.get(bytes(goal.goal_id.uuid))
        if job:
            job.cancelled.set()
            if job is self._running and self._device:
                self._device.cancel()
        return CancelResponse.ACCEPT

    def _take(self, text: str, tell: Callable[[Reply], None]) -> _Job:
        """Decides at once what becomes of a prompt: stopped, answered, refused as busy, or carried out in its turn."""
        assert self._guide and self._worker
        job = _Job(text, self._guide.understand(text), tell)
        if isinstance(job.command, Stop | Disarm | Cancel) or job.command == SwitchFluoro(on=False):
            self._act_now(job)
        elif isinstance(job.command, Unclear):
            self._finish(job, self._guide.carry_out(job.command))
        else:
            with self._lock:
                refusal = self._busy()
                if not refusal:
                    self._waiting.append(job)
            if refusal:
                self._finish(job, Outcome(ReplyKind.REFUSED, refusal))
            else:
                self._worker.submit(self._work)
        return job

    def _busy(self) -> str | None:
        jobs = [*([self._running] if self._running else []), *self._waiting]
        acting = next((job for job in jobs if acts(job.command)), None)
        if acting:  # queued motions would be carried out when nobody expects them any more
            return f"Still busy with “{acting.text[:60]}”: say “stop” to end it."
        return "Too many prompts are waiting." if len(self._waiting) >= MAX_WAITING else None

    def _work(self) -> None:
        """One job, in the worker thread."""
        guide, device = self._guide, self._device
        with self._lock:
            job = self._running = self._waiting.pop(0)
            if device and not job.cancelled.is_set():
                device.resume()
        try:
            if guide is None or job.cancelled.is_set():
                outcome = Outcome(ReplyKind.STOPPED, "Stopped before it began.")
            else:
                outcome = guide.carry_out(job.command, lambda text: self._reply(job, ReplyKind.UNDERSTOOD, text))
        except Exception as error:  # a sequence must never end without an answer
            self.get_logger().error(f"{type(error).__name__}: {error}")
            outcome = Outcome(ReplyKind.FAILED, f"Something went wrong: {type(error).__name__}.")
        with self._lock:
            self._running = None
        self._finish(job, outcome)

    # --- what does not wait its turn --------------------------------------------------------------------------------

    def _act_now(self, job: _Job) -> None:
        """Ends what is running or waiting (but for fluoroscopy) and asks the others, without waiting for anything."""
        assert self._device
        if isinstance(job.command, SwitchFluoro):
            answer, absent = self._device.fluoro_off_now(), "This C-arm takes single shots only."
        else:
            ended = self._end_all()
            if isinstance(job.command, Cancel):
                text = "Cancelled; the system stays as it was." if ended else "There is nothing to cancel."
                self._finish(job, Outcome(ReplyKind.DONE, text))
                return
            answer = self._device.interlock_now("stop" if isinstance(job.command, Stop) else "disarm")
            absent = "The sequence is ended, but there is no interlock to tell."
        if answer is None:
            self._finish(job, Outcome(ReplyKind.FAILED, absent))
        else:
            self._urgent.append((job, answer, time.monotonic() + ANSWER_S))

    def _end_all(self) -> bool:
        """Ends what is running or waiting; whether there was any."""
        with self._lock:
            others = [*self._waiting, *([self._running] if self._running else [])]
            for other in others:
                other.cancelled.set()
        assert self._device
        self._device.cancel()
        return bool(others)

    def _watch_answers(self) -> None:
        for entry in list(self._urgent):
            job, answer, end_s = entry
            if answer.done():
                self._finish(job, _answered(job.command, answer.result()))
            elif time.monotonic() > end_s:
                fluoro = isinstance(job.command, SwitchFluoro)
                text = (
                    "The C-arm did not answer."
                    if fluoro
                    else "The sequence is ended, but the interlock did not answer."
                )
                self._finish(job, Outcome(ReplyKind.FAILED, text))
            else:
                continue
            self._urgent.remove(entry)

    # --- replies ----------------------------------------------------------------------------------------------------

    def _finish(self, job: _Job, outcome: Outcome) -> None:
        if not job.answered:
            job.answered = True
            self._reply(job, outcome.kind, outcome.text)

    def _reply(self, job: _Job, kind: ReplyKind, text: str) -> None:
        prompt = job.text if len(job.text) <= MAX_TEXT else job.text[:MAX_TEXT] + "…"
        reply = Reply(header=self.header(), prompt=prompt, kind=kind.value, text=text)
        self._reply_pub.publish(reply)
        self.get_logger().info(f"{prompt[:80]!r}: {text}")
        job.tell(reply)


def _answered(command: Command, response: Any) -> Outcome:
    """How an urgent command ended: response of the interlock or of carm/fluoro."""
    if isinstance(command, Stop):
        return Outcome(ReplyKind.STOPPED, "Stopped: nothing moves or exposes until you say “reset” and “arm”.")
    if isinstance(command, SwitchFluoro):
        kind = ReplyKind.DONE if response and response.success else ReplyKind.FAILED
        return Outcome(kind, str(response.message) if response else "The C-arm did not answer.")
    return Outcome(ReplyKind.DONE, "Disarmed.")


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(GuidanceNode, args)


if __name__ == "__main__":
    main()
