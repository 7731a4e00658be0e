"""Misspelt words of commands: "cetner on the liver", "roate LAO by 7". Names of structures are repaired where they are
found (`anatomy.find`)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from fluorosam_ros.control.quantities import NUMBER_WORDS
from fluorosam_sim.anatomy import STRUCTURES, find
from fluorosam_sim.views import VIEWS

_SHORTEST = 4
_DIRECTION_WORDS = """
left right head feet ceiling table cranial caudal cephalad caudad anterior posterior inch inches stop halt
"""
_DIRECTIONS = frozenset(_DIRECTION_WORDS.split())
_NO_SLIPS = frozenset(("halve", "sing"))
"""Rare words of their own, one letter from common ones: "halve the magnification" has nothing."""


def respelt(words: str, known: frozenset[str], real: frozenset[str] = frozenset()) -> str:
    """Plain words with each that is unknown as the one known word that one slip of the fingers makes of it.

    known: words of commands. real: words that are none, but no slips either. A slip is a letter too many, too few,
    another one, or two in the wrong order, but not the first letter. No word becomes a direction or one that stops, and
    none that counts is changed.
    """
    return " ".join(_respelt(word, known, real) for word in words.split())


@lru_cache(maxsize=4096)
def _respelt(word: str, known: frozenset[str], real: frozenset[str]) -> str:
    if len(word) < _SHORTEST or not word.isalpha() or word in known | real | _names() | NUMBER_WORDS | _NO_SLIPS:
        return word
    if find(word).clear:
        return word
    near = process.extract(word, _long(known | _names()), scorer=OSA.distance, score_cutoff=1, limit=None)
    hits = [hit for hit, _, _ in near if hit[0] == word[0]]
    return hits[0] if len(hits) == 1 and hits[0] not in _DIRECTIONS | NUMBER_WORDS else word


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """Words of the names of structures and views: a misspelt one is not taken for a word of a command."""
    names = [each.name for each in STRUCTURES] + [each.name for each in VIEWS]
    return frozenset(word for name in names for word in name.casefold().split())


@lru_cache(maxsize=4)
def _long(lexicon: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in lexicon if len(word) >= _SHORTEST))
