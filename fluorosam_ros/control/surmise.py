"""What a text that no rule understands probably means, from the part of it that is a command.

"The right femur in the centre, lovely, just like that" holds one command and talk around it. The longest run of words
that means something is taken, if nothing else in the text could change or add to it: no number, structure, direction,
negation, time, question or word of another command. What only outlines or tells is done; anything else is asked back
("Did you mean “Center on the right femur”?"), as talk is no order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    ChangeDose,
    Choice,
    Command,
    Disarm,
    ResetStop,
    SaveView,
    Segment,
    SetDose,
    Steps,
    Stop,
    StopSegmenting,
    SwitchFluoro,
    Unclear,
    WhereIs,
    acts,
)
from fluorosam_ros.control.quantities import tokens
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import find

MAX_WORDS = 20
"""Longer texts are talk."""

YES = (
    "yes", "yes please", "yeah", "yep", "yup", "correct", "exactly", "that s right",
    "do it", "do that", "please do", "go ahead", "confirm", "confirmed", "confirm please", "yes confirm", "affirmative",
    "yes do it", "yes do that", "yes i did", "i did", "yes that s right", "yes exactly", "yes correct",
)  # fmt: skip
"""What answers the question with yes, in plain words; "okay" may be said to anything."""

NO = ("no", "no thanks", "no thank you", "nope", "no i did not", "no i didn t", "no that s wrong", "wrong", "not that")
"""What answers a question with no: what was asked about is dropped, and nothing is stopped."""

_DECISIVE_WORDS = """
it that this them those these left right both other same lao rao cranial caudal cephalad caudad craniad
head feet foot toes ceiling floor table
anterior posterior lateral ap pa oblique inlet outlet axial view projection up down in out on off back more less further
then after afterwards before until till unless if when whenever while once first next finally later tomorrow yesterday
ago already again instead rather or what which who whom whose why how where whether maybe perhaps possibly think guess
suppose imagine said says told asked wonder
rotate rotation turn tilt orbit swing angle angulate move shift slide drive zoom magnify center centre centered centred
collimate collimation collimator cone coned blades shutters field dose fluoro fluoroscopy screening shot shoot expose
image xray arm disarm reset save saved stored remembered recall stop cancel segment outline highlight mask
overlay contour degrees degree mm cm millimeters centimeters inch inches bit little slightly
"""
_DECISIVE = frozenset(_DECISIVE_WORDS.split())
_SILENT = Arm | Disarm | ResetStop | SaveView | Stop | SwitchFluoro
"""Commands that are not looked for in talk; a switch of the beam least of all."""
_NAMING = Segment | StopSegmenting | WhereIs
_TALK = frozenset(("and", "so", "because", "since", "as", "but", "for", "while", "please", "i", "we", "you", "if"))
"""What begins talk after a command; any other word may belong to a name: "outline the heart valve"."""
Understand = Callable[[str], Command]


def surmised(words: str, unclear: str, understand: Understand) -> Command | None:
    """The command that plain words hold beside talk, or the question whether it was meant; None if there is none.

    unclear: what was not understood about the whole, one sentence, to be said with the question. understand: parses
    plain words as one command.
    """
    said = words.split()
    if len(said) > MAX_WORDS:
        return None
    for length in range(len(said) - 1, 0, -1):
        found: dict[str, Command] = {}
        for start in range(len(said) - length + 1):
            if any(map(decides, said[:start])) or any(map(decides, said[start + length :])):
                continue
            command = _meant(" ".join(said[start : start + length]), understand)
            after = said[start + length : start + length + 1]
            cut_short = isinstance(command, _NAMING) and after and after[0] not in _TALK
            if command is not None and not cut_short:
                found[describe(command)] = command
        if found:
            (meaning, command), *others = found.items()
            return None if others else _offered(meaning, unclear, command)
    return None


def _meant(part: str, understand: Understand) -> Command | None:
    command = understand(part)
    if isinstance(command, Unclear | Steps | _SILENT):
        return None
    if isinstance(command, Segment) and not (phrases.SEGMENT_VERB.match(part) or phrases.SEGMENT_END.search(part)):
        return None  # a structure in talk is no wish to see it
    return command


def _offered(meaning: str, unclear: str, command: Command) -> Command:
    if not acts(command) and not isinstance(command, ChangeDose | SetDose):
        return command
    question = f"{unclear} Did you mean “{meaning.removesuffix('.')}”? Say yes or no."
    return Ask(question, (Choice(command, words=YES),), guess=True)


@lru_cache(maxsize=4096)
def decides(word: str) -> bool:
    """Whether a word outside the command could change what it means."""
    if word in _DECISIVE or phrases.NEGATION.search(word) or tokens(word).numbers:
        return True
    named = find(word)
    return bool(named.structures or named.alternatives or named.tools)
