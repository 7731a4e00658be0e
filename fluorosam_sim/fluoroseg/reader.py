"""Reading a dataset with numpy alone, in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fluorosam_sim.fluoroseg import record
from fluorosam_sim.fluoroseg.config import DatasetError, Split
from fluorosam_sim.fluoroseg.layout import TEXTS, read_manifest
from fluorosam_sim.fluoroseg.record import Item
from fluorosam_sim.fluoroseg.shards import TAR, read_index, read_members
from fluorosam_sim.fluoroseg.texts import TextTable

_INDICES_KEPT = 64


class Reader:
    """The images of one split, or of all when split is None; len(), [i] and iteration, in the order of the shards.

    Raises DatasetError for a folder that is no finished dataset. Safe to use from several processes: every access opens
    the file anew.
    """

    def __init__(self, folder: str | Path, split: Split | None = None) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self.shards: tuple[dict[str, Any], ...] = tuple(
            row for row in self.manifest["shards"] if split in (None, row["split"])
        )
        self._ends = np.cumsum([row["images"] for row in self.shards], dtype=np.int64)
        self._index = lru_cache(_INDICES_KEPT)(lambda name: read_index(self.folder, name))

    @property
    def texts(self) -> TextTable:
        """The wordings that records refer to by number."""
        try:
            return TextTable.from_json(json.loads((self.folder / TEXTS).read_bytes()))
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(f"{self.folder / TEXTS} is damaged: repair the dataset with --resume.") from error

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, number: int) -> Item:
        if not 0 <= number < len(self):
            raise IndexError(f"There are {len(self)} images, none has the number {number}.")
        shard = int(np.searchsorted(self._ends, number, side="right"))
        first = int(self._ends[shard - 1]) if shard else 0
        return self._read(self.shards[shard]["shard"], number - first)

    def __iter__(self) -> Iterator[Item]:
        for row in self.shards:
            yield from self.shard(row["shard"])

    def shard(self, name: str) -> Iterator[Item]:
        """The images of one shard in order."""
        for at in range(len(self._index(name)["samples"])):
            yield self._read(name, at)

    def _read(self, name: str, at: int) -> Item:
        sample = self._index(name)["samples"][at]
        return record.decode(sample["key"], read_members(self.folder / f"{name}{TAR}", sample["members"]))
