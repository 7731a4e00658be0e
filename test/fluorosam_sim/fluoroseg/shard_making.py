"""What tests of datasets share; a module of its own, so that writers in other processes find it by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fluorosam_sim.fluoroseg import DatasetConfig
from fluorosam_sim.fluoroseg.shards import Shard, make_shard


def shards_here(
    config: DatasetConfig, numbers: Iterable[int], workers: int, progress: Callable[[int], None] = lambda images: None
) -> Iterator[Shard]:
    """What `local_shards` gives, made in this process."""
    for number in numbers:
        yield make_shard(config, number)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
