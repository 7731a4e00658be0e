"""Prompts that lean on what was said before: corrections ("no, the left one"), "a bit more", "again"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control.angles import BIT_DEG
from fluorosam_ros.control.answers import answered
from fluorosam_ros.control.command_types import (
    Aimed,
    Ask,
    Center,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    Command,
    Direction,
    GoToView,
    NotUnderstood,
    RecallView,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    SetField,
    Single,
    Steps,
    StopSegmenting,
    SwitchFluoro,
    TakeShot,
    Target,
    Tilt,
    Translate,
    Unclear,
    WhereIs,
    Zoom,
    acts,
    aimed,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.limbs import on_its_side
from fluorosam_ros.control.moves import BIT_MM, BIT_ZOOM
from fluorosam_ros.control.phrases import DOSE_LEVELS
from fluorosam_ros.control.quantities import BIT, MM, NUMBER, Tokens, tokens
from fluorosam_sim.anatomy import VERTEBRAE, Structure, find, other_side
from fluorosam_sim.anatomy import structure as structure_of
from fluorosam_sim.views import VIEWS

_WEAK = (
    r"no|nope|(?:oh )?hang on|wrong(?: \w+(?= (?:and|sorry|i) ))?(?: (?:one|side))?"
    r"|not that(?: (?:one|side))?|other side|oh|wait"
)
_STRONG = (
    r"sorry|oops|actually|correction|i (?:mean|meant|said|wanted)|make (?:it|that)|rather|instead|pardon|excuse me|"
    r"my mistake|i should have said|i was wrong"
)
_CORRECTION = re.compile(rf"^(?P<marks>(?:(?:{_WEAK}|{_STRONG})(?: and)? )+)(?P<what>.+)$")
_NOT_THIS = re.compile(
    r"^(?:no (?:and )?)?not (?:the |on the )?(?:left|right)(?: (?:one|side))?(?: and)?(?: but)? (?P<what>.+)$"
)
_SIDE = re.compile(r"(?:on )?(?:the |his |her )?(left|right|other)(?: (?:one|side|hand side))?(?: (?:please|instead))?")
_OTHER = re.compile(
    r"(?:no (?:and )?)?(?:the |on the )?(?:other (?:one|side)|opposite side)(?: (?:too|as well))?|wrong side"
    r"|(?:the )?same (?:thing )?(?:again )?(?:on|for) the (?:other|opposite) (?:one|side)"
)
_OTHER_LIMB = re.compile(
    r"(?:(?:now |and |then )*(?:that|it|the same|same)(?: (?:view|thing|one|again))* )?(?:(?:on|for|of) )?(?:the )?"
    r"(?:other|opposite) (?P<what>\w+)"
)
_SAME_LIMB = re.compile(
    r"(?:now |and |then )*(?:the )?same(?: (?:view|thing|one|again))* (?:on|for|of) (?:the )?"
    r"(?P<side>left|right) (?P<what>\w+)"
)
_SAME = r"(?:do )?(?:the )?same (?:(?:thing|view) )?(?:again )?(?:on|for) (?:the )?"
_ONE = re.compile(
    rf"(?:no (?:and )?)?(?:{_SAME}(?=(?:left|right)$)|(?:{_SAME}|(?:on )?(?:the )?)(?=(?:left|right) (?:one|side)\b))"
    r"(left|right)(?: (?:one|side))?(?: (?:as well|too|also|instead|now))*"
)
_BOTH_OF_THEM = re.compile(r"both(?: (?:of )?(?:them|those|these|sides))?(?: (?:and )?(?:actually|then|rather))?")
_LEVEL_ON = re.compile(
    r"(?:(?:the |a )?(?:next )?(?:one |1 )?(?:level|vertebra|one) (?P<way>up|higher|above|down|lower|below)"
    r"|(?P<next>higher|lower) level)"
)
_SWITCHED_OFF = re.compile(
    r"(?:(?:turn|switch|shut) (?:it|that) off|(?:it|that) off|off(?: with (?:it|that))?|(?:turn|switch|shut) off (?:it"
    r"|that))(?: again)?"
)
_ITS_OUTLINE = re.compile(
    r"(?:take|remove|clear|hide|lose|drop|erase|delete|get rid of|turn|switch) (?:that|its|this) (?:outline|contour"
    r"|mask|overlay|segmentation|highlight|marking)(?: (?:away|off))?(?: again)?"
)
_MEANT_AFTER = re.compile(r"^(?:(?:oh|no|wait|sorry|and|hang on) )*(?P<what>.+?) (?:i mean|i meant|i said|rather)$")
_NOT_THAT = re.compile(r"^(?:no (?:and )?)?i (?:said|meant?|wanted) (?P<what>.+?) (?:and )?not .+$")
_OTHER_ONE = re.compile(
    r"(?:no (?:and )?)?(?:(?:on|to) )?the (?:other|opposite) (?P<what>(?!one|side|way|direction).+)"
)
_MORE = frozenset((BIT, NUMBER, "more", "further", "another", "additional", "some", "by", "degrees", "degree", "deg",
                   "a", "still", "even", "times", "less", "go", "on", "keep", "going", *MM))  # fmt: skip
_MORE_WORDS = frozenset(("more", "further", "another", "additional", "less"))
_AGAIN = re.compile(
    r"(?:do |try )?(?:(?:it|that|the same|same)(?: (?:thing|distance|amount|way|angle))? )?(?:again|once more"
    r"|one more time|another time)(?: (?:like that|the same way))?"
    r"|repeat(?: (?:it|that|the last (?:one|step|command)))?|(?:the )?same again|do the same"
)
_THAT_WAY = re.compile(r" (?:(?:in )?(?:that|the same) (?:way|direction))$")
_BACK = re.compile(
    r"(?:(?P<verb>go|move|come|turn|rotate|tilt|swing|orbit) )?(?:it )?"
    rf"(?:back(?: by)? (?P<after>{BIT}|{NUMBER}(?: \S+)?)|(?P<before>{BIT}|{NUMBER} \S+) (?:back|(?:in )?the (?:other"
    rf"|opposite) (?:way|direction))"
    rf"|(?:back )?(?:in )?the (?:other|opposite) (?:way|direction)(?: by)? (?P<other>{BIT}|{NUMBER} \S+))"
)
_TO_ZERO = re.compile(
    r"(?:and |now |then )*(?:(?:go|come|bring|take|put|return|get)(?: it)? )?(?:right )?(?:back )?to (?:zero|0)"
    r"(?: again)?"
)
_BACK_THERE = re.compile(
    r"(?:go|come|get|return|move|take (?:me|us)|bring (?:me|us|it)|drive|jump)(?: back)?"
    r"(?: there|(?: to)? (?:it|that|this)(?: (?:one|view|position|pose|place|spot))?)(?: again)?"
)
_ONE_MORE = re.compile(r"(?:and )?(?:another|one more)(?: one)?(?: (?:like that|of those))?")
_UNDO = re.compile(r"(?:undo|revert|reverse|take back)(?: (?:it|that|this)(?: (?:again|zoom|one))?)?")
_REVERSED: dict[Direction, Direction] = {
    "left": "right", "right": "left", "head": "feet", "feet": "head", "ceiling": "table", "table": "ceiling",
}  # fmt: skip
_SIDES: dict[type[Rotate] | type[Tilt], dict[str, int]] = {
    Rotate: {"lao": 1, "rao": -1},
    Tilt: {"cranial": 1, "caudal": -1},
}
_SERIES = (
    tuple(f"vertebrae_{level}" for level in VERTEBRAE),
    *(tuple(f"rib_{side}_{number}" for number in range(1, 13)) for side in ("left", "right")),
)
"""Structures that have one above and one below, from head to feet."""

Understand = Callable[[str], Command]


def corrected(words: str, context: Context, understand: Understand) -> Command | None:
    """What a correction makes of the last command, or None if it is none: "I meant the right hip".

    understand: parses plain words as a command of their own.
    """
    last = context.last
    shortly = _said_shortly(words, context.last_step)
    if shortly is not None:
        return shortly
    words = _NOT_THAT.sub(r"i said \g<what>", words)
    words = _MEANT_AFTER.sub(r"i mean \g<what>", words)
    other = _OTHER_ONE.fullmatch(words)
    if other and last is not None and _names_last(other["what"], context):
        return _other_side(last, "other")
    one = _ONE.fullmatch(words)
    sided_view = isinstance(last, GoToView) and last.view.side is not None
    if one and context.question is None and (context.last_named or sided_view):
        return _other_side(last, one[1])
    same = _SAME_LIMB.fullmatch(words)
    if same and isinstance(last, GoToView) and sided_view and same["what"] in last.view.name.casefold().split():
        return _other_side(last, same["side"])
    limb = _OTHER_LIMB.fullmatch(words)
    if limb and isinstance(last, GoToView) and sided_view and limb["what"] in last.view.name.casefold().split():
        return _other_side(last, "other")
    if _OTHER.fullmatch(words):
        return _other_side(last, "other")
    found = _CORRECTION.match(words) or _NOT_THIS.match(words)
    if found is None:
        return None
    what = found["what"]
    side = _SIDE.fullmatch(what)
    if side:
        question = answered(side[1], context)
        return question or _other_side(last, side[1])
    again = corrected(what, context, understand)
    if again is not None:
        return again
    answer = answered(what, context)
    if answer is not None:
        return answer
    turned = _turned_otherwise(what.removesuffix(" instead"), last)
    if turned is not None:
        return turned
    meant = understand(what.removesuffix(" instead"))
    if isinstance(meant, Segment) and meant.structures and not meant.tools:
        return _aimed_at(last, on_its_side(meant.structures, context), meant)
    marks = found.groupdict().get("marks") or ""
    if isinstance(meant, Unclear) or ((last is None or " and" not in marks) and not re.search(_STRONG, marks)):
        return None
    return meant


def _turned_otherwise(what: str, last: Command | None) -> Rotate | Tilt | None:
    """ "Make that 20", "I meant RAO": the last absolute angle with the other number or to the other side."""
    if not isinstance(last, Rotate | Tilt) or last.to_deg is None:
        return None
    what = what.removeprefix("should be ").removeprefix("to ")
    said = tokens(what)
    if said.words in ((NUMBER,), (NUMBER, "degrees")) and said.numbers[0] >= 0:
        return replace(last, to_deg=math.copysign(said.numbers[0], last.to_deg))
    sides = _SIDES[type(last)]
    return replace(last, to_deg=math.copysign(last.to_deg, sides[what])) if what in sides else None


def _said_shortly(words: str, last: Single | None) -> Single | None:
    """ "40", "RAO" or "high" alone: the last setting with the other number, the other side, the other level."""
    if isinstance(last, SetDose) and words in DOSE_LEVELS:
        return SetDose(DOSE_LEVELS[words])
    if isinstance(last, SetField):
        said = tokens(words)
        side_mm = _amount_mm(said) if said.words[:1] == (NUMBER,) and len(said.words) == 2 else None
        return replace(last, side_mm=side_mm) if side_mm else None
    return _turned_otherwise(words, last)


def _names_last(what: str, context: Context) -> bool:
    """Whether "the other hip" is said after a command about a hip."""
    both = {found for side in ("left", "right") for found in find(f"{side} {what}").structures}
    return len(context.last_named) == 1 and context.last_named[0] in both


def _aimed_at(last: Command | None, structures: tuple[Structure, ...], otherwise: Command) -> Command:
    match last:
        case Center() | CollimateTo() | WhereIs() | StopSegmenting() | Segment():
            kind: Aimed = type(last)
            return aimed(kind, Target(structures))
        case None:
            return otherwise
    if acts(last):
        return Ask("Say the whole command again, with what you meant.")
    return otherwise


def _other_side(last: Command | None, side: str) -> Command:
    match last:
        case Center() | CollimateTo() | WhereIs():
            structures: tuple[Structure, ...] = last.target.structures
        case Segment() | StopSegmenting():
            structures = last.structures
        case GoToView() if last.view.side and side != last.view.side:
            old, new = ("left", "right") if last.view.side == "left" else ("right", "left")
            other = [v for v in VIEWS if v.key == last.view.key.replace(old, new)]
            if other and other[0].side == new:
                return replace(last, view=other[0])
            structures = ()
        case _:
            structures = ()
    if side == "other" and isinstance(last, Rotate | Tilt | Translate):
        return opposite(last) or Ask("The other side of what?")
    mirrored = other_side(structures[0]) if len(structures) == 1 and structures[0].side != side else None
    if mirrored is not None and last is not None:
        return _aimed_at(last, (mirrored,), last)
    return Ask(f"The {side} what?" if side != "other" else "The other side of what?")


def continued(words: str, context: Context) -> Single | Ask | None:
    """What "a bit more", "another 10 degrees", "again" or "one level up" makes of the last command, or None."""
    last = context.last_step
    if _SWITCHED_OFF.fullmatch(words) and last == SwitchFluoro(True):
        return SwitchFluoro(False)
    if _BOTH_OF_THEM.fullmatch(words) and len(context.last_named) == 1:
        return _both_sides(last, context.last_named[0])
    level = _LEVEL_ON.fullmatch(words)
    if level:
        return neighbour(last, -1 if (level["way"] or level["next"]) in ("up", "higher", "above") else 1)
    if _AGAIN.fullmatch(words):
        repeatable = isinstance(last, TakeShot | Translate | Zoom | CollimateBy | ChangeDose)
        if last is not None and not isinstance(last, Unclear) and (repeatable or getattr(last, "delta_deg", None)):
            return last
        return Ask("Which command should I repeat?")
    turned = isinstance(last, Rotate | Tilt) and words.partition(" ")[0] in _verbs(last)  # "rotate 10 more"
    said = tokens(_THAT_WAY.sub("", words.partition(" ")[2] if turned else words))
    joined = " ".join(said.words)
    found = _BACK.fullmatch(joined)
    if found:
        return _further(said, last, -1, found["verb"]) or Ask("Back in which direction?")
    if said.words and set(said.words) <= _MORE and (_MORE_WORDS & set(said.words) or joined == BIT):
        if {"more", "less"} <= set(said.words):
            return Ask("More or less?")
        return _further(said, last, -1 if "less" in said.words else 1, None) or Ask(
            "More of what, and in which direction?"
        )
    return None


def leaned(words: str, context: Context) -> Single | None:
    """What means something else by itself. "Undo that" after what moved nothing is the opposite, while a motion is
    undone by going back; "another one" after an amount is the same again, and no shot."""
    last = context.last_step
    if isinstance(last, Rotate | Tilt) and _TO_ZERO.fullmatch(words):
        return type(last)(to_deg=0.0)
    if isinstance(last, SaveView) and _BACK_THERE.fullmatch(words):
        return RecallView(last.name)
    amount = isinstance(last, Translate | Zoom | CollimateBy | ChangeDose) or getattr(last, "delta_deg", None)
    if _ONE_MORE.fullmatch(words) and amount and last is not None and not isinstance(last, Unclear):
        return last
    if not _UNDO.fullmatch(words) or isinstance(last, Rotate | Tilt | Translate):
        return None
    return opposite(last)


def its_outline_hidden(words: str, context: Context) -> StopSegmenting | None:
    """ "Take that outline away again": of what was spoken of last."""
    return StopSegmenting(context.last_named) if _ITS_OUTLINE.fullmatch(words) and context.last_named else None


def _both_sides(last: Command | None, structure: Structure) -> Single | None:
    """The last command about a structure of one side, about both."""
    pair = find(f"both {structure.name.removeprefix(f'{structure.side} ')}")
    both = _aimed_at(last, pair.structures, NotUnderstood("")) if structure.side and pair.clear else None
    return None if both is None or isinstance(both, Unclear | Steps) else both


def neighbour(last: Command | None, by: int) -> Single | None:
    """The last command about one vertebra or rib, about the one that many below it (above where `by` is negative)."""
    named = last.structure if isinstance(last, GoToView) else None
    if isinstance(last, Center | CollimateTo | WhereIs) and len(last.target.structures) == 1:
        named = last.target.structures[0]
    if isinstance(last, Segment | StopSegmenting) and len(last.structures) == 1:
        named = last.structures[0]
    other = _neighbour_of(named, by) if named else None
    if last is None or other is None:
        return None
    if isinstance(last, GoToView):
        return replace(last, structure=other)
    again = _aimed_at(last, (other,), last)
    return None if isinstance(again, Unclear | Steps) else again


def _neighbour_of(named: Structure, by: int) -> Structure | None:
    for series in _SERIES:
        if named.key in series and 0 <= series.index(named.key) + by < len(series):
            return structure_of(series[series.index(named.key) + by])
    return None


def opposite(last: Command | None, of_structures: bool = False) -> Single | None:
    """The last command the other way by the same amount, or undone where it moved nothing; None where there is no such.

    of_structures: the same for the structure or the view of the other side, where the command is about one.
    """
    if of_structures:
        other = _other_side(last, "other")
        return None if isinstance(other, Unclear | Steps) else other
    match last:
        case Rotate() | Tilt() if last.to_deg:
            return replace(last, to_deg=-last.to_deg)
        case Rotate() | Tilt() if last.delta_deg:
            return replace(last, delta_deg=-last.delta_deg)
        case Translate():
            return replace(last, direction=_REVERSED[last.direction])
        case CollimateBy():
            return CollimateBy(-last.delta_mm)
        case Zoom():
            return replace(last, out=not last.out)
        case ChangeDose():
            return ChangeDose(not last.higher)
        case SwitchFluoro():
            return SwitchFluoro(not last.on)
        case Segment() if last.structures:
            return StopSegmenting(last.structures)
        case StopSegmenting() if last.structures:
            segmented = aimed(Segment, Target(last.structures))
            return segmented if isinstance(segmented, Segment) else None
    return None


def _further(said: Tokens, last: Command | None, sign: int, verb: str | None) -> Single | None:
    """The last motion's direction (sign 1) or its reverse (-1), by the amount said; None where that is unclear."""
    in_degrees = bool({"degrees", "degree", "deg"} & set(said.words))
    number = said.numbers[0] if len(said.numbers) == 1 else None
    if len(said.numbers) > 1 or (number is not None and number <= 0):
        return None
    match last:
        case Rotate() | Tilt() if not said.mm_per_unit and verb in (None, "go", "move", "come", *_verbs(last)):
            before = last.delta_deg if last.delta_deg is not None else last.to_deg
            if not before:
                return None
            amount = BIT_DEG if number is None else number
            return type(last)(delta_deg=sign * amount * (1 if before > 0 else -1))
        case Translate() if not in_degrees and verb in (None, "go", "move", "come"):
            amount_mm = _amount_mm(said)
            if amount_mm is None:
                return None
            return Translate(last.direction if sign > 0 else _REVERSED[last.direction], amount_mm)
        case CollimateBy() if not in_degrees and verb is None:
            amount_mm = _amount_mm(said)
            return None if amount_mm is None else CollimateBy(sign * amount_mm * (1 if last.delta_mm > 0 else -1))
        case Zoom() if number is None and verb is None:
            return Zoom(BIT_ZOOM, last.out == (sign > 0))
    return None


def _amount_mm(said: Tokens) -> float | None:
    if not said.numbers:
        return BIT_MM
    return said.numbers[0] * said.mm_per_unit if said.mm_per_unit else None


def _verbs(last: Rotate | Tilt) -> tuple[str, ...]:
    return ("turn", "rotate", "swing", "orbit") if isinstance(last, Rotate) else ("tilt",)
