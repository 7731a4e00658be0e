"""What a text that no rule understands means, by its likeness to texts whose meaning is known.

The sentence encoder that reads the names of structures reads here what is wanted with them: a linear classifier on its
embedding of the text, names and numbers taken out (`control.slots`), says which kind of command it is. The command
itself is then said once more in the plainest words, and the rules understand that. So a reading can only be what the
rules can say, with exactly the structures, numbers and directions of the text: where one is left over or missing,
nothing is read. A motion or an exposure is only asked back ("Did you mean …?") where the text holds a word that is not
known from commands, as the word may change everything ("the left kidney stone"), or where the likeness is not great.

The table of the classifier is made by ``scripts/fit_reading.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Center,
    ChangeDose,
    Choice,
    CollimateTo,
    Command,
    GoBack,
    GoToView,
    ResetStop,
    Segment,
    SetDose,
    StopSegmenting,
    SwitchFluoro,
    Unclear,
    WhereIs,
    acts,
    listed,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.slots import NAME, Slots, slots
from fluorosam_ros.control.wording import describe, view_name
from fluorosam_sim.views import find_view

TABLE = Path(__file__).parent / "reading.npz"
MAX_WORDS = 24
"""Longer texts are talk; a single word is no sentence to be read."""

YES = (
    "yes", "yes please", "yeah", "yep", "yup", "correct", "exactly", "that s right",
    "do it", "do that", "please do", "go ahead", "confirm", "confirmed", "confirm please", "yes confirm", "affirmative",
    "yes do it", "yes do that", "yes i did", "i did", "yes that s right", "yes exactly", "yes correct",
)  # fmt: skip
"""What answers the question with yes, in plain words; "okay" may be said to anything."""

NO = ("no", "no thanks", "no thank you", "nope", "no i did not", "no i didn t", "no that s wrong", "wrong", "not that")
"""What answers a question with no: what was asked about is dropped, and nothing is stopped."""

NOTHING = "nothing"
"""The kind of what is no command."""

_ASKED, _DONE, _SURE, _CERTAIN = 0.35, 0.5, 0.65, 0.9
"""Least likeness to ask back, to do what only shows or tells, to do what moves, exposes or sets the dose, and to do
something in spite of a strange word."""

_PARTS = re.compile(r" (?:and|then|and then) ")
_SIDE = re.compile(r"\b(lao|rao|cranial|caudal|left|right)\b")
_RELATIVE = re.compile(r"\b(?:by|more|less|further|another|additional|extra|add)\b")
_ABSOLUTE = re.compile(r"\b(?:at|set|make|(?:to|on|is|be) (?:20|lao|rao|cranial|caudal))\b")
_STRAIGHT = frozenset(("neutral", "straight"))
_TURNED = {"cephalad": "cranial", "cephalic": "cranial", "craniad": "cranial", "cranially": "cranial",
           "cran": "cranial", "caudad": "caudal", "caudally": "caudal", "caud": "caudal"}  # fmt: skip
_WAYS = {"foot": "feet", "toes": "feet", "ceilingwards": "ceiling", "headwards": "head", "footwards": "feet",
         "floor": "table", "tablewards": "table", "leftwards": "left", "rightwards": "right"}  # fmt: skip
_WAY = frozenset(("left", "right", "head", "feet", "ceiling", "table"))
_SIDED = frozenset(("left", "right", "both"))  # "the left liver" is no liver
_PRONOUNS = frozenset(("it", "that", "this", "them", "those", "these"))
_SAVED_AS = re.compile(
    r"\b(?:as|called|named|call(?: it| this| that)?|under(?: the)?(?: name)?|name(?: it)?|label(?: it)?|view|pose"
    r"|position) (?P<name>(?!well\b|usual\b)\w+(?: \w+){0,3})$"
)
_LEVEL = re.compile(r"\b(?:low|lowest|normal|standard|regular|default|high|highest)\b")
_WISHES = (
    (re.compile(r"\bshould be\b"), ""),
    (
        re.compile(r"\b(?:so|such) that (?P<what>.+?) (?:is|are|s) (?=cent|in |on |exposed|visible|inside)"),
        r"\g<what> ",
    ),
    (re.compile(r"\bi ll have\b|\b(?:and )?both of them\b"), ""),
)
"""How a wish is put, and the same without words of talk (`phrases.UNCERTAIN`)."""

_ELSEWHERE = re.compile(
    r"\b(?:above|below|beneath|under|beside|besides|between|near|nearer|next|higher|lower|than|half|third|quarter|tip"
    r"|end|edge|rim|border|corner|part|side of|top of|bottom of|area|region|surroundings|neighbou?r\w*|behind)\b"
)
"""What is said of a place beside a structure."""

_TO_OTHERS = re.compile(r"\b(?:hold off|tell|told|remind|warn|ask|almost|nearly|about to|let(?! me| us| s))\b")
"""What is said to somebody else, or of what is not to be."""

_PROJECTIONS = frozenset(("ap", "pa", "lateral", "oblique", "lao", "rao", "inlet", "outlet", "axial"))
_UP_WORDS = "up raise more increase higher boost bump crank hot hotter stronger harder brighter lift"
_DOWN_WORDS = "down lower less reduce decrease drop cut lighter dial weaker minimize minimise easy easier"
_UP, _DOWN = frozenset(_UP_WORDS.split()), frozenset(_DOWN_WORDS.split())
_OF_BEFORE = re.compile(r"\b(?:last|was|were|had|been|how|before$)\b")
Understand = Callable[[str], Command]
Say = Callable[[Slots, str, Context], "str | None"]
"""The plainest words for a kind of command with the slots of a text, its bare plain words and its context."""


def read(words: str, context: Context, unclear: str, understand: Understand) -> Command | None:
    """The command that bare plain words mean, or the question whether it is meant; None where nothing is read.

    unclear: what the rules make of the text, one sentence, to be said with the question. understand: the rules.
    """
    if not 1 < len(words.split()) <= MAX_WORDS:
        return None
    for wish, plainly in _WISHES:
        words = wish.sub(plainly, words)
    found = slots(words)
    kind, likeness = _reader().likeliest(found.words)
    if kind == NOTHING or likeness < _ASKED or _several(words, kind, context):
        return None
    said = KINDS[kind](found, words, context)
    command = understand(said) if said else None
    if command is None or isinstance(command, Unclear) or not describe(command).startswith(kind):
        return None
    strange = _reader().unknown(found.words if kind != _VIEW else find_view(words).rest.split())
    moves = acts(command) or isinstance(command, ChangeDose | SetDose)
    if moves and phrases.UNCERTAIN.search(_OF_BEFORE.sub("", words) if command == GoBack() else words):
        return None
    if moves and _TO_OTHERS.search(words):
        return None
    if isinstance(command, Center | CollimateTo) and _ELSEWHERE.search(words):
        return None
    if isinstance(command, Segment | StopSegmenting | WhereIs) and strange:
        return None  # the strange word may belong to the name
    if _never_guessed(command):
        return _asked(command, unclear)
    # A view has been named in full, and what only tells or ends something does no harm.
    forgiving = isinstance(command, GoToView) or not moves
    needed = (_SURE if moves else _DONE) if not strange else _CERTAIN if forgiving else 1.0
    if likeness >= needed:
        return command
    return _asked(command, unclear) if moves else None


def real_words() -> frozenset[str]:
    """The words of commands and of talk, none of which is misspelt."""
    return _reader().real_words


def _never_guessed(command: Command) -> bool:
    """Whether a command gives the permission or switches the beam on: such is only done in so many words."""
    return isinstance(command, Arm | ResetStop) or command == SwitchFluoro(True)


def _asked(command: Command, unclear: str) -> Ask:
    question = f"{unclear} Did you mean “{describe(command).removesuffix('.')}”? Say yes or no."
    return Ask(question, (Choice(command, words=YES),), guess=True)


def _several(words: str, kind: str, context: Context) -> bool:
    """Whether a part of plain words is by itself a command of another kind than the whole."""
    parts = [part for part in _PARTS.split(words) if part]
    for part in parts if len(parts) > 1 else []:
        found = slots(part)
        other, likeness = _reader().likeliest(found.words)
        if other not in (kind, NOTHING) and likeness >= _SURE and KINDS[other](found, part, context) is not None:
            return True
    return False


class Reader:
    """The classifier."""

    def __init__(self, table: Path = TABLE) -> None:
        """Loads the table and the sentence encoder."""
        with np.load(table) as saved:
            self._weight = saved["weight"].astype(np.float32)
            self._bias = saved["bias"].astype(np.float32)
            self.kinds = tuple(str(kind) for kind in saved["kinds"])
            self.known = frozenset(str(word) for word in saved["words"])
            self.real_words = self.known | {str(word) for word in saved["others"]}
        self._sentences = SentenceEncoder(threads=1)

    def likeliest(self, words: Sequence[str]) -> tuple[str, float]:
        """The kind of command that words, names and numbers taken out, are most like, and how much, 0 to 1."""
        scores: npt.NDArray[np.float32] = self._sentences.embed([" ".join(words)])[0] @ self._weight + self._bias
        shares = np.exp(scores - scores.max())
        best = int(shares.argmax())
        return self.kinds[best], float(shares[best] / shares.sum())

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those of the words that no known command holds."""
        return [word for word in words if word not in self.known]


@lru_cache(maxsize=1)
def _reader() -> Reader:
    return Reader()


def _about(verb: str) -> Say:
    """Commands about structures, or about what "it" stands for."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.numbers or found.units_mm or _SIDED & set(found.words):
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


def _length(found: Slots) -> str | None:
    """ "20 mm", "a bit" or None."""
    if found.structures or len(found.numbers) > 1 or found.bit == bool(found.numbers):
        return None
    if found.bit:
        return "a bit"
    return f"{found.numbers[0] * found.units_mm[0]:g} mm" if len(found.units_mm) == 1 else None


def _by_length(before: str) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        length = _length(found)
        return f"{before} {length}" if length else None

    return say


def _zoom(way: str) -> Say:
    def say(found: Slots, words: str, context: Context) -> str | None:
        if found.structures or found.units_mm or len(found.numbers) > 1 or (found.numbers and found.bit):
            return None
        if {"in", "out"} <= set(found.words):
            return None
        if found.numbers:
            return f"zoom {way} {found.numbers[0]:g} times"
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
        sides = set(_SIDE.findall(" ".join(_TURNED.get(word, word) for word in found.words)))
        if (_RELATIVE if absolute else _ABSOLUTE).search(" ".join(found.words)):
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


def _disarm(found: Slots, words: str, context: Context) -> str | None:
    return "disarm" if "disarm" in words else None  # "armed" and "disarmed" are much alike


def _shot(found: Slots, words: str, context: Context) -> str | None:
    return "take a shot" if not found.structures and not found.units_mm and found.numbers in ((), (1.0,)) else None


def _save(found: Slots, words: str, context: Context) -> str | None:
    name = _SAVED_AS.search(words)
    return f"save this view as {name['name']}" if name else None


def _recall(found: Slots, words: str, context: Context) -> str | None:
    named = [name for name in context.saved if f" {name} " in f" {words} "]
    return f"go to the saved view {named[0]}" if len(named) == 1 else None


def _change_dose(way: frozenset[str], other: frozenset[str], said: str) -> Say:
    plainly = _plainly(said)

    def say(found: Slots, words: str, context: Context) -> str | None:
        told = way & set(found.words) and not other & set(found.words)
        return plainly(found, words, context) if told else None

    return say


def _dose(found: Slots, words: str, context: Context) -> str | None:
    levels = set(_LEVEL.findall(words))
    return f"set the dose to {levels.pop()}" if len(levels) == 1 and not found.structures else None


_VIEW = "Go to the"
KINDS: dict[str, Say] = {
    "Segment": _about("outline"),
    "Stop segmenting everything": _plainly("stop outlining everything"),
    "Stop segmenting": _about("stop outlining"),
    "Center on": _about("center on"),
    "Collimate to": _about("collimate to"),
    "Open the collimator fully": _plainly("open the collimator fully"),
    "Open the collimator by": _by_length("open the collimator"),
    "Close the collimator by": _by_length("close the collimator"),
    "Set the field to": _by_length("set the field to"),
    "Zoom in": _zoom("in"),
    "Zoom out": _zoom("out"),
    "Rotate by": _turn("rotate", absolute=False),
    "Rotate to": _turn("rotate", absolute=True),
    "Tilt by": _turn("tilt", absolute=False),
    "Tilt to": _turn("tilt", absolute=True),
    "Move": _move,
    "Go to the saved view": _recall,
    _VIEW: _view,
    "Go back": _plainly("go back"),
    "Save this view as": _save,
    "Take one shot": _shot,
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
    "Disarm": _disarm,
    "Reset": _plainly("reset the emergency stop"),
}
"""How a command of each kind, named by the beginning of its sentence in `control.wording`, is said."""


def kind_of(meaning: str) -> str:
    """The kind of a command by its sentence; `NOTHING` where it is none, or several."""
    if ", then " in meaning:
        return NOTHING
    return max((kind for kind in KINDS if meaning.startswith(kind)), key=len, default=NOTHING)
