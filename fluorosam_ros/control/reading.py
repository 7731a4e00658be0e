"""What a text that no rule understands means, by its likeness to texts whose meaning is known.

The sentence encoder that reads the names of structures reads here what is wanted with them: a linear classifier on its
embedding of the text, names and numbers taken out (`control.slots`), says which kind of command it is. The command
itself is then said once more in the plainest words (`control.plainly`), and the rules understand that. So a reading can
only be what the rules can say, with exactly the structures, numbers and directions of the text: where one is left over
or missing, nothing is read. A motion or an exposure is only asked back ("Did you mean …?") where the text holds a word
that is not known from commands, as the word may change everything ("the left kidney stone"), or where the likeness is
not great.

The table of the classifier is made by ``scripts/fit_reading.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Center,
    ChangeDose,
    Choice,
    CollimateTo,
    Command,
    GoBack,
    GoToView,
    ResetStop,
    Segment,
    SetDose,
    StopSegmenting,
    SwitchFluoro,
    Unclear,
    WhereIs,
    acts,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.plainly import KINDS, NOTHING, VIEW
from fluorosam_ros.control.slots import NAME, slots
from fluorosam_ros.control.wording import describe
from fluorosam_sim.views import find_view

TABLE = Path(__file__).parent / "reading.npz"
MAX_WORDS = 24
"""Longer texts are talk."""

YES = (
    "yes", "yes please", "yeah", "yep", "yup", "correct", "exactly", "that s right",
    "do it", "do that", "please do", "go ahead", "confirm", "confirmed", "confirm please", "yes confirm", "affirmative",
    "yes do it", "yes do that", "yes i did", "i did", "yes that s right", "yes exactly", "yes correct",
)  # fmt: skip
"""What answers the question with yes, in plain words; "okay" may be said to anything."""

NO = ("no", "no thanks", "no thank you", "nope", "no i did not", "no i didn t", "no that s wrong", "wrong", "not that")
"""What answers a question with no: what was asked about is dropped, and nothing is stopped."""

_ASKED, _DONE, _SURE, _CERTAIN = 0.35, 0.5, 0.65, 0.9
"""Least likeness to ask back, to do what only shows or tells, to do what moves, exposes or sets the dose, and to do
something in spite of a strange word."""

_PARTS = re.compile(r" (?:and|then|and then) ")
_NOBODY = "".join(rf"(?<!\b{who} )" for who in ("i", "we", "you", "he", "she", "they"))
_WISHES = (
    (re.compile(rf"{_NOBODY}\b(?:should|must)\b(?: be\b)?(?! (?:i|we|you|he|she|they)\b)"), ""),
    (re.compile(r"^have (?!(?:you|we|they|i|been)\b)"), ""),
    (re.compile(r"\bfrom where we are\b"), "more"),
    (
        re.compile(r"\b(?:so|such) that (?P<what>.+?) (?:is|are|s) (?=cent|in |on |exposed|visible|inside)"),
        r"\g<what> ",
    ),
    (re.compile(r"\bi ll have\b|\b(?:and )?both of them\b"), ""),
)
"""How a wish is put, and the same without words of talk (`phrases.UNCERTAIN`)."""

_ELSEWHERE = re.compile(
    r"\b(?:above|below|beneath|under|beside|besides|between|near|nearer|next|higher|lower|than|half|third|quarter|tip"
    r"|end|edge|rim|border|corner|part|side of|top of|bottom of|area|region|surroundings|neighbou?r\w*|behind)\b"
)
"""What is said of a place beside a structure."""

_TO_OTHERS = re.compile(
    r"\b(?:hold off|tell|told|remind|warn|ask|almost|nearly|about to|let(?! me| us| s)|sits|lies|looks|seems)\b"
)
"""What is said to somebody else, or of what is already, or not to be."""

_PART_OF = re.compile(rf"\b(?!outline|view|picture|image|middle|cent(?:er|re))\w+ of {NAME}\b")

_OF_BEFORE = re.compile(r"\b(?:last|was|were|had|been|how|before$)\b")
Understand = Callable[[str], Command]


def read(words: str, context: Context, unclear: str, understand: Understand) -> Command | None:
    """The command that bare plain words mean, or the question whether it is meant; None where nothing is read.

    unclear: what the rules make of the text, one sentence, to be said with the question. understand: the rules.
    """
    if len(words.split()) < 2:
        return None
    for wish, plainly in _WISHES:
        words = wish.sub(plainly, words)
    found = slots(words)
    kind, likeness = _reader().likeliest(found.words)
    if kind == NOTHING or likeness < _ASKED or _several(words, kind, context):
        return None
    said = KINDS[kind](found, words, context)
    command = understand(said) if said else None
    if command is None or isinstance(command, Unclear) or not describe(command).startswith(kind):
        return None
    strange = _reader().unknown(found.words if kind != VIEW else find_view(words).rest.split())
    moves = acts(command) or isinstance(command, ChangeDose | SetDose)
    if moves and phrases.UNCERTAIN.search(_OF_BEFORE.sub("", words) if command == GoBack() else words):
        return None
    if moves and (_TO_OTHERS.search(words) or phrases.ADMIRED.match(words)):
        return None
    beside = _ELSEWHERE.search(words) or _PART_OF.search(" ".join(found.words))
    if beside and isinstance(command, Center | CollimateTo):
        return None
    if isinstance(command, Segment | StopSegmenting | WhereIs) and strange:
        return None  # the strange word may belong to the name
    if _never_guessed(command):
        return None if strange else _asked(command, unclear)
    # A view has been named in full, and what only tells or ends something does no harm.
    forgiving = isinstance(command, GoToView) or not moves
    needed = (_SURE if moves else _DONE) if not strange else _CERTAIN if forgiving else 1.0
    if likeness >= needed:
        return command
    return _asked(command, unclear) if moves else None


def known_words() -> tuple[frozenset[str], frozenset[str]]:
    """The words of commands, and those of talk."""
    return _reader().known, _reader().talk


def _never_guessed(command: Command) -> bool:
    """Whether a command gives the permission or switches the beam on: such is only done in so many words."""
    return isinstance(command, Arm | ResetStop) or command == SwitchFluoro(True)


def _asked(command: Command, unclear: str) -> Ask:
    question = f"{unclear} Did you mean “{describe(command).removesuffix('.')}”? Say yes or no."
    return Ask(question, (Choice(command, words=YES),), guess=True)


def _several(words: str, kind: str, context: Context) -> bool:
    """Whether a part of plain words is by itself a command of another kind than the whole."""
    parts = [part for part in _PARTS.split(words) if part]
    for part in parts if len(parts) > 1 else []:
        found = slots(part)
        other, likeness = _reader().likeliest(found.words)
        if other not in (kind, NOTHING) and likeness >= _SURE and KINDS[other](found, part, context) is not None:
            return True
    return False


class Reader:
    """The classifier."""

    def __init__(self, table: Path = TABLE) -> None:
        """Loads the table and the sentence encoder."""
        with np.load(table) as saved:
            self._weight = saved["weight"].astype(np.float32)
            self._bias = saved["bias"].astype(np.float32)
            self.kinds = tuple(str(kind) for kind in saved["kinds"])
            self.known = frozenset(str(word) for word in saved["words"])
            self._after_names = frozenset(str(word) for word in saved["after_names"])
            self.talk = frozenset(str(word) for word in saved["others"])
        self._sentences = SentenceEncoder(threads=1)

    def likeliest(self, words: Sequence[str]) -> tuple[str, float]:
        """The kind of command that words, names and numbers taken out, are most like, and how much, 0 to 1."""
        scores: npt.NDArray[np.float32] = self._sentences.embed([" ".join(words)])[0] @ self._weight + self._bias
        shares = np.exp(scores - scores.max())
        best = int(shares.argmax())
        return self.kinds[best], float(shares[best] / shares.sum())

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those of the words that no known command holds, or none right after a name: "the heart monitor"."""
        named = [after for word, after in pairwise(words) if word == NAME and after not in self._after_names]
        return named + [word for word in words if word not in self.known]


@lru_cache(maxsize=1)
def _reader() -> Reader:
    return Reader()
