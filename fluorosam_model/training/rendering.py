"""Processes that render views into a shared store while the network is trained."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence

import numba
import torch

from fluorosam_model.training.config import DataConfig
from fluorosam_model.training.pool import ViewSource, ViewStore
from fluorosam_sim.patients import load_patient
from fluorosam_sim.patients.library import is_synthetic
from fluorosam_sim.patients.names import expand_names

_POLL_S = 0.2


class RenderingProcesses:
    """`config.renderers` processes; each renders the real patients and its part of the synthetic bodies.

    They begin at once and end with the program, or by `stop`.
    """

    def __init__(self, config: DataConfig, store: ViewStore, seed: int) -> None:
        self._store = store
        context = multiprocessing.get_context("spawn")
        shares = _shares(expand_names(config.patients), config.renderers)
        self._processes = [
            context.Process(target=_render, args=(config, names, store, seed, number), daemon=True)
            for number, names in enumerate(shares)
        ]
        for process in self._processes:
            process.start()

    def check(self) -> None:
        """Raises RuntimeError where one of them has ended."""
        if not all(process.is_alive() for process in self._processes):
            raise RuntimeError("A process that renders views has ended; its error is printed above.")

    def fill(self, count: int, progress: Callable[[int], None]) -> None:
        """Wait until the store holds `count` views (at most its size); progress is told how many there are."""
        while len(self._store) < min(count, self._store.size):
            self.check()
            progress(len(self._store))
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


def _shares(names: Sequence[str], count: int) -> list[list[str]]:
    """Names for each of `count` processes; a body is prepared by one process alone, where there are enough bodies."""
    real = [name for name in names if not is_synthetic(name)]
    synthetic = [name for name in names if is_synthetic(name)]
    return [[*real, *(synthetic[number::count] or synthetic)] for number in range(count)]


def _render(config: DataConfig, names: Sequence[str], store: ViewStore, seed: int, number: int) -> None:
    numba.set_num_threads(1)
    torch.set_num_threads(1)
    loaded = {name: load_patient(name) for name in dict.fromkeys(names)}
    source = ViewSource(
        [loaded[name] for name in names],
        seed + number,
        False,
        config.preview,
        config.renderer,
        config.synthetic_share,
        store.image_px,
        config.active_bodies,
    )
    while True:
        store.add(source.render()[0], number)
