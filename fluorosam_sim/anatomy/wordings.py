"""The prompts a structure is trained on, and others kept back to test on: deterministic, all understood by ``find``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from fluorosam_sim.anatomy.registers import LATIN_SIDES, SPOKEN
from fluorosam_sim.anatomy.structures import STRUCTURES, VERTEBRAE, Structure
from fluorosam_sim.anatomy.synonyms import CONCEPTS, SLIPS, Concept

Register = Literal["plain", "number", "Latin", "shorthand", "question", "request", "misspelt", "misheard"]
REGISTERS: tuple[Register, ...] = get_args(Register)

_PLAIN = 20
_PER_REGISTER = 6
_TOTAL = 64
_HELD_OUT = 8

_REQUESTS = ("the {}", "segment the {}", "show me the {}", "outline the {} please", "where {is_are} the {}?",
             "find the {}", "segment {}", "show {}")  # fmt: skip
_QUESTIONS = ("what {is_are} the {}?", "where {is_are} the {}?", "which {is_are} the {}?", "the {}", "show me the {}")
_HELD_OUT_REQUESTS = ("can you highlight the {}", "please mark the {}", "delineate the {} for me",
                      "I would like to see the {}", "{}, please", "could you point out the {}", "trace the {}",
                      "locate the {} for us")  # fmt: skip
_HELD_OUT_QUESTIONS = ("what do you call the {}?", "tell me, which is the {}?")

_SIDED = ("{side} {}", "{} on the {side}", "{} {side}", "patient's {side} {}", "{} on the {side} side",
          "{initial} {}", "{side}-sided {}")  # fmt: skip
_HELD_OUT_SIDED = ("{side} {}", "{} of the {side} side", "{} on the patient's {side} side", "{side}-hand-side {}")
_SHORT_SIDED = ("{initial} {}", "{short} {}", "{side} {}", "{} {initial}")
_DESCRIBED_SIDED = ("{} on the {side}", "{side} {}", "{} on the {side} side")
_HELD_OUT_DESCRIBED_SIDED = ("{} on the patient's {side} side",)
_SHORT_SIDES = {"left": "lt", "right": "rt"}
# "the both kidneys", "the L4" and "the rib 5" are not English.
_NO_ARTICLE = re.compile(r"both |left and right |bilateral |[CTLS]-?\d|(?:rib|costa|vertebra) \S*\d")
_HEAD = re.compile(r" (?:of|in|on|at|to|from|with|that|behind|before|below|above|between|around|beside|after|"
                   r"inside|along|under|next|left|right)\b")  # fmt: skip
_BOTH_SIDES = ("both {}", "left and right {}", "bilateral {}")
_NUMBER = re.compile(r"\d|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPOKEN_LETTERS = {"C": "see", "T": "tee", "L": "el", "S": "s"}


@dataclass(frozen=True)
class Wording:
    """One way of asking for a structure, and the register it is in."""

    text: str
    register: Register


def _concept_forms(structure: Structure, sided: tuple[str, ...]) -> Iterator[list[str]]:
    """One list per way of naming the structure, best first: the plain wordings with its side or number put in."""
    key = (structure.key,)
    for concept in CONCEPTS:
        if concept.alone == key:
            yield list(concept.singular)
        if concept.both == key:
            yield list(concept.plural)
            if concept.alone != key:
                yield [form.format(word) for form in _BOTH_SIDES for word in concept.plural]
            elif concept.left and not concept.plural:
                yield [form.format(word) for form in _BOTH_SIDES for word in concept.singular]
        side = _side(concept, structure)
        if side:
            yield [_with_side(form, word, side) for form in sided for word in concept.singular]


def _side(concept: Concept, structure: Structure) -> str | None:
    """The side of a concept that a structure is, if it is one."""
    key = (structure.key,)
    return "left" if concept.left == key else "right" if concept.right == key else None


def _with_side(form: str, word: str, side: str) -> str:
    return form.format(word, side=side, initial=side[0].upper(), short=_SHORT_SIDES[side])


def _forms(structure: Structure, sided: tuple[str, ...]) -> list[str]:
    lists = list(_concept_forms(structure, sided))
    return _unique(form for forms in lists for form in forms)


def _latin(structure: Structure) -> Iterator[str]:
    key = (structure.key,)
    for concept in CONCEPTS:
        side = _side(concept, structure)
        if concept.alone == key:
            yield from concept.latin
        if concept.both == key:
            yield from concept.latin_plural
            if concept.alone != key:
                yield from (form.format(word) for word in concept.latin_plural for form in _BOTH_SIDES[:2])
        if side:
            sides = LATIN_SIDES[side]
            for word in concept.latin:
                yield f"{word} {sides[concept.gender]}"
                yield f"{side} {word}"
                yield f"{word} on the {side}"


def _short(structure: Structure) -> Iterator[str]:
    key = (structure.key,)
    for concept in CONCEPTS:
        side = _side(concept, structure)
        if concept.alone == key:
            yield from concept.short
        if side:
            for word in (*concept.short, concept.singular[0]):
                yield from (_with_side(form, word, side) for form in _SHORT_SIDED[: None if concept.short else 2])


def _described(structure: Structure, held_out: bool) -> list[str]:
    """Descriptions; the last of each concept is the one kept from training."""
    key = (structure.key,)
    found: list[str] = []
    sided = _HELD_OUT_DESCRIBED_SIDED if held_out else _DESCRIBED_SIDED
    for concept in CONCEPTS:
        words = concept.described[-1:] if held_out else concept.described[:-1]
        side = _side(concept, structure)
        if concept.alone == key:
            found += words
        if side:
            found += [_with_side(form, word, side) for form in sided for word in words]
    return _unique(found)


def _unique(texts: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for text in texts:
        seen.setdefault(text.lower(), text)
    return list(seen.values())


def _is_are(structure: Structure, form: str) -> str:
    head = _HEAD.split(form)[0]
    many = head.endswith(("s", "ae", "feet", "ossa")) and not head.endswith(("is", "us", "ss", "cos"))
    return "are" if many and (len(structure.members) > 1 or "veins" in head) else "is"


def _fill(template: str, structure: Structure, form: str) -> str:
    if _NO_ARTICLE.match(form):
        template = template.replace("the {}", "{}")
    return template.replace("{is_are}", _is_are(structure, form)).replace("what is", "what's").replace("{}", form)


def _slipped(forms: Iterable[str], slips: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for form in forms:
        words = form.split()
        for at, word in enumerate(words):
            for slip in slips.get(word.lower(), ()):
                yield " ".join((*words[:at], slip, *words[at + 1 :]))


def _misheard(structure: Structure, forms: list[str]) -> Iterator[str]:
    level = structure.key.removeprefix("vertebrae_")
    if level in VERTEBRAE:
        letter, number = _SPOKEN_LETTERS[level[0]], _CARDINALS[int(level[1:]) - 1]
        yield f"{letter} {number}"
        yield f"vertebra {letter} {number}"
    yield from _slipped(forms, SPOKEN)


def _register(text: str, register: Register) -> Register:
    """Plain wordings with a number, and requests that are questions, are registers of their own."""
    if register == "plain" and _NUMBER.search(text):
        return "number"
    return "question" if register == "request" and text.endswith("?") else register


@lru_cache(maxsize=len(STRUCTURES))
def wordings(structure: Structure) -> tuple[Wording, ...]:
    """30 to 64 wordings to train on, in all registers that the structure has, its plain name first."""
    forms = _forms(structure, _SIDED)
    described = _described(structure, held_out=False)
    found: dict[str, Wording] = {}

    def add(texts: Iterable[str], register: Register, most: int = _PER_REGISTER) -> None:
        for text in texts:
            if most <= 0 or len(found) == _TOTAL:
                return
            if text.lower() not in found:
                found[text.lower()] = Wording(text, _register(text, register))
                most -= 1

    add([structure.name], "plain")
    add(_latin(structure), "Latin")
    add(_short(structure), "shorthand")
    add(forms, "plain", _PLAIN)
    add(_slipped(forms, SLIPS), "misspelt")
    add(_misheard(structure, forms), "misheard")
    # Neighbouring descriptions in different questions, the plain question of each first.
    turns = range(len(_QUESTIONS))
    add((_fill(_QUESTIONS[(row + turn) % len(_QUESTIONS)], structure, form)
         for turn in turns for row, form in enumerate(described)), "question")  # fmt: skip
    # The commonest name in every request first, so that rare synonyms do not crowd it out.
    add((_fill(request, structure, forms[0]) for request in _REQUESTS), "request", len(_REQUESTS))
    add((_fill(_REQUESTS[(row + turn) % len(_REQUESTS)], structure, form)
         for turn in range(len(_REQUESTS)) for row, form in enumerate(forms)), "request", _TOTAL)  # fmt: skip
    return tuple(found.values())


@lru_cache(maxsize=len(STRUCTURES))
def texts(structure: Structure) -> tuple[str, ...]:
    """30 to 64 wordings to train on, the plain name first."""
    return tuple(wording.text for wording in wordings(structure))


@lru_cache(maxsize=len(STRUCTURES))
def held_out_wordings(structure: Structure) -> tuple[Wording, ...]:
    """8 requests, and a description with its questions, that are never trained on."""
    used = {text.lower() for text in texts(structure)}
    forms = _forms(structure, _HELD_OUT_SIDED)
    # Different strides through synonyms and templates: neighbours share neither.
    asked = (_fill(template, structure, forms[(turn * 3 + row) % len(forms)])
             for turn in range(len(forms)) for row, template in enumerate(_HELD_OUT_REQUESTS))  # fmt: skip
    fresh = (text for text in _unique(asked) if text.lower() not in used)
    requests = [Wording(text, _register(text, "request")) for text, _ in zip(fresh, range(_HELD_OUT), strict=False)]
    questions = [
        _fill(question, structure, form)
        for form in _described(structure, held_out=True)
        for question in ("{}", *_HELD_OUT_QUESTIONS)
    ]
    return (*requests, *(Wording(text, "question") for text in _unique(questions) if text.lower() not in used))


@lru_cache(maxsize=len(STRUCTURES))
def held_out_texts(structure: Structure) -> tuple[str, ...]:
    """8 to 14 wordings never trained on: other requests, other orders of synonym and side, other descriptions."""
    return tuple(wording.text for wording in held_out_wordings(structure))
