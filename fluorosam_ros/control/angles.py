"""The part of the command language that turns the C-arm: "RAO 20", "tilt 10 degrees cranial".

Rules, so that nothing is guessed:

* LAO and cranial are positive (DICOM positioner angles); left means LAO and right RAO, the patient's sides.
* "to" makes the angle absolute, "by", "more" and "less" make it relative.
* A verb with a number is relative: "rotate 20 degrees LAO", "tilt 10 degrees cranial". Without a direction it is asked
  which one, unless the number has a sign: "rotate -20 degrees" is towards RAO.
* So is a side of the patient with a number: "10 degrees to the left".
* A view is absolute: "RAO 20", "20 degrees LAO", "cranial 15", also after a verb when the name comes first
  ("rotate LAO 20").
* "Neutral" and "back to zero" are both angles at zero.
* "A bit" is 5°, always relative; "a bit more LAO" is five degrees more.
* Exactly one number, no word left over, one axis at a time; only a compound view ("LAO 30 cranial 20") names both.
  Otherwise a question or a refusal, never a motion.
"""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import Ask, Choice, Command, Refuse, Rotate, Steps, Tilt
from fluorosam_ros.control.quantities import BIT, NUMBER, tokens

MAX_DEG = 360.0
BIT_DEG = 5.0
"""What "a bit" is."""

_PHRASES = (
    (r"\bback (?=(?:to|toward|towards)\s(?:the\s)?(?:left|right|patient|his|her)\b)", ""),
    (r"\bleft anterior oblique\b|\bl a o\b", "lao"),
    (r"\bright anterior oblique\b|\br a o\b", "rao"),
    (
        r"\b(?:(?:to|toward|towards)\s)?(?:the\s)?(?:patient\s?s?|his|her)\s(left|right)\b(?:\s(?:hand\s)?side\b)?",
        r"\1",
    ),
    (r"\b(?:to|toward|towards)\s(?:the\s)?(left|right)\b(?:\s(?:hand\s)?side\b)?(?:\sof\sthe\spatient\b)?", r"\1"),
    (
        r"\b(?:(?:up|over)\s)?(?:to|toward|towards)\s(?:the\s)?(?:patient\s?s?\s)?head(?:\send)?\b|\bhead ?ward\b",
        "headwards",
    ),
    (
        r"\b(?:(?:down|over)\s)?(?:to|toward|towards)\s(?:the\s)?(?:patient\s?s?\s)?(?:foot|feet)(?:\send)?\b"
        r"|\bfootward\b",
        "footwards",
    ),
    (r"\b(?:up(?= .*\b(?:cra|cep|headw))|down(?= .*\b(?:cau|footw)))\s", ""),
    (r"(?<=\d|s|e|n|y|t|r) (?:to) (?=(?:lao|rao|cran|caud)\w*$)", " "),
    (r"\bin (?:the )?(lao|rao|cranial|caudal) direction\b", r"by \1"),
    (r"\b(?:over |round |around )?to (?:the )?(lao|rao|cran\w*|caud\w*)(?: side)? (?=by )", r"\1 "),
    (r"\bin (?:the )?(left|right) direction\b", r"\1"),
    (
        r"\b(?:back off|ease off|come back|back)\b"
        r"(?=.*\b(?:towards?|(?:in|by) (?:\S+ )?(?:lao|rao|cran\w*|caud\w*))\b)",
        "",
    ),
    (r"^(?:nudge|ease|edge|bump|inch|creep)\b(?!.*\b(?:to|at)\b)", "by"),
    (r"\b(?:take|come|go|drop) (?=\S+(?: five)?(?: degrees?)? off (?:the |of )*(?:lao|rao|cran|caud))", "less "),
    (r"(?<=less) (\S+(?: five)?(?: degrees?)?) off (?:the |of )*(?=lao|rao|cran|caud)", r" \1 "),
    (r"\bcome off (?:the )?(?=(?:lao|rao|cran|caud))", "less "),
    (r"\b(?:take off|take away|back off|subtract|reduce|decrease)\b", "less"),
    (r"\b(?:increase|plus|from here)\b", "more"),
    (r"^(?:set|line) up(?: for)?\b", "set"),
    (r"\bso (?:that )?(?:we|it|you) (?:are|re|is|s) (?:at|in|on)\b", "to"),
    (r"\b(lao|rao|cranial|caudal) and (?=\S+(?: five)?(?: degrees?)?$)", r"\1 "),
    (r"\b(?:swivel|pivot|revolve|twist)\b", "rotate"),
    (r"\b(lao|rao) ?wards?\b", r"by \1"),
    (r"\bpitch\b", "tilt"),
    (r"\b(tilt|rotate) back\b(?=.* (?:bit|\d|#|cran|caud|headw|footw|left|right|lao|rao))", r"\1"),
    (r"^(?:bring|take|turn|dial) (?:the )?(lao|rao|cranial|caudal) (?:angle |tilt )?down\b", r"less \1"),
    (r"^(?:bring|take|turn|dial) (?:the )?(lao|rao|cranial|caudal) (?:angle |tilt )?up\b", r"more \1"),
    (r"\b(?:over )?(?:to|towards?|on) the (lao|rao) side\b", r"by \1"),
    (r"\b(?:the )?(lao|rao) side\b", r"\1"),
    (r"^reset (?=.*\bto\b)", "set "),
    (r"^oblique\b(?=.*\d)", "rotate"),
    (r"\brainbow(?: over)?\b(?=.*\b(?:deg|lao|rao|left|right|bit|over|#|\d))", "rotate"),
    (r"\b(?:come|go|swing|roll) off (?=to )", "go "),
    (r"^give it\b", ""),
    (r"^(?:drop|go|come|get) back to (?:zero|0) (tilt|rotation|angulation)$", r"\1 to 0"),
    (
        r"^(?:straighten|level|square|even|flatten|zero) (?:out |up )?(?:the )?(tilt|rotation|angulation)"
        r"(?: (?:out|up|off))?(?: (?:back )?to (?:zero|0))?$",
        r"\1 to 0",
    ),
    (r"\bto the (?=(?:lao|rao)\b)|(?<=more )to (?=(?:lao|rao)\b)", ""),
    (r"^(?:bring|take|swing|turn) it back (?=.*\b(?:left|right|lao|rao)\b)", "rotate "),
    (r"^(?:i )?(?:want|need) (?:you|us|it) (?:to be |sitting |to sit |parked )?(?=at )", ""),
    (
        r"^(?:lose|no|take out|take off|remove|kill|undo|get rid of) (?:all )?(?:of )?(?:the )?"
        r"(tilt|rotation|angulation)(?: and (?:go )?back to (?:0|zero)(?: degrees?)?)?$",
        r"\1 to 0",
    ),
    (r"\b(?:tip|lean|cant)\b(?=.*\b(?:deg|cran|caud|headw|footw|bit|hair|touch|little))", "tilt"),
    (r"\b(?:tilt|rotation|angulation|angle) of\b", ""),
    (r"\bback to (?=\S*\d|zero|lao|rao|cranial|caudal)", "to "),
    (r"\b(?:toward|towards)\s(?:the\s)?(?=lao|rao|cra|cau|cep)", "by "),
    (
        r"^(?:the )?(tilt|rotation|angulation) angle(?: of)? "
        r"(?!.*\b(?:by|up|down|more|less|further|back|bit)\b)(?=\S+ )",
        r"\1 to ",
    ),
    (r"^target (?=(?:lao|rao|cran|caud))", "to "),
    (r"\babsolute$", ""),
    (r"^(rotation|tilt|angulation) (?:(?:at|is|back at) )?(?:0|zero)(?: degrees?)?$", r"\1 to 0"),
    (r"\b(?:c arm|arc|machine|unit|device|image intensifier|tube|beam)\b", "carm"),
    (r"\b(?:up|out|over|round|down) to (?=(?:lao|rao|cran|caud))", "to "),
    (r"^(?:use|make it|get (?:me|us)) (?:an? )?", ""),
    (r"^angle\b(?! of)", "angulate"),
)
_STRAIGHT = re.compile(
    r"(?:(?:go|move|come|get|bring|take|put|return|swing|reset|set)(?: (?:it|us|me|the (?:c arm|arm|gantry)))* )?"
    r"(?:(?:right |all the way )?back )?(?:to |in |into )?(?:the )?"
    r"(?:neutral(?: (?:position|pose|angulation))?|(?:zero|0) (?:position|angulation|angles)|"
    r"(?:zero|0)(?: degrees)? (?:and|by) (?:zero|0)(?: degrees)?|(?<=back to )(?:zero|0))"
    r"|(?:both|all) (?:(?:axes|angles) )?(?:back )?(?:to )?(?:zero|0|neutral)"
    r"|(?:(?:take|set|bring|get|put) )?(?:the )?(?:tilt|rotation|angulation) (?:back )?to (?:zero|0) and (?:the )?"
    r"(?:tilt|rotation|angulation)(?: (?:too|as well|also))?"
)
"""Both angles at zero."""
_Axis = type[Rotate] | type[Tilt]
_DIRECTIONS: dict[str, tuple[_Axis, int]] = {
    **dict.fromkeys(("lao", "left", "leftward", "leftwards"), (Rotate, 1)),
    **dict.fromkeys(("rao", "right", "rightward", "rightwards"), (Rotate, -1)),
    **dict.fromkeys(("cranial", "cranially", "cran", "cra", "craniad", "cephalad", "cephalic", "headwards"), (Tilt, 1)),
    **dict.fromkeys(("caudal", "caudally", "caud", "cau", "caudad", "footwards"), (Tilt, -1)),
}  # fmt: skip
_LEFT_RIGHT = frozenset(("left", "leftward", "leftwards", "right", "rightward", "rightwards"))
_SIDE_WORDS = _LEFT_RIGHT | {"headwards", "footwards", "cranially", "caudally"}
"""Directions to go; the other words also name views."""
_VERBS: dict[str, _Axis] = {
    **dict.fromkeys(("rotate", "rotation", "rotating", "turn", "swing", "orbit", "spin", "roll", "primary"), Rotate),
    **dict.fromkeys(("tilt", "tilting", "angulate", "angulation", "secondary"), Tilt),
}
_NOUNS = frozenset(("rotation", "angulation", "primary", "secondary"))
_SMALL_WORDS = """
go move set drive position come bring take put push get dial switch change park lock show me straight projection in into
onto on out try throw some nudge shift slide ease edge bump
"""
_NEUTRAL = frozenset(_SMALL_WORDS.split())
_ABSOLUTE = frozenset(("to", "at", "set"))
_RELATIVE = frozenset(("by", "more", "further", "another", "additional", "add", "extra"))
_LESS = frozenset(("less", "fewer"))
_FILLER = frozenset(("the", "carm", "arm", "gantry", "it", "of", "a", "an", "angle", "axis", "around", "about",
                     "view", "over", "around", "round", "us", "c", "just", "detector", "obliquity",
                     "orbital"))  # fmt: skip
_DEGREES = frozenset(("degree", "degrees", "deg", "degs"))
_ONE_VIEW = (
    r"(?:{names} (?:of )?[+-]?\S+(?: (?:five|ten|degrees?|degs?))*"
    r"|[+-]?\S+ (?:five )?(?:degrees? |degs? )?(?:of )?{names})"
)
_LATERAL = _ONE_VIEW.format(names="(?:lao|rao)")
_AXIAL = _ONE_VIEW.format(names="(?:cranial|caudal|cran|caud|cephalad|cra|cau)")
_COMPOUNDS = tuple(
    re.compile(
        r"(?:(?:rotate|go|move|turn|set|drive|swing) )?(?:(?P<verb>to) )?"
        rf"(?P<one>{one}) (?:and )?(?:with )?(?P<two>{two})"
    )
    for one, two in ((_LATERAL, _AXIAL), (_AXIAL, _LATERAL))
)


_SIGNED = re.compile(r"(?:^| )[-+]\d|\b(?:minus|negative|plus)\b")
_THE_ONE = re.compile(r"\b(?:lao|rao|cranial|caudal) one$")


def parse_angle(text: str) -> Command | None:
    """A turn of the C-arm, a question or refusal about one, or None when the text is about something else.

    Args:
        text: plain command text: lower case, words and signed numbers separated by single spaces.
    """
    if _THE_ONE.search(text):
        return None  # "the RAO one" is a view
    if _STRAIGHT.fullmatch(text):
        return Steps((Rotate(to_deg=0.0), Tilt(to_deg=0.0)))
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    for both in _COMPOUNDS:
        compound = both.fullmatch(text)
        if compound is None:
            continue
        steps = [parse_angle(" ".join(filter(None, (compound["verb"], part)))) for part in compound.group("one", "two")]
        if all(isinstance(step, Rotate | Tilt) for step in steps) and type(steps[0]) is not type(steps[1]):
            return Steps(tuple(step for step in steps if isinstance(step, Rotate | Tilt)))
    said = tokens(text)
    kept, numbers = list(said.words), list(said.numbers)
    if BIT in kept and numbers:
        return Ask("A bit, or by that number of degrees?") if _DEGREES & set(kept) or _turns(kept) else None
    if BIT in kept:
        numbers = [BIT_DEG]
        kept = ["by", *kept, NUMBER]
    verbs = {_VERBS[w] for w in kept if w in _VERBS}
    directions = [w for w in kept if w in _DIRECTIONS]
    named = [w for w in directions if w not in _SIDE_WORDS]
    if not verbs and not named and not (numbers and _DEGREES & set(kept)):
        return None
    known = _VERBS.keys() | _DIRECTIONS.keys() | _NEUTRAL | _ABSOLUTE | _RELATIVE | _LESS | _FILLER | _DEGREES
    known |= {NUMBER, BIT}
    left_over = [w for w in kept if w not in known]
    if left_over:
        if not verbs and not (named and numbers):
            return None
        return Refuse(f"I will not move: I did not understand {' '.join(left_over)[:60]!r} in this command.")
    return _decide(kept, numbers, verbs, directions, signed=_SIGNED.search(text) is not None)


def _turns(kept: list[str]) -> bool:
    return any(word in _VERBS or word in _DIRECTIONS for word in kept)


def _decide(kept: list[str], numbers: list[float], verbs: set[_Axis], directions: list[str], signed: bool) -> Command:
    axes = {_DIRECTIONS[w][0] for w in directions} or verbs
    if len(axes) != 1 or len(directions) > 1 or len(verbs) > 1 or len(numbers) > 1:
        if not axes:
            return Ask("Rotate or tilt, and in which direction?")
        return Refuse("I will not move: say one rotation or one tilt with one number at a time.")
    if Tilt in verbs and any(w in _LEFT_RIGHT for w in directions):
        return Ask("Tilting is cranial or caudal: do you mean to rotate?")
    axis = axes.pop()
    if BIT in kept and not directions:
        return Ask("Towards LAO or RAO?" if axis is Rotate else "Towards cranial or caudal?")
    if not numbers:
        return Ask("By how many degrees should I rotate?" if axis is Rotate else "By how many degrees should I tilt?")
    number = numbers[0]
    if directions and number < 0:
        return Refuse(f"I will not move: {directions[0].upper()} with a negative number has no clear direction.")
    if abs(number) > MAX_DEG:
        return Refuse(f"I will not move: {number:g}° is more than a full turn.")

    words = set(kept)
    relative, absolute = bool(words & (_RELATIVE | _LESS)), bool(words & _ABSOLUTE)
    unclear = not relative and not absolute and not directions and words & _NOUNS
    if unclear or (relative and absolute):
        return Ask("By this angle, or to this angle?")
    if words & _LESS and words & _RELATIVE - {"by"}:
        return Ask("More or less?")
    if words & _LESS and not directions:
        return Ask("Less of LAO, RAO, cranial or caudal?")
    if number and not directions and not signed:
        return _which_way(axis, number, absolute)
    value = number * (_DIRECTIONS[directions[0]][1] if directions else 1) * (-1 if words & _LESS else 1) + 0.0
    view_first = bool(directions) and directions[0] not in _SIDE_WORDS and _follows(kept, directions[0])
    turning = words & {"rotate", "rotating", "turn", "swing", "orbit", "spin", "roll", "tilt", "tilting", "angulate"}
    to_the_side = bool(directions) and directions[0] in _SIDE_WORDS
    if absolute or (not relative and (view_first or not (turning or to_the_side))):
        return axis(to_deg=value)
    return axis(delta_deg=value)


def _which_way(axis: _Axis, number: float, absolute: bool) -> Ask:
    names = ("LAO", "RAO") if axis is Rotate else ("cranial", "caudal")
    choices = tuple(
        Choice(
            axis(to_deg=sign * number) if absolute else axis(delta_deg=sign * number),
            words=tuple(f"{start}{name.casefold()}" for start in ("", "to ", "towards ", "toward ")),
        )
        for name, sign in zip(names, (1, -1), strict=True)
    )
    return Ask(f"Towards {names[0]} or {names[1]}?", choices)


def _follows(kept: list[str], name: str) -> bool:
    at = kept.index(name)
    return kept[at + 1 : at + 2] == [NUMBER]
