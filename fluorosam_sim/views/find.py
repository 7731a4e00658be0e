"""Free text to named views: order of words, fillers, plurals and misspellings do not matter; sides do."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from fluorosam_sim.anatomy import MAX_TEXT, VERTEBRAE, Structure, structure
from fluorosam_sim.anatomy.normalization import FILLERS, canonical, speaks_of_viewer
from fluorosam_sim.views.catalogue import LEFT_OUT, VIEWS
from fluorosam_sim.views.named import NamedView, ViewMatch

_OWN_FILLERS = """
view views projection projections image images shot shots picture x ray xray radiograph radiographs film standard go
take make do move turn bring into an position get s and with joint bone bones onto angle fluoro c arm carm acquire
next degree degrees
"""
_FILLERS = FILLERS | frozenset(_OWN_FILLERS.split())
_SOFT = _FILLERS | {"true", "straight"}
"""Words that may be left over; in the name of a view they count."""
_ONE_FORM = (
    (re.compile(r"\b(?:antero\s?posterior|a\sp)\b"), "ap"),
    (re.compile(r"\b(?:postero\s?anterior|p\sa)\b"), "pa"),
    (re.compile(r"\b(?:dorso\s?plantar|d\sp)\b"), "dorsoplantar"),
    (re.compile(r"\b(?:latera|lateal|laterl|lat)\b"), "lateral"),
    (re.compile(r"\b(?:obl|obliques|oblq)\b"), "oblique"),
    (re.compile(r"\b(?:tib fib|tibia fibula)\b"), "tibia and fibula"),
    (re.compile(r"\bcross\s?table\b|\bhorizontal beam\b"), "cross table"),
    (re.compile(r"\bfrog\s?legs?\b|\bfrog\b"), "frog leg hip"),  # there is no other
    (re.compile(r"\btear\s?drop\b"), "teardrop"),
    (re.compile(r"\bmortice\b"), "mortise"),
    (re.compile(r"\b(swimmer|towne|waters|caldwell|owl)\ss?\b"), r"\1 "),
    (re.compile(r"\bswimmers\b"), "swimmer"),
    (re.compile(r"\bpedicles\b"), "pedicle"),
    (re.compile(r"\b(\d{1,2}) (cervical|thoracic|dorsal|lumbar)(?: vertebra)?\b"), r"\2 \1"),
)
_SPELT_LEVEL = re.compile(r"\b(cervical|thoracic|dorsal|lumbar)(?: vertebra| number)? (\d{1,2})\b")
_LETTER = {"cervical": "C", "thoracic": "T", "dorsal": "T", "lumbar": "L"}
_VERTEBRA_WORDS = frozenset(("vertebra", "vertebrae", "vertebral", "body", "level"))
_SIDE_WORDS = frozenset(("left", "right", "both"))
Words = frozenset[str]


def _words(text: str) -> list[str]:
    text = canonical(text)
    for pattern, form in _ONE_FORM:
        text = pattern.sub(form, text)
    text = _SPELT_LEVEL.sub(lambda match: f"{_LETTER[match[1]]}{int(match[2])}", text)
    return [_singular(word) for word in text.split()]


def _singular(word: str) -> str:
    irregular = {"vertebrae": "vertebra", "feet": "foot", "scapulae": "scapula", "clavicles": "clavicle"}
    if word in irregular:
        return irregular[word]
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and word != "waters"
    return word[:-1] if plural else word


def _content(text: str) -> Words:
    return frozenset(word for word in _words(text) if word not in _FILLERS)


@lru_cache(maxsize=1)
def _index() -> dict[Words, tuple[NamedView, ...]]:
    """Content words → views that are said so; sided phrases also stand without their side, for both sides."""
    index: dict[Words, dict[str, NamedView]] = {}
    for item in VIEWS:
        for phrase in item.phrases:
            words = _content(phrase)
            index.setdefault(words, {})[item.key] = item
            if item.side is not None:
                index.setdefault(words - {item.side}, {})[item.key] = item
    return {words: tuple(found.values()) for words, found in index.items() if words}


@lru_cache(maxsize=1)
def _refused() -> dict[Words, str]:
    """Content words → why a view that is said so is not in the catalogue."""
    return {_content(phrase): reason for _, phrases, reason in LEFT_OUT for phrase in phrases}


@lru_cache(maxsize=1)
def _known() -> tuple[Words, tuple[str, ...]]:
    """All words that name views, and those long enough to be repaired to."""
    known: Words = frozenset().union(*_index(), *_refused())
    return known, tuple(sorted(word for word in known if len(word) >= 5))


@lru_cache(maxsize=2048)
def _repair(word: str) -> str:
    known, candidates = _known()
    if word in known or word in _FILLERS or len(word) < 5 or not word.isalpha():
        return word
    allowed = 1 if len(word) < 8 else 2
    near = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=allowed, limit=2)
    near = [hit for hit in near if hit[0][0] == word[0]]
    return near[0][0] if len(near) == 1 or (near and near[0][1] < near[1][1]) else word


def find_view(text: str) -> ViewMatch:
    """The named view, or views, of a text such as "lateral view of the left knee", "mortise right ankle", "AP of L4".

    A projection has to be named: "left knee" alone is no view. Without a side a view of a paired part is ambiguous and
    both are returned. A vertebra said with a vertebral view is in ``structure``. Words that do not belong to the
    view are in ``rest``, so that the caller can tell "AP pelvis" from a longer command.
    """
    if len(text) > MAX_TEXT or speaks_of_viewer(canonical(text)):
        return ViewMatch(rest=" ".join(text[:MAX_TEXT].split()))
    said = _words(text)
    matched = _match(said)
    if matched.rest:
        repaired = [_repair(word) for word in said]
        better = _match(repaired)
        if repaired != said and (better.views or better.refusal) and len(better.rest) < len(matched.rest):
            return better
    return matched


def _match(said: list[str]) -> ViewMatch:
    words = frozenset(said)
    levels = [word for word in dict.fromkeys(said) if word in VERTEBRAE]
    sides = words & _SIDE_WORDS
    best = _largest(words)
    vertebra: Structure | None = None
    if len(levels) == 1:
        vertebral = (words - set(levels) - _VERTEBRA_WORDS) | {"vertebra"}
        found = _largest(vertebral, vertebral_only=True)
        if found is not None and (best is None or len(found) >= len(best)):
            best, vertebra = found, structure(f"vertebrae_{levels[0]}")
    refused = max((phrase for phrase in _refused() if phrase <= words), key=len, default=None)
    if refused is not None and (best is None or len(refused) >= len(best - _SIDE_WORDS)):
        return ViewMatch(rest=_rest(said, refused), refusal=_refused()[refused])
    if best is None:
        return ViewMatch(rest=_rest(said, frozenset()))
    views = _index()[best]
    if vertebra is None:
        plain = tuple(item for item in views if not item.vertebral)
        views = plain or views
    else:
        views = tuple(item for item in views if item.vertebral)
    used = best | (_VERTEBRA_WORDS | set(levels) if vertebra is not None else frozenset())
    if "both" in sides and all(item.side is not None for item in views):
        used |= {"both"}
    return ViewMatch(views, vertebra, _rest(said, used))


@lru_cache(maxsize=2048)
def _largest(words: Words, vertebral_only: bool = False) -> Words | None:
    """The longest phrase whose words all occur; among equals the one that keeps a side."""
    hits = [
        phrase
        for phrase, views in _index().items()
        if phrase <= words and (not vertebral_only or any(item.vertebral for item in views))
    ]
    return max(hits, key=lambda phrase: (len(phrase), len(phrase & _SIDE_WORDS), sorted(phrase)), default=None)


def _rest(said: list[str], used: Words) -> str:
    return " ".join(word for word in said if word not in used and word not in _SOFT)
