"""How many images a second this machine makes."""

from __future__ import annotations

import os
import time
from typing import Any

from fluorosam_sim.bench import machine
from fluorosam_sim.fluoroseg.config import DatasetConfig
from fluorosam_sim.fluoroseg.pools import local_shards

PAPER_IMAGES_PER_S = 6.5  # Killeen et al., FluoroSAM: one A6000, 512 × 512, all masks
_SHARD_IMAGES = 32


def bench_generate(
    patients: tuple[str, ...], workers: tuple[int, ...], shards_per_worker: int = 2, size_px: int = 512
) -> dict[str, Any]:
    """{machine, paper_images_per_s, rows}: images a second with all masks, PNG and index, for numbers of processes.

    Timed from the first finished image to the last, so that starting Python and loading the first patient do not
    count: in a dataset of any size they are made once. Changing patients does count, once every 32 images instead of
    every 128 as in a dataset. cpu_s: processor seconds an image of all processes together, starting up included.
    """
    rows = []
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
    return {"machine": machine(), "paper_images_per_s": PAPER_IMAGES_PER_S, "rows": rows}
