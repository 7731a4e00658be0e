"""What can be said, as a JSGF grammar for a recogniser and as phrases to compare a text with.

Made of the vocabulary (`fluorosam_sim.anatomy`), the named views (`fluorosam_sim.views`) and the plain wordings of the
command language; a test checks that the command language understands whatever the grammar allows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from fluorosam_sim.anatomy import STRUCTURES, Structure, wordings
from fluorosam_sim.views import VIEWS, NamedView

CONFIRM, CANCEL = "confirm", "cancel"
CONFIRM_PLEASE = f"{CONFIRM} please"
"""What a question asks for: the longer a word, the more surely both recognisers hear it (docs/speech.md)."""

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    "twelfth",
)

FIXED: tuple[str, ...] = (
    "what do you see", "what can you see", "what is in the image", "what can you see in this image", "where are we",
    "open the collimator", "open the collimator fully", "give me the full field", "full field", "zoom in", "zoom out",
    "zoom in a bit", "zoom out a bit", "rotate to zero", "tilt to zero", "go back", "take a shot", "take an image",
    "take another shot", "take another image", "shoot", "shot", "one more shot", "another shot", "expose", "fluoro on",
    "fluoro off", "turn fluoro on", "turn fluoro off", "lower the dose", "raise the dose", "more dose", "less dose",
    "low dose", "normal dose", "high dose", "arm", "disarm", "arm the system", "disarm the system", "reset",
    "center on it", "collimate to it", "collimate to that", "where is it", "stop segmenting", CONFIRM, CANCEL, "stop",
    "stop moving", "stop now", "halt", "wait",
)  # fmt: skip
"""Whole texts."""

ABOUT_STRUCTURES: tuple[str, ...] = (
    "{}", "segment {}", "outline {}", "show me {}", "show {}", "find {}", "highlight {}", "mark {}", "trace {}",
    "where is {}", "center on {}", "center the image on {}", "collimate to {}", "cone down on {}",
)  # fmt: skip
ENCLOSING: tuple[tuple[str, str], ...] = (
    ("put", "in the middle"),
    ("put", "in the center"),
    ("bring", "into the center"),
)
"""Words before and after a structure that is to be centred on."""

ABOUT_VIEWS: tuple[str, ...] = ("{}", "go to {}", "show me {}")

NUMBERED: tuple[str, ...] = (
    "rotate to <lateral> <number>", "rotate <number> degrees [to] <lateral>", "rotate <lateral> <number> [degrees]",
    "swing <number> degrees [to] <lateral>", "turn <number> degrees [to] <lateral>", "<lateral> <number> [degrees]",
    "<number> degrees [more] <lateral>", "<number> degrees more <axial>",
    "tilt to <axial> <number>", "tilt <number> degrees [to] <axial>", "tilt <axial> <number> [degrees]",
    "<axial> <number> [degrees]", "<number> degrees <axial>",
    "<go> <number> <length> (to | towards) the <direction>", "<go> a bit (to | towards) the <direction>",
    "<number> <length> (to | towards) the <direction>",
    "(raise | lower) the c-arm [by] <number> <length>",
    "(open | close) the collimator [by] <number> <length>",
)  # fmt: skip
_SLOTS = {
    "lateral": ("lao", "rao"),
    "axial": ("cranial", "caudal"),
    "go": ("move", "shift"),
    "length": ("millimeters", "centimeters"),
    "direction": ("head", "feet", "left", "right", "ceiling", "table"),
}
NUMBER = "#"

_LEFT_OUT = re.compile(r"\bpatient|\b[a-z]\b|\b(?:lt|rt|lat|tib)\b|(?:left|right)(?: side)?$|straight|frontal")
_LEFT_OUT_OF_VIEWS = re.compile(r"\b(?:lat|straight|true|anteroposterior|posteroanterior|frontal|plain)\b")
_MAX_WORDS = 6
_MAX_NAMES, _MAX_VIEW_NAMES, _MAX_VERTEBRAL = 4, 8, 4
"""Ways of naming one thing that can be said: more of them sound more alike and take longer to tell apart."""


_LEVELS = tuple(s.name.split()[0] for s in STRUCTURES if s.name.endswith(" vertebra"))


def said(text: str) -> str:
    """A written name as its spoken words: "Left rib 5" is "left rib five", "4th lumbar" is "fourth lumbar"."""
    words = []
    for word in re.findall(r"[a-z0-9'-]+", text.lower().replace("-", " ")):
        ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word)
        if ordinal and int(ordinal[1]) <= len(_ORDINALS):
            words.append(_ORDINALS[int(ordinal[1]) - 1])
        elif word.isdigit():
            words.append(number_words(int(word)))
        else:
            words.append(word)
    return " ".join(words)


def number_words(number: int) -> str:
    """A whole number below 100 in words."""
    if number < 20:
        return ["zero", *UNITS, *TEENS][number]
    tens, unit = divmod(number, 10)
    return " ".join([TENS[tens - 2], *([UNITS[unit - 1]] if unit else [])])


def structure_names(structure: Structure) -> tuple[str, ...]:
    """How a structure is named aloud, best first, without an article."""
    plain = [w.text for w in wordings(structure) if w.register in ("plain", "number")]
    names = dict.fromkeys(said(text) for text in (structure.name, *plain))
    return tuple(n for n in names if not _LEFT_OUT.search(n) and len(n.split()) <= _MAX_WORDS) or (
        said(structure.name),
    )


def view_names(view: NamedView) -> tuple[str, ...]:
    """How a view is named aloud, best first, without an article; vertebral ones with every vertebra."""
    texts = [text for text in (view.name, *view.phrases) if not _LEFT_OUT_OF_VIEWS.search(text)]
    texts = [texts[0], *(t for t in texts[1:] if " of " in t), *(t for t in texts[1:] if " of " not in t)]
    if view.vertebral:
        of_one = [text for text in texts if "vertebra" in text][:_MAX_VERTEBRAL]
        texts = [re.sub(r"\b(?:the )?vertebra\b", level, text) for text in of_one for level in _LEVELS]
    return tuple(dict.fromkeys(said(text) for text in texts))


def _known(texts: Collection[str], words: Collection[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if all(word in words for word in text.split())))


def jsgf(words: Collection[str]) -> str:
    """The grammar, leaving out names with a word that is not among those whose sound is known."""
    names = [name for s in STRUCTURES for name in _known(structure_names(s), words)[:_MAX_NAMES]]
    views = [name for view in VIEWS for name in _spoken_views(view, words)]
    verbs = [text.removesuffix(" {}") for text in ABOUT_STRUCTURES if text != "{}"]
    rules = {
        "structure": _any(dict.fromkeys(names)),
        "view": _any(dict.fromkeys(views)),
        "number": f"[<tens>] <unit> | <tens> | {' | '.join(TEENS)}",
        "tens": _any(TENS),
        "unit": _any(UNITS),
        **{name: _any(choices) for name, choices in _SLOTS.items()},
    }
    enclosed = [f"{before} [the] <structure> {after}" for before, after in ENCLOSING]
    utterance = [
        f"[{_any(verbs)}] [the] <structure> [please]",
        *enclosed,
        "[go to | show me] [the] <view> [view]",
        *NUMBERED,
        *(f"{text} [please]" for text in FIXED),
    ]
    lines = [f"<{name}> = {body};" for name, body in rules.items()]
    return "\n".join(["#JSGF V1.0;", "grammar commands;", *lines, f"public <utterance> = {' | '.join(utterance)};", ""])


def _spoken_views(view: NamedView, words: Collection[str]) -> list[str]:
    names = _known(view_names(view), words)
    return names if view.vertebral else names[:_MAX_VIEW_NAMES]


def _any(choices: Collection[str]) -> str:
    return f"({' | '.join(choices)})"


@lru_cache(maxsize=1)
def phrases() -> tuple[str, ...]:
    """Texts to compare what was heard with; `NUMBER` stands for any number."""
    found: dict[str, None] = dict.fromkeys(FIXED)
    names = [name for s in STRUCTURES for name in structure_names(s)[:3]]
    for template in ABOUT_STRUCTURES:
        found.update(dict.fromkeys(template.format(name) for name in names))
    found.update(dict.fromkeys(f"{before} the {name} {after}" for before, after in ENCLOSING for name in names))
    views = [name for v in VIEWS for name in (view_names(v) if v.vertebral else view_names(v)[:_MAX_VIEW_NAMES])]
    for template in ABOUT_VIEWS:
        found.update(dict.fromkeys(template.format(name) for name in views))
    found.update(dict.fromkeys(f"{name} view" for name in views))
    for template in NUMBERED:
        found.update(dict.fromkeys(_expanded(template)))
    return tuple(found)


def _expanded(template: str) -> Iterator[str]:
    """The texts of a template, its optional words left out."""
    text = re.sub(r"\[[^]]*\] ?", "", template).strip().replace("<number>", NUMBER)
    slot = re.search(r"<(\w+)>|\(([^)]*)\)", text)
    if slot is None:
        yield text
        return
    for choice in _SLOTS[slot[1]] if slot[1] else slot[2].split(" | "):
        yield from _expanded(f"{text[: slot.start()]}{choice}{text[slot.end() :]}")
