"""FluoroSeg for torch: shards from the disk, or images made while training goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from fluorosam_sim.anatomy import structure
from fluorosam_sim.fluoroseg import DatasetConfig, Item, Reader, Sampler
from fluorosam_sim.fluoroseg import record as records
from fluorosam_sim.fluoroseg.config import Split
from fluorosam_sim.fluoroseg.texts import TextTable

Example = dict[str, Any]


class ShardImages(IterableDataset[Example]):
    """The images of a dataset on disk, each once an epoch, in an order shuffled by seed and epoch.

    Workers, and processes of a distributed run (rank of world), read different shards. Every example holds one
    structure of the image, asked for by one wording: image (1, H, W) float32, 0 dark to 1 (65535 counts); mask
    (H, W) bool; text; structure id; present, False with an empty mask in one example of `absent`.
    """

    def __init__(
        self,
        folder: str | Path,
        split: Split = "train",
        seed: int = 0,
        absent: float = 0.1,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._reader = Reader(folder, split)
        self._texts = self._reader.texts
        self._split, self._seed, self._absent, self._rank, self._world = split, seed, absent, rank, world
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._reader)

    def __iter__(self) -> Iterator[Example]:
        worker = get_worker_info()
        part = self._rank * (worker.num_workers if worker else 1) + (worker.id if worker else 0)
        parts = self._world * (worker.num_workers if worker else 1)
        order = np.random.default_rng([self._seed, self.epoch]).permutation(len(self._reader.shards))
        rng = np.random.default_rng([self._seed, self.epoch, part])
        for number in order[part::parts].tolist():
            name = self._reader.shards[number]["shard"]
            for item in self._reader.shard(name):
                yield example(item, self._texts, self._split, rng, self._absent)


class FreshImages(IterableDataset[Example]):
    """The images [first, images) of a configuration, made when they are asked for; nothing touches the disk.

    They are the very images that `fluorosam generate` would write. Workers take turns by shard, so that each keeps one
    patient at a time.
    """

    def __init__(self, config: DatasetConfig, split: Split = "train", first: int = 0, absent: float = 0.1) -> None:
        self._config, self._split, self._first, self._absent = config, split, first, absent

    def __iter__(self) -> Iterator[Example]:
        worker = get_worker_info()
        part, parts = (worker.id, worker.num_workers) if worker else (0, 1)
        config = self._config
        plans = [config.shard(number) for number in range(config.shards)]
        sampler = Sampler(config)
        rng = np.random.default_rng([config.seed, part])
        for plan in [plan for plan in plans if plan.split == self._split][part::parts]:
            for index in range(max(plan.first, self._first), plan.first + plan.count):
                sample = sampler.sample(index)
                item = records.decode(records.key_of(index), records.encode(sample))
                yield example(item, sampler.texts, self._split, rng, self._absent)


def example(item: Item, texts: TextTable, split: Split, rng: np.random.Generator, absent: float) -> Example:
    """One image with one structure drawn from those in it, or, with the probability absent, from those not in it."""
    there, missing = item.record["present"], item.record["absent"]
    asked = missing if missing and (not there or rng.random() < absent) else there
    number = list(asked)[int(rng.integers(len(asked)))]
    wordings = asked[number]
    target = structure(int(number))
    mask = item.mask(target.members)
    image = torch.from_numpy(item.image.astype(np.float32) / np.float32(65535.0))[None]
    text = texts.text(split, target.id, int(wordings[int(rng.integers(len(wordings)))]))
    return {
        "image": image,
        "mask": torch.from_numpy(np.ascontiguousarray(mask)),
        "text": text,
        "structure": target.id,
        "present": bool(mask.any()),
    }
