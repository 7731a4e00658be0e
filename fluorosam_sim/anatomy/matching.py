"""Free text to structures: several at once, sides strictly kept, misspellings repaired, the rest named as unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from fluorosam_sim.anatomy.english import REAL_WORDS
from fluorosam_sim.anatomy.normalization import FILLERS, MAX_TEXT, canonical, content_words
from fluorosam_sim.anatomy.structures import RIB_NUMBERS, VERTEBRAE, Structure, structure
from fluorosam_sim.anatomy.synonyms import CONCEPTS, DEVICE_WORDS, SLIPS, SOUND_ALIKES, Concept

_MAX_PHRASE = 60


@dataclass(frozen=True)
class Match:
    """What a text means.

    Attributes:
        structures: resolved without doubt, in the order named.
        alternatives: candidates where a name is ambiguous ("kidney" without a side): ask back.
        unknown: phrases that are neither vocabulary nor a device, normalised.
        tools: phrases that name an instrument, implant or device ("right knee prosthesis"), normalised.
        corrections: (written, understood) for every misspelt word that was repaired.
    """

    structures: tuple[Structure, ...] = ()
    alternatives: tuple[Structure, ...] = ()
    unknown: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def clear(self) -> bool:
        """Whether the whole text was resolved, with nothing to ask and nothing left over."""
        return bool(self.structures) and not (self.alternatives or self.unknown or self.tools)


@dataclass(frozen=True)
class _Piece:
    """One item of a list: its sides, its other content words, the text they came from and what separates it."""

    sides: tuple[str, ...]
    words: tuple[str, ...]
    text: str
    joinable: bool  # follows "and" or the like, so that it may be the second half of one name

    @property
    def side(self) -> str | None:
        return self.sides[0] if self.sides else None

    @property
    def phrase(self) -> str:
        return " ".join(content_words(self.text))[:_MAX_PHRASE]


_SEPARATOR = re.compile(r"([;,\n/&+]|\band\b|\bplus\b|\bas well as\b)", re.IGNORECASE)
_BOTH = re.compile(r"\bleft\s*(?:and|&|\+|/)\s*right\b|\bright\s*(?:and|&|\+|/)\s*left\b", re.IGNORECASE)
_LEVEL_RANGE = re.compile(r"\b([CTLS])(\d{1,2})\s(?:(?:to|through|thru|until)\s)?(?:([CTLS]))?(\d{1,2})\b")
_RIB_RANGE = re.compile(r"\bribs?\s(\d{1,2})\s(?:(?:to|through|thru|until)\s)?(\d{1,2})\b"
                        r"|\b(\d{1,2})\s(?:(?:to|through|thru|until)\s)?(\d{1,2})\sribs?\b")  # fmt: skip
_RANGE_HEADS = frozenset(("vertebra", "vertebrae", "vertebral", "bodies", "level", "levels"))
_LEVEL = re.compile(r"[CTLS]\d{1,2}")

Key = tuple[str, ...]


def _key(words: Iterable[str]) -> Key:
    # Word order does not carry meaning in this vocabulary ("rib 5 left", "left 5th rib"); a test guards that.
    return tuple(sorted(words))


def _index() -> dict[Key, tuple[Concept, bool]]:
    """Sorted content words → (concept, said in the plural)."""
    index: dict[Key, tuple[Concept, bool]] = {}
    for concept in CONCEPTS:
        for wording, plural in concept.wordings():
            key = _key(w for w in content_words(canonical(wording)) if w != "and")
            if index.setdefault(key, (concept, plural)) != (concept, plural):
                raise ValueError(f"{wording!r} means two structures")
    return index


_INDEX = _index()
_SLIPS = {slip: word for word, slips in SLIPS.items() for slip in slips} | SOUND_ALIKES
_KNOWN = frozenset(word for key in _INDEX for word in key)
_CANDIDATES = sorted(word for word in _KNOWN | DEVICE_WORDS if len(word) >= 4 and word.isalpha())


def _split_sides(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sides = tuple(dict.fromkeys(w for w in words if w in ("left", "right", "both")))
    return sides, tuple(w for w in words if w not in ("left", "right", "both"))


def _pieces(text: str) -> list[_Piece]:
    parts = _SEPARATOR.split(_BOTH.sub(" both ", text.replace("_", " ")))
    pieces: list[_Piece] = []
    separator = ""
    for number, part in enumerate(parts):
        if number % 2:
            separator = part.lower() if not separator.strip(" ,") else separator
            continue
        clean = canonical(part)
        sides, words = _split_sides(content_words(clean))
        if sides or words:
            pieces.append(_Piece(sides, words, clean, separator not in ("", ";", "\n")))
            separator = ""
    return pieces


def _number_at(words: tuple[str, ...]) -> int | None:
    hits = [i for i, w in enumerate(words) if w.isdigit() or _LEVEL.fullmatch(w)]
    return hits[0] if len(hits) == 1 else None


def _with_number(words: tuple[str, ...], number: str) -> tuple[str, ...]:
    at = _number_at(words)
    assert at is not None
    new = words[at][0] + number if _LEVEL.fullmatch(words[at]) else number
    return (*words[:at], new, *words[at + 1 :])


def _complete(pieces: list[_Piece]) -> list[_Piece]:
    """Fill in what a list leaves out: "lung, left", "ribs 4 and 5 on the right", "left and the right kidney"."""
    done: list[_Piece] = []
    for at, piece in enumerate(pieces):
        before = done[-1] if done else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        only_number = len(piece.words) == 1 and piece.words[0].isdigit()
        if not piece.words and before is not None and not before.sides and not (after and after.joinable):
            done[-1] = _Piece(piece.sides, before.words, before.text, before.joinable)
        elif not piece.words and before is not None and before.sides and piece.joinable:
            done.append(_Piece(piece.sides, before.words, before.text, False))
        elif not piece.words and after is not None and after.words and after.joinable:
            done.append(_Piece(piece.sides, after.words, after.text, piece.joinable))
            if not after.sides:  # "left, lung": one thing, not two
                done.pop()
                pieces[at + 1] = _Piece(piece.sides, after.words, after.text, piece.joinable)
        elif only_number and before is not None and _number_at(before.words) is not None:
            if not before.sides and piece.sides:
                done[-1] = before = _Piece(piece.sides, before.words, before.text, before.joinable)
            words = _with_number(before.words, piece.words[0])
            done.append(_Piece(piece.sides or before.sides, words, " ".join(words), False))
        elif only_number and after is not None and after.joinable and _number_at(after.words) is not None:
            if not after.sides and piece.sides:
                pieces[at + 1] = after = _Piece(piece.sides, after.words, after.text, after.joinable)
            words = _with_number(after.words, piece.words[0])
            done.append(_Piece(piece.sides or after.sides, words, " ".join(words), False))
        else:
            done.append(piece)
    return done


def _is_bone_of_a_limb(piece: _Piece) -> bool:
    concept, plural = _INDEX.get(_key(piece.words), (None, False))
    return concept is not None and bool(concept.left and concept.alone) and not plural


def _on_the_same_limb(pieces: list[_Piece]) -> list[_Piece]:
    """A bone of a limb named beside one of a side is of that side, too: "the right femur and patella", "the metacarpals
    and finger bones on the right"."""
    done: list[_Piece] = []
    for piece in pieces:
        sides = done[-1].sides if done and piece.joinable and not piece.sides else ()
        if len(sides) == 1 and sides != ("both",) and _is_bone_of_a_limb(piece):
            piece = replace(piece, sides=sides)
        done.append(piece)
    for at in range(len(done) - 1, 0, -1):
        piece, before = done[at], done[at - 1]
        said_last = piece.sides in (("left",), ("right",)) and piece.text.split()[-1:] == list(piece.sides)
        concept, plural = _INDEX.get(_key(before.words), (None, False))
        if (
            said_last
            and piece.joinable
            and not before.sides
            and concept
            and concept.left
            and concept.alone
            and not plural
        ):
            done[at - 1] = replace(before, sides=piece.sides)
    return done


@lru_cache(maxsize=4096)
def _repair(word: str) -> str:
    """The vocabulary word a misspelt one stands for, or the word itself."""
    if word in _KNOWN or word in DEVICE_WORDS or word in FILLERS:
        return word
    if word in _SLIPS:
        return _SLIPS[word]
    if len(word) < 5 or not word.isalpha() or not word.isascii() or word in REAL_WORDS:
        return word
    allowed = 1 if len(word) < 8 else 2
    near_words = process.extract(word, _CANDIDATES, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    hits = [(candidate, distance) for candidate, distance, _ in near_words if candidate[0] == word[0]]
    best = min((d for _, d in hits), default=0)
    near = [c for c, d in hits if d == best]
    if len(near) > 1:  # "kidneyy" is as near to "kidney" as to "kidneys": the ending decides, else it stays unknown
        near = [c for c in near if c.endswith("s") == word.endswith("s")]
    return near[0] if len(near) == 1 else word


def _meaning(concept: Concept, plural: bool, side: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(keys meant, keys to ask about); both empty when the wording does not exist with this side."""
    ask = concept.ask or concept.left + concept.right
    if side == "both":
        return concept.both, ()
    if side is None:
        keys = concept.both if plural else concept.alone
        return keys, () if keys else ask
    keys = concept.left if side == "left" else concept.right
    return keys, () if keys else tuple(k for k in concept.ask if structure(k).side == side)


def _range(piece: _Piece) -> tuple[str, ...]:
    """Keys of "L1 to L5" or "left ribs 3-6"; empty if the piece is no range."""
    levels, ribs = _LEVEL_RANGE.search(piece.text), _RIB_RANGE.search(piece.text)
    match = levels or ribs
    if match is None:
        return ()
    sides, rest = _split_sides(content_words(piece.text[: match.start()] + " " + piece.text[match.end() :]))
    if levels:
        ends = (levels[1] + levels[2], (levels[3] or levels[1]) + levels[4])
        if sides or set(rest) - _RANGE_HEADS or not set(ends) <= set(VERTEBRAE):
            return ()
        first, last = sorted(VERTEBRAE.index(end) for end in ends)
        return tuple(f"vertebrae_{level}" for level in VERTEBRAE[first : last + 1])
    low, high = sorted(int(n) for n in match.groups() if n)
    if rest or len(sides) > 1 or low not in RIB_NUMBERS or high not in RIB_NUMBERS:
        return ()
    wanted = ("left", "right") if not piece.sides or piece.side == "both" else (piece.side,)
    return tuple(f"rib_{side}_{number}" for side in wanted for number in range(low, high + 1))


def _lookup(pieces: list[_Piece], words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    sides = {side for piece in pieces for side in piece.sides}
    entry = _INDEX.get(_key(words))
    if entry is None or len(sides) > 1:
        return None
    meant, ask = _meaning(*entry, sides.pop() if sides else None)
    return (meant, ask) if meant or ask else None


class _Collector:
    """Gathers keys and phrases in the order named, without repeats."""

    def __init__(self) -> None:
        self.meant: dict[str, None] = {}
        self.ask: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.tools: dict[str, None] = {}
        self.corrections: dict[tuple[str, str], None] = {}

    def resolve(self, pieces: list[_Piece]) -> bool:
        """Try these pieces as one name; they are one name only if nothing is left over."""
        words = tuple(w for piece in pieces for w in piece.words)
        if sum(bool(piece.sides) for piece in pieces) > 1:
            return False
        found = _lookup(pieces, words)
        if found is None and not DEVICE_WORDS & set(words):
            repaired = tuple(map(_repair, words))
            found = _lookup(pieces, repaired) if repaired != words else None
            if found is not None:
                self.corrections.update(dict.fromkeys((a, b) for a, b in zip(words, repaired, strict=True) if a != b))
        if found is None and len(pieces) == 1:
            keys = _range(pieces[0])
            found = (keys, ()) if keys else None
        if found is None:
            return False
        self.meant.update(dict.fromkeys(found[0]))
        self.ask.update(dict.fromkeys(found[1]))
        return True

    def leave(self, piece: _Piece) -> None:
        is_tool = any(_repair(word) in DEVICE_WORDS for word in piece.words)
        (self.tools if is_tool else self.unknown)[piece.phrase] = None

    def match(self) -> Match:
        return Match(tuple(map(structure, self.meant)), tuple(map(structure, self.ask)), tuple(self.unknown),
                     tuple(self.tools), tuple(self.corrections))  # fmt: skip


@lru_cache(maxsize=8192)
def find(text: str) -> Match:
    """Resolve free text to structures of the vocabulary.

    Several structures may be listed ("ribs; heart", "ribs and heart"). A side is never dropped or swapped: a paired
    organ without one is ambiguous, a bone of a limb without one is of the side said just before it or else both, a side
    on an unpaired organ is unknown, "L1 to L5" and "left ribs 3-6" are ranges.
    A word that is not understood makes its whole phrase unknown, never a shorter phrase.

    Args:
        text: what was typed or spoken; anything beyond ``MAX_TEXT`` characters makes all of it unknown.
    """
    if len(text) > MAX_TEXT:
        return Match(unknown=(" ".join(text[:_MAX_PHRASE].split()) + " …",))
    pieces = _on_the_same_limb(_complete(_pieces(text)))
    result = _Collector()
    at = 0
    while at < len(pieces):
        joined = at + 1
        while joined < len(pieces) and pieces[joined].joinable and joined - at < 3:
            joined += 1
        while joined > at and not result.resolve(pieces[at:joined]):
            joined -= 1
        if joined == at:
            result.leave(pieces[at])
            joined = at + 1
        at = joined
    return result.match()
