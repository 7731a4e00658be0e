"""Sides that are said of a limb: "the metatarsals of the left foot", "the fibula, same leg"."""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.context import Context
from fluorosam_sim.anatomy import find
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

_ALIKE = {"lower leg": "leg", "shin": "leg", "calf": "leg", "thigh": "leg", "forearm": "arm", "upper arm": "arm",
          "limb": "leg", "heel": "foot"}  # fmt: skip
_LIMB = "|".join(sorted((*_PARTS, *_ALIKE), key=len, reverse=True))
_OF_A_LIMB = re.compile(
    rf"(?: too| as well| also)? (?:(?:of|on|in|at|from)(?: the| his| her)?|and(?: (?:of|on))?(?: the)?) "
    rf"(?P<side>left|right)(?: hand)? (?P<limb>{_LIMB})\b"
)
_SAME = re.compile(
    rf"\b(?:(?:on|of|for|in) )?(?:(?:the|that|his|her) )?(?:very )?same (?P<limb>side|{_LIMB})\b"
    r"|\b(?:on|of) that (?P<side>side)\b"
)
_LONGEST_NAME = 4
_SIDES = frozenset(("left", "right"))
_NO_NAME = _SIDES | FILLERS | {"both", "and", "the", "of"}


def with_sides(words: str, context: Context) -> str:
    """Plain words with the side that a limb has said of the bone itself: "tarsal bones of the left foot" becomes "left
    tarsal bones". "The same leg" is that of the last command.

    Nothing is changed where the limb has no such bone, or the bone has a side of its own.
    """
    side = _last_side(context)
    if side is not None:
        words = _SAME.sub(lambda same: f"of the {side} {same['limb'] or same['side']}", words)
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


def _last_side(context: Context) -> str | None:
    """The side that the last command was about, if it was about one."""
    if isinstance(context.last, GoToView) and context.last.view.side:
        return context.last.view.side
    sides = {each.side for each in context.last_named}
    return sides.pop() if len(sides) == 1 else None


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
