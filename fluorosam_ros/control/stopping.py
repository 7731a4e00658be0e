"""What ends something: outlines that are hidden, fluoro, and the reset of an emergency stop."""

from __future__ import annotations

import re
from collections.abc import Callable

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Ask,
    Command,
    Segment,
    Single,
    Steps,
    StopSegmenting,
    SwitchFluoro,
    Unclear,
    acts,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.plain_text import bare
from fluorosam_ros.control.plainly import NOTHING
from fluorosam_ros.control.reader import reader
from fluorosam_ros.control.targets import one_of
from fluorosam_sim.anatomy import find

_HEARSAY = re.compile(
    rf"{phrases.DELAY.pattern}|\b(?:sa(?:id|ys?)|told|tell|ask(?:s|ed)?|think|should|would|who|why|maybe|perhaps)\b"
)
ONLY_OUTLINES_END = re.compile(
    r"\bstop (?:with )?(?:the |all )*(?:segmenting|outlining|tracking|highlighting|marking|showing|displaying"
    r"|contouring|tracing|labell?ing)\b"
)
"""Searched: this stop ends outlines, and nothing else."""

_INSTEAD = re.compile(r"\binstead\b(?! of) ?")
THEN = re.compile(rf"^(?:then|now|next|after that) |{_INSTEAD.pattern}")
"""How what is to be done next begins."""

_NO_MORE = re.compile(r"no more |(?:i |we )?(?:don t|dont|do not|no longer) (?:need|want) ")
""" "No more outlines, take a shot"; but "don't show the aorta and zoom in" forbids both."""

UnderstandRest = Callable[[str, Context], Command | None]


def reset_beside_talk(words: str) -> bool:
    """ "The button is out again, reset the emergency stop": one part that says it in full, beside harmless talk.

    A reset moves nothing: the system is disarmed after it. What may be a shout, or doubted, stays a stop.
    """
    parts = words.split(" and ")
    resets = [part for part in parts if part != "reset" and phrases.RESET.fullmatch(bare(part))]
    if len(resets) != 1 or not phrases.STOP.search(resets[0]):
        return False
    talk = " and ".join(part for part in parts if part not in resets)
    harmful = (phrases.STOP, phrases.NEGATION, phrases.FORBIDS, phrases.CANCEL)
    return not any(pattern.search(talk) for pattern in harmful) and not _HEARSAY.search(talk)


def ended_first(words: str, context: Context, understand: UnderstandRest) -> Single | Steps | None:
    """ "Stop outlining the liver and show me the spleen", "stop fluoro and lower the dose"; talk may follow ("it
    distracts me"), but no stop.

    understand: what the rules make of the rest of a text; None where it holds something that has to be heard first.
    """
    parts = words.split(" and ")
    for at in range(len(parts) - 1, 0, -1):
        first, rest = " and ".join(parts[:at]), " and ".join(parts[at:])
        ended = stop_segmenting(first, context) or (
            SwitchFluoro(False) if phrases.STOP_FLUORO.fullmatch(first) else None
        )
        others = None if ended is None else understand(rest, context.after(ended))
        if ended is None or others is None:
            continue
        if isinstance(others, Ask):
            return None  # more than talk is left open
        if isinstance(others, Segment) and not others.structures:
            return ended  # "stop fluoro, filter's open"
        if isinstance(others, Unclear):
            return ended if _is_talk(rest) else None
        stops = phrases.STOP.search(first) is not None
        if stops and acts(others) and not isinstance(ended, StopSegmenting):
            return None  # the more cautious reading of "stop"
        if stops or _INSTEAD.search(rest) or _NO_MORE.match(first):
            return Steps((ended, *steps_of(others)))
    return None


def _is_talk(words: str) -> bool:
    """Whether what no rule understands is a remark rather than a command, or hides outlines once more."""
    kind = reader().read(words).kind if " " in words else NOTHING
    return kind == NOTHING or kind.startswith("Stop segmenting")


def stop_segmenting(words: str, context: Context) -> StopSegmenting | None:
    """Outlines that bare plain words hide: all, those named, or what was spoken of last."""
    found = phrases.STOP_SEGMENTING.fullmatch(words)
    if found is None:
        return None
    what = next((group for group in found.groupdict().values() if group), None)
    if what is None or phrases.EVERYTHING.fullmatch(what):
        return StopSegmenting()
    if phrases.SINGULAR.fullmatch(what) or phrases.PLURAL.fullmatch(what):
        return StopSegmenting(context.named) if context.named else None
    if (chosen := one_of(what, context.named)) is not None:
        return StopSegmenting((chosen,))
    if phrases.begins_segmenting(what):
        return None  # "hide the outlines and show me the aorta"
    match = find(what)
    if not match.clear:
        match = find(f"{what}s")  # "the rib outlines"
    return StopSegmenting(match.structures) if match.clear else None
