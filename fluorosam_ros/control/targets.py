"""What a command is about: words to structures, "it" to what was named before, all or nothing."""

from __future__ import annotations

import re

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Aimed,
    Ask,
    Center,
    Choice,
    CollimateTo,
    NotUnderstood,
    Refuse,
    Segment,
    Target,
    Unclear,
    WhereIs,
    aimed,
    listed,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.joints import asked_bone
from fluorosam_sim.anatomy import VERTEBRAE, Match, Structure, find, other_side

_BOTH = re.compile(r"^both (?:of )?(?:the )?(?=.+ and )")
_ORDINALS = ("first", "second", "third", "fourth")
_NTH = re.compile(
    rf"(?:the )?(?:(?P<nth>{'|'.join(_ORDINALS)}|last)|(?P<place>upper|top|higher|topmost|highest|lower|bottom|lowest)"
    r"|middle)(?: (?:one|1|vertebra|level|rib))?(?: of (?:them|those|these|the (?:two|three)))?"
)
_LEVELS = tuple(f"vertebrae_{level}" for level in VERTEBRAE)
ONE_SIDE = re.compile(r"(?:the )?(left|right)(?: (?:1|one))")
""" "The left one"."""

_VERBS: dict[Aimed, str] = {
    Segment: "segment",
    Center: "center on",
    CollimateTo: "collimate to",
    WhereIs: "say where to find",
}


def resolve(words: str, kind: Aimed, context: Context) -> Target | Unclear:
    """The target that plain words name; anything less than a full resolution asks or refuses."""
    verb = _VERBS[kind]
    words = words.removeprefix("just ").removeprefix("only ")
    if not words:
        return Ask(f"{verb.capitalize()} what?")
    if phrases.SINGULAR.fullmatch(words) or phrases.PLURAL.fullmatch(words):
        return _named_before(words, kind, context)
    if (chosen := one_of(words, context.named)) is not None:
        return Target((chosen,))
    if kind in (Center, CollimateTo) and re.search(r" and then ", words):
        return NotUnderstood(f"I did not understand {words[:60]!r}.")  # one after the other
    if kind in (Center, CollimateTo) and phrases.UNCERTAIN.search(words):
        return Refuse("I do nothing on a condition or in the middle of talk: say only what you want.")
    if kind is not Segment and phrases.begins_segmenting(words):
        return NotUnderstood(f"I did not understand {words[:60]!r}.")
    match = find(_BOTH.sub("", words))
    if match.tools:
        return Refuse(f"I cannot {verb} {match.tools[0]!r}: it is not in this image as far as I can tell.")
    if match.unknown:
        joint = asked_bone(match.unknown[0], kind) if match == Match(unknown=match.unknown[:1]) else None
        if joint is not None:
            return joint
        return Refuse(f"I cannot {verb} {match.unknown[0]!r}: I do not know that structure.")
    if match.alternatives:
        return which(match.alternatives, kind)
    if not match.structures:
        return Ask(f"{verb.capitalize()} what?")
    return Target(match.structures, match.corrections)


def of_side(side: str, named: tuple[Structure, ...]) -> Structure | None:
    """The one of several structures, of a group of two, or across from another, that is on a side."""
    whole = [each for group in named for each in find(f"{side} {group.name}").structures if each.side == side]
    across = [other_side(each) for each in named]
    of_it = [each for each in (*named, *across) if each is not None and each.side == side]
    found = {each.key: each for each in (*of_it, *whole)}
    return next(iter(found.values())) if len(found) == 1 else None


def one_of(words: str, named: tuple[Structure, ...]) -> Structure | None:
    """The one of several structures that words tell by its place or its side: "the first one", "the left one"."""
    if one := ONE_SIDE.fullmatch(words):
        return of_side(one[1], named)
    found = _NTH.fullmatch(words) if len(named) > 1 else None
    if found is None:
        return None
    if not found["nth"] and not found["place"]:
        return named[len(named) // 2] if len(named) % 2 else None
    if found["nth"]:
        at = -1 if found["nth"] == "last" else _ORDINALS.index(found["nth"])
        return named[at] if at < len(named) else None
    down = sorted(
        named, key=lambda each: VERTEBRAE.index(each.key.removeprefix("vertebrae_")) if each.key in _LEVELS else -1
    )
    if any(each.key not in _LEVELS for each in named):
        return None
    return down[0 if found["place"] in ("upper", "top", "higher", "topmost", "highest") else -1]


def _named_before(words: str, kind: Aimed, context: Context) -> Target | Ask:
    if not context.named:
        return Ask(f"{_VERBS[kind].capitalize()} what? No structure was named before.")
    if len(context.named) > 1 and not phrases.PLURAL.fullmatch(words):
        return which(context.named, kind)
    return Target(context.named)


def which(alternatives: tuple[Structure, ...], kind: Aimed) -> Ask:
    """Asks for one of several structures."""
    choices = tuple(
        Choice(aimed(kind, Target((structure,))), structure, (structure.side,) if structure.side else ())
        for structure in alternatives
    )
    return Ask(f"Do you mean {listed([f'the {s.name}' for s in alternatives], 'or')}?", choices)
