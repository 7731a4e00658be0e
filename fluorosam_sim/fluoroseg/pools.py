"""Where shards are made: processes on this machine, or the nodes of a Ray cluster. The task is the same function."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from fluorosam_sim.fluoroseg.config import DatasetConfig, DatasetError
from fluorosam_sim.fluoroseg.shards import Shard, make_shard

_POLL_S = 0.25
_AHEAD = 2  # shards a node may have waiting for the writer: bounds the memory they take

Progress = Callable[[int], None]


class PoolError(RuntimeError):
    """The processes that make shards are gone; the message says what to do."""


def local_shards(
    config: DatasetConfig, numbers: Iterable[int], workers: int, progress: Progress = lambda images: None
) -> Generator[Shard, None, None]:
    """Shards as they are done, made by so many processes; progress is told how many images were made so far.

    Closing the iterator ends the processes; they also end by themselves when this process dies.
    """
    context = multiprocessing.get_context("spawn")
    made: Synchronized[int] = context.Value("q", 0)
    pool = ProcessPoolExecutor(workers, context, _start_worker, (made,))
    left = iter(numbers)
    try:
        pending = {pool.submit(_work, config, number) for number in islice(left, workers + _AHEAD)}
        while pending:
            done, pending = wait(pending, _POLL_S, FIRST_COMPLETED)
            progress(made.value)
            for future in done:
                shard = future.result()
                pending |= {pool.submit(_work, config, number) for number in islice(left, 1)}
                yield shard
    except BrokenProcessPool as error:
        raise PoolError(
            "A worker process was killed, probably for want of memory: go on with --resume and fewer --workers."
        ) from error
    finally:
        _end(pool)


def ray_shards(
    config: DatasetConfig, numbers: Iterable[int], address: str, progress: Progress = lambda images: None
) -> Generator[Shard, None, None]:
    """Shards as they are done, made on every core of a Ray cluster ("auto" or host:port); progress as shards come."""
    try:
        import ray
    except ImportError:
        raise DatasetError("Ray is not installed: pip install ray on every node, or leave out --ray.") from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"No Ray cluster answers at {address} ({error}): start one with ray start --head."
        ) from error
    images = 0
    left = iter(numbers)
    try:
        task = ray.remote(num_cpus=1)(make_shard)
        slots = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        pending: list[Any] = [task.remote(config, number) for number in islice(left, slots + _AHEAD)]
        while pending:
            done, pending = ray.wait(pending, num_returns=1)
            try:
                shard: Shard = ray.get(done[0])
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except ray.exceptions.RayError as error:
                raise PoolError(
                    f"The Ray cluster lost a task ({type(error).__name__}): go on with --resume."
                ) from error
            pending += [task.remote(config, number) for number in islice(left, 1)]
            images += shard.plan.count
            progress(images)
            yield shard
    finally:
        ray.shutdown()


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())
    # Before the pool lets them end by themselves: whatever they are at is made again on --resume, and a library that
    # counts its objects when Python ends complains about those that the thread below still holds.
    for process in processes:
        with suppress(OSError):
            process.terminate()
    pool.shutdown(wait=True, cancel_futures=True)
    for process in processes:
        process.join()


_made: Synchronized[int] | None = None


def _start_worker(made: Synchronized[int]) -> None:
    global _made
    _made = made
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _count() -> None:
    if _made is not None:
        with _made.get_lock():
            _made.value += 1


def _work(config: DatasetConfig, number: int) -> Shard:
    return make_shard(config, number, _count)
