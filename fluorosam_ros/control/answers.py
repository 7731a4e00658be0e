"""Answers to what was asked back: a choice ("left"), or what was missing ("2 cm")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control.command_types import Cancel, Command, Segment, Steps, Stop, Unclear
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.phrases import NEGATION, SEGMENT_VERB
from fluorosam_ros.control.plain_text import bare
from fluorosam_sim.anatomy import find, normalize

_LONGEST_ANSWER = 6
_JOINTS = (" as ", " ", " by ", " to ", " of ", " on ", " towards ")
"""Between a text that left something open and what is answered."""

_ASKED_FOR = re.compile(r" (?:on|to|of|by|as)?(?: ?(?:it|that|this|there|an?|the|which|some|vertebra))*$")
"""What stood in a text for what was missing: "center on it", "a lateral of a vertebra"."""


def answered(text: str, context: Context) -> Command | None:
    """The command that an answer to the question makes of it, or None: "left", "the right one", "L4"."""
    if context.question is None:
        return None
    named = find(text)
    said = normalize(text).removesuffix(" 1")  # "the left one" is spelt "left 1"
    spoken = " ".join(text.casefold().replace(".", " ").split())
    chosen = [
        choice
        for choice in context.question.choices
        if said in choice.words
        or spoken in choice.words
        or (choice.structure and named.clear and named.structures == (choice.structure,))
    ]
    return chosen[0].command if len(chosen) == 1 else None


def completed(words: str, context: Context, understand: Callable[[str, Context], Command]) -> Command | None:
    """What plain words make of the text that was asked about: "2 cm" after "How far should I move?"; None if they are
    no answer, or a command of their own."""
    asked = context.question
    if asked is None or asked.choices or not asked.said or len(words.split()) > _LONGEST_ANSWER:
        return None
    now, words = replace(context, question=None), bare(words).removeprefix("as ")
    alone = understand(words, now)
    named = isinstance(alone, Segment) and not SEGMENT_VERB.match(words)
    if not (isinstance(alone, Unclear) or named) or NEGATION.search(words):
        return None
    for joint in _JOINTS:
        command = understand(f"{_ASKED_FOR.sub('', asked.said)}{joint}{words}", now)
        if not isinstance(command, Unclear | Segment | Steps | Stop | Cancel):
            return command
    return None
