"""What a command makes the C-arm do, step by step, against the small protocol of `control.operations`.

Plain Python: the guidance node adapts ROS to `Operations`, tests use a device of their own. Every prompt ends in one
`Outcome`. Nothing moves or exposes unless the command asks for it, the target was found in the image, and the
interlock is armed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control import motions
from fluorosam_ros.control.centering import CenteringError
from fluorosam_ros.control.collimation import CollimationError
from fluorosam_ros.control.command_types import (
    DOSE_LEVELS,
    Arm,
    Ask,
    Cancel,
    Center,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    Command,
    DescribeImage,
    Disarm,
    GoBack,
    GoToView,
    OpenCollimator,
    RecallView,
    ResetStop,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    SetField,
    Single,
    Steps,
    Stop,
    StopSegmenting,
    SwitchFluoro,
    TakeShot,
    Tilt,
    Translate,
    Unclear,
    WhereAreWe,
    WhereIs,
    Zoom,
    acts,
    listed,
    steps_of,
)
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.operations import (
    Cancelled,
    DeviceError,
    Operations,
    Outcome,
    Refused,
    ReplyKind,
    angles_text,
    same_field,
    same_pose,
)
from fluorosam_ros.control.sight import Sight
from fluorosam_ros.control.survey import SURVEY
from fluorosam_ros.control.view_angles import typical_pose
from fluorosam_ros.control.view_finding import go_to_view
from fluorosam_ros.control.wording import describe, lower_first, upper_first
from fluorosam_sim.anatomy import structure
from fluorosam_sim.carm import CArmPose, Collimation, LimitError

MAX_HISTORY, MAX_SAVED = 20, 50
"""Poses to go back to, and saved views, that are remembered."""


class Guide:
    """Carries out prompts, one at a time; remembers what was said, where the C-arm was, and what was seen."""

    def __init__(self, operations: Operations) -> None:
        self._ops = operations
        self._sight = Sight(operations)
        self._context = Context()
        self._question: Ask | None = None  # apart: prompts are understood while another is being carried out
        self._history: list[CArmPose] = []
        self._saved: dict[str, tuple[CArmPose, Collimation]] = {}

    def understand(self, text: str) -> Command:
        """The command that a prompt means here and now. Never raises, changes nothing on the device."""
        command = parse(text, replace(self._context, question=self._question))
        self._question = command if isinstance(command, Ask) else None
        return command

    def carry_out(self, command: Command, announce: Callable[[str], None] = lambda text: None) -> Outcome:
        """Does what the command says. announce: called with one sentence when a long sequence begins."""
        try:
            if acts(command):
                self._require_armed()
                self._check_plan(steps_of(command))
                announce(describe(command))
            outcome = self._steps(command) if isinstance(command, Steps) else self._remembered(command)
        except (Refused, LimitError) as error:
            outcome = Outcome(ReplyKind.REFUSED, str(error))
        except Cancelled:
            outcome = Outcome(ReplyKind.STOPPED, f"Stopped before it was done: {lower_first(describe(command))}")
        except (DeviceError, CenteringError, CollimationError) as error:
            outcome = Outcome(ReplyKind.FAILED, str(error))
        if outcome.kind != ReplyKind.DONE and acts(command):
            # "A bit more" must not lean on what did not happen; corrections may.
            aimed = isinstance(command, Center | CollimateTo | GoToView)
            forgotten = replace(self._context, last=None, done=None, moved=None)
            self._context = self._context.after(command) if aimed else forgotten
        return outcome

    def _steps(self, command: Steps) -> Outcome:
        """One after the other, ending at the first that is not done."""
        told: list[str] = []
        for number, step in enumerate(command.commands, start=1):
            try:
                outcome = self._remembered(step)
            except (Refused, LimitError) as error:
                outcome = Outcome(ReplyKind.REFUSED, str(error))
            except (DeviceError, CenteringError, CollimationError) as error:
                outcome = Outcome(ReplyKind.FAILED, str(error))
            if outcome.kind != ReplyKind.DONE:
                before = f"{'; '.join(told)}; then step {number} of {len(command.commands)} failed: " if told else ""
                kind = ReplyKind.FAILED if told and outcome.kind == ReplyKind.REFUSED else outcome.kind
                return Outcome(kind, before + (lower_first(outcome.text) if told else outcome.text))
            told.append((lower_first(outcome.text) if told else outcome.text).removesuffix("."))
        self._context = self._context.after(command)
        return Outcome(ReplyKind.DONE, "; ".join(told) + ".")

    def _remembered(self, command: Single | Unclear) -> Outcome:
        """One command; notes where the C-arm was before it moved, and what was spoken of."""
        if isinstance(command, Unclear):
            kind = ReplyKind.QUESTION if isinstance(command, Ask) else ReplyKind.REFUSED
            return Outcome(kind, describe(command))
        before = self._ops.status().pose if acts(command) and not isinstance(command, GoBack) else None
        try:
            outcome = self._dispatch(command)
        finally:
            if before is not None and not same_pose(before, self._ops.status().pose):
                self._history = [*self._history, before][-MAX_HISTORY:]
        if outcome.kind == ReplyKind.DONE or isinstance(command, Segment | WhereIs):
            self._context = self._context.after(command)
        return outcome

    def _dispatch(self, command: Single) -> Outcome:
        ops, sight = self._ops, self._sight
        match command:
            case Segment():
                return self._segment(command)
            case StopSegmenting():
                return self._stop_segmenting(command)
            case Center():
                return _done(_heard(command.target.corrections) + motions.center(ops, sight, command.target))
            case CollimateTo():
                return _done(_heard(command.target.corrections) + motions.collimate(ops, sight, command.target))
            case OpenCollimator():
                return _done(motions.open_fully(ops))
            case CollimateBy() | SetField() | Zoom():
                return _done(motions.set_field(ops, command))
            case Rotate() | Tilt() | Translate():
                return _done(motions.move(ops, command))
            case GoToView():
                return _done(go_to_view(ops, sight, command))
            case GoBack():
                return self._go_back()
            case SaveView():
                return self._save(command.name)
            case RecallView():
                return self._recall(command.name)
            case TakeShot():
                ops.shoot()
                return _done("One shot taken.")
            case SwitchFluoro():
                return _done(ops.fluoro(command.on))
            case ChangeDose() | SetDose():
                return self._dose(command)
            case DescribeImage():
                return self._describe_image()
            case WhereIs():
                return self._where_is(command)
            case WhereAreWe():
                return self._where_are_we()
            case Cancel():
                return _done("There is nothing to cancel.")
            case Arm() | Disarm() | ResetStop() | Stop():
                return self._interlock(command)

    # --- images -----------------------------------------------------------------------------------------------------

    def _segment(self, command: Segment) -> Outcome:
        view = self._ops.view()
        if view is None and command.structures:
            if not self._ops.status().armed:
                raise Refused("There is no image yet: say “arm”, then “take a shot”.")
            view = self._ops.shoot()
        found = self._sight.find(command.structures, view) if view and command.structures else []
        found += self._ops.segment(command.tools, view) if view and command.tools else []
        absent = [f.prompt for f in found if not f.present] if view else list(command.tools)
        present = [f for f in found if f.present]
        if present:
            self._sight.show(tuple(dict.fromkeys(f.prompt for f in present)))
        parts = [f"{listed([f'{f.prompt} ({f.score:.2f})' for f in present], 'and')} outlined"] if present else []
        parts += [f"{listed(absent, 'and')}: not in this image"] if absent else []
        text = _heard(command.corrections) + "; ".join(parts) + "."
        return Outcome(ReplyKind.DONE if present else ReplyKind.REFUSED, text)

    def _stop_segmenting(self, command: StopSegmenting) -> Outcome:
        names = [one.name for one in command.structures]
        self._sight.show(tuple(name for name in self._sight.shown if name not in names) if names else ())
        return _done(f"No longer outlining {listed(names, 'or') if names else 'anything'}.")

    def _describe_image(self) -> Outcome:
        found = self._ops.segment([structure(key).name for key in SURVEY], self._sight.newest())
        names = [f"the {f.prompt} ({f.score:.2f})" for f in found if f.present]
        return _done(
            f"I see {listed(names, 'and')}." if names else f"I see none of the {len(SURVEY)} structures I look for."
        )

    def _where_is(self, command: WhereIs) -> Outcome:
        target, view = command.target, self._sight.newest()
        seen = self._sight.locate(target, view)
        text = _heard(target.corrections) + upper_first(target.name)
        if seen is None:
            return Outcome(ReplyKind.REFUSED, f"{text}: not in this image.")
        self._sight.show(tuple(dict.fromkeys((*self._sight.shown, *(one.name for one in target.structures)))))
        return _done(f"{text}: {self._sight.place(seen, view)}.")

    def _where_are_we(self) -> Outcome:
        status, config = self._ops.status(), self._ops.config
        field = motions.field_text(status.collimation, config)
        return _done(f"{angles_text(status.pose)}, {motions.isocenter_text(status.pose)}, field {field}.")

    # --- remembered poses -------------------------------------------------------------------------------------------

    def _go_back(self) -> Outcome:
        if not self._history:
            raise Refused("There is no pose to go back to.")
        self._ops.config.check_pose(self._history[-1])
        reached = self._ops.move(self._history[-1])
        self._history.pop()
        return _done(f"Back at {angles_text(reached)}, {motions.isocenter_text(reached)}.")

    def _save(self, name: str) -> Outcome:
        if name not in self._saved and len(self._saved) >= MAX_SAVED:
            raise Refused(f"There are {MAX_SAVED} saved views already.")
        status = self._ops.status()
        self._saved[name] = (status.pose, status.collimation)
        return _done(f"Saved as “{name}”: {angles_text(status.pose)}.")

    def _recall(self, name: str) -> Outcome:
        if name not in self._saved:
            raise Refused(f"No view is saved under “{name}”.")
        pose, field = self._saved[name]
        reached = self._ops.move(pose)
        if not same_field(self._ops.status().collimation, field):
            self._ops.collimate(field)
        return _done(f"At the saved view “{name}”: {angles_text(reached)}, {motions.isocenter_text(reached)}.")

    # --- dose, interlock --------------------------------------------------------------------------------------------

    def _dose(self, command: ChangeDose | SetDose) -> Outcome:
        now = self._ops.dose_level()
        if isinstance(command, SetDose):
            level = command.level
        else:
            at = DOSE_LEVELS.index(now) + (1 if command.higher else -1)
            if not 0 <= at < len(DOSE_LEVELS):
                raise Refused(f"The dose is at {now} already, the {'most' if command.higher else 'least'} there is.")
            level = DOSE_LEVELS[at]
        self._ops.set_dose_level(level)
        return _done(f"The dose is {level} now, it was {now}.")

    def _interlock(self, command: Arm | Disarm | ResetStop | Stop) -> Outcome:
        request = {Arm: "arm", Disarm: "disarm", ResetStop: "reset", Stop: "stop"}[type(command)]
        granted, sentence = self._ops.interlock(request)
        if not granted:
            return Outcome(ReplyKind.REFUSED, sentence)
        if request == "stop":
            return Outcome(ReplyKind.STOPPED, "Stopped: nothing moves or exposes until you say “reset” and “arm”.")
        if request == "reset":
            return _done("The emergency stop is reset: say “arm” to go on.")
        return _done(sentence)

    # --- conditions -------------------------------------------------------------------------------------------------

    def _require_armed(self) -> None:
        status = self._ops.status()
        if status.emergency_stop:
            raise Refused(
                "The emergency stop is on: say “reset”, then “arm” (or call /interlock/reset, /interlock/arm)."
            )
        if not status.armed:
            raise Refused("Not armed: say “arm” (or call /interlock/arm) first.")

    def _check_plan(self, commands: tuple[Command, ...]) -> None:
        """Raises LimitError before anything moves when a later step is sure to be out of the device's limits."""
        config, status = self._ops.config, self._ops.status()
        pose, field = status.pose, status.collimation
        for command in commands:
            match command:
                case Rotate() | Tilt() | Translate():
                    pose = motions.planned_pose(command, pose)
                    config.check_pose(pose)
                case GoToView():
                    pose = typical_pose(command, config, pose)
                case CollimateBy() | SetField() | Zoom():
                    field = motions.planned_field(command, config, field)
                case OpenCollimator():
                    field = config.open_field
                case CollimateTo() | RecallView() | GoBack():
                    return  # what comes after depends on what is seen


def _heard(corrections: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"(“{written}” read as {understood}.) " for written, understood in corrections)


def _done(text: str) -> Outcome:
    return Outcome(ReplyKind.DONE, text)
