"""Batches made while the network computes: in a thread, or on the GPU, which would wait for one."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fluorosam_model.training import augment
from fluorosam_model.training.batched_prompts import BatchedPrompts
from fluorosam_model.training.pictures import pictures
from fluorosam_model.training.pool import ViewStore
from fluorosam_model.training.prompting import Prompts, Vocabulary, sample_prompts
from fluorosam_model.training.wordings import Wordings

T = TypeVar("T")
PLANES = frozenset({"masks", "rivals"})
"""Which of the prompts' tensors are coverage."""

_GATHERED_AHEAD = 3


@dataclass(frozen=True, eq=False)
class Batch:
    """images: (B, 3, S, S) float32. coverage: (B, L, S/4, S/4). prompts: tensors of `Prompts`, image by image.

    As made, coverage and the prompts' PLANES are uint8 in steps of 1 / COVER_STEPS, a quarter of the memory; `to` makes
    shares of them.
    """

    images: Tensor
    coverage: Tensor
    prompts: dict[str, Tensor]

    def to(self, device: torch.device, memory_format: torch.memory_format) -> Batch:
        """The batch to train on: on a device, with shares 0…1 in float32."""
        prompts = {name: value.to(device, non_blocking=True) for name, value in self.prompts.items()}
        for name in PLANES.intersection(prompts):
            prompts[name] = prompts[name].float() / augment.COVER_STEPS
        images = self.images.to(device, memory_format=memory_format, non_blocking=True)
        return Batch(images, self.coverage.to(device, non_blocking=True).float() / augment.COVER_STEPS, prompts)


class BatchMaker:
    """Draws views from the store, makes pictures of them and, where asked for, prompts."""

    def __init__(
        self,
        store: ViewStore,
        labels: np.ndarray,
        batch: int,
        seed: Sequence[int],
        prompts: int = 0,
        vocabulary: Vocabulary | None = None,
        wordings: Wordings | None = None,
        randomised: float = 0.7,
    ) -> None:
        self._store, self._labels, self._batch = store, labels, batch
        self._rng = np.random.default_rng(tuple(seed))
        self._prompts, self._vocabulary, self._wordings = prompts, vocabulary, wordings
        self._randomised = randomised

    def make(self) -> Batch:
        """The next batch."""
        images: list[np.ndarray] = []
        coverages: list[np.ndarray] = []
        prompts: list[Prompts] = []
        while len(images) < self._batch:
            view = self._store[int(self._rng.integers(len(self._store)))]
            image, coverage = augment.apply(
                view, augment.sample(self._rng, self._randomised, self._store.image_px), self._labels
            )
            images.append(image)
            coverages.append(_steps(coverage))
            if self._vocabulary is not None and self._wordings is not None:
                prompts.append(sample_prompts(self._vocabulary, self._wordings, coverage, self._prompts, self._rng))
        tensors = {name: _stacked(prompts, name) for name in vars(prompts[0])} if prompts else {}
        for name in PLANES.intersection(tensors):
            tensors[name] = torch.from_numpy(_steps(tensors[name].numpy()))
        return Batch(torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(coverages)), tensors)


def _steps(coverage: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return (coverage * np.float32(augment.COVER_STEPS)).astype(np.uint8)


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


class DeviceBatches:
    """Batches whose pictures and prompts are made on the device, from views gathered in a thread beside it.

    A context manager with `next`, as `Prefetcher`. prompts: None where none are wanted. meanwhile: called before each
    batch; what it raises ends the training.
    """

    def __init__(
        self,
        store: ViewStore,
        labels: npt.NDArray[np.int64],
        batch: int,
        seed: Sequence[int],
        randomised: float,
        prompts: BatchedPrompts | None,
        count: int,
        device: torch.device,
        meanwhile: Callable[[], None],
    ) -> None:
        self._store, self._labels = store, torch.from_numpy(labels).to(device)
        self._rng = np.random.default_rng(tuple(seed))
        self._randomised, self._prompts, self._count = randomised, prompts, count
        self._device, self._meanwhile = device, meanwhile
        # A buffer is filled again only after the step that copied from it: as many as wait, one each at either end.
        self._buffers = itertools.cycle(
            [store.buffers(batch, pin=device.type == "cuda") for _ in range(_GATHERED_AHEAD + 3)]
        )
        self._gathered = Prefetcher(self._gather, _GATHERED_AHEAD)

    def __enter__(self) -> DeviceBatches:
        self._gathered.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._gathered.__exit__(kind, error, traceback)

    def next(self) -> Batch:
        """The next batch."""
        self._meanwhile()
        (densities, bits), appearances = self._gathered.next()
        densities, bits = (each.to(self._device, non_blocking=True) for each in (densities, bits))
        images, coverage = pictures(densities, bits, appearances, self._labels)
        return Batch(images, coverage, self._prompts.draw(coverage, self._count) if self._prompts else {})

    def _gather(self) -> tuple[tuple[Tensor, Tensor], list[augment.Appearance]]:
        buffers = next(self._buffers)
        indices = self._rng.integers(len(self._store), size=len(buffers[0]))
        self._store.gather(torch.from_numpy(indices), *buffers)
        return buffers, [augment.sample(self._rng, self._randomised, self._store.image_px) for _ in indices]
