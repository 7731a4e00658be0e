"""What a recogniser's text means as a command, and how near it is to something that can be said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Cancel,
    Center,
    ChangeDose,
    CollimateTo,
    Command,
    Disarm,
    NotUnderstood,
    Refuse,
    ResetStop,
    Segment,
    SetDose,
    Steps,
    Stop,
    SwitchFluoro,
    WhereIs,
    acts,
)
from fluorosam_ros.control.commands import parse, understood_by_rule
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.wording import describe
from fluorosam_ros.speech.grammar import NUMBER, phrases
from fluorosam_ros.speech.recogniser import Heard

_SNAP_SCORE = 86.0
_SNAP_LEAD = 3.0
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# What must not be guessed from the sound of the rest: a side, a direction, on or off, a number.
_DECISIVE = frozenset(
    re.findall(
        r"\w+",
        """left right both lao rao cranial caudal head feet ceiling table out off open close raise lower up down
        more less inlet outlet millimeters centimeters not no never""",
    )
)
_UNHEARD = frozenset(("the", "a", "an", "please"))


@dataclass(frozen=True)
class Understood:
    """A recogniser's text, as it would be given to the guidance.

    Attributes:
        text: the words; the nearest phrase that can be said, if the words themselves mean nothing.
        command: what they mean.
        raw: the words as they were recognised.
        confidence: the recogniser's own, 0 to 1.
        snapped: whether the text is not what was recognised, but the nearest phrase.
        by_rule: whether the rules of the language understand it; if not, it is only like known commands.
    """

    text: str
    command: Command
    raw: str
    confidence: float = 1.0
    snapped: bool = False
    by_rule: bool = True

    @property
    def clear(self) -> bool:
        """Whether it is a command or a question that can be answered, and no talk."""
        return self.by_rule and _means_something(self.command)

    @property
    def likely(self) -> bool:
        """Whether it is only like a command: what was misheard may be, too."""
        return not self.by_rule and _means_something(self.command)

    @property
    def literal(self) -> bool:
        """Whether the words are understood as they were recognised, none of them taken for a slip of another."""
        return not self.snapped and not _corrected(self.command)


def understand(heard: Heard, context: Context | None = None) -> Understood:
    """The meaning of recognised words in a context, snapped to the nearest phrase where they have none."""
    raw, confidence = heard.text, heard.confidence
    text = _spelled(raw)
    command = parse(text, context)
    by_rule = understood_by_rule(text, context)
    if not text or (by_rule and _means_something(command)):
        return Understood(text, command, raw, confidence)
    snapped = snap(text)  # what was misheard is rather the phrase that sounds like it than what it reads like
    if snapped is not None:
        other = parse(snapped, context)
        if _means_something(other):
            return Understood(snapped, other, raw, confidence, True)
    return Understood(text, command, raw, confidence, by_rule=by_rule)


def snap(text: str) -> str | None:
    """The phrase that a text is a slip of, with the text's own numbers, sides and directions; None if none is near."""
    words = " ".join(re.findall(r"[a-z]+|\d+(?:\.\d+)?", text.lower()))
    numbers = _NUMBER.findall(words)
    if len(numbers) > 1 or not words:
        return None
    masked = _NUMBER.sub(NUMBER, words)
    wanted = _decisive(masked)
    best = process.extract(_squashed(masked), _targets(), scorer=fuzz.ratio, limit=12, score_cutoff=_SNAP_SCORE - 12)
    near = [(phrases()[at], score) for _, score, at in best if _decisive(phrases()[at]) == wanted]
    if not near or near[0][1] < _SNAP_SCORE:
        return None
    meaning = describe(parse(near[0][0]))
    rivals = [score for phrase, score in near[1:] if describe(parse(phrase)) != meaning]
    if rivals and near[0][1] - rivals[0] < _SNAP_LEAD:
        return None
    return near[0][0].replace(NUMBER, numbers[0]) if numbers else near[0][0]


def similarity(text: str, other: str) -> float:
    """How alike two texts sound, 0 to 1, judged by their letters."""
    return fuzz.ratio(_letters(text), _letters(other)) / 100.0


def same_meaning(command: Command, other: Command) -> bool:
    """Whether two commands do the same, whatever the words were."""
    return type(command) is type(other) and describe(command) == describe(other)


def needs_agreement(command: Command, context: Context | None = None) -> bool:
    """Whether one recogniser is not enough: motion, exposure, dose, permission, and what could become one of them.

    An answer to a question counts, as the question may have been about a motion.
    """
    if isinstance(command, Stop | Cancel | Disarm):
        return False
    if isinstance(command, SwitchFluoro) and not command.on:
        return False
    if context is not None and context.question is not None:
        return True
    if isinstance(command, Steps):
        return any(needs_agreement(step) for step in command.commands)
    if isinstance(command, Ask):
        return not command.choices or any(needs_agreement(choice.command) for choice in command.choices)
    return acts(command) or isinstance(command, Arm | ResetStop | ChangeDose | SetDose)


def _means_something(command: Command) -> bool:
    """Words that may have been misheard are no ground for a guess, as typed ones are."""
    return not isinstance(command, Refuse | NotUnderstood) and not (isinstance(command, Ask) and command.guess)


@lru_cache(maxsize=1)
def _targets() -> tuple[str, ...]:
    return tuple(map(_squashed, phrases()))


def _squashed(words: str) -> str:
    """Without what is not heard: gaps and articles ("high light on the hip" is near "highlight hip")."""
    return "".join(word for word in words.split() if word not in _UNHEARD)


def _corrected(command: Command) -> bool:
    if isinstance(command, Steps):
        return any(map(_corrected, command.commands))
    if isinstance(command, Center | CollimateTo | WhereIs):
        return bool(command.target.corrections)
    return isinstance(command, Segment) and bool(command.corrections)


def _decisive(words: str) -> tuple[str, ...]:
    return tuple(sorted(word for word in words.split() if word in _DECISIVE or word == NUMBER))


def _spelled(raw: str) -> str:
    """Letters that were written one by one in one piece again, and no full stop: "L.A.O. 30." is "LAO 30"."""
    text = re.sub(r"\b([LR])[\s.-]*A[\s.-]*O\b\.?", r"\1AO", raw.strip())
    text = re.sub(r"\bL[.-]?[O0]\b\.?", "LAO", text)  # no other word is spelt so
    text = re.sub(r"\bA[.-]\s?P\b\.?", "AP", text)
    text = re.sub(r"\b([CTLS])[\s-](\d{1,2})\b", r"\1\2", text)
    return re.sub(r"[\s.,!]+$", "", text)


def _letters(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
