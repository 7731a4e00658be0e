"""The command language: one typed or spoken text to one command. Never a guess where something would move.

What is checked in which order: stop first (a text that says stop anywhere stops), then limits on the text, negations,
fixed phrases, turning, centering, collimating, and last a bare structure, which is segmented.
"""

from __future__ import annotations

import re
import unicodedata

from fluorosam_ros.control import phrases
from fluorosam_ros.control.angles import parse_angle
from fluorosam_ros.control.command_types import (
    ACTING,
    Arm,
    Ask,
    Center,
    CollimateTo,
    Command,
    Disarm,
    NotUnderstood,
    OpenCollimator,
    Refuse,
    ResetStop,
    Rotate,
    Segment,
    Stop,
    StopSegmenting,
    TakeShot,
    Target,
    Tilt,
    describe,
    listed,
)
from fluorosam_sim.anatomy import Match, Structure, find, normalize

__all__ = [
    "ACTING", "MAX_TEXT", "Arm", "Ask", "Center", "CollimateTo", "Command", "Disarm", "NotUnderstood",
    "OpenCollimator", "Refuse", "ResetStop", "Rotate", "Segment", "Stop", "StopSegmenting", "TakeShot", "Target",
    "Tilt", "answer", "describe", "parse",
]  # fmt: skip

MAX_TEXT = 500
"""Longest accepted prompt, characters."""

_TargetKind = type[Segment] | type[Center] | type[CollimateTo]


def _plain(text: str) -> str:
    """Lower-case words and signed decimal numbers, single spaces, list separators as "and"; all other signs gone."""
    # A zero-width character inside a word must not hide a "stop".
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    folded = unicodedata.normalize("NFKD", visible).casefold()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    folded = folded.replace("°", " degrees ").replace("−", "-").replace("–", "-").replace("_", " ")
    folded = re.sub(r"(?<=[a-z])-(?=\d)|-(?!\d)|(?<=\d)-", " ", folded)
    folded = re.sub(r"(?<=\d)(?=degrees|degs?\b)", " ", folded)
    folded = re.sub(r"(?<!\d)\.|\.(?!\d)", " ", folded)
    folded = re.sub(r"[;/&\n]|,(?!\d)|(?<!\d),|\+(?!\d)", " and ", folded)
    words = re.sub(r"[^\w\s.,+-]", " ", folded).split()
    while words and words[-1] == "and":
        words.pop()
    return " ".join(words)


def _bare(plain: str) -> str:
    """The command without what is only politeness."""
    while (shorter := phrases.POLITE_END.sub("", phrases.POLITE.sub("", plain))) != plain:
        plain = shorter
    return plain


def _odd_number(text: str) -> bool:
    """Whether folding could turn a number of the text into another one: digits other than 0-9 ("20²", "½"), "--15"."""
    foreign = any(not c.isascii() and unicodedata.category(c).startswith("N") for c in text)
    return foreign or re.search(r"[-+−–]\s*[-+−–]\s*\d", text) is not None


def _limits(text: str) -> Refuse | None:
    if len(text) > MAX_TEXT:
        return Refuse(f"This prompt is longer than {MAX_TEXT} characters.")
    if not text.strip():
        return Refuse("The prompt is empty.")
    if any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in text):
        return Refuse("The prompt contains control characters.")
    return None


def _stop(plain: str, too_long: bool) -> Command | None:
    words = _bare(plain[: 2 * MAX_TEXT])
    if not too_long:
        if phrases.RESET.fullmatch(words):
            return ResetStop()
        if found := phrases.STOP_SEGMENTING.fullmatch(words):
            if not found["what"]:
                return StopSegmenting()
            match = find(found["what"])
            if match.clear:
                return StopSegmenting(match.structures)
    return Stop() if phrases.STOP.search(plain) or phrases.STOP_ALONE.fullmatch(words) else None


def _target(phrase: str | None, verb: str, kind: _TargetKind, previous: Structure | None) -> Target | Ask | Refuse:
    """Resolve what a command is about; anything less than a full resolution asks or refuses."""
    words = phrase or ""
    if not words:
        return Ask(f"{verb.capitalize()} what?", about=kind)
    if phrases.IT.fullmatch(words):
        if previous is None:
            return Ask(f"{verb.capitalize()} what? No structure was named before.", about=kind)
        return Target((previous,))
    match = find(words)
    if match.tools:
        return Refuse(f"I cannot {verb} {match.tools[0]!r}: it is not in this image as far as I can tell.")
    if match.unknown:
        return Refuse(f"I cannot {verb} {match.unknown[0]!r}: I do not know that structure.")
    if match.alternatives:
        return Ask(_which(match.alternatives), match.alternatives, kind)
    if not match.structures:
        return Ask(f"{verb.capitalize()} what?", about=kind)
    return Target(match.structures, match.corrections)


def _which(alternatives: tuple[Structure, ...]) -> str:
    return f"Do you mean {listed([f'the {s.name}' for s in alternatives], 'or')}?"


def _moving(plain: str, previous: Structure | None) -> Command | None:
    """Commands that act on the C-arm, or None."""
    words = _bare(plain)
    if phrases.SHOT.fullmatch(words):
        return TakeShot()
    if phrases.OPEN.fullmatch(words):
        return OpenCollimator()
    if phrases.ARM.fullmatch(words):
        return Arm()
    if phrases.DISARM.fullmatch(words):
        return Disarm()
    if found := phrases.CENTER.fullmatch(words):
        go = found["go"]
        if go is None or parse_angle(words) is None:  # "go to LAO 30" is a turn
            target = _target(found["what"] or found["put"] or go, "center on", Center, previous)
            return Center(target) if isinstance(target, Target) else target
    if found := phrases.COLLIMATE.fullmatch(words):
        target = _target(found["what"], "collimate to", CollimateTo, previous)
        return CollimateTo(target) if isinstance(target, Target) else target
    if phrases.SHOT_OF.fullmatch(words):
        return Refuse("A shot shows the present field: center on the structure first, then take a shot.")
    return parse_angle(words)


def _segmenting(text: str, plain: str, previous: Structure | None) -> Command:
    match = find(text)
    words = _bare(plain)
    if match == Match() and phrases.SEGMENT_VERB.match(words):
        named_before = previous if phrases.IT.search(words) else None
        return Segment(named_before.name, (named_before,)) if named_before else Ask("Segment what?", about=Segment)
    if match.unknown:
        phrase = match.unknown[0]
        if phrases.MOTION_WORD.search(words):
            return Refuse(f"I will not move: I did not understand {phrase!r}; say one command at a time.")
        if phrases.SEGMENT_VERB.match(words) or match.structures or match.alternatives or match.tools:
            return Refuse(f"I do not know the structure {phrase!r}.")
        return NotUnderstood(f"I did not understand {phrase!r}.")
    if match.alternatives:
        return Ask(_which(match.alternatives), match.alternatives, Segment)
    if match.structures or match.tools:
        return Segment(" ".join(text.split()), match.structures, match.tools, match.corrections)
    return NotUnderstood("I did not find a command or a structure in this prompt.")


def parse(text: str, previous: Structure | None = None) -> Command:
    """The command a text means.

    Args:
        text: as typed or as the speech recogniser wrote it.
        previous: the structure spoken of last, for "center on it".

    Never raises; what cannot be understood comes back as ``Ask``, ``Refuse`` or ``NotUnderstood`` and moves nothing.
    """
    plain = _plain(text[:20_000])
    stopped = _stop(plain, len(text) > MAX_TEXT)
    if stopped is not None:
        return stopped
    refused = _limits(text)
    if refused is not None:
        return refused
    if phrases.NEGATION.search(plain):
        return Refuse("I do nothing on a negation: say what you want instead, or say stop.")
    moving = _moving(plain, previous)
    if isinstance(moving, ACTING) and _odd_number(text):
        return Refuse("I will not move: write numbers with one sign and the digits 0 to 9.")
    return moving or _segmenting(text, plain, previous)


def answer(ask: Ask, text: str) -> Command:
    """The command that an answer to a question completes: "left" or "the right one" after "left or right kidney?".

    Anything that does not pick exactly one of the alternatives is parsed as a new prompt.
    """
    named = find(text)
    side = normalize(text).removesuffix(" 1")  # "the left one" is spelt "left 1"
    chosen = [s for s in ask.alternatives if s.side == side or (named.clear and named.structures == (s,))]
    if len(chosen) != 1 or ask.about is None:
        return parse(text)
    if ask.about is Segment:
        return Segment(chosen[0].name, (chosen[0],))
    target = Target((chosen[0],))
    return Center(target) if ask.about is Center else CollimateTo(target)
