"""One English sentence for every command, and the words for its quantities."""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Cancel,
    Center,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    Command,
    DescribeImage,
    Direction,
    Disarm,
    GoBack,
    GoToView,
    NotUnderstood,
    OpenCollimator,
    RecallView,
    Refuse,
    ResetStop,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    SetField,
    Steps,
    Stop,
    StopSegmenting,
    SwitchFluoro,
    TakeShot,
    Target,
    Tilt,
    Translate,
    WhereAreWe,
    WhereIs,
    Zoom,
    listed,
)
from fluorosam_sim.anatomy import Structure
from fluorosam_sim.views import NamedView

_PLURAL = re.compile(r"(?<!us)(?<!is)(?<!ss)(?<!pancreas)$(?<=s)")
"""A name of several: "the kidneys", but neither "the pelvis" nor "the left humerus"."""


def describe(command: Command) -> str:
    """One English sentence saying what the command does (or why it does nothing)."""
    match command:
        case Ask():
            return command.question
        case Refuse() | NotUnderstood():
            return command.reason
        case Steps():
            first, *others = map(phrase, command.commands)
            return ", then ".join([first, *map(lower_first, others)]) + "."
    return f"{phrase(command)}."


def phrase(command: Command) -> str:
    """As `describe` for one command that does something, without the full stop."""
    match command:
        case Segment():
            return _segment(command)
        case StopSegmenting():
            return f"Stop segmenting {Target(command.structures).name if command.structures else 'everything'}"
        case Center():
            return f"Center on {command.target.name}"
        case CollimateTo():
            return f"Collimate to {command.target.name}"
        case CollimateBy():
            return f"{'Open' if command.delta_mm > 0 else 'Close'} the collimator by {abs(command.delta_mm):g} mm"
        case OpenCollimator():
            return "Open the collimator fully"
        case SetField():
            return f"Set the field to {command.side_mm:g} mm"
        case Zoom():
            return f"Zoom {'out' if command.out else 'in'} {command.factor:g} times"
        case Rotate():
            return _turn("Rotate", command, "LAO", "RAO")
        case Tilt():
            return _turn("Tilt", command, "cranial", "caudal")
        case Translate():
            return f"Move {command.distance_mm:g} mm {towards(command.direction)}"
        case GoToView():
            return f"Go to {view_name(command.view, command.structure)}"
        case GoBack():
            return "Go back to the pose before"
        case SaveView():
            return f"Save this view as “{command.name}”"
        case RecallView():
            return f"Go to the saved view “{command.name}”"
        case TakeShot():
            return "Take one shot"
        case SwitchFluoro():
            return f"Turn fluoro {'on' if command.on else 'off'}"
        case ChangeDose():
            return f"{'Raise' if command.higher else 'Lower'} the dose"
        case SetDose():
            return f"Set the dose to {command.level}"
        case DescribeImage():
            return "Say what is in the image"
        case WhereIs():
            several = len(command.target.structures) > 1 or _PLURAL.search(command.target.name)
            return f"Say where {command.target.name} {'are' if several else 'is'}"
        case WhereAreWe():
            return "Say where the C-arm is"
        case Cancel():
            return "Cancel what is under way"
        case Stop():
            return "Stop all motion and exposure"
        case Arm():
            return "Arm the system"
        case Disarm():
            return "Disarm the system"
        case ResetStop():
            return "Reset the emergency stop"
    raise ValueError(f"{type(command).__name__} does nothing that could be said.")


def towards(direction: Direction) -> str:
    """ "towards the head"."""
    return f"towards the {direction}"


def view_name(view: NamedView, structure: Structure | None) -> str:
    """ "the pelvis inlet view", "the lateral view of the L4 vertebra"."""
    if structure is None:
        return f"the {view.name} view"
    return f"the {view.name.removeprefix('vertebra ')} view of the {structure.name}"


def lower_first(text: str) -> str:
    """The text with a small first letter."""
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _angle(value: float, positive: str, negative: str) -> str:
    side = positive if value > 0 else negative
    return f"{abs(value):g}°" if value == 0 else f"{side} {abs(value):g}°"


def _turn(verb: str, command: Rotate | Tilt, positive: str, negative: str) -> str:
    if command.to_deg is not None:
        return f"{verb} to {_angle(command.to_deg, positive, negative)}"
    delta = command.delta_deg or 0.0
    return f"{verb} by {abs(delta):g}° towards {positive if delta >= 0 else negative}"


def _segment(command: Segment) -> str:
    parts = [f"Segment {Target(command.structures).name}"] if command.structures else []
    if command.tools:
        tools = listed([repr(tool) for tool in command.tools], "and")
        parts.append(f"Answer that {tools} cannot be found: not in this image")
    return ". ".join(parts)
