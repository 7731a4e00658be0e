"""Numbers, lengths and small amounts in plain text: "twenty five", "2.5 cm", "half an inch", "a bit"."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = "#"
"""Stands in the words of `Tokens` where a number was."""

BIT = "bit"
"""Stands where "a bit", "slightly" or the like was."""

MM = {
    **dict.fromkeys(
        ("mm", "mms", "millimeter", "millimeters", "millimetre", "millimetres", "mil", "mils", "mill", "mills"), 1.0
    ),
    **dict.fromkeys(("cm", "cms", "centimeter", "centimeters", "centimetre", "centimetres", "cent"), 10.0),
    **dict.fromkeys(("inch", "inches"), 25.4),
}
"""Words for units of length, mm each."""

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_UNITS = {word: value for value, word in enumerate(_SMALL.split())}
_TENS = {"twenty": 2, "thirty": 3, "forty": 4, "fourty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8,
         "ninety": 9}  # fmt: skip
_ALL_TENS = [[word] for word in _TENS]
_OTHER_WORDS = """
hundred half point minus negative couple double twice first second third fourth fifth sixth seventh eighth ninth tenth
eleventh twelfth
"""
NUMBER_WORDS = frozenset((*_UNITS, *_TENS, *_OTHER_WORDS.split()))
"""Words that count."""

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_HALVES = (
    (re.compile(r"\b(\d+) and a half\b"), r"\1.5"),
    (re.compile(rf"\b({'|'.join(word for word in _UNITS if word != 'zero')}) and a half\b"), r"\1 point five"),
    (re.compile(rf"\bhalf (?=(?:{'|'.join((*MM, 'degrees?'))})\b)"), "0.5 "),
    (re.compile(r"\b(?:half an?|an? half(?: an?)?|half of an?)\b"), "0.5"),
)
_COUPLE = re.compile(r"\b(?:a )?couple(?: of)? (?:more )?(?=\w)")
_ONE_UNIT = re.compile(rf"\b(?:an?|(?P<more>another)) (?=(?:{'|'.join((*MM, 'degree', 'deg'))})\b)")
_BITS = re.compile(
    r"\b(?:(?:just )?(?:a )?(?:little|tiny|wee) bit|(?:just )?a (?:bit|little|touch|tad|hair|smidge|smidgen"
    r"|nudge|whisker)(?: bit)?"
    r"|little(?= more| further| less)|bit|slight(?:ly)?|a fraction|a small amount|somewhat)\b"
)


@dataclass(frozen=True)
class Tokens:
    """A text in words, its numbers taken out. words: with `NUMBER` where a number was; numbers: in order."""

    words: tuple[str, ...]
    numbers: tuple[float, ...]

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres of the unit that follows the only number; None without exactly one of each."""
        units = [word for word in self.words if word in MM]
        if len(self.numbers) != 1 or len(units) != 1:
            return None
        after = self.words[self.words.index(NUMBER) + 1 :]
        more = after[:1] in (("more",), ("further",))  # "two more centimetres"
        return MM[units[0]] if after[more : more + 1] == (units[0],) else None


def tokens(plain: str) -> Tokens:
    """Plain text (`control.plain_text`) as words and numbers."""
    plain = _COUPLE.sub("2 ", plain)
    for pattern, form in _HALVES:
        plain = pattern.sub(form, plain)
    words = _BITS.sub(BIT, _ONE_UNIT.sub(lambda one: f"{one['more'] or ''} 1 ", plain)).split()
    kept: list[str] = []
    numbers: list[float] = []
    at = 0
    while at < len(words):
        number, taken = _number_at(words, at)
        if number is None:
            kept.append(words[at])
        else:
            numbers.append(number)
            kept.append(NUMBER)
        at += max(taken, 1)
    return Tokens(tuple(kept), tuple(numbers))


def _spelt_in_two(words: list[str], at: int) -> bool:
    """Whether "one eighty" stands here, before its unit: 180."""
    if not 1 <= _UNITS.get(words[at] if at < len(words) else "", 0) <= 9 or words[at + 1 : at + 2] not in _ALL_TENS:
        return False
    end = at + 2 + (1 <= _UNITS.get(words[at + 2] if at + 2 < len(words) else "", 0) <= 9)
    return end < len(words) and words[end] in MM


def _number_at(words: list[str], at: int) -> tuple[float | None, int]:
    """(number starting at this word, words it takes); (None, 0) if there is none."""
    if at < len(words) and _NUMBER.fullmatch(words[at]):
        return float(words[at]), 1
    sign, start = (-1, at + 1) if at < len(words) and words[at] in ("minus", "negative") else (1, at)
    if start > at and start < len(words) and re.fullmatch(r"\d+(?:\.\d+)?", words[start]):
        return -float(words[start]), 2
    total, end = 0, start
    if _spelt_in_two(words, end):
        total, end = 100 * _UNITS[words[end]], end + 1
    if words[end + 1 : end + 2] == ["hundred"] and (words[end] == "a" or 1 <= _UNITS.get(words[end], 0) <= 9):
        total, end = 100 * _UNITS.get(words[end], 1), end + 2
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
