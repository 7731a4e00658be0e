"""What a text is about, taken out of it: structures, numbers, lengths; what is left tells what is to be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fluorosam_ros.control.quantities import BIT, MM, NUMBER, tokens
from fluorosam_sim.anatomy import Structure, find
from fluorosam_sim.anatomy.normalization import FILLERS

NAME = "heart"
"""Stands where a structure was: to the sentence encoder they are all one."""

_NUMBER_WORD, _UNIT_WORD, _BIT_WORD = "20", "millimeters", "slightly"
_LONGEST_NAME = 7
_NO_NAME = FILLERS | {"and", "by", "around", "with", "them"}
"""What no name begins or ends with, though `find` may pass over it."""

_SIDES_ALONE = frozenset(("left", "right", "both"))
_POSSESSIVES = re.compile(r"\b(?:the|patient s|patients|his|her)\b ?")
_ARTICLES = frozenset(("a", "an"))
_WHOLE_NAMES = ((r"\bleft anterior oblique\b|\bl a o\b", "lao"), (r"\bright anterior oblique\b|\br a o\b", "rao"))
_TOWARDS = re.compile(r"\b(?:towards?|to|in direction of|in|closer|nearer|closer to|nearer to|into)$")
_ENDS = frozenset(("head", "feet", "foot", "toes"))
"""Structures, too, but after "towards" directions."""


@dataclass(frozen=True)
class Slots:
    """words: what is left, with `NAME`, one number, one unit in place of what was said. structures: of each name, in
    order. numbers: in order; units: the words after them, mm each. bit: whether "a bit" or the like was said."""

    words: tuple[str, ...]
    structures: tuple[tuple[Structure, ...], ...]
    numbers: tuple[float, ...]
    units_mm: tuple[float, ...]
    bit: bool


def slots(words: str) -> Slots:
    """Takes apart bare plain words (`control.plain_text`)."""
    for pattern, form in _WHOLE_NAMES:
        words = re.sub(pattern, form, words)
    single = _POSSESSIVES.sub("", words).split()
    cut = pieces(single)
    structures = [named for _, _, named in cut if named]
    said = tokens(" ".join(NAME if named else single[at] for at, _, named in cut))
    units = tuple(MM[word] for word in said.words if word in MM)
    shown = {NUMBER: _NUMBER_WORD, BIT: _BIT_WORD, **dict.fromkeys(MM, _UNIT_WORD)}
    left = tuple(shown.get(word, word) for word in said.words if word not in _ARTICLES)
    return Slots(left, tuple(structures), said.numbers, units, BIT in said.words)


def pieces(words: Sequence[str]) -> list[tuple[int, int, tuple[Structure, ...]]]:
    """Plain words cut into the names in it and single words between them: from which word to which, the structures."""
    found: list[tuple[int, int, tuple[Structure, ...]]] = []
    at = 0
    while at < len(words):
        length, named = _name_at(words, at)
        if not length or (words[at] in _ENDS and _TOWARDS.search(" ".join(words[:at]))):
            length, named = 1, ()
        found.append((at, at + length, named))
        at += length
    return found


def _name_at(words: Sequence[str], at: int) -> tuple[int, tuple[Structure, ...]]:
    """How many words from here on name structures, as many as can be, and which; (0, ()) if none do."""
    if words[at] in _NO_NAME:
        return 0, ()
    for length in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
        part = words[at : at + length]
        if part[-1] in _NO_NAME or (length == 1 and part[0] in _SIDES_ALONE):
            continue
        match = find(" ".join(part))
        if match.clear and not match.corrections:
            return length, match.structures
    return 0, ()
