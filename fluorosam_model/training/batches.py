"""Batches made in a background thread while the network computes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from fluorosam_model.training import augment
from fluorosam_model.training.pool import ViewPool
from fluorosam_model.training.prompting import Prompts, Vocabulary, sample_prompts
from fluorosam_model.training.wordings import Wordings

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch:
    """images: (B, 3, S, S). coverage: (B, L, 64, 64). prompts: tensors of `Prompts`, those of one image in a row."""

    images: Tensor
    coverage: Tensor
    prompts: dict[str, Tensor]


class BatchMaker:
    """Draws views from the pool, makes pictures of them and, where asked for, prompts; renews the pool as it goes."""

    def __init__(
        self,
        pool: ViewPool,
        labels: np.ndarray,
        batch: int,
        new_views: int,
        rng: np.random.Generator,
        prompts: int = 0,
        vocabulary: Vocabulary | None = None,
        wordings: Wordings | None = None,
        randomised: float = 0.7,
    ) -> None:
        self._pool, self._labels, self._batch, self._new_views, self._rng = pool, labels, batch, new_views, rng
        self._prompts, self._vocabulary, self._wordings = prompts, vocabulary, wordings
        self._randomised = randomised

    def make(self) -> Batch:
        """The next batch."""
        for _ in range(self._new_views):
            self._pool.renew()
        images: list[np.ndarray] = []
        coverages: list[np.ndarray] = []
        prompts: list[Prompts] = []
        while len(images) < self._batch:
            view = self._pool[int(self._rng.integers(len(self._pool)))]
            image, coverage = augment.apply(view, augment.sample(self._rng, self._randomised), self._labels)
            images.append(image)
            coverages.append(coverage)
            if self._vocabulary is not None and self._wordings is not None:
                prompts.append(sample_prompts(self._vocabulary, self._wordings, coverage, self._prompts, self._rng))
        tensors = {name: _stacked(prompts, name) for name in vars(prompts[0])} if prompts else {}
        return Batch(torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(coverages)), tensors)


def _stacked(prompts: list[Prompts], name: str) -> Tensor:
    return torch.from_numpy(np.concatenate([getattr(each, name) for each in prompts]))


class Prefetcher(Generic[T]):
    """Calls `make` in a thread, at most `depth` results ahead. A context manager; `next` re-raises its errors."""

    def __init__(self, make: Callable[[], T], depth: int = 3) -> None:
        self._make = make
        self._results: queue.Queue[T | BaseException] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Prefetcher[T]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._results.get(timeout=0.05)
            except queue.Empty:
                continue

    def next(self) -> T:
        """The next result, in order."""
        result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                result: T | BaseException = self._make()
            except BaseException as error:
                result = error
            self._results.put(result)
            if isinstance(result, BaseException):
                return
