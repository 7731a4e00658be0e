"""Saving the present view under a name, and going to a saved one."""

from __future__ import annotations

import re

from fluorosam_ros.control import motion_phrases, phrases
from fluorosam_ros.control.command_types import Ask, RecallView, Refuse, SaveView, Unclear
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.quantities import NUMBER, tokens
from fluorosam_sim.anatomy import find

_MAX_NAME_WORDS = 4
_LONGEST = _MAX_NAME_WORDS + 2  # with words such as "view" around the name
_POSE_NAMES = """
view position pose angle place location setting spot setup the a my our number no named called saved stored
"""
_POSE_WORDS = frozenset(_POSE_NAMES.split())
_POSE = re.compile(r"\b(?:saved|stored|remembered|view|position|pose|recall|restore)\b")
_STORED = re.compile(r"\b(?:saved|stored|remembered|memori[sz]ed|bookmarked)\b|\brecall\b.*\b(?:view|position|pose)\b")
_PROJECTION = re.compile(r"(?:true |straight )*(?:ap|pa|lateral|oblique|axial)")
_THE_LAST = frozenset(("one", "1", "just", "that", "last", "latest", "newest", "recently"))
_ONE = (["one"], ["1"])
_EARLIER_STAGE = re.compile(r"^(?:before|last) (?!(?:i|you|we|he|she|it|they|the|this|that)\b)")
"""How a name begins that would else be a condition: "before reduction"."""

_CLAUSE = re.compile(r"\b(?:that|it|he|she|we|you|i) (?:s|is|was|re|m|ve|ll)\b")
_NO_NAME = re.compile(r"\b(?:previous|prior|last|former|earlier|original|other|same|^one|just|again|before)\b")


def parse_saved(words: str, context: Context) -> SaveView | RecallView | Unclear | None:
    """Saving the present view, or going to a saved one."""
    found = motion_phrases.SAVE.fullmatch(words)
    if found:
        named = ("as", "called", "call", "mark", "number", "short", "label")
        name = _name(next((found[group] for group in named if found[group]), ""))
        if not name and re.search(r" (?:and|then) ", words):
            return None  # the name ends where the next step begins
        return SaveView(name) if name else Refuse(f"That is no name for a view: say one to {_MAX_NAME_WORDS} words.")
    if motion_phrases.SAVE_UNNAMED.fullmatch(words):
        return Ask("Save it under which name: say “save this view as …”.")
    return _recalled(words, context)


def saved_as(name: str) -> SaveView | None:
    """The present view, saved under a name; None where it is none."""
    return SaveView(spelt) if (spelt := _name(name)) else None


def _recalled(words: str, context: Context) -> RecallView | Unclear | None:
    """A saved view by its name, when nothing but the name and words of going there are said."""
    if not motion_phrases.RECALL.fullmatch(words):
        return None
    said = words.split()
    starts = [at for at in range(len(said)) if set(said[:at]) <= motion_phrases.RECALL_WORDS]
    ends = [at for at in range(len(said), 0, -1) if set(said[at:]) <= motion_phrases.RECALL_WORDS]
    names = [(" ".join(said[a:b]), _name(" ".join(said[a:b]))) for b in ends for a in starts if 0 < b - a <= _LONGEST]
    spoken = next(((text, name) for text, name in names if name in context.saved), None)
    if spoken is None:
        if context.saved and _STORED.search(words) and set(_called(said)) <= _THE_LAST:
            return RecallView(context.saved[-1])  # "the one I just saved"
        recalled = said[0] == "recall" and len(said) > 1
        if not _STORED.search(words) and not recalled:
            return None
        # Whether there is such a view is for who keeps them to say. After an "and" it would be another step's.
        end = min(ends) + (said[min(ends) : min(ends) + 1] in _ONE)  # "the saved view test one"
        called = " ".join(said[max(starts) : end])
        before = said[: max(starts)]
        named = find(called).clear or _PROJECTION.fullmatch(called)  # of anatomy, and not of a saved view
        unclear = (
            (named and not _STORED.search(words))
            or context.saved
            or "and" in before
            or before[-1:] == ["that"]
            or _NO_NAME.search(called)
        )
        name = "" if unclear else _name(called)
        return RecallView(name) if name else Refuse("No view is saved under that name.")
    shortest = next(text for text, name in reversed(names) if name == spoken[1])
    if find(shortest).clear and not _POSE.search(words):  # "go to the heart" is about the heart
        return None
    return RecallView(spoken[1])


def _called(said: list[str]) -> list[str]:
    """The words that are not of going to a saved view."""
    return [word for word in said if word not in motion_phrases.RECALL_WORDS]


def _name(said: str) -> str:
    """A saved view's name in one spelling: "the second position" keeps its words, "position two" is "2"."""
    if phrases.UNCERTAIN.search(_EARLIER_STAGE.sub("", said)) or _CLAUSE.search(said):
        return ""
    numbers = iter(tokens(said).numbers)
    words = [f"{next(numbers):g}" if word == NUMBER else word for word in tokens(said).words]
    while words and words[0] in _POSE_WORDS and words != ["a"]:  # "view A"
        words.pop(0)
    while words and words[-1] in _POSE_WORDS - {"a"}:
        words.pop()
    return " ".join(words) if len(words) <= _MAX_NAME_WORDS and "and" not in words and "then" not in words else ""
