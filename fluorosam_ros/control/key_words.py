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
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.targets import resolve
from fluorosam_sim.anatomy import find


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CENTER = _words(
    "center centre centered centred centering centring central centrally isocenter isocentre align aligned"
)
_COLLIMATE = _words(
    "collimate collimated collimating collimation collimator collimators cone coned coning shutter shutters blades "
    "crop cropped leaves cones"
)
_BLADES = _words("collimation collimator collimators shutter shutters blades leaves cones")
_MASK = _words(
    "outline outlines outlined outlining contour contours contoured mask masks segment segmented segmenting "
    "segmentation segmentations overlay overlays highlight highlighted highlighting delineate delineated trace traced "
    "annotation"
)
_FLUORO = _words("fluoro fluoroscopy screening")
_ON = _words("on start begin enable activate run going running")
_OFF = _words("off end disable deactivate kill remove hide clear delete erase away gone quit finish lose drop")
_OPEN = _words("open wide fully completely full widest maximum max off remove out away")
_KINDS = (_CENTER, _COLLIMATE, _MASK, _FLUORO)
_PLACE = re.compile(r"\b(?:iso ?)?cent(?:er|re) of\b")
"""The middle of something is a place and no command."""
_PRONOUNS = _words("it that this them those these")
_NEUTRAL = _words(
    """
    please the a an to on onto over at in into of for with around about upon me us my our up down by so
    can will you we i d ll m want need like love get got have make put bring set move take go come give do
    let s lets show see run perform apply use keep turn switch enable start begin line perfectly nicely properly exactly
    good nice quick clear better new some just now then only again image view picture field beam c arm carm gantry
    detector machine screen display bit more tight tightly tighter close closely closer narrow directly straight here
    there patient patients ok okay alright system
    """
)


def by_key_words(words: str, context: Context) -> Single | Unclear | None:
    """A command that bare plain words mean by their key words, or None."""
    said = words.split()
    if "and" in said or phrases.UNCERTAIN.search(words) or _PLACE.search(words):
        return None
    keys = frozenset(said) & frozenset().union(*_KINDS)
    kinds = [kind for kind in _KINDS if keys & kind]
    if len(kinds) != 1:
        return None
    kind = kinds[0]
    off = bool(_OFF & set(said))
    passing = _NEUTRAL | kind
    if off:
        passing |= _OFF
    if kind is _FLUORO:
        passing |= _ON
    if keys & _BLADES:
        passing |= _OPEN
    rest = " ".join(word for word in said if word not in passing | _PRONOUNS)
    if kind is _FLUORO:
        return SwitchFluoro(not off) if not rest and off != bool(_ON & set(said)) else None
    if not rest:
        return _without_a_name(said, kind, off, context)
    match = find(rest)
    if not match.clear or match.tools or _PRONOUNS & set(said):
        return None
    if off:
        return StopSegmenting(match.structures) if kind is _MASK else None
    if keys & _BLADES and _OPEN & set(said):
        return None
    target = Target(match.structures, match.corrections)
    return _aimed(kind, target)


def _without_a_name(said: list[str], kind: frozenset[str], off: bool, context: Context) -> Single | Unclear | None:
    if kind is _MASK and off and not _PRONOUNS & set(said):
        return StopSegmenting()
    if kind is not _MASK and kind is not _CENTER and _BLADES & set(said) and _OPEN & set(said):
        return OpenCollimator() if not _PRONOUNS & set(said) else None
    pronoun = next((word for word in said if word in _PRONOUNS), None)
    if off or pronoun is None or not context.named:
        return None
    command: Aimed = Center if kind is _CENTER else Segment if kind is _MASK else CollimateTo
    target = resolve(pronoun, command, context)
    return _aimed(kind, target) if isinstance(target, Target) else target


def _aimed(kind: frozenset[str], target: Target) -> Single:
    if kind is _CENTER:
        return Center(target)
    if kind is _MASK:
        return Segment(target.name, target.structures)
    return CollimateTo(target)
