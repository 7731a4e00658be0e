"""Several commands in one sentence: "center on the heart, then collimate to it and take a shot"."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Command,
    Disarm,
    Refuse,
    ResetStop,
    Rotate,
    Single,
    Steps,
    Tilt,
    Unclear,
    acts,
)
from fluorosam_ros.control.context import Context

MAX_PARTS = 8
"""Parts between separators that are tried as steps; a longer text is one command or none."""

_SEPARATOR = re.compile(
    r"\s*\b(?:and )*(?:then|after that|afterwards|after this|followed by|and next|next|finally|and lastly|and)\b(?: "
    r"and\b)*\s*"
)
_FIRST = re.compile(r"^(?:first(?: of all)?|firstly)\s+(?:and )?")
_ALONE = (Arm, Disarm, ResetStop)
Understand = Callable[[str, Context], Command]


def in_steps(words: str, context: Context, understand: Understand) -> Steps | Unclear | None:
    """The steps that plain words consist of, each understood in full.

    Args:
        understand: parses plain words as one command in a context.

    Returns:
        None if there are not several steps; what is unclear if the text begins with a step but does not go on with one.
    """
    parts = [part for part in _SEPARATOR.split(_FIRST.sub("", words)) if part]
    if not 2 <= len(parts) <= MAX_PARTS:
        return None
    found = _steps(parts, context, understand)
    if isinstance(found, Refuse):
        return found
    if isinstance(found, Ask):
        return Ask(found.question)
    if found is None:
        return None
    if any(isinstance(step, _ALONE) for step in found):
        return Refuse("Say “arm”, “disarm” and “reset” by themselves.")
    for one, other in pairwise(found):
        if isinstance(one, Rotate | Tilt) and type(one) is type(other):
            return Refuse("I will not move: say one rotation or one tilt at a time.")
    return Steps(found)


def _steps(parts: list[str], context: Context, understand: Understand) -> tuple[Single, ...] | Ask | Refuse | None:
    """All parts in order, as few and long steps as possible; else what is unclear about the part that stands alone."""
    unclear: Ask | Refuse | None = None
    for taken in range(len(parts), 0, -1):
        command = understand(" and ".join(parts[:taken]), context)
        if isinstance(command, Unclear):
            continue
        first = command.commands if isinstance(command, Steps) else (command,)
        if taken == len(parts):
            return first
        others = _steps(parts[taken:], context.after(command), understand)
        if isinstance(others, tuple):
            return (*first, *others)
        unclear = unclear or others or (_not_clear(parts[taken]) if acts(command) else None)
    if unclear is None and len(parts) == 1:
        command = understand(parts[0], context)
        return command if isinstance(command, Ask | Refuse) else None
    return unclear


def _not_clear(part: str) -> Refuse:
    return Refuse(f"I will not begin: I did not understand {part[:60]!r} in this sentence.")
