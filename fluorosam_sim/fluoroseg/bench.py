"""How many images a second this machine makes."""

from __future__ import annotations

import multiprocessing
import os
import time
import zlib
from typing import Any

from fluorosam_sim.bench import machine
from fluorosam_sim.fluoroseg.config import DatasetConfig
from fluorosam_sim.fluoroseg.pools import local_shards

PAPER_IMAGES_PER_S = 6.5  # Killeen et al., FluoroSAM: one A6000, 512 × 512, all masks
_SHARD_IMAGES = 32
_ALONE_S = 2.0
_ALONE_BYTES = bytes(range(256)) * 1024


def bench_generate(
    patients: tuple[str, ...], workers: tuple[int, ...], shards_per_worker: int = 2, size_px: int = 512
) -> dict[str, Any]:
    """{machine, paper_images_per_s, rows}: images a second with all masks, PNG and index, for numbers of processes.

    Timed from the first finished image to the last, so that starting Python and loading the first patient do not
    count: in a dataset of any size they are made once. Changing patients does count, once every 32 images instead of
    every 128 as in a dataset. cpu_s: processor seconds an image of all processes together, starting up included.
    speedup: images_s over that of the first row, a process. machine_speedup: the same of programs that share nothing
    and do not touch memory; cores that are two threads of one do not give twice as much of anything.
    """
    rows: list[dict[str, Any]] = []
    for count in workers:
        shards = count * shards_per_worker
        config = DatasetConfig(shards * _SHARD_IMAGES, patients, shard_images=_SHARD_IMAGES, size_px=size_px)
        seen: list[tuple[float, int]] = []

        def note(images: int, seen: list[tuple[float, int]] = seen) -> None:
            if images:
                seen.append((time.perf_counter(), images))

        before = os.times()
        made_bytes = sum(
            len(shard.tar) + len(shard.index) for shard in local_shards(config, range(shards), count, note)
        )
        note(config.images)
        cpu_s = sum(os.times()[:4]) - sum(before[:4])
        (first_s, first), (last_s, last) = seen[0], seen[-1]
        rows.append(
            {
                "processes": count,
                "size": size_px,
                "images": config.images,
                "images_per_s": round((last - first) / max(last_s - first_s, 1e-9), 2),
                "cpu_s_per_image": round(cpu_s / config.images, 3),
                "bytes_per_image": round(made_bytes / config.images),
            }
        )
        per_process = rows[0]["images_per_s"] / rows[0]["processes"]
        rows[-1]["speedup"] = round(rows[-1]["images_per_s"] / max(per_process, 1e-9), 2)
        rows[-1]["machine_speedup"] = round(machine_speedup(count, _ALONE_S), 2)
    return {"machine": machine(), "paper_images_per_s": PAPER_IMAGES_PER_S, "rows": rows}


def machine_speedup(processes: int, seconds: float) -> float:
    """How many times as much as one alone so many processes get done that share nothing and need no memory."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        pool.map(_alone, [0.01] * processes, chunksize=1)  # started and imported
        (alone,) = pool.map(_alone, [seconds])
        together = pool.map(_alone, [seconds] * processes, chunksize=1)
    return sum(together) / alone


def _alone(seconds: float) -> float:
    """Rounds of compression a second."""
    rounds, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        zlib.compress(_ALONE_BYTES, 6)
        rounds += 1
    return rounds / (time.perf_counter() - start)
