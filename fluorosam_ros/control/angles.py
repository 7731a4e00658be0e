"""The part of the command language that turns the C-arm: "rotate 20 degrees", "RAO 20", "tilt 10 degrees cranial".

Rules, so that nothing is guessed:

* LAO and cranial are positive (DICOM positioner angles); left means LAO and right RAO, the patient's sides.
* "to" makes the angle absolute, "by", "more" and "less" make it relative.
* A verb with a number is relative: "rotate 20 degrees", "tilt 10 degrees cranial".
* A view is absolute: "RAO 20", "20 degrees LAO", "cranial 15", also after a verb when the name comes first
  ("rotate LAO 20").
* Exactly one number, no word left over, one axis at a time. Otherwise a question or a refusal, never a motion.
"""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import Ask, Command, Refuse, Rotate, Tilt

MAX_DEG = 360.0

_PHRASES = (
    (r"\bleft anterior oblique\b|\bl a o\b", "lao"),
    (r"\bright anterior oblique\b|\br a o\b", "rao"),
    (r"\b(?:to|toward|towards)\s(?:the\s)?(?:patient\s?s?\s)?(left|right)\b(?:\sside\b)?", r"\1"),
    (r"\b(?:to|toward|towards)\sthe\s(?:patient\s?s?\s)?head\b|\bheadwards?\b", "cranial"),
    (r"\b(?:to|toward|towards)\sthe\s(?:patient\s?s?\s)?(?:foot|feet)\b|\bfootwards?\b", "caudal"),
    (r"\b(?:toward|towards)\s(?:the\s)?(?=lao|rao|cra|cau|cep)", ""),
    (r"\bc arm\b", "carm"),
    (r"\b(?:a little|a bit|slightly|some|somewhat)\b", ""),
)
_Axis = type[Rotate] | type[Tilt]
_DIRECTIONS: dict[str, tuple[_Axis, int]] = {
    **dict.fromkeys(("lao", "left", "leftward", "leftwards"), (Rotate, 1)),
    **dict.fromkeys(("rao", "right", "rightward", "rightwards"), (Rotate, -1)),
    **dict.fromkeys(("cranial", "cranially", "cran", "cra", "craniad", "cephalad", "cephalic"), (Tilt, 1)),
    **dict.fromkeys(("caudal", "caudally", "caud", "cau", "caudad"), (Tilt, -1)),
}  # fmt: skip
_SIDE_WORDS = frozenset(("left", "leftward", "leftwards", "right", "rightward", "rightwards"))
_VERBS: dict[str, _Axis] = {
    **dict.fromkeys(("rotate", "rotation", "rotating", "turn", "swing", "primary"), Rotate),
    **dict.fromkeys(("tilt", "tilting", "angulate", "angulation", "secondary"), Tilt),
}
_NOUNS = frozenset(("rotation", "angulation", "primary", "secondary"))
_NEUTRAL = frozenset(("go", "move", "set", "drive", "position"))
_ABSOLUTE = frozenset(("to", "at", "set"))
_RELATIVE = frozenset(("by", "more", "further", "another", "additional"))
_LESS = frozenset(("less", "fewer"))
_FILLER = frozenset(("the", "carm", "arm", "gantry", "it", "of", "a", "an", "angle", "axis", "around", "about", "view"))
_DEGREES = frozenset(("degree", "degrees", "deg", "degs"))

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_UNITS = {word: value for value, word in enumerate(_SMALL.split())}
_TENS = {"twenty": 2, "thirty": 3, "forty": 4, "fourty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8,
         "ninety": 9}  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def _number_at(words: list[str], at: int) -> tuple[float | None, int]:
    """(number starting at this word, words it takes); (None, 0) if there is none."""
    if at < len(words) and _NUMBER.fullmatch(words[at]):
        return float(words[at]), 1
    sign, start = (-1, at + 1) if at < len(words) and words[at] in ("minus", "negative") else (1, at)
    if start > at and start < len(words) and re.fullmatch(r"\d+(?:\.\d+)?", words[start]):
        return -float(words[start]), 2
    total, end = 0, start
    if words[end : end + 2] in (["one", "hundred"], ["a", "hundred"]):
        total, end = 100, end + 2
        end += words[end : end + 1] == ["and"]
    if end < len(words) and words[end] in _TENS:
        total, end = total + 10 * _TENS[words[end]], end + 1
        if end < len(words) and 1 <= _UNITS.get(words[end], 0) <= 9:
            total, end = total + _UNITS[words[end]], end + 1
    elif end < len(words) and words[end] in _UNITS:
        total, end = total + _UNITS[words[end]], end + 1
    if end == start:
        return None, 0
    if words[end : end + 1] == ["point"] and end + 1 < len(words) and _UNITS.get(words[end + 1], 10) <= 9:
        return sign * (total + _UNITS[words[end + 1]] / 10), end + 2 - at
    return sign * float(total), end - at


def parse_angle(text: str) -> Command | None:
    """A turn of the C-arm, a question or refusal about one, or None when the text is about something else.

    Args:
        text: plain command text: lower case, words and signed numbers separated by single spaces.
    """
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    words = text.split()
    numbers: list[float] = []
    kept: list[str] = []
    at = 0
    while at < len(words):
        number, taken = _number_at(words, at)
        if number is None:
            kept.append(words[at])
        else:
            numbers.append(number)
            kept.append("#")
        at += max(taken, 1)

    verbs = {_VERBS[w] for w in kept if w in _VERBS}
    directions = [w for w in kept if w in _DIRECTIONS]
    named = [w for w in directions if w not in _SIDE_WORDS]
    if not verbs and not named and not (numbers and _DEGREES & set(kept)):
        return None
    known = _VERBS.keys() | _DIRECTIONS.keys() | _NEUTRAL | _ABSOLUTE | _RELATIVE | _LESS | _FILLER | _DEGREES | {"#"}
    left_over = [w for w in kept if w not in known]
    if left_over:
        if not verbs and not (named and numbers):
            return None
        return Refuse(f"I will not move: I did not understand {' '.join(left_over)[:60]!r} in this command.")
    return _decide(kept, numbers, verbs, directions)


def _decide(kept: list[str], numbers: list[float], verbs: set[_Axis],
            directions: list[str]) -> Command:  # fmt: skip
    axes = {_DIRECTIONS[w][0] for w in directions} or verbs
    if len(axes) != 1 or len(directions) > 1 or len(verbs) > 1 or len(numbers) > 1:
        if not axes:
            return Ask("Rotate or tilt, and in which direction?")
        return Refuse("I will not move: say one rotation or one tilt with one number at a time.")
    if Tilt in verbs and any(w in _SIDE_WORDS for w in directions):
        return Ask("Tilting is cranial or caudal: do you mean to rotate?")
    axis = axes.pop()
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
    value = number * (_DIRECTIONS[directions[0]][1] if directions else 1) * (-1 if words & _LESS else 1) + 0.0
    view_first = bool(directions) and directions[0] not in _SIDE_WORDS and _follows(kept, directions[0])
    turning = words & {"rotate", "rotating", "turn", "swing", "tilt", "tilting", "angulate"}
    if absolute or (not relative and (view_first or not turning)):
        return axis(to_deg=value)
    return axis(delta_deg=value)


def _follows(kept: list[str], name: str) -> bool:
    at = kept.index(name)
    return kept[at + 1 : at + 2] == ["#"]
