"""All training texts with their sentence embeddings, computed once and cached."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_model.sentence_encoder import WEIGHTS, SentenceEncoder
from fluorosam_model.training.absent import absent_texts
from fluorosam_sim.anatomy import STRUCTURES, held_out_texts, texts

UNKNOWN = len(STRUCTURES)
"""The class of everything outside the vocabulary."""
PLAIN_SHARE = 0.4
"""Of the draws of a structure's wording, those that are its plain name."""


@dataclass(frozen=True, eq=False)
class Wordings:
    """embeddings: (T, 384) float32. owner: (T,) index into STRUCTURES, or UNKNOWN. rows: rows of each class, a
    structure's plain name first."""

    embeddings: npt.NDArray[np.float32]
    owner: npt.NDArray[np.int64]
    rows: tuple[npt.NDArray[np.int64], ...]

    def draw(self, index: int, rng: np.random.Generator) -> int:
        """A row for a class: the plain name, which is what resolved prompts are sent as, in two of five draws."""
        rows = self.rows[index]
        if index != UNKNOWN and rng.random() < PLAIN_SHARE:
            return int(rows[0])
        return int(rows[rng.integers(len(rows))])


def training_wordings(cache_dir: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Wordings:
    """Every training wording of every structure, and the absent texts."""
    return _wordings([(each.name, *texts(each)) for each in STRUCTURES], absent_texts(seed=0), cache_dir, progress)


def held_out_wordings(cache_dir: Path) -> Wordings:
    """Wordings never trained on, for validation; structures without any keep their plain name."""
    known = set(absent_texts(seed=0))
    unknown = tuple(text for text in absent_texts(seed=1) if text not in known)
    return _wordings([(each.name, *held_out_texts(each)) for each in STRUCTURES], unknown, cache_dir)


def _wordings(
    by_structure: list[tuple[str, ...]],
    unknown: tuple[str, ...],
    cache_dir: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Wordings:
    groups = [tuple(dict.fromkeys(group)) for group in (*by_structure, unknown)]
    flat = [text for group in groups for text in group]
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    rows = tuple(np.flatnonzero(owner == index) for index in range(len(groups)))
    return Wordings(embedded(flat, cache_dir, progress), owner, rows)


def embedded(
    flat: list[str], cache_dir: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> npt.NDArray[np.float32]:
    """(T, 384) sentence embeddings of T texts, computed once and kept in a file of the cache."""
    digest = hashlib.sha256((WEIGHTS / "text_minilm_int8.onnx").read_bytes())
    digest.update("\0".join(flat).encode())
    path = cache_dir / f"wordings-{digest.hexdigest()[:16]}.npy"
    if path.is_file():
        return np.asarray(np.load(path), np.float32)
    encoder = SentenceEncoder(cache_size=1)
    out = np.empty((len(flat), 384), np.float32)
    for index, text in enumerate(flat):
        out[index] = encoder.embed([text])[0]
        if index % 200 == 0:
            progress(index, len(flat))
    cache_dir.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.npy")
    np.save(partial, out)
    os.replace(partial, path)
    return out
