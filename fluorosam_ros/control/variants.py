"""The last command about something else: the other side, the next level, both sides, or the other way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control.command_types import (
    Aimed,
    Ask,
    Center,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    Command,
    Direction,
    GoToView,
    NotUnderstood,
    Rotate,
    Segment,
    Single,
    Steps,
    StopSegmenting,
    SwitchFluoro,
    Target,
    Tilt,
    Translate,
    Unclear,
    WhereIs,
    Zoom,
    acts,
    aimed,
    steps_of,
)
from fluorosam_sim.anatomy import VERTEBRAE, Structure, find, other_side
from fluorosam_sim.anatomy import structure as structure_of
from fluorosam_sim.views import VIEWS

_REVERSED: dict[Direction, Direction] = {
    "left": "right", "right": "left", "head": "feet", "feet": "head", "ceiling": "table", "table": "ceiling",
}  # fmt: skip
_SERIES = (
    tuple(f"vertebrae_{level}" for level in VERTEBRAE),
    *(tuple(f"rib_{side}_{number}" for number in range(1, 13)) for side in ("left", "right")),
)
"""Structures that have one above and one below, from head to feet."""


def each_step(command: Command, make: Callable[[Single], Command | None]) -> Single | Steps | None:
    """A command with what is made anew of its steps, the others as they are; None where nothing can be made."""
    made = [make(step) for step in steps_of(command)]
    new = [None if isinstance(step, Unclear | Steps) else step for step in made]
    if not any(new):
        return None
    kept = tuple(step or before for step, before in zip(new, steps_of(command), strict=True))
    return kept[0] if len(kept) == 1 else Steps(kept)


def turns_both_axes(command: Command | None) -> bool:
    """Whether a command of several steps rotates and tilts, so that "25" alone could be of either."""
    return command is not None and {Rotate, Tilt} <= set(map(type, steps_of(command)))


def aimed_at(last: Command | None, structures: tuple[Structure, ...], otherwise: Command) -> Command:
    """The last command about other structures; asked back after a motion that is about none."""
    match last:
        case Center() | CollimateTo() | WhereIs() | StopSegmenting() | Segment():
            kind: Aimed = type(last)
            return aimed(kind, Target(structures))
        case None:
            return otherwise
    if acts(last):
        return Ask("Say the whole command again, with what you meant.")
    return otherwise


def about(step: Command, named: tuple[Structure, ...]) -> Single | None:
    """A command about other structures; None for one that is about none."""
    match step:
        case Segment() | Center() | CollimateTo() | WhereIs():
            other = aimed(type(step), Target(named))
            return other if isinstance(other, Segment | Center | CollimateTo | WhereIs) else None
        case StopSegmenting():
            return StopSegmenting(named)
        case GoToView() if step.structure is not None and len(named) == 1 and named[0].key.startswith("vertebrae_"):
            return replace(step, structure=named[0])
    return None


def on_other_side(last: Command | None, side: str) -> Command:
    """The last command about the left, the right or the other side, or a question where it has none."""
    match last:
        case Steps():
            made = each_step(last, lambda step: on_other_side(step, side))
            if made is not None:
                return made
            structures: tuple[Structure, ...] = ()
        case Center() | CollimateTo() | WhereIs():
            structures = last.target.structures
        case Segment() | StopSegmenting():
            structures = last.structures
        case GoToView() if last.view.side and side != last.view.side:
            old, new = ("left", "right") if last.view.side == "left" else ("right", "left")
            other = [v for v in VIEWS if v.key == last.view.key.replace(old, new)]
            if other and other[0].side == new:
                return replace(last, view=other[0])
            structures = ()
        case _:
            structures = ()
    if side == "other" and isinstance(last, Rotate | Tilt | Translate):
        return opposite(last) or Ask("The other side of what?")
    both = structures[0] if len(structures) == 1 and structures[0].side is None and side != "other" else None
    one = find(f"{side} {both.name}") if both else None
    if one is not None and one.clear and last is not None:
        return aimed_at(last, one.structures, last)  # "just the left one", of the lungs
    mirrored = other_side(structures[0]) if len(structures) == 1 and structures[0].side != side else None
    if mirrored is not None and last is not None:
        return aimed_at(last, (mirrored,), last)
    return Ask(f"The {side} what?" if side != "other" else "The other side of what?")


def on_both_sides(last: Command | None, structure: Structure) -> Single | None:
    """The last command about a structure of one side, about both."""
    pair = find(f"both {structure.name.removeprefix(f'{structure.side} ')}")
    both = aimed_at(last, pair.structures, NotUnderstood("")) if structure.side and pair.clear else None
    return None if both is None or isinstance(both, Unclear | Steps) else both


def neighbour(last: Command | None, by: int) -> Single | None:
    """The last command about one vertebra or rib, about the one that many below it (above where `by` is negative)."""
    named = last.structure if isinstance(last, GoToView) else None
    if isinstance(last, Center | CollimateTo | WhereIs) and len(last.target.structures) == 1:
        named = last.target.structures[0]
    if isinstance(last, Segment | StopSegmenting) and len(last.structures) == 1:
        named = last.structures[0]
    other = _neighbour_of(named, by) if named else None
    if last is None or other is None:
        return None
    if isinstance(last, GoToView):
        return replace(last, structure=other)
    again = aimed_at(last, (other,), last)
    return None if isinstance(again, Unclear | Steps) else again


def _neighbour_of(named: Structure, by: int) -> Structure | None:
    for series in _SERIES:
        if named.key in series and 0 <= series.index(named.key) + by < len(series):
            return structure_of(series[series.index(named.key) + by])
    return None


def opposite(last: Command | None, of_structures: bool = False) -> Single | None:
    """The last command the other way by the same amount, or undone where it moved nothing; None where there is no such.

    of_structures: the same for the structure or the view of the other side, where the command is about one.
    """
    if of_structures:
        other = on_other_side(last, "other")
        return None if isinstance(other, Unclear | Steps) else other
    match last:
        case Rotate() | Tilt() if last.to_deg:
            return replace(last, to_deg=-last.to_deg)
        case Rotate() | Tilt() if last.delta_deg:
            return replace(last, delta_deg=-last.delta_deg)
        case Translate():
            return replace(last, direction=_REVERSED[last.direction])
        case CollimateBy():
            return CollimateBy(-last.delta_mm)
        case Zoom():
            return replace(last, out=not last.out)
        case ChangeDose():
            return ChangeDose(not last.higher)
        case SwitchFluoro():
            return SwitchFluoro(not last.on)
        case Segment() if last.structures:
            return StopSegmenting(last.structures)
        case StopSegmenting() if last.structures:
            segmented = aimed(Segment, Target(last.structures))
            return segmented if isinstance(segmented, Segment) else None
    return None
