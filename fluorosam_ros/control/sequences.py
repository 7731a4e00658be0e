"""What a command makes the C-arm do, step by step, against a small protocol of device operations.

Plain Python: the guidance node adapts ROS to `Operations`, tests use a device of their own. Every prompt ends in one
`Outcome`. Nothing moves or exposes unless the command asks for it, the target was found in the image, and the
interlock is armed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_ros.control.centering import CenteringError, Observation, center_pose, offset_mm, shadow_center_px
from fluorosam_ros.control.collimation import CollimationError, collimate_to
from fluorosam_ros.control.command_types import listed
from fluorosam_ros.control.commands import (
    ACTING,
    Arm,
    Ask,
    Center,
    CollimateTo,
    Command,
    Disarm,
    NotUnderstood,
    OpenCollimator,
    Refuse,
    ResetStop,
    Rotate,
    Segment,
    Stop,
    StopSegmenting,
    TakeShot,
    Target,
    Tilt,
    answer,
    describe,
    parse,
)
from fluorosam_sim.anatomy import Structure
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation, LimitError

CENTERED_MM = 5.0
"""Centering goes on until the target is this close to the image's middle, mm in the isocentre's plane."""

ACCEPTED_MM = 10.0
"""After the last shot a target this close still counts as centred."""

MAX_CENTERING_SHOTS = 3
"""Exposures that one centering may take after its first move."""

SAME_DEG, SAME_MM = 0.05, 0.2
"""A view is current while the C-arm is this close to where it was taken."""


class ReplyKind(Enum):
    """How a prompt ended; the values are those of msg/Reply."""

    UNDERSTOOD = 0
    DONE = 1
    REFUSED = 2
    QUESTION = 3
    FAILED = 4
    STOPPED = 5


@dataclass(frozen=True)
class Outcome:
    """The final answer to a prompt: how it ended, and one sentence."""

    kind: ReplyKind
    text: str


class DeviceError(RuntimeError):
    """An operation that was refused or failed; the message is the reason, one sentence."""


class Cancelled(RuntimeError):
    """The sequence was stopped from outside while an operation was under way."""


@dataclass(frozen=True)
class DeviceStatus:
    """The C-arm now. reason: the interlock's, why it is (not) armed."""

    pose: CArmPose
    collimation: Collimation
    armed: bool
    emergency_stop: bool
    reason: str = ""


@dataclass(frozen=True)
class View:
    """An image that was taken: its identity and geometry. stamp_ns: that of its header."""

    stamp_ns: int
    pose: CArmPose
    collimation: Collimation
    size_px: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Found:
    """One structure in one view. mask: (H, W) bool of the view's size; centroid: (x, y) px. Both None when absent."""

    prompt: str
    present: bool
    score: float
    centroid_px: tuple[float, float] | None
    mask: npt.NDArray[np.bool_] | None


class Operations(Protocol):
    """What a sequence may do. All may raise DeviceError or Cancelled; all block until done."""

    @property
    def config(self) -> CArmConfig:
        """Geometry and limits of the device."""
        ...

    def status(self) -> DeviceStatus:
        """The C-arm and the interlock now."""
        ...

    def view(self) -> View | None:
        """The newest image, or None before the first."""
        ...

    def shoot(self) -> View:
        """One exposure."""
        ...

    def segment(self, prompts: Sequence[str], view: View) -> list[Found]:
        """Answers about a view (or a newer one), in the prompts' order; one prompt may have several."""
        ...

    def show(self, prompts: Sequence[str]) -> None:
        """From now on these are outlined in every image."""
        ...

    def move(self, pose: CArmPose) -> CArmPose:
        """Moves; returns the pose that was reached."""
        ...

    def collimate(self, collimation: Collimation) -> Collimation:
        """Sets the collimator; returns what was really set."""
        ...

    def interlock(self, request: str) -> tuple[bool, str]:
        """ "arm", "disarm", "stop" or "reset": (granted, the interlock's sentence)."""
        ...


class _Refused(RuntimeError):
    """Ends a sequence before anything was changed."""


class Guide:
    """Carries out prompts, one at a time; remembers what was spoken of last and what was asked back."""

    def __init__(self, operations: Operations) -> None:
        self._ops = operations
        self._previous: Structure | None = None
        self._question: Ask | None = None
        self._shown: tuple[str, ...] = ()

    def understand(self, text: str) -> Command:
        """The command that a prompt means here and now. Never raises, changes nothing on the device."""
        question, self._question = self._question, None
        command = answer(question, text) if question else parse(text, self._previous)
        if isinstance(command, Ask):
            self._question = command
        return command

    def carry_out(self, command: Command, announce: Callable[[str], None] = lambda text: None) -> Outcome:
        """Does what the command says. announce: called with one sentence when a long sequence begins."""
        try:
            if isinstance(command, ACTING):
                self._require_armed()
                announce(describe(command))
            return self._dispatch(command)
        except (_Refused, LimitError) as error:
            return Outcome(ReplyKind.REFUSED, str(error))
        except Cancelled:
            return Outcome(ReplyKind.STOPPED, f"Stopped before it was done: {_lower(describe(command))}")
        except (DeviceError, CenteringError, CollimationError) as error:
            return Outcome(ReplyKind.FAILED, str(error))

    def _dispatch(self, command: Command) -> Outcome:
        match command:
            case Segment():
                return self._segment(command)
            case StopSegmenting():
                return self._stop_segmenting(command)
            case Center():
                return self._center(command.target)
            case CollimateTo():
                return self._collimate(command.target)
            case OpenCollimator():
                self._ops.collimate(self._ops.config.open_field)
                return _done("The collimator is open.")
            case Rotate() | Tilt():
                return self._turn(command)
            case TakeShot():
                self._ops.shoot()
                return _done("One shot taken.")
            case Arm() | Disarm() | ResetStop() | Stop():
                return self._interlock(command)
            case Ask():
                return Outcome(ReplyKind.QUESTION, command.question)
            case Refuse() | NotUnderstood():
                return Outcome(ReplyKind.REFUSED, command.reason)

    # --- segmenting -------------------------------------------------------------------------------------------------

    def _segment(self, command: Segment) -> Outcome:
        names = tuple(structure.name for structure in command.structures)
        view = self._ops.view()
        if view is None and names:
            if not self._ops.status().armed:
                raise _Refused("There is no image yet: say “arm”, then “take a shot”.")
            view = self._ops.shoot()
        if command.structures:
            self._previous = command.structures[-1]
        found = self._ops.segment((*names, *command.tools), view) if view else []
        absent = [f.prompt for f in found if not f.present] if view else list(command.tools)
        present = [f for f in found if f.present]
        if present:
            self._show(tuple(dict.fromkeys(f.prompt for f in present)))
        parts = [f"{listed([f'{f.prompt} ({f.score:.2f})' for f in present], 'and')} outlined"] if present else []
        parts += [f"{listed(absent, 'and')}: not in this image"] if absent else []
        text = _heard(command.corrections) + "; ".join(parts) + "."
        return Outcome(ReplyKind.DONE if present else ReplyKind.REFUSED, text)

    def _stop_segmenting(self, command: StopSegmenting) -> Outcome:
        names = [structure.name for structure in command.structures]
        self._show(tuple(name for name in self._shown if name not in names) if names else ())
        return _done(f"No longer outlining {listed(names, 'or') if names else 'anything'}.")

    def _show(self, names: tuple[str, ...]) -> None:
        self._shown = names
        self._ops.show(names)

    def _locate(self, target: Target, view: View) -> Observation | None:
        """Where the target is in a view, or None if a part of it is not there."""
        mask = self._mask(target, view)
        if mask is None:
            return None
        projection = self._ops.config.projection(view.pose, view.size_px)
        return Observation(projection, shadow_center_px(mask))

    def _mask(self, target: Target, view: View) -> npt.NDArray[np.bool_] | None:
        """(H, W) union of the target's structures in a view, or None if one of them is not there."""
        found = self._ops.segment([structure.name for structure in target.structures], view)
        masks = [f.mask for f in found if f.present and f.mask is not None and f.mask.any()]
        if not masks or len(masks) < len(target.structures):
            return None
        return np.asarray(np.logical_or.reduce(masks))

    # --- acting -----------------------------------------------------------------------------------------------------

    def _center(self, target: Target) -> Outcome:
        view = self._current_view()
        self._previous = target.structures[-1]
        seen = self._locate(target, view)
        if seen is None:
            raise _Refused(self._not_there(target, view))
        self._show(tuple(structure.name for structure in target.structures))
        heard = _heard(target.corrections)
        away = offset_mm(seen.projection, seen.centroid_px, view.pose.isocenter_mm)
        if away <= CENTERED_MM:
            return _done(f"{heard}{_upper(target.name)} is in the middle already ({away:.0f} mm off).")
        observations = [seen]
        for shots in range(1, MAX_CENTERING_SHOTS + 1):
            try:
                self._ops.move(center_pose(observations, view.pose, self._ops.config).pose)
            except LimitError as error:
                if shots == 1:
                    raise
                raise DeviceError(
                    f"{_upper(target.name)} is {away:.0f} mm off and cannot come nearer: {error}"
                ) from error
            view = self._ops.shoot()
            seen = self._locate(target, view)
            if seen is None:
                raise DeviceError(f"{_upper(target.name)} is no longer in the image after the move.")
            observations.append(seen)
            away = offset_mm(seen.projection, seen.centroid_px, view.pose.isocenter_mm)
            if away <= CENTERED_MM or (shots == MAX_CENTERING_SHOTS and away <= ACCEPTED_MM):
                count = "one shot" if shots == 1 else f"{shots} shots"
                return _done(f"{heard}{_upper(target.name)} is in the middle ({away:.0f} mm off) after {count}.")
        raise DeviceError(f"{_upper(target.name)} is still {away:.0f} mm off after {MAX_CENTERING_SHOTS} shots.")

    def _collimate(self, target: Target) -> Outcome:
        view = self._current_view()
        self._previous = target.structures[-1]
        mask = self._mask(target, view)
        if mask is None:
            raise _Refused(self._not_there(target, view))
        config = self._ops.config
        if not same_field(view.collimation, config.open_field) and _reaches_edge(mask, config, view):
            raise _Refused(f"{_upper(target.name)} reaches the edge of the field: say “open the collimator” first.")
        self._show(tuple(structure.name for structure in target.structures))
        opening = self._ops.collimate(collimate_to(mask, config))
        self._ops.shoot()
        share = opening.area_mm2 / config.open_field.area_mm2
        text = f"Collimated to {target.name}: {share:.0%} of the full field, {1 - share:.0%} less dose-area product."
        return _done(_heard(target.corrections) + text)

    def _turn(self, command: Rotate | Tilt) -> Outcome:
        pose = self._ops.status().pose
        primary, secondary = pose.primary_deg, pose.secondary_deg
        if isinstance(command, Rotate):
            primary = command.to_deg if command.to_deg is not None else primary + (command.delta_deg or 0.0)
        else:
            secondary = command.to_deg if command.to_deg is not None else secondary + (command.delta_deg or 0.0)
        planned = replace(pose, primary_deg=primary, secondary_deg=secondary)
        self._ops.config.check_pose(planned)
        reached = self._ops.move(planned)
        return _done(f"The C-arm is at {angles_text(reached)}.")

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
            raise _Refused(
                "The emergency stop is on: say “reset”, then “arm” (or call /interlock/reset, /interlock/arm)."
            )
        if not status.armed:
            raise _Refused("Not armed: say “arm” (or call /interlock/arm) first.")

    def _current_view(self) -> View:
        """The newest image if the C-arm has not changed since; else a new one."""
        view, status = self._ops.view(), self._ops.status()
        if view is not None and same_pose(view.pose, status.pose) and same_field(view.collimation, status.collimation):
            return view
        return self._ops.shoot()

    def _not_there(self, target: Target, view: View) -> str:
        text = f"{_upper(target.name)}: not in this image"
        if not same_field(view.collimation, self._ops.config.open_field):
            return f"{text}, but the collimator is not open: say “open the collimator” to look further."
        return f"{text}, so nothing moves."


def same_pose(a: CArmPose, b: CArmPose) -> bool:
    """Whether two poses are the same within what a C-arm can tell."""
    turned = max(abs(a.primary_deg - b.primary_deg), abs(a.secondary_deg - b.secondary_deg))
    shifted = float(np.max(np.abs(np.subtract(a.isocenter_mm, b.isocenter_mm))))
    return turned <= SAME_DEG and shifted <= SAME_MM


def same_field(a: Collimation, b: Collimation) -> bool:
    """Whether two openings are the same within what a collimator can tell."""
    return max(abs(x - y) for x, y in zip(astuple(a), astuple(b), strict=True)) <= SAME_MM


def angles_text(pose: CArmPose) -> str:
    """ "LAO 30°, cranial 10°"."""
    primary = f"{'RAO' if pose.primary_deg <= -0.5 else 'LAO'} {abs(pose.primary_deg):.0f}°"
    secondary = f"{'caudal' if pose.secondary_deg <= -0.5 else 'cranial'} {abs(pose.secondary_deg):.0f}°"
    return f"{primary}, {secondary}"


def _reaches_edge(mask: npt.NDArray[np.bool_], config: CArmConfig, view: View) -> bool:
    """Whether a mask touches the blades, within 2 % of the field, so that more of it may lie behind them."""
    x0, y0, x1, y1 = config.open_pixels(view.collimation, view.size_px)
    border = max(2, round(0.02 * max(x1 - x0, y1 - y0)))
    inner = np.zeros_like(mask)
    inner[y0 + border : y1 - border, x0 + border : x1 - border] = True
    # The detector's own edge is no blade: nothing more can be opened there.
    inner[:, :border] |= x0 == 0
    inner[:, -border:] |= x1 == view.size_px[0]
    inner[:border] |= y0 == 0
    inner[-border:] |= y1 == view.size_px[1]
    return bool((mask & ~inner).any())


def _heard(corrections: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"(“{written}” read as {understood}.) " for written, understood in corrections)


def _done(text: str) -> Outcome:
    return Outcome(ReplyKind.DONE, text)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
