"""The last motion again by another amount, or another way: "make that 6", "half of that back", "no, towards RAO"."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from fluorosam_ros.control.angles import BIT_DEG
from fluorosam_ros.control.command_types import (
    ChangeDose,
    CollimateBy,
    Rotate,
    SetDose,
    SetField,
    Single,
    SwitchFluoro,
    Tilt,
    Translate,
    Zoom,
)
from fluorosam_ros.control.moves import BIT_MM, BIT_ZOOM, LOT_ZOOM, MAX_ZOOM, ZOOM
from fluorosam_ros.control.slots import Slots, slots
from fluorosam_ros.control.variants import opposite

_UP = frozenset(("up", "higher", "upward", "upwards", "raise", "more"))
_DOWN = frozenset(("down", "lower", "downward", "downwards", "less", "reduce"))
_WIDER, _TIGHTER = frozenset(("open", "wider", "out")), frozenset(("close", "closed", "tighter", "in", "narrower"))
_SMALLER, _LARGER = frozenset(("out", "smaller")), frozenset(("in", "closer", "bigger", "larger"))
_WAYS = {"left": "left", "right": "right", "head": "head", "headwards": "head", "feet": "feet", "foot": "feet",
         "footwards": "feet", "feetwards": "feet", "ceiling": "ceiling", "table": "table", "floor": "table",
         "up": "ceiling", "down": "table"}  # fmt: skip
_ON, _OFF = frozenset(("on", "live", "running")), frozenset(("off", "kill", "end"))
_TURNS: dict[type[Rotate] | type[Tilt], tuple[frozenset[str], frozenset[str]]] = {
    Rotate: (frozenset(("lao", "left")), frozenset(("rao", "right"))),
    Tilt: (
        frozenset(("cranial", "cranially", "cephalad", "head", "headwards")),
        frozenset(("caudal", "caudally", "caudad", "feet", "footwards")),
    ),
}
VERTICAL = ("ceiling", "table")
WAYS = frozenset(word for ways in _TURNS.values() for way in ways for word in way) | _WAYS.keys()
"""All words for a direction."""

_AROUND_A_WAY = frozenset(("to", "the", "towards", "toward", "in", "on", "side", "direction", "of", "patient",
                           "s", "his", "her", "please", "should", "be", "it", "go"))  # fmt: skip
_GROWS = frozenset(("more", "further", "wider", "bigger", "larger", "higher", "open"))
_SHRINKS = frozenset(("less", "tighter", "smaller", "narrower", "lower"))
HALF, DOUBLE = frozenset(("half", "halve", "halved")), frozenset(("double", "twice", "doubled"))
LENGTH_ALONE = (("20",), ("20", "millimeters"))
"""The words of `Slots` of a length and nothing else."""

_BACKWARDS = frozenset(("back", "undo", "reverse"))
_A_LOT = re.compile(r"\b(?:lots?|(?:way|much) (?:more|further))\b")
_DEGREES = frozenset(("degrees", "degree", "deg"))
_OTHER_WAY = re.compile(r"\b(?:other|opposite|reverse) (?:way|direction|side)\b")
_LEVELS = {"low": "low", "lowest": "low", "normal": "normal", "standard": "normal", "regular": "normal",
           "high": "high", "highest": "high"}  # fmt: skip
_ALL_WAYS = WAYS | _UP | _DOWN | _WIDER | _TIGHTER | _SMALLER | _LARGER | _LEVELS.keys() | _ON | _OFF


def turned(said: list[str], last: Single) -> Single | None:
    """The last command the way that words say, by the same amount; None where they say none, or two."""
    ways = set(said)
    match last:
        case Rotate() | Tilt():
            plus, minus = _TURNS[type(last)]
            if bool(plus & ways) == bool(minus & ways):
                return None
            sign = 1.0 if plus & ways else -1.0
            if last.to_deg is not None:
                return replace(last, to_deg=math.copysign(last.to_deg, sign))
            return replace(last, delta_deg=math.copysign(last.delta_deg or 0.0, sign))
        case Translate():
            named = {_WAYS[word] for word in said if word in _WAYS}
            clear = named - {"ceiling", "table"} if len(named) > 1 else named  # "up towards the head"
            if (
                clear & {"ceiling", "table"}
                and {"up", "down"} >= ways & _WAYS.keys()
                and last.direction not in VERTICAL
            ):
                return None  # up towards the head, or the ceiling?
            return replace(last, direction=clear.pop()) if len(clear) == 1 else None  # type: ignore[arg-type]
        case CollimateBy():
            opens = _either(ways, _WIDER, _TIGHTER)
            return None if opens is None else replace(last, delta_mm=math.copysign(last.delta_mm, 1 if opens else -1))
        case Zoom():
            out = _either(ways, _SMALLER, _LARGER)
            return None if out is None else replace(last, out=out)
        case ChangeDose():
            up = _either(ways, _UP, _DOWN)
            return None if up is None else replace(last, higher=up)
        case SetDose():
            levels = {_LEVELS[word] for word in said if word in _LEVELS}
            return replace(last, level=levels.pop()) if len(levels) == 1 else None  # type: ignore[arg-type]
        case SwitchFluoro():
            off = bool(ways & _OFF)
            return SwitchFluoro(not off) if off or ways & _ON else None
    return None


def turned_only(words: str, last: Single) -> Single | None:
    """The last command the way that is all that plain words say: "to the left", "RAO"."""
    said = [word for word in words.split() if word not in _AROUND_A_WAY]
    return turned(said, last) if said and _ALL_WAYS.issuperset(said) else None


def set_anew(words: str, last: Single) -> Single | None:
    """A setting with another number, and whether that is more or less: "wider, 20 cm", "less, 25"."""
    change, _, rest = words.partition(" ")
    found = slots(rest.removeprefix("and ").removeprefix("to "))
    before = _setting(last)
    if not before or change not in _GROWS | _SHRINKS or found.words not in (*LENGTH_ALONE, ("20", "degrees")):
        return None
    other = by_amount(found, last)
    after = _setting(other)
    return other if after and (abs(after) > abs(before)) == (change in _GROWS) else None


def _setting(command: Single | None) -> float | None:
    """The absolute angle or the field that a command sets."""
    if isinstance(command, SetField):
        return command.side_mm
    return command.to_deg if isinstance(command, Rotate | Tilt) else None


def _either(said: set[str], yes: frozenset[str], no: frozenset[str]) -> bool | None:
    """Which of two ways is said; None where both or none are."""
    return bool(said & yes) if bool(said & yes) != bool(said & no) else None


def by_amount(found: Slots, last: Single) -> Single | None:
    """The last command the same way, by the one number of a text."""
    if len(found.numbers) != 1 or found.numbers[0] <= 0:
        return None
    number = found.numbers[0]
    match last:
        case Rotate() | Tilt() if not found.units_mm:
            if last.to_deg is not None:
                return replace(last, to_deg=math.copysign(number, last.to_deg))
            return replace(last, delta_deg=math.copysign(number, last.delta_deg or 1.0))
        case Translate():
            return replace(last, distance_mm=_mm(number, found, last.unit_mm))
        case CollimateBy():
            return replace(last, delta_mm=math.copysign(_mm(number, found, last.unit_mm), last.delta_mm))
        case SetField():
            return replace(last, side_mm=_mm(number, found, last.unit_mm))
        case Zoom() if not found.units_mm and 1 < number <= MAX_ZOOM and "more" not in found.words:
            return replace(last, factor=number)
    return None


def _mm(number: float, found: Slots, unit_mm: float) -> float:
    """A length; without a unit of its own it is in that of the one before."""
    return round(number * (found.units_mm[0] if found.units_mm else unit_mm), 6)


def scaled(found: Slots, words: str, last: Single) -> Single | None:
    """ "Half of that", "twice as much"."""
    said = set(words.split())
    if bool(said & HALF) == bool(said & DOUBLE) or found.structures or found.units_mm:
        return None
    factor = 0.5 if said & HALF else 2.0
    if said & _BACKWARDS or _OTHER_WAY.search(words):  # "half of that back"
        back = opposite(last) if getattr(last, "to_deg", None) is None else None
        if back is None:
            return None
        last = back
    elif (sideways := turned(words.split(), last)) is not None:  # "half that, towards the head"
        last = sideways
    match last:
        case Rotate() | Tilt() if last.to_deg is not None:
            return replace(last, to_deg=last.to_deg * factor)
        case Rotate() | Tilt() if last.delta_deg is not None:
            return replace(last, delta_deg=last.delta_deg * factor)
        case Translate():
            return replace(last, distance_mm=last.distance_mm * factor)
        case CollimateBy():
            return replace(last, delta_mm=last.delta_mm * factor)
        case SetField():
            return replace(last, side_mm=last.side_mm * factor)
    return None


def further(found: Slots, words: str, last: Single, sign: int) -> Single | None:
    """The last motion's direction (sign 1) or its reverse, by the amount said, or a bit."""
    if (HALF | DOUBLE) & set(words.split()):  # "half of that again"
        return scaled(found, words, last)
    if found.structures or len(found.numbers) > 1 or (found.numbers and found.numbers[0] <= 0):
        return None
    number = found.numbers[0] if found.numbers else None
    if number is None and _A_LOT.search(words):
        return Zoom(LOT_ZOOM, last.out == (sign > 0)) if isinstance(last, Zoom) else None
    if isinstance(last, Translate | CollimateBy) and _DEGREES.intersection(words.split()):
        return None
    match last:
        case Rotate() | Tilt() if not found.units_mm and (before := last.delta_deg or last.to_deg):
            amount = BIT_DEG if number is None else number
            return type(last)(delta_deg=sign * math.copysign(amount, before))
        case Translate():
            going = last if sign > 0 else opposite(last)
            amount = BIT_MM if number is None else _mm(number, found, last.unit_mm)
            return replace(going, distance_mm=amount) if isinstance(going, Translate) else None
        case CollimateBy():
            amount = BIT_MM if number is None else _mm(number, found, last.unit_mm)
            return CollimateBy(sign * math.copysign(amount, last.delta_mm))
        case Zoom() if not found.units_mm and (number is None or number == 1.0):
            return Zoom(BIT_ZOOM if found.bit else ZOOM, last.out == (sign > 0))
        case ChangeDose():
            return last if sign > 0 else opposite(last)
    return None
