"""Texts → sentence embeddings, with the shipped MiniLM: no torch, no download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from fluorosam_model.runtime.onnxruntime_backend import open_session

WEIGHTS = Path(__file__).parent / "weights"
EMBEDDING_SIZE = 384
MAX_CHARACTERS = 2000

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
        self._session = open_session(model, threads)
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

    def _compute(self, text: str) -> FloatArray:
        # Text from outside may hold lone surrogates, which the tokenizer refuses.
        encoding = self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"))
        feed = {
            "input_ids": np.array([encoding.ids], np.int64),
            "attention_mask": np.array([encoding.attention_mask], np.int64),
        }
        row = np.asarray(self._session.run(["embedding"], feed)[0], np.float32)[0]
        row.flags.writeable = False
        return row
