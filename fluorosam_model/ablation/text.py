"""The text head with other text features, and with and without its codebook, on wordings never trained on. Needs torch.

Every variant trains the same MLP on the same wordings for the same number of steps. What is compared is how a text
becomes numbers: the shipped sentence encoder, or words (and pieces of words) hashed into a vector.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from fluorosam_model.modeling.fluorosam import ModelConfig
from fluorosam_model.modeling.text_encoder import TextEncoder
from fluorosam_model.training.absent import absent_texts
from fluorosam_model.training.config import TextConfig
from fluorosam_model.training.text import code_owners, codes_of, train_text
from fluorosam_model.training.wordings import UNKNOWN, Wordings, embedded
from fluorosam_sim.anatomy import STRUCTURES, find, held_out_texts, normalize, texts

HASHED_SIZE = 1024
_PIECES = (3, 4, 5)  # letters in a piece of a word
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Variant:
    """features: "MiniLM", "words" or "words and letters". normalised: texts in one spelling first (`normalize`)."""

    features: str
    normalised: bool
    quantised: bool

    @property
    def name(self) -> str:
        """For tables."""
        spelling, codebook = "normalised" if self.normalised else "as written", "VQ" if self.quantised else "no VQ"
        return f"{self.features}, {spelling}, {codebook}"


VARIANTS = (
    Variant("MiniLM", normalised=False, quantised=True),  # what ships
    Variant("MiniLM", normalised=False, quantised=False),
    Variant("MiniLM", normalised=True, quantised=True),
    Variant("words", normalised=False, quantised=True),
    Variant("words", normalised=True, quantised=True),
    Variant("words and letters", normalised=False, quantised=True),
    Variant("words and letters", normalised=True, quantised=True),
    Variant("words and letters", normalised=True, quantised=False),
)


@dataclass(frozen=True, eq=False)
class HeldOutTexts:
    """Texts to test on with the class of each; the last class, UNKNOWN, is what means nothing of the vocabulary."""

    texts: tuple[str, ...]
    owner: npt.NDArray[np.int64]

    @classmethod
    def build(cls, slips: bool = False) -> HeldOutTexts:
        """Every held-out wording, and texts outside the vocabulary; slips: each with one letter wrong."""
        known = set(absent_texts(seed=0))
        rows = [(text, index) for index, each in enumerate(STRUCTURES) for text in held_out_texts(each)]
        rows += [(text, UNKNOWN) for text in absent_texts(seed=1) if text not in known]
        found, owner = zip(*rows, strict=True)
        if slips:
            rng = np.random.default_rng(0)
            found = tuple(slip(text, rng) for text in found)
        return cls(found, np.array(owner, np.int64))


def slip(text: str, rng: np.random.Generator) -> str:
    """A text with one letter wrong: left out, doubled, replaced, or swapped with the next one of its word."""
    places = [i for i in range(len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    at = places[int(rng.integers(len(places)))]
    here, following = text[at], text[at + 1]
    other = _LETTERS[int(rng.integers(len(_LETTERS)))]
    change = ("", here + here, other, following + here)[kind := int(rng.integers(4))]
    return text[:at] + change + text[at + (2 if kind == 3 else 1) :]


def hashed(flat: Sequence[str], letters: bool) -> FloatArray:
    """(T, HASHED_SIZE) bags of words, with pieces of three to five letters if wanted; rows of unit length or zero."""
    out = np.zeros((len(flat), HASHED_SIZE), np.float32)
    for row, text in enumerate(flat):
        for token in _tokens(text.lower(), letters):
            # One bit of the hash is a sign, so that tokens that meet in one place cancel as often as they add up.
            number = zlib.crc32(token.encode("utf-8", "replace"))
            out[row, number % HASHED_SIZE] += 1 if number & 0x80000000 else -1
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def _tokens(text: str, letters: bool) -> Iterable[str]:
    for word in "".join(c if c.isalnum() else " " for c in text).split():
        yield word
        if letters:
            edged = f"<{word}>"
            yield from (edged[i : i + n] for n in _PIECES for i in range(len(edged) - n + 1))


def features(variant: Variant, flat: Sequence[str], cache_dir: Path) -> FloatArray:
    """(T, D) what a variant sees of some texts."""
    spelled = [normalize(text) for text in flat] if variant.normalised else list(flat)
    return (
        embedded(spelled, cache_dir) if variant.features == "MiniLM" else hashed(spelled, "letters" in variant.features)
    )


def text_ablation(
    cache_dir: Path,
    config: TextConfig | None = None,
    variants: Sequence[Variant] = VARIANTS,
    progress: Callable[[int], None] = lambda count: None,
) -> list[dict[str, Any]]:
    """Train and score every variant. At the end the rules (`find`), which texts go through before any model, alone and
    followed by the first variant where they find nothing.

    A row: {name, held_out, slips, slips_wrong, unknown}; held_out: share of the held-out wordings of structures that
    are read as their structure; slips: the same with one letter of each wrong, slips_wrong: of those the share read as
    another structure; unknown: share of the texts outside the vocabulary that are read as such.
    """
    tests = HeldOutTexts.build(), HeldOutTexts.build(slips=True)
    answers: dict[str, tuple[npt.NDArray[np.int64], ...]] = {}
    for count, variant in enumerate(variants, start=1):
        answers[variant.name] = _answers(variant, tests, config or TextConfig(), cache_dir)
        progress(count)
    rules = tuple(_by_rules(test.texts) for test in tests)
    first = answers[variants[0].name]
    then = tuple(np.where(rule != UNKNOWN, rule, model) for rule, model in zip(rules, first, strict=True))
    every = {**answers, "rules": rules, f"rules, then {variants[0].name}": then}
    return [{"name": name, **_scores(tests, each)} for name, each in every.items()]


def _answers(
    variant: Variant, tests: Sequence[HeldOutTexts], config: TextConfig, cache_dir: Path
) -> tuple[npt.NDArray[np.int64], ...]:
    """The class that a variant, trained anew, reads every text of every test as."""
    torch.manual_seed(0)
    groups = [tuple(dict.fromkeys((each.name, *texts(each)))) for each in STRUCTURES] + [absent_texts(seed=0)]
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    seen = features(variant, [text for group in groups for text in group], cache_dir)
    training = _wordings(seen, owner)
    model = ModelConfig()
    encoder = TextEncoder(seen.shape[1], model.code_dim, model.codes)
    directions = train_text(
        encoder, training, config, np.random.default_rng(1), lambda step, log: None, quantised=variant.quantised
    )
    owners = code_owners(encoder, training)

    def read(test: HeldOutTexts) -> npt.NDArray[np.int64]:
        asked = _wordings(features(variant, test.texts, cache_dir), test.owner)
        if variant.quantised:
            return owners[codes_of(encoder, asked).numpy()]
        with torch.no_grad():
            nearest = (encoder.project(torch.from_numpy(asked.embeddings)) @ directions.t()).argmax(dim=1)
        return nearest.numpy()

    return tuple(read(test) for test in tests)


def _wordings(seen: FloatArray, owner: npt.NDArray[np.int64]) -> Wordings:
    return Wordings(seen, owner, tuple(np.flatnonzero(owner == index) for index in range(UNKNOWN + 1)))


def _by_rules(flat: Sequence[str]) -> npt.NDArray[np.int64]:
    index = {each.key: i for i, each in enumerate(STRUCTURES)}
    matches = [find(text).structures for text in flat]
    return np.array([index[found[0].key] if len(found) == 1 else UNKNOWN for found in matches], np.int64)


def _scores(tests: Sequence[HeldOutTexts], answers: Sequence[npt.NDArray[np.int64]]) -> dict[str, float]:
    known = tests[0].owner != UNKNOWN
    plain, slips = answers[0] == tests[0].owner, answers[1] == tests[1].owner
    return {
        "held_out": round(float(plain[known].mean()), 4),
        "slips": round(float(slips[known].mean()), 4),
        "slips_wrong": round(float((~slips & (answers[1] != UNKNOWN))[known].mean()), 4),
        "unknown": round(float(plain[~known].mean()), 4),
    }
