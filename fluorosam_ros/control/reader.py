"""What a text is like: which kind of command, which of its words are talk beside it, whether it is to be obeyed.

A small network (two transformer layers, 3.7 MB) on the first four layers of the sentence encoder that reads the names
of structures. It sees plain words with every name as one and the same name, so it knows nothing of anatomy.
``scripts/fit_reading.py`` makes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_model.runtime.onnxruntime_backend import open_session
from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_ros.control.slots import NAME, pieces

MODEL = Path(__file__).parent / "reading.onnx"
COMMAND, REMARK, OBJECTION = 0, 1, 2
"""What a word belongs to: a command; talk beside it that changes nothing; talk that forbids, delays or reports it."""

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_JOINS = frozenset(("and", "so", "because", "then", "as", "since"))
_TURN, _TURN_AT_JOIN = 3.0, 0.5
"""What it costs, as the logarithm of a likelihood, that a command gives way to talk or talk to a command."""

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reading:
    """kind: the beginning of the sentence (`control.plainly`) of the kind of command that a text is most like.

    likeness: how likely it is of that kind, 0 to 1. harm: how likely it is not to be obeyed, 0 to 1. command: its plain
    words without talk; talk: the others. asides: those stretches between two "and" or the like that are all talk.
    stretches: talk without a word of command in between, with or without an "and" before and after.
    """

    kind: str
    likeness: float
    harm: float
    command: str
    talk: str
    asides: tuple[str, ...] = ()
    stretches: tuple[str, ...] = ()


class Reader:
    """The network. Safe to share by threads."""

    def __init__(self, model: Path = MODEL) -> None:
        """Loads the network and the sentence encoder."""
        self._session = open_session(model, threads=1)
        told = self._session.get_modelmeta().custom_metadata_map
        self.kinds: tuple[str, ...] = tuple(json.loads(told["kinds"]))
        self.known = frozenset(json.loads(told["words"]))
        self._after_names = frozenset(json.loads(told["after_names"]))
        self._sentences = SentenceEncoder(threads=1)
        self.talk = frozenset(json.loads(told["talk"])) | self._sentences.words()
        self.read = lru_cache(maxsize=256)(self._read)

    def unknown_after_names(self, words: Sequence[str]) -> list[str]:
        """Those of the words, names taken out, that follow a name and never do in known commands: "heart monitor"."""
        return [after for word, after in pairwise(words) if word == NAME and after not in self._after_names]

    def _read(self, words: str) -> Reading:
        """What plain words are like."""
        single = words.split()
        cut = pieces(single)
        kinds, tags, harm = self._scores(masked(single))
        best = int(kinds.argmax())
        talks = talking(tags, [single[begin] for begin, _, _ in cut])
        talk_of_each = [bool(talk) for (begin, end, _), talk in zip(cut, talks, strict=True) for _ in range(begin, end)]
        return Reading(
            self.kinds[best],
            float(kinds[best]),
            max(harm, float(tags[talks, OBJECTION].max(initial=0))),
            _without(single, talk_of_each),
            " ".join(word for word, talk in zip(single, talk_of_each, strict=True) if talk),
            _asides(single, talk_of_each),
            _stretches(single, talk_of_each),
        )

    def _scores(self, words: Sequence[str]) -> tuple[FloatArray, FloatArray, float]:
        """Shares (K,) of the kinds, (N, 3) of what each of N words belongs to, and the likeness to an objection."""
        states, word_of = self._sentences.states(words)
        kinds, tags, harm = self._session.run(["kinds", "tags", "harm"], {"states": states[None]})
        by_word = np.zeros((len(words), 3), np.float32)
        for word, shares in zip(word_of, np.asarray(tags)[0], strict=True):
            if word is not None:
                by_word[word] = np.maximum(by_word[word], shares)
        by_word[by_word.sum(axis=1) == 0, COMMAND] = 1  # of a text of too many tokens, the last words are not seen
        return np.asarray(kinds)[0], by_word, float(np.asarray(harm)[0])


def masked(single: Sequence[str]) -> list[str]:
    """Plain words with one name in place of every name, and one number in place of every number in digits."""
    return [
        NAME if named else "20" if _NUMBER.fullmatch(single[begin]) else single[begin]
        for begin, _, named in pieces(single)
    ]


def talking(tags: FloatArray, words: Sequence[str]) -> npt.NDArray[np.bool_]:
    """(N,) which of N words are talk, by what each belongs to (N, 3): the likeliest division of the text into
    stretches, of which there are few, and which rather begin and end at an "and"."""
    shares = np.clip(np.stack([tags[:, COMMAND], 1 - tags[:, COMMAND]], axis=1), 1e-4, 1)
    best = np.log(shares[0])
    came = np.zeros((len(words), 2), np.int64)
    for at in range(1, len(words)):
        joined = words[at] in _JOINS or words[at - 1] in _JOINS
        across = best[::-1] - (_TURN_AT_JOIN if joined else _TURN)
        came[at] = np.where(best >= across, (0, 1), (1, 0))
        best = np.maximum(best, across) + np.log(shares[at])
    path = [int(best.argmax())]
    for at in range(len(words) - 1, 0, -1):
        path.append(int(came[at, path[-1]]))
    return np.array(path[::-1], bool)


def _asides(words: Sequence[str], talks: Sequence[bool]) -> tuple[str, ...]:
    """The stretches of the words between joins that are nothing but talk."""
    ends = [at for at, word in enumerate(words) if word in _JOINS] + [len(words)]
    begins = [0, *(at + 1 for at in ends[:-1])]
    return tuple(" ".join(words[a:b]) for a, b in zip(begins, ends, strict=True) if a < b and all(talks[a:b]))


def _stretches(words: Sequence[str], talks: Sequence[bool]) -> tuple[str, ...]:
    """The talk in one piece each."""
    found = groupby(zip(words, talks, strict=True), key=lambda each: each[1])
    return tuple(" ".join(word for word, _ in stretch) for talk, stretch in found if talk)


def _without(words: Sequence[str], talks: Sequence[bool]) -> str:
    """The words that are no talk; what stood before talk and what follows it are two things."""
    kept: list[str] = []
    for word, talk in zip(words, talks, strict=True):
        if not talk:
            kept.append(word)
        elif kept and kept[-1] not in _JOINS:
            kept.append("and")
    while kept and kept[-1] in _JOINS:
        kept.pop()
    while kept and kept[0] in _JOINS:
        kept.pop(0)
    return " ".join(word for at, word in enumerate(kept) if at == 0 or word != "and" or kept[at - 1] != "and")


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The reader that all texts share."""
    return Reader()
