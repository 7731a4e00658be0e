"""Several commands in one sentence: "center on the heart, then collimate to it and take a shot"."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from fluorosam_ros.control import motion_phrases, phrases
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Center,
    ChangeDose,
    CollimateTo,
    Command,
    Disarm,
    GoBack,
    GoToView,
    OpenCollimator,
    Refuse,
    ResetStop,
    Rotate,
    Segment,
    SetField,
    Single,
    Steps,
    TakeShot,
    Tilt,
    Unclear,
    WhereIs,
    Zoom,
    acts,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.moves import BIT_ZOOM, ZOOM
from fluorosam_ros.control.plain_text import plain
from fluorosam_ros.control.variants import about

MAX_PARTS = 8
"""Parts between separators that are tried as steps; a longer text is one command or none."""

_SEPARATOR = re.compile(
    r"\s*\b(?:and )*(?:once there|(?:once|when) (?:you|we) (?:are|re) (?:there|in position|in place|done)"
    r"|(?:once|when) (?:that|it) (?:s|is) done|then|after that|thereafter|afterwards|after this|followed by|and next"
    r"|after (?:it|which)|(?<=and )(?:second|third) (?=(?:set|go|take|cent|coll|move|rotate|tilt|open|close|zoom|save"
    r"|segment|outline|show|turn|raise|lower)\w*)|secondly|thirdly|next|finally|lastly|last of all"
    r"|but(?= (?:show|outline|mark|highlight|segment)\b)|and)\b(?: and\b)*\s*"
)
_ORDERED = re.compile(r"\b(?:then|after(?: that|wards?)|followed by|next|finally|lastly|more|another|back)\b")
_FIRST = re.compile(r"^(?:first(?: of all)?|firstly)\s+(?:and )?")
_IN_ORDER = re.compile(r"(?: and)? (?:in (?:that|this) (?:very )?(?:order|sequence)|one after (?:the other|another))$")
_BEFORE_OTHERS = re.compile(r"(?<=\w)\s+first(?= (?:and|then)\b)")
_TWO_VERBS = re.compile(
    r"^(?P<center>cent(?:er|re)|middle)(?: up)? and (?:then )?(?:cone|collimate|shutter|crop|cone down|tighten)"
    r"(?: (?:in|down|up))*(?: (?:on|to|onto|around|over|in on|down to|down on))? (?P<what>.+)$"
    r"|^(?:have |get )?(?P<both>.+) (?:cent(?:er|re)e?d|in the (?:middle|cent(?:er|re))) and "
    r"(?:coned|collimated|cropped)(?: (?:in|down))?$"
)
"""Two verbs for one structure: "center and collimate to the liver", "the liver centred and coned"."""

_OUTLINE_AND = re.compile(
    r"^(?:outline|segment|show(?: me)?|mark|highlight|trace) and (?P<second>cent(?:er|re) on|collimate to|cone to) "
    r"(?P<what>.+)$"
)

_BOTH_TO = re.compile(
    r"^((?:[a-z]+ )*to (?:lao|rao|cran\w*|caud\w*) \S+(?: degrees)?) and "
    r"(?:tilt|angle|angulate|rotate|swing|turn)(?: it)? (\S+(?: degrees)? (?:lao|rao|cran\w*|caud\w*))\b"
)
""" "Rotate to LAO 30 and tilt 20 cranial": where the first is an angle, so is the second."""

_IN_A_LIST = {
    **dict.fromkeys(("image", "film", "fire", "acquisition", "radiograph", "still image", "hit it"), "take a shot"),
    "left": "the left one",
    "right": "the right one",
    **dict.fromkeys(("fluoro", "live", "screen", "screening", "fluoroscopy", "live picture", "live view"), "fluoro on"),
}
"""What is said for short after another command: "LAO 20, fluoro"; alone it says too little."""

_BUT_FIRST = re.compile(
    r"^(?P<then>.+?) and but (?:(?:first|before that|before this)(?: and)? (?P<first>.+)"
    r"|(?P<before>.+?) (?:first|before that|beforehand))$"
)
""" "Take a shot, but center on the hip first"."""

_LOOK = re.compile(r"look at\b")
""" "Look at T9 from the side, lateral view" is one wish."""

_OFF = re.compile(r"(?:turn|switch) (?:the )?.+ off|(?:turn|switch) off .+")
_THE_OUTLINES = re.compile(r"(?:the |all )*(?:outlines?|contours?|masks?|overlays?) (?:of|on|around) .+")
_TOO = re.compile(r"(?:and |also )*(.+?) (?:too|as well|also)")
_OUTLINE = re.compile(r"\b(?:outlines?|contours?|masks?|overlays?|segmentations?)\b")
_ON = frozenset(
    ("further", "more", "keep going", "go on", "on", "closer", "back", "tighter", "wider", "higher", "lower")
)
_GOES_ON = re.compile(r"^(?:another|\S+ more)\b")
""" "Further, another 3 cm": one motion."""

_ALONE = (Arm, ResetStop)
_SAID_TWICE = (Center, CollimateTo, OpenCollimator, SetField, GoToView, GoBack)
Understand = Callable[[str, Context], Command]


def in_steps(words: str, context: Context, understand: Understand) -> Steps | Single | Unclear | None:
    """The steps that plain words consist of, each understood in full.

    Args:
        understand: parses plain words as one command in a context.

    Returns:
        None if there are not several steps; a single command where the others only name or repeat it; what is unclear
        if the text begins with a step but does not go on with one.
    """
    if later := _BUT_FIRST.match(words):
        words = f"{later['first'] or later['before']} and then {later['then']}"
    words = _BOTH_TO.sub(r"\1 and \2", words)
    words = _OUTLINE_AND.sub(r"outline \g<what> and \g<second> \g<what>", words)
    words = _TWO_VERBS.sub(
        lambda two: f"center on {two['what'] or two['both']} and collimate to {two['what'] or two['both']}",
        _BEFORE_OTHERS.sub("", _IN_ORDER.sub("", _FIRST.sub("", words)), count=1),
    )
    ordered = _ORDERED.search(words) is not None
    parts = [part for part in _SEPARATOR.split(words) if part]
    parts = [part for part, after in pairwise((*parts, "")) if not (part in _ON and _GOES_ON.search(after))]
    parts[1:] = [_with_its_verb(_IN_A_LIST.get(part, part), before) for before, part in pairwise(parts)]
    if not 2 <= len(parts) <= MAX_PARTS:
        return None
    found = _steps(parts, context, understand)
    if isinstance(found, Refuse):
        return found
    if isinstance(found, Ask):
        return Ask(found.question)
    if found is None:
        return None
    talk = [step for step in found if isinstance(step, Segment) and not step.structures]
    if len(talk) < len(found) and any(not _outlines(plain(step.text)) for step in talk):
        return Refuse(f"I will not begin: I did not understand {talk[0].text[:60]!r} in this sentence.")
    first = parts[1] if phrases.NAME_FIRST.fullmatch(" and ".join(parts[:2])) else parts[0]
    found = _tidied(_named_between_shots(found, parts), first)
    if len(found) == 1:
        return found[0]
    if any(_named_after(one, other, part) for one, other, part in zip(found, found[1:], parts[1:], strict=False)):
        return Refuse("I will not begin: say what is to be done with what you name last.")
    if any(isinstance(step, _ALONE) for step in found):
        return Refuse("Say “arm” and “reset” by themselves.")
    disarmed = [at for at, step in enumerate(found) if isinstance(step, Disarm)]
    if any(acts(step) for at in disarmed for step in found[at:]):
        return Refuse("Nothing moves once the system is disarmed: say “disarm” last.")
    for one, other in pairwise(found):
        if isinstance(one, ChangeDose) and isinstance(other, ChangeDose) and one != other:
            return Refuse("I will not change the dose: say whether it is to go up or down.")
        if isinstance(one, Rotate | Tilt) and isinstance(other, type(one)) and not ordered:
            return Refuse("I will not move: say one rotation or one tilt at a time.")
    return Steps(found)


def _outlines(words: str) -> bool:
    """Whether a part asks for an outline, be it of something unknown; "let me put my lead on" does not."""
    return phrases.SEGMENT_VERB.match(words) is not None and re.search(r"\bput (?!the |an? )", words) is None


def _with_its_verb(part: str, before: str) -> str:
    """A part without the verb of the one before: "center on L1, then on L2", "hide the liver, the spleen too"."""
    on, _, what = part.partition(" ")
    if on == "on" and motion_phrases.CENTER.fullmatch(before):
        return f"center on {what}"
    if on == "to" and motion_phrases.COLLIMATE.fullmatch(before):
        return f"collimate to {what}"
    if _OFF.fullmatch(before) and _THE_OUTLINES.fullmatch(part):
        return f"hide {part}"
    too = _TOO.fullmatch(part)
    return f"hide {too[1]}" if too and phrases.STOP_SEGMENTING.fullmatch(before) else part


def _named_between_shots(steps: tuple[Single, ...], parts: list[str]) -> tuple[Single, ...]:
    """ "Center on T12, shot, L1, shot": the motion before, about what is named alone; or it again."""
    if len(steps) != len(parts):
        return steps
    made = list(steps)
    for at in range(2, len(steps) - 1):
        motion, step = made[at - 2], made[at]
        between = isinstance(made[at - 1], TakeShot) and isinstance(made[at + 1], TakeShot)
        if between and isinstance(step, TakeShot) and parts[at] in ("same again", "again", "repeat", "the same again"):
            made[at] = motion
        if between and isinstance(step, Segment) and not phrases.SEGMENT_VERB.match(parts[at]):
            made[at] = about(motion, step.structures) or step
    return tuple(made)


def _tidied(steps: tuple[Single, ...], first: str) -> tuple[Single, ...]:
    """Without what is only said twice, and without a structure that is first named and then spoken of.

    first: the words of the first step: "the left hip" before "center on it" is no wish of its own.
    """
    kept = [step for at, step in enumerate(steps) if at == 0 or not _said_twice(steps[at - 1], step)]
    kept = [one for one, other in pairwise((*kept, None)) if one is not None and not _made_exact(one, other)]
    kept = [step for at, step in enumerate(kept) if at == 0 or not _made_exact(step, kept[at - 1])]
    kept = [step for at, step in enumerate(kept) if not (_to_an_angle(step) and step in kept[:at])]
    named = (_LOOK.match(first) or not phrases.SEGMENT_VERB.match(first)) and not _OUTLINE.search(first)
    if len(kept) > 1 and isinstance(kept[0], Segment) and named:
        spoken_of = kept[1].target.structures if isinstance(kept[1], Center | CollimateTo | WhereIs) else None
        if isinstance(kept[1], GoToView) or spoken_of == kept[0].structures:
            kept.pop(0)
    return _outlined_together(kept)


def _outlined_together(steps: list[Single]) -> tuple[Single, ...]:
    """ "Show me L3, then L4": what is outlined first is not to vanish again."""
    kept: list[Single] = []
    for step in steps:
        before = kept[-1] if kept else None
        if isinstance(step, Segment) and isinstance(before, Segment) and step.structures and before.structures:
            structures = tuple(dict.fromkeys((*before.structures, *step.structures)))
            corrections = (*before.corrections, *step.corrections)
            kept[-1] = Segment(f"{before.text} and {step.text}", structures, before.tools + step.tools, corrections)
        else:
            kept.append(step)
    return tuple(kept)


def _said_twice(one: Single, other: Single) -> bool:
    if isinstance(one, Segment) and isinstance(other, Segment):
        return bool(one.structures) and one.structures == other.structures
    return one == other and isinstance(other, _SAID_TWICE)


def _made_exact(one: Single, other: Single | None) -> bool:
    """ "Get in closer, zoom by two": the same zoom said again with its factor."""
    if not isinstance(one, Zoom) or not isinstance(other, Zoom):
        return False
    return one.out == other.out and one.factor == ZOOM and other.factor not in (ZOOM, BIT_ZOOM)


def _named_after(one: Single, other: Single, part: str) -> bool:
    """ "Move 2 cm to the head and the feet": a name alone after a motion is no wish to see it."""
    return acts(one) and isinstance(other, Segment) and not phrases.SEGMENT_VERB.match(part)


def _to_an_angle(step: Single) -> bool:
    return isinstance(step, Rotate | Tilt) and step.to_deg is not None


def _steps(parts: list[str], context: Context, understand: Understand) -> tuple[Single, ...] | Ask | Refuse | None:
    """All parts in order, as few and long steps as possible; else what is unclear about the part that stands alone."""
    unclear: Ask | Refuse | None = None
    for taken in range(len(parts), 0, -1):
        command = understand(" and ".join(parts[:taken]), context)
        if isinstance(command, Unclear):
            continue
        first = steps_of(command)
        if taken == len(parts):
            return first
        others = _steps(parts[taken:], context.after_each(command), understand)
        if isinstance(others, tuple):
            return joined(first, others) if len(first) > taken else (*first, *others)
        unclear = unclear or others or (_not_clear(parts[taken]) if acts(command) else None)
    if unclear is None:
        command = understand(parts[0], context)
        if len(parts) == 1:
            return command if isinstance(command, Ask | Refuse) else None
        if isinstance(command, Ask) and isinstance(_steps(parts[1:], context, understand), tuple | Ask):
            return command
    return unclear


def joined(first: tuple[Single, ...], others: tuple[Single, ...]) -> tuple[Single, ...]:
    """What a follow-up repeats, and what is said after it: "next level and a shot", after a view and a shot."""
    repeated = len(first) > 1 and isinstance(first[-1], TakeShot) and isinstance(others[0], TakeShot)
    return (*(first[:-1] if repeated else first), *others)


def _not_clear(part: str) -> Refuse:
    return Refuse(f"I will not begin: I did not understand {part[:60]!r} in this sentence.")
