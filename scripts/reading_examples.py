"""Texts to learn reading from: the tests' tables, and their commands with talk before, after and between them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fluorosam_ros.control.commands import by_rules, left_open
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.leaning import FOLLOW_UPS
from fluorosam_ros.control.limbs import with_sides
from fluorosam_ros.control.plain_text import bare, plain
from fluorosam_ros.control.plainly import KINDS, NOTHING, SEVERAL, kind_of
from fluorosam_ros.control.reader import COMMAND, OBJECTION, REMARK, masked
from fluorosam_ros.control.slots import slots
from fluorosam_ros.control.wording import describe

TABLES = Path(__file__).resolve().parent.parent / "test" / "fluorosam_ros" / "control"
UNTAGGED = -1
REMARKS_A_TEXT, OBJECTIONS_A_TEXT = 2, 1
ADVERSARIAL_REPEATS = 3
TWO_REMARKS, BETWEEN = 0.2, 0.5
MAX_WORDS = 40
_BEFORE = (", ", ", ", ", ", ". ", ". ", ", so ", " so ", " ", " ", ", and ")
_AFTER = (", ", ", ", ", ", ". ", ". ", " because ", " as ", " ", " ", ", since ", " so ")
_OWN = ("Go to the saved view", SEVERAL)  # whatever was said before
_CUT = re.compile(r"[,.]\s")
_TALK = re.compile(r"\{([^}]*)\}")
_FEWEST_WORDS, _FEWEST_CLEAR_WORDS = 2, 5
_MARKS = {COMMAND: "partofcommand", REMARK: "partofremark", OBJECTION: "partofobjection", UNTAGGED: "partofeither"}
"""Words that begin a part of a text while it is made plain."""

_TAG_OF = {mark: tag for tag, mark in _MARKS.items()}


@dataclass(frozen=True)
class Example:
    """words: plain, names masked. tags: what each belongs to, `UNTAGGED` where that is not known. kind: of command, or
    `NOTHING`. harmful: whether it must not be obeyed."""

    words: tuple[str, ...]
    tags: tuple[int, ...]
    kind: str
    harmful: bool


def rows(name: str) -> list[list[str]]:
    """Rows of a table of the tests as lists of columns that are not empty."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return [[part for part in line.split("\t") if part] for line in lines if line and not line.startswith("#")]


def commands() -> list[tuple[str, str]]:
    """(text, kind) of what means something by itself, or leans on the text before in one of the known ways.

    Talk in a text stands in braces; in a text of utterances.tsv only if the rules do not understand it.
    """
    found = []
    for said, meant, *before in [*rows("utterances.tsv"), *rows("utterances_heard.tsv")]:
        own: str | None = kind_of(meant)
        if before and own not in _OWN:
            own = _leaning(said, meant, Context().after(by_rules(plain(before[0]), Context())))
        if own:
            found.append((said, own))
    return found


def without_talk(said: str) -> str:
    """A text without what stands in braces."""
    return re.sub(r"[\s,]*,[\s,]*", ", ", _TALK.sub(",", said)).strip(" ,.;:!?-–—")


def _parts(said: str) -> list[tuple[str, int]]:
    """A text cut into command and, in braces, talk."""
    cut = _TALK.split(said)
    return [(part, REMARK if at % 2 else COMMAND) for at, part in enumerate(cut) if part.strip()]


def _leaning(said: str, meant: str, context: Context) -> str | None:
    """As which kind a text has to be read after another to mean what it means, or None."""
    words = with_sides(plain(said), context)
    for kind, say in (*FOLLOW_UPS.items(), (kind_of(meant), KINDS.get(kind_of(meant)))):
        plainly = say(slots(bare(words)), bare(words), context) if say else None
        if plainly and describe(by_rules(plain(plainly), context)).removesuffix(".") == meant:
            return kind
    return None


def talk_free(said: str) -> bool:
    """Whether the rules understand a text to its last word."""
    words = plain(said)
    return not left_open(by_rules(words, Context()))


@cache
def remarks(tag: int) -> list[str]:
    """Talk that changes nothing about the command beside it (`REMARK`), or that forbids it (`OBJECTION`)."""
    wanted = {REMARK: "remark", OBJECTION: "objection"}[tag]
    found = [said for said, what in rows("remarks.tsv") if what == wanted]
    if tag == REMARK:
        heard = [talk.strip() for said, *_ in rows("utterances_heard.tsv") for talk in _TALK.findall(said)]
        found += [talk for talk in dict.fromkeys(heard) if len(talk.split()) >= _FEWEST_WORDS]
    return found


def examples(seed: int = 0) -> list[Example]:
    """All texts, the same for the same seed and tables."""
    rng = random.Random(seed)
    heard = {said for said, *_ in rows("utterances_heard.tsv")}
    harmless, harmful = remarks(REMARK), remarks(OBJECTION)
    found = []
    for text, kind in commands():
        said = without_talk(text)
        tag = COMMAND if text in heard or talk_free(said) else UNTAGGED  # who wrote it may have put talk in
        found.append(_example(_parts(text) if text in heard else [(text, tag)], kind))
        if kind == NOTHING:
            continue
        for _ in range(REMARKS_A_TEXT if tag == COMMAND else 0):
            found.append(_beside(said, tag, rng.choice(harmless), REMARK, kind, rng))
        for _ in range(OBJECTIONS_A_TEXT):
            found.append(_beside(said, tag, rng.choice(harmful), OBJECTION, NOTHING, rng))
    # A few words that are harmless after one text may be a command after another.
    adversarial = rows("utterances_adversarial.tsv")
    alone = [said for said, *before in adversarial if not before or len(said.split()) >= _FEWEST_CLEAR_WORDS]
    found += [_example([(said, UNTAGGED)], NOTHING, harmful=True) for said in alone] * ADVERSARIAL_REPEATS
    found += [_example([(said, REMARK)], NOTHING) for said in harmless]
    found += [_example([(said, OBJECTION)], NOTHING) for said in harmful]
    return [each for each in found if 0 < len(each.words) <= MAX_WORDS]


def _beside(said: str, tag: int, talk: str, talk_tag: int, kind: str, rng: random.Random) -> Example:
    """A command with talk before or after it, several ones also between them."""
    if kind == SEVERAL and (cuts := list(_CUT.finditer(said))) and rng.random() < BETWEEN:
        cut = rng.choice(cuts).end()
        parts = [(said[:cut], tag), (f"{talk}, ", talk_tag), (said[cut:], tag)]
    elif rng.random() < 0.5:
        parts = [(talk + rng.choice(_BEFORE), talk_tag), (said, tag)]
    else:
        parts = [(said.rstrip(".!?"), tag), (rng.choice(_AFTER) + talk, talk_tag)]
    if talk_tag == REMARK and rng.random() < TWO_REMARKS:
        parts.insert(0, (f"{rng.choice(remarks(REMARK))}, ", talk_tag))
    return _example(parts, kind)


def _example(parts: list[tuple[str, int]], kind: str, harmful: bool = False) -> Example:
    """Parts of a text, each with what it belongs to, as they are read when written one after the other."""
    text = "".join(f" {_MARKS[tag]} {part}" for part, tag in parts)
    words: list[str] = []
    tags: list[int] = []
    for tag, *said in _marked(plain(text).split()):
        found = masked(said)
        words += found
        tags += [tag] * len(found)
    return Example(tuple(words), tuple(tags), kind, harmful or OBJECTION in tags)


def _marked(words: list[str]) -> list[tuple[Any, ...]]:
    """(tag, word, word, …) for each part that begins with a mark."""
    begins = [at for at, word in enumerate(words) if word in _TAG_OF]
    return [(_TAG_OF[words[a]], *words[a + 1 : b]) for a, b in zip(begins, [*begins[1:], len(words)], strict=True)]
