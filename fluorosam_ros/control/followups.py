"""Prompts that go on with what was said before: "a bit more", "again", "one level up", "put it back on"."""

from __future__ import annotations

import re

from fluorosam_ros.control.amounts import further, set_anew
from fluorosam_ros.control.command_types import (
    Ask,
    ChangeDose,
    CollimateBy,
    CollimateTo,
    OpenCollimator,
    RecallView,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    Single,
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
from fluorosam_ros.control.moves import BIT_ZOOM, MAX_ZOOM, ZOOM
from fluorosam_ros.control.phrases import SEGMENT_VERB
from fluorosam_ros.control.quantities import BIT, MM, NUMBER, tokens
from fluorosam_ros.control.slots import slots
from fluorosam_ros.control.variants import neighbour, on_both_sides, opposite
from fluorosam_sim.anatomy import find

_BOTH_OF_THEM = re.compile(r"both(?: (?:of )?(?:them|those|these|sides))?(?: (?:and )?(?:actually|then|rather))?")
_LEVEL_ON = re.compile(
    r"(?:(?:the |a )?(?:next )?(?:one |1 )?(?:level|vertebra|one) (up|higher|above|down|lower|below)"
    r"|(higher|lower) level|(up|down) (?:one|1)(?: more)?(?: level)?|(?:one|1) (?:further|more) (up|down))"
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
_RECALL_IT = re.compile(r"(?:recall|restore) (?:it|that|this)(?: (?:one|view|pose|position))?(?: again)?")
_ON_AGAIN = re.compile(
    r"(?:put|bring|turn|get|switch|show) (?:it|them|that|those) (?:back|on|up|again)(?: (?:on|up|again|in))*"
)
_IN_OR_OUT = re.compile(rf"(?:(?:and )?(?:back )?){NUMBER} \S+ (?:back )?(in|out)(?: again)?")
_ZOOMED_ON = re.compile(
    rf"(?:and |back )*(?P<way>in|out)(?: again| back| more| further| (?P<bit>{BIT})| {NUMBER}(?: times| x)?)+"
)
_IT_UP_OR_DOWN = re.compile(r"(raise|lower|drop|reduce|increase) (?:it|that)(?: (?:again|back|down|up))*")
_GOT_RID_OF = re.compile(
    r"(?:get rid of|lose|wipe|drop) (?:it|them|that|those|these)(?: (?:both|all))?(?: again)?"
    r"|(?:take|get) (?:it|them|that|those|these) off(?: (?:the screen|the picture|again))?"
)
_ITS_OUTLINE = re.compile(
    r"(?:take|remove|clear|hide|lose|drop|erase|delete|get rid of|turn|switch) (?:that|its|this|the(?= \w+ again))"
    r" (?:outline|contour|mask|overlay|segmentation|highlight|marking)(?: (?:away|off))?(?: again)?"
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


def continued(words: str, context: Context) -> Single | Ask | None:
    """What "a bit more", "another 10 degrees", "again" or "one level up" makes of the last command, or None."""
    last = context.last_step
    if _SWITCHED_OFF.fullmatch(words) and last == SwitchFluoro(True):
        return SwitchFluoro(False)
    if _BOTH_OF_THEM.fullmatch(words) and len(context.last_named) == 1:
        return on_both_sides(last, context.last_named[0])
    level = _LEVEL_ON.fullmatch(words)
    if level:
        way = next(filter(None, level.groups()))
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
    if going is not None and (anew := set_anew(words, going)) is not None:
        return anew
    amount = isinstance(last, Translate | Zoom | CollimateBy | ChangeDose) or getattr(last, "delta_deg", None)
    if _ONE_MORE.fullmatch(words) and amount and last is not None and not isinstance(last, Unclear):
        return last
    if context.saved and _RECALL_IT.fullmatch(words):
        return RecallView(context.saved[-1])
    if not _UNDO.fullmatch(words) or isinstance(last, Rotate | Tilt | Translate):
        return None
    return opposite(last)


def _added(words: str, last: Single | None) -> CollimateTo | None:
    """ "Add L5 to that", after collimating to L4."""
    found = _ADDED.fullmatch(words) if isinstance(last, CollimateTo) else None
    what = (found["what"] or found["with"]) if found else None
    match = find(what) if what and not SEGMENT_VERB.match(what) else None
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
