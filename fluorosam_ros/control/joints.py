"""Joints in commands: no structures of their own, so that the bones that meet there are asked for."""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import Aimed, Ask, Choice, Target, aimed, listed
from fluorosam_sim.anatomy import structure

BONES: dict[str, tuple[str, ...]] = {
    "knee": ("patella", "femur", "tibia", "fibula"),
    "ankle": ("tarsal", "tibia", "fibula"),
    "shoulder": ("humerus", "scapula", "clavicula"),
    "elbow": ("humerus", "ulna", "radius"),
    "wrist": ("carpal", "radius", "ulna"),
}
"""Parts of structures' keys by joint; the one in its middle first."""

_JOINT = re.compile(rf"(?:(?P<side>left|right) )?(?P<joint>{'|'.join(BONES)})(?: joint)?(?: (?P<after>left|right))?")


def asked_bone(phrase: str, kind: Aimed) -> Ask | None:
    """Which bone is meant by a joint, or None for a phrase that names none.

    phrase: what the vocabulary does not know, normalised ("left knee").
    """
    found = _JOINT.fullmatch(phrase)
    if found is None or (found["side"] and found["after"]):
        return None
    joint, side = found["joint"], found["side"] or found["after"]
    if side is None:
        return Ask(f"The left or the right {joint}? Name one of its bones, or ask for a view of it.")
    bones = [structure(f"{bone}_{side}") for bone in BONES[joint]]
    choices = tuple(Choice(aimed(kind, Target((bone,))), bone, (bone.name.removeprefix(f"{side} "),)) for bone in bones)
    named = listed([f"the {bone.name}" for bone in bones], "or")
    return Ask(f"The {side} {joint} is where bones meet: do you mean {named}?", choices)
