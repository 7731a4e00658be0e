"""The part of the command language that needs no grammar: a key word, a structure, and nothing that changes either.

"Get me a nicely centered view of L4" and "apply some collimation to the spleen" are commands whatever their order of
words, as long as every single word is either a key word of one kind of command, or part of a structure's name, or one
of a list of words that change nothing. A negation, a condition, a question word, a second command or a number is none
of these, and then nothing is understood here.
"""

from __future__ import annotations

import re

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Aimed,
    Center,
    CollimateTo,
    OpenCollimator,
    Segment,
    Single,
    StopSegmenting,
    SwitchFluoro,
    Target,
    Unclear,
    aimed,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.targets import resolve
from fluorosam_sim.anatomy import find


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLADES = _words("collimation collimator collimators shutter shutters blades leaves cones")
_KEYS: dict[Aimed, frozenset[str]] = {
    Center: _words(
        "center centre centered centred centering centring central centrally isocenter isocentre align aligned"
    ),
    CollimateTo: _BLADES | _words("collimate collimated collimating cone coned coning crop cropped"),
    Segment: _words(
        "outline outlines outlined outlining contour contours contoured mask masks segment segmented segmenting "
        "segmentation segmentations overlay overlays highlight highlighted highlighting delineate delineated "
        "delineating "
        "trace traced tracing annotation annotating"
    ),
}
_FLUORO = _words("fluoro fluoroscopy screening")
_ON = _words("on start begin enable activate run going running")
_OFF = _words("off end disable deactivate kill remove hide clear delete erase away gone quit finish lose drop")
_LEAVE = _words("we you can could")  # "we can turn fluoro off"
_OPEN = _words("open wide fully completely full widest maximum max off remove out away")
_A_BIT = _words("bit more little slightly further")
_PLACE = re.compile(r"\b(?:iso ?)?cent(?:er|re) of\b")
"""The middle of something is a place and no command."""
_PRONOUNS = _words("it that this them those these")
_NEUTRAL = _words(
    """
    please the a an to on onto over at in into of for with around about upon me us my our up down by so get got have
    make put bring set move take go come give do let s lets show see run perform apply use keep turn switch enable start
    begin line perfectly nicely properly exactly good nice quick clear better new some just now then only again image
    view picture field beam c arm carm gantry detector machine screen display bit more tight tightly tighter close
    closely closer narrow park line yourself directly straight here there patient patients ok okay alright system
    dead bang smack slap plumb mind things fitted can be
    """
)


def by_key_words(words: str, context: Context) -> Single | Unclear | None:
    """A command that bare plain words mean by their key words, or None."""
    said = frozenset(words.split())
    if "and" in said or phrases.UNCERTAIN.search(words) or _PLACE.search(words):
        return None
    kinds = [kind for kind, keys in _KEYS.items() if said & keys]
    off = bool(said & _OFF)
    if not kinds and said & _FLUORO:
        left_over = said - _NEUTRAL - _FLUORO - (_OFF | _LEAVE if off else _ON)
        return SwitchFluoro(not off) if not left_over and off != bool(said & _ON) else None
    if len(kinds) != 1:
        return None
    kind = kinds[0]
    opens = bool(said & _BLADES and said & _OPEN)
    passing = _NEUTRAL | _PRONOUNS | _OFF | _KEYS[kind] | (_OPEN if opens else frozenset())
    rest = " ".join(word for word in words.split() if word not in passing)
    if not rest:
        return _nameless(kind, said, off, opens, context)
    match = find(rest)
    if not match.clear or match.tools or opens or said & _PRONOUNS or (off and kind is not Segment):
        return None
    return StopSegmenting(match.structures) if off else aimed(kind, Target(match.structures, match.corrections))


def _nameless(kind: Aimed, said: frozenset[str], off: bool, opens: bool, context: Context) -> Single | Unclear | None:
    """Key words without a structure: all of them, or what was named before."""
    pronouns = said & _PRONOUNS
    if not pronouns:
        if opens:
            return None if said & _A_BIT else OpenCollimator()
        return StopSegmenting() if off and kind is Segment else None
    if off or opens or len(pronouns) > 1 or not context.named or kind is Segment:  # "outline it" has its own rule
        return None
    target = resolve(next(iter(pronouns)), kind, context)
    return aimed(kind, target) if isinstance(target, Target) else target
