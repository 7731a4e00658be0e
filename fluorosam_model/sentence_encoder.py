"""Texts → sentence embeddings, with the shipped MiniLM: no torch, no download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from fluorosam_model.runtime.onnxruntime_backend import open_session

WEIGHTS = Path(__file__).parent / "weights"
EMBEDDING_SIZE = 384
MAX_CHARACTERS = 2000
_STATES = "layernormalization_185"
"""What leaves the fourth of the six layers, in the graph of ``scripts/bake_text_encoder.py``."""

FloatArray = npt.NDArray[np.float32]


class SentenceEncoder:
    """The frozen sentence encoder (all-MiniLM-L6-v2, 8-bit weights), with a cache of what it has seen.

    The same text gives the same embedding to the bit, whatever it is asked together with. Safe to share by threads.
    """

    def __init__(
        self,
        model: Path = WEIGHTS / "text_minilm_int8.onnx",
        tokenizer: Path = WEIGHTS / "tokenizer.json",
        threads: int | None = None,
        cache_size: int = 4096,
    ) -> None:
        """Load the model; threads: at most that many per text, None leaves it to onnxruntime."""
        self._session = open_session(model, threads, (_STATES,))
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._cached = lru_cache(maxsize=cache_size)(self._compute)

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts → (N, 384) float32 rows of unit length.

        Only the first 2000 characters and 128 tokens of a text count. An empty text has an embedding, too.
        """
        if isinstance(texts, str):
            raise TypeError("Pass a list of texts, not one text.")
        rows = [self._cached(text[:MAX_CHARACTERS]) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, EMBEDDING_SIZE), np.float32)

    def states(self, words: Sequence[str]) -> tuple[FloatArray, list[int | None]]:
        """What the first four layers make of a text that is given as words: for a head of its own on top of them.

        Returns (T, 384) float32, one row for each of its at most 128 tokens, and the word that each token is of (None
        for the two marks at the ends).
        """
        encoding = self._tokenizer.encode([_encodable(word) for word in words], is_pretokenized=True)
        return self._run(_STATES, encoding), list(encoding.word_ids)

    def words(self) -> frozenset[str]:
        """The common English words, in lower case, that are one token each."""
        return frozenset(token for token in self._tokenizer.get_vocab() if token.isalpha())

    def _compute(self, text: str) -> FloatArray:
        row = self._run("embedding", self._tokenizer.encode(_encodable(text)))
        row.flags.writeable = False
        return row

    def _run(self, output: str, encoding: Encoding) -> FloatArray:
        feed = {
            "input_ids": np.array([encoding.ids], np.int64),
            "attention_mask": np.array([encoding.attention_mask], np.int64),
        }
        return np.asarray(self._session.run([output], feed)[0], np.float32)[0]


def _encodable(text: str) -> str:
    """Text from outside may hold lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")
