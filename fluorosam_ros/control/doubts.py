"""What talk beside a command makes of it: forbidden, or doubtful.

What stands in the command itself, the rules see. This is about the rest of a text that is read (`control.reading`): a
negation may be about something else ("more dose, I can't see a thing"), and so may "before" or "said"; or the command
is only spoken of ("3 cm to the table was too low").
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    CollimateBy,
    Command,
    GoBack,
    Rotate,
    SetField,
    Steps,
    SwitchFluoro,
    Tilt,
    Translate,
    Unclear,
    Zoom,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.leaning import CONTRAST, FOLLOW_UPS
from fluorosam_ros.control.quantities import tokens
from fluorosam_ros.control.reader import Reading

ALIKE = 0.65
"""Least likeness to a kind of command to do what moves."""

DOUBTFUL = 0.2
"""Likeness to what is not to be obeyed from which on a motion is asked back."""

_NEGATED_ASIDE = 0.02
"""Likeness to what is not to be obeyed below which a negation in nothing but talk is the talk's own."""

_NO_DOUBT, _NO_DOUBT_AFTER = 0.005, 0.001
"""Likeness to what is not to be obeyed below which no sentence beside a command makes it doubtful; the latter after a
text that leans on the command before. Chosen on 1,379 texts not to be obeyed that the network had not learnt."""

_HARMLESS, _SURE = 0.003, 0.99
"""Likeness to what is not to be obeyed, and to the kind of command, from which on doubt in talk beside it is none."""

_TOLD = 0.01
"""Likeness from which on what was is doubt in talk, too, where a text leans on the command before."""

_HARMLESS_AFTER = 0.0005
"""The same for talk after a text that leans on the command before."""

_REPORTED = re.compile(r"\b(?:sa(?:id|ys?)|tell|told|ask(?:s|ed)?|think|thought|should|would)\b")
"""What may make the command beside it somebody else's."""

_AN_ASIDE = 3
"""Fewest words of talk that may be about something else, where the network finds no harm."""

_A_SENTENCE = 4
"""Fewest words of talk that may hold a negation of their own without an "and" or the like around them."""

_EARLIER = re.compile(
    r"\b(?:(?:we|you|it|that|things|arm|gantry|machine) (?:was|were|had)|a (?:moment|minute|second) ago)\b"
)
"""What is said of the pose before."""

_PREDICATE = re.compile(
    r"(?:is|isn t|are|aren t|was|wasn t|were|weren t|would|wouldn t|will|won t|has|hasn t|had|hadn t|can|can t|cannot"
    r"|could|couldn t|does|doesn t|did|didn t|never|gets|got|makes|made|means|meant)\b"
)
"""How what is said of a command goes on after it: "3 cm towards the table was too low"."""

_SAID_OF_IT = re.compile(
    r"(?:and )*(?:(?:that|this) (?:s|is|was|would be|had been) "
    r"(?:what|how|where|when|why|the (?:\w+ )?\w+ (?:i|we|you|he|she|they))\b"
    r"|(?:says|said|wrote|writes|insists|thinks|according to)\b|i (?:told|tell|was told|used to|read)\b"
    r"|easy for (?:you|him|her|them) to say)"
)
"""How talk after a command goes on that tells where the words are from: "RAO 30, that was the view I got wrong"."""

_PAST = re.compile(r"\b(?:was|were|had)\b")
"""What was is no follow-up: "the cage was in L4 instead"."""

_THOUGHT = re.compile(r"i (?:think|guess|suppose)\b")
"""How what is only thought begins."""

_STATED = re.compile(r"\b(?:is|are|gets?|got|stands?|sits?) (?:\w+ )?\w+(?:ed|ered|en) (?:to|on|by|at|in|towards?)\b")
"""A statement: "the C-arm is rotated to LAO 30 for that"."""

_OR_ELSE = re.compile(r"\bor (?:was|is|were|did|maybe|perhaps|should|would)\b")
"""What takes a command back: "cranial 15, or was it caudal"."""

_DANGLING = re.compile(r"\b(?:on|of|for|to|in|at|with|from|under|over|into)(?: the| a)?(?: and\b.*)?$")
"""How a command ends of which a part was taken for talk: "zoom out on the PACS screen"."""

_PROHIBITION = re.compile(r"(?:(?:please|and|but) )*(?:do not|don t|dont|never|not|no) ")
_PROHIBITS = re.compile(r"(?:please )?(?:do|don|dont|never|not|no|must|should|nobody|stop|cannot|is|are)\b")
"""How such talk does not begin."""

UnderstandIn = Callable[[str, Context], Command]


def negated(words: str, reading: Reading, context: Context, understand: UnderstandIn) -> bool:
    """Whether something is negated beside what is talk for itself: "more dose and i can t see a thing" is not, nor is
    the wrong part of a correction: "no and towards rao", "20 and not 30"."""
    said = f" {words} "
    leans = reading.kind in FOLLOW_UPS and context.last is not None
    if leans and reading.likeness >= ALIKE and reading.harm < DOUBTFUL:
        negated = phrases.NEGATION.search(CONTRAST.sub(" ", reading.command))
        return negated is not None or phrases.FORBIDS.search(words) is not None
    long = [each for each in reading.stretches if len(each.split()) >= _A_SENTENCE and not _PROHIBITS.match(each)]
    asides = [each for each in reading.stretches if len(each.removeprefix("and ").split()) >= _AN_ASIDE]
    if any(_forbids(part, context, understand) for part in (*reading.asides, *words.split(" and "))):
        return True
    own = _negates(reading.command) or any(_negates(talk) and talk not in asides for talk in reading.stretches)
    if reading.harm < _NEGATED_ASIDE and not own:
        return False
    for aside in (*(long if reading.harm < DOUBTFUL else ()), *reading.asides):
        said = said.replace(f" {aside} ", " and ", 1)
    return _negates(said)


def _negates(words: str) -> bool:
    return phrases.NEGATION.search(words) is not None or phrases.FORBIDS.search(words) is not None


def _forbids(aside: str, context: Context, understand: UnderstandIn) -> bool:
    """Whether talk forbids a command: "don't show me the ribs", which "don't worry" does not."""
    found = _PROHIBITION.match(aside)
    return found is not None and not isinstance(understand(aside[found.end() :], context), Unclear)


def _goes_back(command: Command) -> bool:
    return any(isinstance(step, GoBack) for step in steps_of(command))


def doubted(words: str, reading: Reading, command: Command) -> bool:
    """Whether words of doubt, another time, or a number that may be meant stand beside what would move."""
    leans = reading.kind in FOLLOW_UPS
    harmless = reading.harm < (_NO_DOUBT_AFTER if leans or _goes_back(command) else _NO_DOUBT)
    if _THOUGHT.match(words):
        return True
    said = f" {_EARLIER.sub(' ', words) if _goes_back(command) else words} "
    after = [talk for talk in reading.stretches if not words.startswith(talk)]
    of_it = any(
        _PREDICATE.match(talk) or talk.startswith("and never ") or _SAID_OF_IT.match(talk) or _OR_ELSE.search(talk)
        for talk in after
    )
    if of_it and not _goes_back(command):
        return True
    if after and not isinstance(command, Steps) and _DANGLING.search(reading.command):
        return True
    if isinstance(command, Steps) and not harmless and _REPORTED.search(reading.talk):
        return True
    past = reading.command if harmless or reading.harm < _TOLD else f"{reading.talk} {reading.command}"
    if leans and _PAST.search(past):
        return True
    if (
        (leans or _goes_back(command))
        and not harmless
        and reading.harm >= (_HARMLESS_AFTER if leans else _HARMLESS)
        and any(len(talk.split()) >= _A_SENTENCE for talk in after)
    ):
        return True  # "one more like that and we are over the limit"
    measured = isinstance(command, Rotate | Tilt | Translate | CollimateBy | SetField | Zoom | Steps)
    stretches = reading.stretches if reading.command else ()
    # A sentence of its own speaks of other numbers: "he has been here since 6".
    short = [talk for talk in stretches if len(talk.split()) <= _A_SENTENCE]
    if measured and any(number != 1 for number in tokens(" and ".join(short)).numbers):
        return True
    elsewhere = not any(phrases.DOUBT.search(part) for part in (reading.command or words, *short))
    first = next((talk for talk in reading.stretches if words.startswith(talk)), "")
    reported = _REPORTED.search(first) is not None and not first.endswith(" and")  # "he said I'd like …"
    unsure = reading.harm >= _HARMLESS or reading.likeness < _SURE or _REPORTED.search(reading.talk) is not None
    if reported:
        return True
    if elsewhere and (harmless or not unsure):
        return False  # the doubt is about something else, to all that can be told
    if phrases.DELAY.search(said.strip()) or (
        _STATED.search(reading.command) and not isinstance(command, SwitchFluoro)
    ):
        return True
    for talk in stretches:
        if talk not in short:
            said = said.replace(f" {talk} ", " and ", 1)
    return phrases.DOUBT.search(said.strip()) is not None
