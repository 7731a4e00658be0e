"""FluoroSeg for torch: shards from the disk, or images made while training goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import IterableDataset, get_worker_info

from fluorosam_sim.anatomy import structure
from fluorosam_sim.fluoroseg import DatasetConfig, Item, Reader, Sampler
from fluorosam_sim.fluoroseg import record as records
from fluorosam_sim.fluoroseg.config import Split
from fluorosam_sim.fluoroseg.texts import TextTable

Example = dict[str, Any]
NO_STRUCTURE = -1
"""Structure id of an example that asks for an instrument or implant."""


class ShardImages(IterableDataset[Example]):
    """The images of a dataset on disk, each once an epoch, in an order shuffled by seed and epoch.

    Workers, and processes of a distributed run (rank of world), read different shards. Every example asks for one
    structure, instrument or implant by one wording: image (1, H, W) float32, 0 dark to 1 (65535 counts); mask (H, W)
    bool; text; structure: its id, or −1 for a tool; tool: its key, or "" for a structure; present, False with an empty
    mask in one example of `absent`. A tool is asked for in a share of `tools` of the examples whose image has one.
    """

    def __init__(
        self,
        folder: str | Path,
        split: Split = "train",
        seed: int = 0,
        absent: float = 0.1,
        rank: int = 0,
        world: int = 1,
        tools: float = 0.3,
    ) -> None:
        self._reader = Reader(folder, split)
        self._texts = self._reader.texts
        self._split, self._seed, self._rank, self._world = split, seed, rank, world
        self._absent, self._tools = absent, tools
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
                yield example(item, self._texts, self._split, rng, self._absent, self._tools)


class FreshImages(IterableDataset[Example]):
    """The images [first, images) of a configuration, made when they are asked for; nothing touches the disk.

    They are the very images that `fluorosam generate` would write. Workers take turns by shard, so that each keeps one
    patient at a time.
    """

    def __init__(
        self, config: DatasetConfig, split: Split = "train", first: int = 0, absent: float = 0.1, tools: float = 0.3
    ) -> None:
        self._config, self._split, self._first = config, split, first
        self._absent, self._tools = absent, tools

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
                yield example(item, sampler.texts, self._split, rng, self._absent, self._tools)


def example(
    item: Item, texts: TextTable, split: Split, rng: np.random.Generator, absent: float, tools: float
) -> Example:
    """One image with one thing drawn from those in it, or, with the probability absent, from those not in it.

    tools: probability that it is an instrument or implant, where the image shows one that a wording names alone. Of an
    image without, one is asked for in vain just as often as of an image with some.
    """
    image = torch.from_numpy(item.image.astype(np.float32) / np.float32(65535.0))[None]
    named = [number for number, tool in enumerate(item.record["tools"]) if tool["texts"]]
    in_vain = rng.random() < absent
    asked = _tool(item, named, in_vain, texts, split, rng) if rng.random() < tools and (named or in_vain) else None
    text, mask, structure_id, tool_key = asked or _structure(item, in_vain, texts, split, rng)
    return {
        "image": image,
        "mask": torch.from_numpy(np.ascontiguousarray(mask)),
        "text": text,
        "structure": structure_id,
        "tool": tool_key,
        "present": bool(mask.any()),
    }


_Asked = tuple[str, npt.NDArray[np.bool_], int, str]
"""Text, mask, structure id or NO_STRUCTURE, tool key or ""."""


def _structure(item: Item, in_vain: bool, texts: TextTable, split: Split, rng: np.random.Generator) -> _Asked:
    there, missing = item.record["present"], item.record["absent"]
    asked = missing if missing and (not there or in_vain) else there
    number = list(asked)[int(rng.integers(len(asked)))]
    target = structure(int(number))
    text = texts.text(split, target.id, int(rng.choice(asked[number])))
    return text, item.mask(target.members), target.id, ""


def _tool(
    item: Item, named: list[int], in_vain: bool, texts: TextTable, split: Split, rng: np.random.Generator
) -> _Asked | None:
    """One of the tools `named`, or one that is not there; None where no wording is left for what is not there."""
    if in_vain:
        missing = {key: wordings for key, wordings in item.record["absent_tools"].items() if wordings}
        if not missing:
            return None
        key = list(missing)[int(rng.integers(len(missing)))]
        wordings, mask = missing[key], np.zeros(item.image.shape, bool)
    else:
        number = named[int(rng.integers(len(named)))]
        tool = item.record["tools"][number]
        key, wordings, mask = tool["key"], tool["texts"], item.tool_mask(number)
    return texts.tool_wordings(split)[key][int(rng.choice(wordings))], mask, NO_STRUCTURE, key
