"""Prompts that lean on what was said before: corrections ("no, the left one"), "a bit more", "again"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control.amounts import further, set_anew, turned_only
from fluorosam_ros.control.answers import answered
from fluorosam_ros.control.command_types import (
    Ask,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    Command,
    GoToView,
    OpenCollimator,
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
    Zoom,
    aimed,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.counterparts import counterpart, counterpart_view, words_of
from fluorosam_ros.control.limbs import last_side, on_its_side
from fluorosam_ros.control.moves import BIT_ZOOM, MAX_ZOOM, ZOOM
from fluorosam_ros.control.phrases import DOSE_LEVELS
from fluorosam_ros.control.quantities import BIT, MM, NUMBER, tokens
from fluorosam_ros.control.saved_views import saved_as
from fluorosam_ros.control.slots import slots
from fluorosam_ros.control.variants import about, aimed_at, neighbour, on_both_sides, on_other_side, opposite
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import Structure, find

_WEAK = (
    r"no|nope|(?:oh )?hang on|wrong(?: \w+(?= (?:and|sorry|i) ))?(?: (?:one|side))?"
    r"|not that(?: (?:one|side))?|other side(?= and (?:the )?(?:left|right))|oh|wait"
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
    r"|(?P<next>higher|lower) level|(?P<one>up|down) (?:one|1)(?: more)?(?: level)?"
    r"|(?:one|1) (?:further|more) (?P<on>up|down))"
)
_SWITCHED_OFF = re.compile(
    r"(?:(?:turn|switch|shut) (?:it|that) off|(?:it|that) off|off(?: with (?:it|that))?|(?:turn|switch|shut) off (?:it"
    r"|that))(?: again)?"
)
_ALL_THE_WAY = re.compile(r"(?:all the way|fully|completely|wide)(?: (?:open|up|out))?")
_ADDED = re.compile(
    r"(?:and )?(?:add|include) (?P<what>.+?) (?:to (?:that|it|this)|in (?:that|it) too|too|as well)"
    r"|(?:and )?(?P<with>.+?) with (?:it|that)"
)
_ON_AGAIN = re.compile(
    r"(?:put|bring|turn|get|switch|show) (?:it|them|that|those) (?:back|on|up|again)(?: (?:on|up|again|in))*"
)
_IN_OR_OUT = re.compile(rf"(?:(?:and )?(?:back )?){NUMBER} \S+ (?:back )?(in|out)(?: again)?")
_ZOOMED_ON = re.compile(
    rf"(?:and |back )*(?P<way>in|out)(?: again| back| more| further| (?P<bit>{BIT})| {NUMBER}(?: times| x)?)+"
)
_NAMED_ANEW = re.compile(r"(?:no (?:and )?)?(?:call|name|save) (?:it|that|this)(?: as)? (?P<what>.+)")
_IT_UP_OR_DOWN = re.compile(r"(raise|lower|drop|reduce|increase) (?:it|that)(?: (?:again|back|down|up))*")
_GOT_RID_OF = re.compile(
    r"(?:get rid of|lose|wipe|drop) (?:it|them|that|those|these)(?: (?:both|all))?(?: again)?"
    r"|(?:take|get) (?:it|them|that|those|these) off(?: (?:the screen|the picture|again))?"
)
_ITS_OUTLINE = re.compile(
    r"(?:take|remove|clear|hide|lose|drop|erase|delete|get rid of|turn|switch) (?:that|its|this|the(?= \w+ again))"
    r" (?:outline|contour|mask|overlay|segmentation|highlight|marking)(?: (?:away|off))?(?: again)?"
)
_MEANT_AFTER = re.compile(
    r"^(?:(?:oh|no|wait|sorry|and|hang on) )*(?P<what>.+?) (?:and )?"
    r"(?:i mean|i meant|i said|i want(?:ed)?|rather|sorry)$"
)
_NOT_Y_BUT_X = re.compile(
    r"^(?:(?:no|nope|sorry|wait|oh) (?:and )?)*not (?:(?:to|on|at|towards?|by) )?(?:the )?(?P<wrong>\w+(?: \w+){0,2}?)"
    r" (?:and but|and|but) (?P<what>.+)$"
)
_X_NOT_Y = re.compile(
    r"^(?:(?:no|nope|sorry|wait|oh) (?:and )?)*(?P<what>.+?) (?:and )?(?:not|instead of|rather than) "
    r"(?:(?:to|on|at|towards?|by) )?(?:the )?(?P<wrong>\w+(?: \w+){0,2})$"
)
_NOT_THAT = re.compile(r"^(?:no (?:and )?)?i (?:said|meant?|wanted) (?P<what>.+?) (?:and )?not .+$")
_WRONG_ONE = re.compile(r"(?:(?:no|that s|it s) (?:and )?)?(?:the )?wrong (?P<what>(?!one|side|way|direction).+)")
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
_SIDES: dict[type[Rotate] | type[Tilt], dict[str, int]] = {
    Rotate: {"lao": 1, "rao": -1},
    Tilt: {"cranial": 1, "caudal": -1},
}
_FEW = 2
_OF_A_VIEW = frozenset(("the", "view", "one", "1", "please", "of", "a"))
Understand = Callable[[str], Command]


def corrected(words: str, context: Context, understand: Understand) -> Command | None:
    """What a correction makes of the last command, or None if it is none: "I meant the right hip".

    understand: parses plain words as a command of their own.
    """
    last = context.about
    both_axes = context.last is not None and {Rotate, Tilt} <= set(map(type, steps_of(context.last)))
    going = None if both_axes else context.going  # "25" of which?
    shortly = _said_shortly(words, going)
    if shortly is not None:
        return shortly
    words = _NOT_THAT.sub(r"i said \g<what>", words)
    words = _MEANT_AFTER.sub(r"i mean \g<what>", words)
    called = _NAMED_ANEW.fullmatch(words.removesuffix(" instead")) if isinstance(last, SaveView) else None
    if called:
        return saved_as(called["what"])
    wrong = _WRONG_ONE.fullmatch(words)
    if wrong and last is not None and _names_last(wrong["what"], context):
        return on_other_side(last, "other")
    other = _OTHER_ONE.fullmatch(words)
    if other and last is not None and _names_last(other["what"], context):
        return on_other_side(last, "other")
    one = _ONE.fullmatch(words)
    sided_view = isinstance(last, GoToView) and last.view.side is not None
    if one and context.question is None and (context.last_named or sided_view):
        return on_other_side(last, one[1])
    same = _SAME_LIMB.fullmatch(words)
    if same and isinstance(last, GoToView) and sided_view and same["what"] in last.view.name.casefold().split():
        return on_other_side(last, same["side"])
    limb = _OTHER_LIMB.fullmatch(words)
    if limb and isinstance(last, GoToView) and sided_view and limb["what"] in last.view.name.casefold().split():
        return on_other_side(last, "other")
    if _OTHER.fullmatch(words):
        return on_other_side(last, "other")
    found = _CORRECTION.match(words) or _NOT_THIS.match(words)
    denied = _denied(words, last)
    if found is None and denied is None:
        return None
    what = denied or (found["what"] if found else "")
    side = _SIDE.fullmatch(what)
    if side and isinstance(going, Translate) and (turned := turned_only(what, going)):
        return turned
    if side:
        question = answered(side[1], context)
        return question or on_other_side(last, side[1])
    again = corrected(what, context, understand)
    if again is not None:
        return again
    answer = answered(what, context)
    if answer is not None:
        return answer
    what = what.removesuffix(" instead")
    anew = _set_otherwise(what, going) or (turned_only(what, going) if going else None)
    if anew is not None:
        return anew
    named = named_shortly(what, context)
    renamed = about(last, (named,)) if named is not None and last is not None else None
    if renamed is not None:
        return renamed
    view = counterpart_view(last, what) if isinstance(last, GoToView) else None
    if view is not None and words_of(view.view) | _OF_A_VIEW >= set(what.split()):
        return view
    meant = understand(what)
    if isinstance(meant, Segment) and meant.structures and not meant.tools:
        structures = on_its_side(meant.structures, context)
        if isinstance(last, Steps):
            made = [about(step, structures) for step in last.commands]
            if any(made):
                return Steps(tuple(new or step for new, step in zip(made, last.commands, strict=True)))
        return aimed_at(last, structures, meant)
    marks = (found.groupdict().get("marks") if found else None) or ""
    if isinstance(meant, Unclear) or (
        denied is None and (last is None or " and" not in marks) and not re.search(_STRONG, marks)
    ):
        return None
    return meant


def named_shortly(words: str, context: Context) -> Structure | None:
    """What is named by the word in which it differs from the last one, or without its side: "medius", "and 8"."""
    said = words.removeprefix("the ").removesuffix(" one").removesuffix(" 1")
    side = last_side(context)
    match = find(f"{side} {said}") if side else None
    if match is not None and match.clear and len(match.structures) == 1 and not match.corrections:
        return match.structures[0]
    found = slots(said)
    alike = counterpart(context.last_named, said, found.numbers)
    return alike if alike is not None and len(said.split()) <= _FEW else None


def _denied(words: str, last: Command | None) -> str | None:
    """What is to be instead of something that the last command said: "not the hip, the femur", "feet, not head"."""
    found = _NOT_Y_BUT_X.match(words) or _X_NOT_Y.match(words)
    if found is None or last is None:
        return None
    said = set(re.findall(r"[a-z0-9]+", describe(last).casefold()))
    wrong = [word for word in found["wrong"].split() if word not in ("side", "one", "view", "1", "degrees", "the")]
    return found["what"] if wrong and said.issuperset(wrong) else None


def _set_otherwise(what: str, last: Command | None) -> Rotate | Tilt | SetField | None:
    """ "Make that 20", "I meant RAO": the last absolute angle with the other number or to the other side."""
    if isinstance(last, SetField):
        said = tokens(what)
        alone = said.words == (NUMBER,) or (said.mm_per_unit and len(said.words) == len((NUMBER, "mm")))
        side_mm = said.numbers[0] * (said.mm_per_unit or last.unit_mm) if alone else None
        return replace(last, side_mm=side_mm) if side_mm else None
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
    return _set_otherwise(words, last)


def _names_last(what: str, context: Context) -> bool:
    """Whether "the other hip" is said after a command about a hip."""
    both = {found for side in ("left", "right") for found in find(f"{side} {what}").structures}
    return len(context.last_named) == 1 and context.last_named[0] in both


def continued(words: str, context: Context) -> Single | Ask | None:
    """What "a bit more", "another 10 degrees", "again" or "one level up" makes of the last command, or None."""
    last = context.last_step
    if _SWITCHED_OFF.fullmatch(words) and last == SwitchFluoro(True):
        return SwitchFluoro(False)
    if _BOTH_OF_THEM.fullmatch(words) and len(context.last_named) == 1:
        return on_both_sides(last, context.last_named[0])
    level = _LEVEL_ON.fullmatch(words)
    if level:
        way = level["way"] or level["next"] or level["one"] or level["on"]
        subject = steps_of(context.about)[-1] if context.about is not None else None
        return neighbour(subject, -1 if way in ("up", "higher", "above") else 1)
    if _AGAIN.fullmatch(words):
        repeatable = isinstance(last, TakeShot | Translate | Zoom | CollimateBy | ChangeDose)
        if last is not None and not isinstance(last, Unclear) and (repeatable or getattr(last, "delta_deg", None)):
            return last
        return Ask("Which command should I repeat?")
    turned = isinstance(last, Rotate | Tilt) and words.partition(" ")[0] in _verbs(last)  # "rotate 10 more"
    said = tokens(_THAT_WAY.sub("", words.partition(" ")[2] if turned else words))
    joined = " ".join(said.words)
    last = context.going
    found = _BACK.fullmatch(joined)
    if found:
        return _further(words, last, -1, found["verb"]) or Ask("Back in which direction?")
    if said.words and set(said.words) <= _MORE and (_MORE_WORDS & set(said.words) or joined == BIT):
        if {"more", "less"} <= set(said.words):
            return Ask("More or less?")
        return _further(words, last, -1 if "less" in said.words else 1, None) or Ask(
            "More of what, and in which direction?"
        )
    return None


def leaned(words: str, context: Context) -> Single | None:
    """What means something else by itself. "Undo that" after what moved nothing is the opposite, while a motion is
    undone by going back; "another one" after an amount is the same again, and no shot."""
    last = context.last_step
    going = context.going
    if isinstance(context.moved, Rotate | Tilt) and _TO_ZERO.fullmatch(words):
        return type(context.moved)(to_deg=0.0)
    done = context.done
    if isinstance(done, StopSegmenting) and done == context.about and _ON_AGAIN.fullmatch(words):
        return opposite(done)
    if isinstance(going, Zoom) and (zoomed := _ZOOMED_ON.fullmatch(" ".join(tokens(words).words))):
        factor = next((n for n in tokens(words).numbers), BIT_ZOOM if zoomed["bit"] else ZOOM)
        return Zoom(factor, zoomed["way"] == "out") if 1 < factor <= MAX_ZOOM else None
    if isinstance(going, CollimateBy) and (blades := _IN_OR_OUT.fullmatch(" ".join(tokens(words).words))):
        return further(slots(words), words, going, 1 if (blades[1] == "out") == (going.delta_mm > 0) else -1)
    if isinstance(done, ChangeDose | SetDose) and (way := _IT_UP_OR_DOWN.fullmatch(words)):
        return ChangeDose(way[1] not in ("lower", "drop", "reduce"))
    if isinstance(last, SaveView) and _BACK_THERE.fullmatch(words):
        return RecallView(last.name)
    if isinstance(last, CollimateBy) and last.delta_mm > 0 and _ALL_THE_WAY.fullmatch(words):
        return OpenCollimator()
    if (added := _added(words, last)) is not None:
        return added
    if context.going is not None and (anew := set_anew(words, context.going)) is not None:
        return anew
    amount = isinstance(last, Translate | Zoom | CollimateBy | ChangeDose) or getattr(last, "delta_deg", None)
    if _ONE_MORE.fullmatch(words) and amount and last is not None and not isinstance(last, Unclear):
        return last
    if not _UNDO.fullmatch(words) or isinstance(last, Rotate | Tilt | Translate):
        return None
    return opposite(last)


def _added(words: str, last: Single | None) -> CollimateTo | None:
    """ "Add L5 to that", after collimating to L4."""
    found = _ADDED.fullmatch(words) if isinstance(last, CollimateTo) else None
    match = find(found["what"] or found["with"]) if found else None
    if match is None or not match.clear or not isinstance(last, CollimateTo):
        return None
    both = aimed(CollimateTo, Target((*last.target.structures, *match.structures)))
    return both if isinstance(both, CollimateTo) else None


def its_outline_hidden(words: str, context: Context) -> StopSegmenting | None:
    """ "Take that outline away again": of what was spoken of last."""
    gone = isinstance(context.last_step, Segment) and _GOT_RID_OF.fullmatch(words)
    return (
        StopSegmenting(context.last_named) if context.last_named and (gone or _ITS_OUTLINE.fullmatch(words)) else None
    )


def _further(words: str, last: Single | None, sign: int, verb: str | None) -> Single | None:
    """The last motion's direction (sign 1) or its reverse (-1), by the amount said; None where that is unclear."""
    verbs = {None, "go", "move", "come"} if isinstance(last, Translate) else {None}
    if isinstance(last, Rotate | Tilt):
        verbs = {None, "go", "move", "come", *_verbs(last)}
    return further(slots(words), words, last, sign) if last is not None and verb in verbs else None


def _verbs(last: Rotate | Tilt) -> tuple[str, ...]:
    return ("turn", "rotate", "swing", "orbit") if isinstance(last, Rotate) else ("tilt",)
