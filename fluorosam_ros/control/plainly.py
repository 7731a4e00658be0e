"""How a command of each kind is said in the plainest words, with structures, numbers and directions of another text.

Where something of the text is missing, left over or contradicts, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import SaveView, listed
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.motion_phrases import RECALL_WORDS
from fluorosam_ros.control.slots import NAME, Slots, slots
from fluorosam_ros.control.view_names import with_projections
from fluorosam_ros.control.wording import view_name
from fluorosam_sim.views import find_view

NOTHING, SEVERAL = "nothing", "several"
"""The kinds of what is no command, and of several commands in one text."""

_SIDE = re.compile(r"\b(lao|rao|cranial|caudal|left|right)\b")
_RELATIVE = re.compile(r"\b(?:by|relative|more|less|further|another|additional(?:ly)?|extra|add)\b")
_ABSOLUTE = re.compile(r"\b(?:at|set|make|(?:to|on|is|be) (?:20|lao|rao|cranial|caudal))\b")
_BACKWARDS = frozenset(("off", "less", "back", "out", "reduce", "decrease", "undo", "from", "away"))
_STRAIGHT = frozenset(("neutral", "straight", "zero", "zeroed", "upright", "level", "flat", "straighten", "flatten"))
_UNDONE = frozenset(("out", "off", "remove", "lose", "rid", "undo", "nullify", "cancel", "away"))
_FROM_HERE = re.compile(r"\bfrom (?:here|there|where we are|(?:(?:the|your|our|my) )?(?:present|current) \w+)\b")
_SMALL = frozenset(
    ("nudge", "smidge", "tad", "hint", "touch", "shade", "hair", "fraction", "tweak", "whisker", "notch")
)
_TURNED = {"cephalad": "cranial", "cephalic": "cranial", "craniad": "cranial", "cranially": "cranial",
           "cran": "cranial", "caudad": "caudal", "caudally": "caudal", "caud": "caudal"}  # fmt: skip
_WAYS = {"foot": "feet", "toes": "feet", "ceilingwards": "ceiling", "headwards": "head", "footwards": "feet",
         "floor": "table", "tablewards": "table", "feetwards": "feet", "footward": "feet", "legs": "feet",
         "headward": "head", "leftwards": "left", "rightwards": "right",
         "cephalad": "head", "craniad": "head", "caudad": "feet",
         "cranially": "head", "caudally": "feet", "heid": "head"}  # fmt: skip
_ARM = frozenset(("arm", "gantry", "carm", "machine", "detector"))
_RAISED, _LOWERED = frozenset(("up", "raise", "higher", "lift")), frozenset(("down", "lower", "sink", "drop"))
_HOISTED = frozenset(("hoist", "lift", "raise", "elevate"))
"""Verbs that say without "the arm", too, which way is up."""

_HIGHER = frozenset(("higher", "up", "raise", "raised", "lift"))
_WAY = frozenset(("left", "right", "head", "feet", "ceiling", "table"))
_SIDED = frozenset(("left", "right", "both"))  # "the left liver" is no liver
_BOTH_AFTER = re.compile(rf"(?<={NAME}) (?:(?:\w+ )?and )?both(?: of them)?$")
_THAT_ONE = re.compile(r"\b(?:that|this) 20\b")  # "one" as every number
_THE_NAMED_ONE = re.compile(rf"{NAME}.* (?:the )?\w+ 20$")
""" "The left carotid, the common one"."""

_SINGULAR = frozenset(("it", "its", "that", "this", "there", "her", "him", "thing"))
_PLURAL = frozenset(("them", "em", "those", "these", "both", "ones", "pair"))
_NO_POSE = re.compile(r"\b(?:slides?|patient|case|song|track|page|series|chapter|topic|question|subject)\b")
_SAVED_AS = re.compile(
    r".*\b(?:as|called|named|call(?: it| this| that)?|(?:under|by)(?: the)?(?: name)?(?: of)?"
    r"|name(?: it| is)?|label(?: it)?|view|pose|position) (?P<name>(?!well\b|usual\b)\w+(?: \w+){0,3})$"
)
_STORED_AS = re.compile(
    r"\b(?:saved|stored|memori[sz]ed|bookmarked|remembered) (?:view|pose|position|spot|place)"
    r"(?: (?:called|named|under|as|with|by|the|name))* (?P<name>(?!(?:and|please)\b)\w+(?: (?!and\b)\w+){0,2})$"
)
_LEVEL = re.compile(r"\b(?:low|lowest|normal|standard|regular|default|high|highest)\b")
_STORED = frozenset(("stored", "saved", "memorized", "memorised", "remembered", "bookmarked", "that", "it", "bookmark"))
_SWITCHED_ON = frozenset((
    "on", "start", "starting", "begin", "live", "run", "running", "going", "go", "screen", "screening", "continuous",
    "continuously", "enable", "engage", "hit", "activate",
    "activated", "roll", "rolling", "up", "real", "video", "have", "need", "want",
))  # fmt: skip
_RECALLING = frozenset(
    ("fetch", "kindly", "again", "revisit", "one", "view", "just", "now", "let", "s", "can", "could")
)
_THE_ONE = re.compile(r"\b(?:and )?(?:the )?(?P<kept>\w+ )?one$")
_PROJECTIONS = frozenset(("ap", "pa", "lateral", "oblique", "lao", "rao", "inlet", "outlet", "axial"))
_OPENING = frozenset(("open", "opened", "wider", "widen", "expand", "larger", "bigger", "out", "apart", "loosen"))
_CLOSING_WORDS = """
close closing closed closer narrow narrower narrowing reduce reduction shrink smaller tighten tighter in inwards
together
"""
_CLOSING = frozenset(_CLOSING_WORDS.split())
_CHANGES = """
more less off another additional extra further grow grown enlarge enlargement reduce reduction increase decrease shave
wider narrower bigger smaller larger by
"""
_TO_A_SIZE = re.compile(r"\b(?:to|of|at|be|become) 20\b")
_FIELD_CHANGED = frozenset(_CHANGES.split())
_SMALLER = frozenset(("out", "smaller", "shrink", "halve", "half", "minify", "reduce", "less", "wider", "decrease"))
_LARGER = frozenset(("in", "bigger", "larger", "magnify", "enlarge", "closer", "increase", "double"))
_UP_WORDS = """
up upwards raise raised elevate more increase increased higher boost bump crank hot hotter stronger harder brighter lift
"""
_DOWN_WORDS = """
down fewer smaller reduction
lower lowered less reduce reduced decrease decreased drop dropped cut off back ease lighter dial weaker minimize
minimise easy easier
"""
_UP, _DOWN = frozenset(_UP_WORDS.split()), frozenset(_DOWN_WORDS.split())
_ZOOMED_ON = re.compile(
    r"\b(?:on|onto|into|at)(?: the)? "
    r"(?!(?:the|it|that|this|there|screen|monitor|image|picture|display|zoom|more|double)\b)[a-z]"
)
"""What a zoom is aimed at, which no structure is known for."""

Say = Callable[[Slots, str, Context], "str | None"]
"""The plainest words for a kind of command with the slots of a text, its bare plain words and its context."""


def _about(verb: str) -> Say:
    """Commands about structures, or about what "it" stands for."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.units_mm:
            return None
        said = set(words.split())
        words = _BOTH_AFTER.sub("", " ".join(found.words))
        if (({"left", "right"} if not found.structures else _SIDED) | {"open"}) & set(words.split()):
            return None
        pair = found.numbers == (2.0,) and len(context.named) == 2  # "those two"
        counted = found.numbers == (float(sum(len(group) for group in found.structures)),)  # "both vessels", by name
        one = found.numbers == (1.0,) and (_THAT_ONE.search(words) or _THE_NAMED_ONE.search(words))
        if found.numbers and not (pair or one or (counted and found.numbers[0] > 1)):
            return None
        if found.structures and f"{NAME} {NAME}" not in words:
            names = dict.fromkeys(each.name for group in found.structures for each in group)
            return f"{verb} {listed([f'the {name}' for name in names], 'and')}"
        if found.structures or not (context.named and (_SINGULAR | _PLURAL) & said):
            return None
        if len(context.named) > 1 and not _PLURAL & said:
            return f"{verb} it"  # which, the rules ask
        return f"{verb} {listed([f'the {each.name}' for each in context.named], 'and')}"

    return say


def _plainly(said: str) -> Say:
    """Commands without anything to be filled in."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        return None if found.structures or found.numbers or found.units_mm else said

    return say


def _once(said: str) -> Say:
    """The same where "one" may be said."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        return said if not found.structures and not found.units_mm and set(found.numbers) <= {1.0} else None

    return say


def _length(found: Slots) -> str | None:
    """ "20 mm", "a bit" or None."""
    numbers = tuple(dict.fromkeys(found.numbers))  # "12 by 12 cm"
    small = found.bit or bool(_SMALL & set(found.words))
    if found.structures or len(numbers) > 1 or not (small or numbers):
        return None
    if not numbers:
        return "a bit"
    return f"{found.numbers[0] * found.units_mm[0]:g} mm" if len(set(found.units_mm)) == 1 else None


def _by_length(before: str, never: frozenset[str] = frozenset()) -> Say:
    """never: words of the opposite, with which nothing is said."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        to_a_size = "collimator" in before and re.search(r"\bto 20\b", " ".join(found.words))  # then it is the field's
        length = None if never & set(found.words) or to_a_size else _length(found)
        return f"{before} {length}" if length else None

    return say


def _field(found: Slots, words: str, context: Context) -> str | None:
    changed = not _TO_A_SIZE.search(" ".join(found.words)) and bool(_FIELD_CHANGED & set(found.words))
    return None if changed else _by_length("set the field to")(found, words, context)


_A_LOT = re.compile(r"\b(?:a lot|lots|much|way) ?")
_FACTOR = re.compile(r"\b(?:times|x|fold|factor|by|to|percent|magnification|mag|zoom|power)\b")


def _zoom(way: str) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.structures or found.units_mm or len(found.numbers) > 1 or (found.numbers and found.bit):
            return None
        if _ZOOMED_ON.search(words):
            return None
        if (_SMALLER if way == "in" else _LARGER) & set(found.words):
            return None
        twofold = {"double", "twice"} if way == "in" else {"halve", "half", "twice"}
        doubled = twofold & set(found.words)
        if found.numbers and (doubled or not _FACTOR.search(words)):
            return None
        if found.numbers or doubled:
            return f"zoom {way} {2.0 if doubled else found.numbers[0]:g} times"
        return f"zoom {way}{' a bit' if found.bit else ' a lot' if _A_LOT.search(words) else ''}"

    return say


_SHIFTS = frozenset(("move", "shift", "translate", "slide", "travel"))


def _turn(verb: str, absolute: bool) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        found = replace(found, words=tuple(_FROM_HERE.sub("", " ".join(found.words)).split()))
        small = found.bit or bool(_SMALL & set(found.words))
        sides = set(_SIDE.findall(" ".join(_TURNED.get(word, word) for word in found.words)))
        if found.structures or found.units_mm or len(found.numbers) > 1:
            return None
        if _SHIFTS & set(found.words) and "degrees" not in found.words and not {"lao", "rao"} & set(found.words):
            return None  # "move to the left by 30", of which unit?
        if (
            absolute
            and not found.numbers
            and (_STRAIGHT & set(found.words) or (_UNDONE & set(found.words) and not sides))
        ):
            return f"{verb} to 0"
        if not (small or found.numbers):
            return None
        if not absolute and _BACKWARDS & set(found.words):
            return None  # "come off LAO": the other way
        if not absolute and not found.numbers:
            return f"{verb} a bit towards {sides.pop()}" if len(sides) == 1 else None
        relative = _RELATIVE.search(" ".join(found.words))
        if relative if absolute else _ABSOLUTE.search(" ".join(found.words)) and not relative:
            return None
        if absolute and found.numbers == (0.0,):
            return f"{verb} to 0"
        if len(sides) != 1 or (absolute and not found.numbers) or (found.numbers and found.numbers[0] < 0):
            return None
        side = sides.pop()
        if absolute:
            return f"{verb} to {side} {found.numbers[0]:g}"
        return f"{verb} {found.numbers[0]:g} degrees towards {side}"

    return say


def _move(found: Slots, words: str, context: Context) -> str | None:
    said = " ".join(found.words).replace("all right", "").split()
    ways = {_WAYS.get(word, word) for word in said} & _WAY
    ways = ways or ({"ceiling"} if _HOISTED & set(said) else set())
    if not ways and _ARM & set(found.words):  # the arm has no head and feet to go up and down between
        ways = {"ceiling"} if _RAISED & set(found.words) else {"table"} if _LOWERED & set(found.words) else set()
    if "table" in ways and _HIGHER & set(found.words):  # "higher, as the table is raised"
        return None
    length = _length(found)
    return f"move {length} towards the {ways.pop()}" if length and len(ways) == 1 else None


def _view(found: Slots, words: str, context: Context) -> str | None:
    match = find_view(_THE_ONE.sub(r"\g<kept>", with_projections(words)))
    if len(match.views) != 1 or match.refusal or found.numbers not in ((), (1.0,)) or found.units_mm:
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
    if not context.saved and (called := _STORED_AS.search(words)):
        return f"go to the saved view {called['name']}"
    if not named and context.saved and (isinstance(context.last, SaveView) or len(context.saved) == 1):
        said = set(words.split())
        nameless = bool(_STORED & said) and said <= _STORED | RECALL_WORDS | _RECALLING
        return f"go to the saved view {context.saved[-1]}" if nameless else None
    return f"go to the saved view {named[0]}" if len(named) == 1 else None


def _go_back(found: Slots, words: str, context: Context) -> str | None:
    if _NO_POSE.search(words) or any(f" {name} " in f" {words} " for name in context.saved):
        return None
    return _once("go back")(found, words, context)


def _fluoro_on(found: Slots, words: str, context: Context) -> str | None:
    said = set(found.words)
    on = said & _SWITCHED_ON and not {"off", "plug", "kill", "cut", "end", "out"} & set(words.split())
    return _plainly("turn fluoro on")(found, words, context) if on else None


def _change_dose(way: frozenset[str], other: frozenset[str], said: str) -> Say:
    plainly = _once(said)

    def say(found: Slots, words: str, context: Context) -> str | None:
        told = way & set(found.words) and not other & set(found.words)
        return plainly(found, words, context) if told else None

    return say


def _dose(found: Slots, words: str, context: Context) -> str | None:
    levels = {phrases.DOSE_LEVELS[word] for word in _LEVEL.findall(words)}
    return f"set the dose to {levels.pop()}" if len(levels) == 1 and not found.structures else None


def _disarm(found: Slots, words: str, context: Context) -> str | None:
    others = [part for part in words.split(" and ") if "arm" not in part]  # "finish up and disarm"
    commanded = any(phrases.MOTION_WORD.search(part) for part in others)
    return None if commanded else _plainly("disarm")(found, words, context)


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
    "Set the field to": _field,
    "Zoom in": _zoom("in"),
    "Zoom out": _zoom("out"),
    "Rotate by": _turn("rotate", absolute=False),
    "Rotate to": _turn("rotate", absolute=True),
    "Tilt by": _turn("tilt", absolute=False),
    "Tilt to": _turn("tilt", absolute=True),
    "Move": _move,
    "Go to the saved view": _recall,
    VIEW: _view,
    "Go back": _go_back,
    "Save this view as": _save,
    "Take one shot": _once("take a shot"),
    "Turn fluoro on": _fluoro_on,
    "Turn fluoro off": _plainly("turn fluoro off"),
    "Raise the dose": _change_dose(_UP, _DOWN, "raise the dose"),
    "Lower the dose": _change_dose(_DOWN, _UP, "lower the dose"),
    "Set the dose to": _dose,
    "Say what is in the image": lambda found, words, context: "what do you see" if not found.units_mm else None,
    "Say where the C-arm is": _plainly("where are we"),
    "Say where": _about("where is"),
    "Cancel": _once("cancel"),
    "Stop all": _plainly("stop"),
    "Arm": _plainly("arm"),
    "Disarm": _disarm,
    "Reset": _plainly("reset the emergency stop"),
}
"""How a command of each kind, named by the beginning of its sentence in `control.wording`, is said."""


def kind_of(meaning: str) -> str:
    """The kind of a command by its sentence; `NOTHING` where it is none."""
    if ", then " in meaning:
        return SEVERAL
    return max((kind for kind in KINDS if meaning.startswith(kind)), key=len, default=NOTHING)
