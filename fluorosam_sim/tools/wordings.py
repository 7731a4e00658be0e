"""Prompts that mean a tool: its names with and without sizes, in several registers, from a grammar; some held back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from fluorosam_sim.tools.definition import Tool
from fluorosam_sim.tools.families import Family

_TOTAL = 56
_BARE = 22
_SLIPPED = 6
_HELD_OUT = 8

_REQUESTS = ("the {}", "segment the {}", "show me the {}", "outline the {} please", "where {is_are} the {}?",
    "find the {}",
             "segment {}", "{is_are} there {a} {} in the picture?", "mask of the {}", "which one is the {}?", "{} only",
             "where did the {} go?")  # fmt: skip
_HELD_OUT_REQUESTS = ("can you highlight the {}", "please mark the {}", "delineate the {} for me",
    "I would like to see the {}",
                      "could you point out the {}", "trace the {}", "locate the {} for us",
                      "what about the {}, please")  # fmt: skip

# Typical slips of single words, of the hand and of speech recognition.
_SLIPS: dict[str, tuple[str, ...]] = {
    "screw": ("scerw", "skrew", "screwe"), "screws": ("scews", "skrews"), "cannulated": ("canulated", "cannulatd"),
    "cancellous": ("cancelous", "cancellus"), "cortical": ("corticle", "cortcal"), "locking": ("loking", "lokcing"),
    "pedicle": ("pedical", "peddicle"), "kirschner": ("kirshner", "kirchner"), "wire": ("wier", "whire"),
    "plate": ("palte", "plait"), "nail": ("nale", "nial"), "prosthesis": ("prothesis", "prosthisis"),
        "stem": ("stemm",),
    "catheter": ("cathether", "cathater"), "stent": ("stennt", "stint"), "needle": ("needel", "neadle"),
    "forceps": ("forcepts", "forcep"), "clamp": ("klamp", "clmap"), "scissors": ("sissors", "scissers"),
    "retractor": ("retracter", "retactor"), "scalpel": ("scalple", "skalpel"), "drill": ("dril", "drilll"),
    "reamer": ("reemer", "remer"), "trocar": ("trocker", "trochar"), "drain": ("drane", "darin"),
        "tube": ("toob", "tueb"),
    "lead": ("leed",), "staple": ("stapel", "stapple"), "marker": ("marcer", "maker"), "ruler": ("rular", "rooler"),
    "cage": ("caje", "kage"), "rod": ("rodd",), "coil": ("coyl", "koil"), "valve": ("vavle", "valv"),
    "pacemaker": ("pace maker", "pacmaker"), "endotracheal": ("endotrachial", "endotrachael"), "clip": ("klip", "cilp"),
    "osteotome": ("osteotom", "ostiotome"), "phantom": ("fantom", "phantum"), "guide": ("giude", "gide"),
    "humerus": ("humeris",), "femoral": ("femeral", "fermoral"), "tibial": ("tibeal", "tibal"),
        "spinal": ("spinel", "spnial"),
}  # fmt: skip
_VOWELS = "aeiou"
_COUNTED = re.compile(r"^(\d+) (hole|prong|level)s?$")


@lru_cache(maxsize=512)
def texts(tool: Tool) -> tuple[str, ...]:
    """30 to 56 different wordings to train on, the commonest first."""
    forms = _forms(tool)
    slipped = _unique(_slips(forms[0:3]))[:_SLIPPED]
    common = [_fill(request, forms[0]) for request in _REQUESTS]
    plural = [tool.words.plural, f"all {tool.words.plural}", f"where are the {tool.words.plural}?"]
    asked = [
        _fill(_REQUESTS[(row + turn) % len(_REQUESTS)], form)
        for turn in range(len(_REQUESTS))
        for row, form in enumerate(forms)
    ]
    wide = [f"the {tool.kind}", f"{tool.kind} in the image", f"show the {tool.kind}"]
    said = [f"{tool.words.noun} ({tool.kind})", f"that {tool.words.noun}", f"{tool.words.noun} on the X-ray"]
    return tuple(_unique([*forms[:_BARE], *plural, *said, *slipped, *common[:9], *wide, *asked])[:_TOTAL])


@lru_cache(maxsize=512)
def held_out_texts(tool: Tool) -> tuple[str, ...]:
    """8 wordings never trained on: other requests around other orders of name and size."""
    forms = _unique([*_held_out_forms(tool), *_forms(tool)])
    asked = (
        _fill(request, forms[(turn * 3 + row) % len(forms)])
        for turn in range(len(forms))
        for row, request in enumerate(_HELD_OUT_REQUESTS)
    )
    return tuple(_unique(asked)[:_HELD_OUT])


@lru_cache(maxsize=64)
def family_texts(family: Family) -> tuple[str, ...]:
    """Wordings that mean every tool of a family in the image."""
    bare = [family.plural, family.name, *family.aliases, *(f"all {word}" for word in (family.plural, *family.aliases))]
    asked = [_fill(request, word) for request in _REQUESTS[:7] for word in (family.plural, *family.aliases)]
    return tuple(_unique([*bare, *asked]))


def _forms(tool: Tool) -> list[str]:
    """The tool's names, the plainest first."""
    words = tool.words
    first, *rest = words.sizes or ("",)
    before = _COUNTED.sub(r"\1-\2", first)
    names = [words.noun, tool.name]
    if first:
        names += [f"{before} {words.noun}", f"{words.noun} {first}", f"{_glued(before)} {words.noun}"]
    if rest:
        both = (first, rest[0])
        names += [
            f"{before} {rest[0]} {words.noun}",
            f"{words.noun} {' x '.join(both)}",
            f"{_glued(both[1])} {words.noun}",
        ]
    names += [
        word
        for alias in words.aliases
        for word in (alias, *([f"{before} {alias}", f"{alias} {first}"] if first else []))
    ]
    names += [_spoken(name) for name in names[1:6] if _spoken(name) != name]
    return _unique(names)


def _held_out_forms(tool: Tool) -> Iterator[str]:
    words = tool.words
    for name in (words.noun, *words.aliases[:2]):
        for size in words.sizes[:2]:
            yield f"{name} of {size}"
            yield f"{name} measuring {size}"


def _glued(size: str) -> str:
    return re.sub(r"(?<=\d) (?=mm)", "", size)


def _spoken(text: str) -> str:
    """Sizes as speech recognition writes them."""
    spoken = re.sub(r"(\d+)\.(\d+)", r"\1 point \2", text)
    spoken = re.sub(r"\bmm\b", "millimeter", spoken)
    return spoken.replace("×", "by")


def _slips(forms: Iterable[str]) -> Iterator[str]:
    """Each form with one word misspelt: by the table where it is known, else by two letters that changed places."""
    for form in forms:
        words = form.split()
        for at, word in enumerate(words):
            known = _SLIPS.get(word.lower(), ())
            usual = known or ((_swapped(word),) if len(word) > 4 and word.isalpha() else ())
            for slip in usual:
                yield " ".join((*words[:at], slip, *words[at + 1 :]))


def _swapped(word: str) -> str:
    for at in range(1, len(word) - 1):
        if word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:-1]


def _fill(request: str, form: str) -> str:
    many = bool(
        re.search(r"(?:[^s]s|ces|prostheses)\b(?! )|(?:forceps|scissors)\b", form.split(",")[0].split(" of ")[0])
    ) and not form.endswith("sis")
    article = "" if many else "an" if form[:1].lower() in _VOWELS else "a"
    filled = request.replace("{is_are}", "are" if many else "is").replace("{a} ", f"{article} " if article else "")
    filled = filled.replace("{}", form)
    return filled.replace("the the ", "the ")


def _unique(items: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for text in items:
        seen.setdefault(text.lower(), text)
    return list(seen.values())
