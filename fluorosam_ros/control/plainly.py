"""How a command of each kind is said in the plainest words, with structures, numbers and directions of another text.

Where something of the text is missing, left over or contradicts, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fluorosam_ros.control.command_types import listed
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.slots import NAME, Slots, slots
from fluorosam_ros.control.wording import view_name
from fluorosam_sim.views import find_view

NOTHING, SEVERAL = "nothing", "several"
"""The kinds of what is no command, and of several commands in one text."""

_SIDE = re.compile(r"\b(lao|rao|cranial|caudal|left|right)\b")
_RELATIVE = re.compile(r"\b(?:by|more|less|further|another|additional|extra|add)\b")
_ABSOLUTE = re.compile(r"\b(?:at|set|make|(?:to|on|is|be) (?:20|lao|rao|cranial|caudal))\b")
_BACKWARDS = frozenset(("off", "less", "back", "out", "reduce", "decrease", "undo", "from", "away"))
_STRAIGHT = frozenset(("neutral", "straight"))
_TURNED = {"cephalad": "cranial", "cephalic": "cranial", "craniad": "cranial", "cranially": "cranial",
           "cran": "cranial", "caudad": "caudal", "caudally": "caudal", "caud": "caudal"}  # fmt: skip
_WAYS = {"foot": "feet", "toes": "feet", "ceilingwards": "ceiling", "headwards": "head", "footwards": "feet",
         "floor": "table", "tablewards": "table", "leftwards": "left", "rightwards": "right",
         "cephalad": "head", "craniad": "head", "caudad": "feet"}  # fmt: skip
_WAY = frozenset(("left", "right", "head", "feet", "ceiling", "table"))
_SIDED = frozenset(("left", "right", "both"))  # "the left liver" is no liver
_PRONOUNS = frozenset(("it", "that", "this", "them", "those", "these"))
_SAVED_AS = re.compile(
    r".*\b(?:as|called|named|call(?: it| this| that)?|(?:under|by)(?: the)?(?: name)?(?: of)?"
    r"|name(?: it)?|label(?: it)?|view|pose|position) (?P<name>(?!well\b|usual\b)\w+(?: \w+){0,3})$"
)
_LEVEL = re.compile(r"\b(?:low|lowest|normal|standard|regular|default|high|highest)\b")
_PROJECTIONS = frozenset(("ap", "pa", "lateral", "oblique", "lao", "rao", "inlet", "outlet", "axial"))
_OPENING = frozenset(("open", "opened", "wider", "widen", "expand", "larger", "bigger", "out", "apart", "loosen"))
_CLOSING_WORDS = """
close closing closed closer narrow narrower reduce shrink smaller tighten tighter in
"""
_CLOSING = frozenset(_CLOSING_WORDS.split())
_SMALLER = frozenset(("out", "smaller", "shrink", "halve", "half", "minify", "reduce", "less", "wider", "decrease"))
_LARGER = frozenset(("in", "bigger", "larger", "magnify", "enlarge", "closer", "increase", "double"))
_UP_WORDS = """
up upwards raise raised more increase increased higher boost bump crank hot hotter stronger harder brighter lift
"""
_DOWN_WORDS = """
down lower lowered less reduce reduced decrease decreased drop dropped cut off ease lighter dial weaker minimize
minimise easy easier
"""
_UP, _DOWN = frozenset(_UP_WORDS.split()), frozenset(_DOWN_WORDS.split())
Say = Callable[[Slots, str, Context], "str | None"]
"""The plainest words for a kind of command with the slots of a text, its bare plain words and its context."""


def _about(verb: str) -> Say:
    """Commands about structures, or about what "it" stands for."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.numbers or found.units_mm or (_SIDED | {"open"}) & set(found.words):
            return None
        if found.structures and f"{NAME} {NAME}" not in " ".join(found.words):
            names = dict.fromkeys(each.name for group in found.structures for each in group)
            return f"{verb} {listed([f'the {name}' for name in names], 'and')}"
        pronouns = set(found.words) & _PRONOUNS
        named = bool(found.structures) or not context.named
        return f"{verb} {pronouns.pop()}" if len(pronouns) == 1 and not named else None

    return say


def _plainly(said: str) -> Say:
    """Commands without anything to be filled in."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        return None if found.structures or found.numbers or found.units_mm else said

    return say


def _once(said: str) -> Say:
    """The same where "one" may be said."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        return said if not found.structures and not found.units_mm and found.numbers in ((), (1.0,)) else None

    return say


def _length(found: Slots) -> str | None:
    """ "20 mm", "a bit" or None."""
    if found.structures or len(found.numbers) > 1 or found.bit == bool(found.numbers):
        return None
    if found.bit:
        return "a bit"
    return f"{found.numbers[0] * found.units_mm[0]:g} mm" if len(found.units_mm) == 1 else None


def _by_length(before: str, never: frozenset[str] = frozenset()) -> Say:
    """never: words of the opposite, with which nothing is said."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        length = None if never & set(found.words) else _length(found)
        return f"{before} {length}" if length else None

    return say


def _zoom(way: str) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.structures or found.units_mm or len(found.numbers) > 1 or (found.numbers and found.bit):
            return None
        if (_SMALLER if way == "in" else _LARGER) & set(found.words):
            return None
        twofold = {"double", "twice"} if way == "in" else {"halve", "half", "twice"}
        doubled = twofold & set(found.words)
        if found.numbers and doubled:
            return None
        if found.numbers or doubled:
            return f"zoom {way} {2.0 if doubled else found.numbers[0]:g} times"
        return f"zoom {way}{' a bit' if found.bit else ''}"

    return say


def _turn(verb: str, absolute: bool) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.structures or found.units_mm or len(found.numbers) > 1:
            return None
        if absolute and not found.numbers and _STRAIGHT & set(found.words):
            return f"{verb} to 0"
        if found.bit == bool(found.numbers):
            return None
        if not absolute and _BACKWARDS & set(found.words):
            return None  # "come off LAO": the other way
        sides = set(_SIDE.findall(" ".join(_TURNED.get(word, word) for word in found.words)))
        relative = _RELATIVE.search(" ".join(found.words))
        if relative if absolute else _ABSOLUTE.search(" ".join(found.words)) and not relative:
            return None
        if absolute and found.numbers == (0.0,):
            return f"{verb} to 0"
        if len(sides) != 1 or (absolute and found.bit) or (found.numbers and found.numbers[0] < 0):
            return None
        side = sides.pop()
        if absolute:
            return f"{verb} to {side} {found.numbers[0]:g}"
        return f"{verb} {'a bit' if found.bit else f'{found.numbers[0]:g} degrees'} towards {side}"

    return say


def _move(found: Slots, words: str, context: Context) -> str | None:
    ways = {_WAYS.get(word, word) for word in found.words} & _WAY
    length = _length(found)
    return f"move {length} towards the {ways.pop()}" if length and len(ways) == 1 else None


def _view(found: Slots, words: str, context: Context) -> str | None:
    match = find_view(words)
    if len(match.views) != 1 or match.refusal or found.numbers or found.units_mm:
        return None
    rest = match.rest.split()
    if NAME in slots(match.rest).words or set(rest) & (_PROJECTIONS | _SIDED):
        return None  # more than the view is named
    return f"go to {view_name(match.views[0], match.structure)}"


def _save(found: Slots, words: str, context: Context) -> str | None:
    name = _SAVED_AS.match(words)
    return f"save this view as {name['name']}" if name else None


def _recall(found: Slots, words: str, context: Context) -> str | None:
    named = [name for name in context.saved if f" {name} " in f" {words} "]
    return f"go to the saved view {named[0]}" if len(named) == 1 else None


def _change_dose(way: frozenset[str], other: frozenset[str], said: str) -> Say:
    plainly = _once(said)

    def say(found: Slots, words: str, context: Context) -> str | None:
        told = way & set(found.words) and not other & set(found.words)
        return plainly(found, words, context) if told else None

    return say


def _dose(found: Slots, words: str, context: Context) -> str | None:
    levels = set(_LEVEL.findall(words))
    return f"set the dose to {levels.pop()}" if len(levels) == 1 and not found.structures else None


VIEW = "Go to the"
KINDS: dict[str, Say] = {
    "Segment": _about("outline"),
    "Stop segmenting everything": _plainly("stop outlining everything"),
    "Stop segmenting": _about("stop outlining"),
    "Center on": _about("center on"),
    "Collimate to": _about("collimate to"),
    "Open the collimator fully": _plainly("open the collimator fully"),
    "Open the collimator by": _by_length("open the collimator", _CLOSING),
    "Close the collimator by": _by_length("close the collimator", _OPENING),
    "Set the field to": _by_length("set the field to"),
    "Zoom in": _zoom("in"),
    "Zoom out": _zoom("out"),
    "Rotate by": _turn("rotate", absolute=False),
    "Rotate to": _turn("rotate", absolute=True),
    "Tilt by": _turn("tilt", absolute=False),
    "Tilt to": _turn("tilt", absolute=True),
    "Move": _move,
    "Go to the saved view": _recall,
    VIEW: _view,
    "Go back": _once("go back"),
    "Save this view as": _save,
    "Take one shot": _once("take a shot"),
    "Turn fluoro on": _plainly("turn fluoro on"),
    "Turn fluoro off": _plainly("turn fluoro off"),
    "Raise the dose": _change_dose(_UP, _DOWN, "raise the dose"),
    "Lower the dose": _change_dose(_DOWN, _UP, "lower the dose"),
    "Set the dose to": _dose,
    "Say what is in the image": _plainly("what do you see"),
    "Say where the C-arm is": _plainly("where are we"),
    "Say where": _about("where is"),
    "Cancel": _plainly("cancel"),
    "Stop all": _plainly("stop"),
    "Arm": _plainly("arm"),
    "Disarm": _plainly("disarm"),
    "Reset": _plainly("reset the emergency stop"),
}
"""How a command of each kind, named by the beginning of its sentence in `control.wording`, is said."""


def _one_more(found: Slots, words: str, context: Context) -> str | None:
    amount = _amount(found)
    return None if amount is None else f"another {amount}" if found.numbers else "a bit more"


def _other_way(found: Slots, words: str, context: Context) -> str | None:
    amount = _amount(found)
    if amount is None:
        return None
    bare_number = found.numbers and not found.units_mm and not amount.endswith("degrees")
    return f"{amount}{' degrees' if bare_number else ''} the other way"


def _amount(found: Slots) -> str | None:
    """ "20 mm", "20 degrees", "20", "a bit" where none is said, or None."""
    if found.structures or len(found.numbers) > 1 or len(found.units_mm) > 1 or (found.numbers and found.bit):
        return None
    if not found.numbers:
        return "a bit"
    if found.units_mm:
        return f"{found.numbers[0] * found.units_mm[0]:g} mm"
    return f"{found.numbers[0]:g} degrees" if {"degrees", "degree"} & set(found.words) else f"{found.numbers[0]:g}"


def _about_another(found: Slots, words: str, context: Context) -> str | None:
    plainly = _about("and now")(found, words, context)
    return plainly if found.structures else None


def _other_side(found: Slots, words: str, context: Context) -> str | None:
    sides = {"left", "right"} & set(found.words)
    if found.structures or found.numbers not in ((), (1.0,)) or len(sides) > 1:  # "the one on the other side"
        return None
    return f"the {sides.pop()} one" if sides else "the other side"


def _made(found: Slots, words: str, context: Context) -> str | None:
    alone = len(found.numbers) == 1 and not (found.structures or found.units_mm or found.bit)
    return f"make that {found.numbers[0]:g}" if alone else None


FOLLOW_UPS: dict[str, Say] = {
    "+ other side": _other_side,
    "+ another": _about_another,
    "+ more": _one_more,
    "+ other way": _other_way,
    "+ again": _once("again"),
    "+ level up": _once("one level up"),
    "+ level down": _once("one level down"),
    "+ both": _plainly("both of them"),
    "+ number": _made,
}
"""How what leans on the command before is said."""


def kind_of(meaning: str) -> str:
    """The kind of a command by its sentence; `NOTHING` where it is none."""
    if ", then " in meaning:
        return SEVERAL
    return max((kind for kind in KINDS if meaning.startswith(kind)), key=len, default=NOTHING)
