"""The prompts a structure is trained on, and others kept back to test on: deterministic, all understood by ``find``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from fluorosam_sim.anatomy.structures import STRUCTURES, Structure
from fluorosam_sim.anatomy.synonyms import CONCEPTS, SLIPS

_BARE = 24
_SLIPPED = 6
_TOTAL = 56
_HELD_OUT = 8

_TEMPLATES = ("the {}", "segment the {}", "show me the {}", "outline the {} please", "where {is_are} the {}?",
              "find the {}", "segment {}", "show {}")  # fmt: skip
_HELD_OUT_TEMPLATES = ("can you highlight the {}", "please mark the {}", "delineate the {} for me",
                       "I would like to see the {}", "{}, please", "could you point out the {}", "trace the {}",
                       "locate the {} for us")  # fmt: skip

_SIDED = ("{side} {}", "{} on the {side}", "{} {side}", "patient's {side} {}", "{} on the {side} side",
          "{initial} {}", "{side}-sided {}")  # fmt: skip
_HELD_OUT_SIDED = ("{side} {}", "{} of the {side} side", "{} on the patient's {side} side", "{side}-hand-side {}")
# "the both kidneys", "the L4" and "the rib 5" are not English.
_NO_ARTICLE = re.compile(r"both |left and right |bilateral |[CTLS]-?\d|(?:rib|costa|vertebra) \S*\d")
_BOTH_SIDES = ("both {}", "left and right {}", "bilateral {}")


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
        for side, meant in (("left", concept.left), ("right", concept.right)):
            if meant == key:
                yield [form.format(word, side=side, initial=side[0].upper()) for form in sided
                       for word in concept.singular]  # fmt: skip


def _forms(structure: Structure, sided: tuple[str, ...]) -> list[str]:
    lists = list(_concept_forms(structure, sided))
    return _unique(form for forms in lists for form in forms)


def _unique(texts: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for text in texts:
        seen.setdefault(text.lower(), text)
    return list(seen.values())


def _is_are(structure: Structure, form: str) -> str:
    many = len(structure.members) > 1 and form.endswith(("s", "ae", "i", "feet")) and not form.endswith(("is", "us"))
    return "are" if many else "is"


def _fill(template: str, structure: Structure, form: str) -> str:
    if _NO_ARTICLE.match(form):
        template = template.replace("the {}", "{}")
    return template.replace("{is_are}", _is_are(structure, form)).replace("{}", form)


def _slipped(forms: Iterable[str]) -> Iterator[str]:
    for form in forms:
        words = form.split()
        for at, word in enumerate(words):
            for slip in SLIPS.get(word.lower(), ()):
                yield " ".join((*words[:at], slip, *words[at + 1 :]))


@lru_cache(maxsize=len(STRUCTURES))
def texts(structure: Structure) -> tuple[str, ...]:
    """30 to 56 wordings to train on: synonyms, both orders of the side, shorthand, requests, some misspellings."""
    forms = _forms(structure, _SIDED)
    bare = forms[:_BARE]
    slipped = _unique(_slipped(forms))[:_SLIPPED]
    asked = (_fill(_TEMPLATES[(row + turn) % len(_TEMPLATES)], structure, form)
             for turn in range(len(_TEMPLATES)) for row, form in enumerate(forms))  # fmt: skip
    # The commonest name in every request first, so that rare synonyms do not crowd it out.
    common = (_fill(template, structure, forms[0]) for template in _TEMPLATES)
    return tuple(_unique([*bare, *slipped, *common, *asked])[:_TOTAL])


@lru_cache(maxsize=len(STRUCTURES))
def held_out_texts(structure: Structure) -> tuple[str, ...]:
    """8 wordings never trained on: other requests, other orders of synonym and side."""
    used = {text.lower() for text in texts(structure)}
    forms = _forms(structure, _HELD_OUT_SIDED)
    # Different strides through synonyms and templates: neighbours share neither.
    asked = (_fill(template, structure, forms[(turn * 3 + row) % len(forms)])
             for turn in range(len(forms)) for row, template in enumerate(_HELD_OUT_TEMPLATES))  # fmt: skip
    fresh = (text for text in _unique(asked) if text.lower() not in used)
    return tuple(text for text, _ in zip(fresh, range(_HELD_OUT), strict=False))
