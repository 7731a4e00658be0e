"""What to offer next to the prompt box, from how things stand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fluorosam_ros.console.reports import Outlined
from fluorosam_ros.console.shown import Mode, Suggestion
from fluorosam_ros.control.command_types import Ask, acts
from fluorosam_ros.control.commands import parse

MOST = 6
_STRUCTURES = ("left lung", "heart", "spine", "right hip")


def suggest(mode: Mode, seen: bool, outlined: Sequence[Outlined]) -> tuple[Suggestion, ...]:
    """At most MOST. seen: there is an image; outlined: what is looked for in it."""
    found = next((one.name for one in reversed(outlined) if one.present), None)
    prompts: list[str] = []
    if mode == "stopped":
        prompts.append("reset")
    if mode == "armed":
        if found:
            prompts += [f"center on the {found}", "collimate to it"]
        prompts += ["rotate to LAO 30", "go back", "open the collimator"]
    if seen:
        prompts.append("what do you see")
    names = {one.name for one in outlined}
    prompts += [name for name in _STRUCTURES if name not in names]
    return tuple(map(_suggestion, prompts[:MOST]))


@lru_cache(maxsize=256)
def _suggestion(prompt: str) -> Suggestion:
    command = parse(prompt)
    # "Collimate to it" is a question only as long as nobody knows what "it" is.
    return Suggestion(prompt, at_once=not acts(command) and not isinstance(command, Ask))
