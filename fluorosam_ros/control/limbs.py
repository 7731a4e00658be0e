"""Sides that are said of a limb: "the metatarsals of the left foot", "the fibula, same leg"."""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.context import Context
from fluorosam_sim.anatomy import Structure, find
from fluorosam_sim.anatomy.normalization import FILLERS

_PARTS: dict[str, tuple[str, ...]] = {
    "foot": ("tarsal", "metatarsal", "phalanges_feet"),
    "ankle": ("tibia", "fibula", "tarsal"),
    "leg": ("femur", "tibia", "fibula", "patella", "tarsal", "metatarsal", "phalanges_feet"),
    "knee": ("patella", "femur", "tibia", "fibula"),
    "hip": ("femur", "hip", "gluteus_maximus", "gluteus_medius", "gluteus_minimus"),
    "hand": ("carpal", "metacarpal", "phalanges_hand"),
    "wrist": ("carpal", "radius", "ulna"),
    "elbow": ("humerus", "radius", "ulna"),
    "arm": ("humerus", "radius", "ulna", "carpal", "metacarpal", "phalanges_hand"),
    "shoulder": ("humerus", "scapula", "clavicula"),
}
"""The bones of each limb or joint, by the names of the label table (TotalSegmentator's)."""

_BONES = frozenset(part for parts in _PARTS.values() for part in parts)
_ALIKE = {"lower leg": "leg", "shin": "leg", "calf": "leg", "thigh": "leg", "forearm": "arm", "upper arm": "arm",
          "limb": "leg", "heel": "foot"}  # fmt: skip
_LIMB = "|".join(sorted((*_PARTS, *_ALIKE), key=len, reverse=True))
_OF_A_LIMB = re.compile(
    rf"(?: too| as well| also)? (?:(?:of|on|in|at|from)(?: the| his| her)?|and(?: (?:of|on))?(?: the)?) "
    rf"(?P<side>left|right)(?: hand)? (?P<limb>{_LIMB})\b"
)
_SAME = re.compile(
    rf"\b(?:(?:on|of|for|in) )?(?:(?:the|that|his|her) )?(?:very )?same (?P<limb>side|{_LIMB})\b"
    rf"|\b(?:on|of) (?:that|this) (?P<that>side|{_LIMB})\b"
)
_LONGEST_NAME = 4
_SIDES = frozenset(("left", "right"))
_NO_NAME = _SIDES | FILLERS | {"both", "and", "the", "of"}


def with_sides(words: str, context: Context) -> str:
    """Plain words with the side that a limb has said of the bone itself: "tarsal bones of the left foot" becomes "left
    tarsal bones". "The same leg" is that of the last command.

    Nothing is changed where the limb has no such bone, or the bone has a side of its own.
    """
    side = last_side(context)
    if side is not None:
        words = _SAME.sub(lambda same: f"of the {side} {same['limb'] or same['that']}", words)
        words = re.sub(r"\band of the (?=left|right)", "of the ", words)
    at = 0
    while found := _OF_A_LIMB.search(words, at):
        limb = found["limb"]
        before, named = _bone_before(words[: found.start()], found["side"], _PARTS[_ALIKE.get(limb, limb)])
        if named:
            words = f"{before}{named}{words[found.end() :]}"
            at = len(before) + len(named)
        else:
            at = found.end()
    return words


def last_side(context: Context) -> str | None:
    """The side that the last command was about, if it was about one."""
    if isinstance(context.last, GoToView) and context.last.view.side:
        return context.last.view.side
    sides = {each.side for each in context.last_named}
    if not sides and context.shown is not None:  # a shot was taken since
        return context.shown.view.side
    return sides.pop() if len(sides) == 1 else None


def of_a_limb(one: Structure) -> bool:
    """Whether a structure is a bone or muscle of arm or leg."""
    return one.key.removesuffix(f"_{one.side}") in _BONES


def on_its_side(named: tuple[Structure, ...], context: Context) -> tuple[Structure, ...]:
    """Bones of a limb that were said without a side, on the side that the last command was about: "not the tibia, the
    fibula" of the right leg."""
    side = last_side(context)
    if side is None or not all(each.side is None and of_a_limb(each) for each in named):
        return named
    match = find(" and ".join(f"{side} {each.name}" for each in named))
    return match.structures if match.clear else named


def said_of_its_side(words: str, context: Context) -> tuple[Structure, ...]:
    """The one bone or muscle of a limb that plain words name without its side, on the side of the last command."""
    side = last_side(context)
    if side is None or not all(of_a_limb(each) for each in context.last_named):
        return ()
    single = words.split()
    found = set()
    for length in range(1, _LONGEST_NAME):
        for part in (single[at : at + length] for at in range(len(single) - length + 1)):
            if not _NO_NAME & {part[0], part[-1]} and (match := find(f"{side} {' '.join(part)}")).clear:
                found |= {each for each in match.structures if of_a_limb(each) and not match.corrections}
    return tuple(found) if len(found) == 1 else ()


def _bone_before(words: str, side: str, parts: tuple[str, ...]) -> tuple[str, str]:
    """The words before a bone that they end with, and the bone with its side; the words and "" where there is none."""
    single = words.split(" ")
    kept = 0
    for length in range(1, min(_LONGEST_NAME, len(single)) + 1):
        if single[-length] in _NO_NAME:
            if single[-length] in _SIDES:
                return words, ""
            break
        match = find(f"{side} {' '.join(single[-length:])}")
        bone = match.structures[0] if match.clear and len(match.structures) == 1 else None
        if bone is not None and bone.side == side and bone.key.removesuffix(f"_{side}") in parts:
            kept = length
    if not kept:
        return words, ""
    return " ".join([*single[:-kept], ""]), f"{side} {' '.join(single[-kept:])}"
