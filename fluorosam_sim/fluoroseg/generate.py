"""Making a dataset, going on with it after any interruption, and repairing it.

The folder holds `dataset.json` (what it is made of, written first), `texts.json`, per shard `NAME.tar` and
`NAME.json`, and, written last, `statistics.json`, `statistics.svg` and `manifest.json` with the checksum of every file.
A shard counts as done when its index is there and its tar has the checksum that the index states.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numba
import numpy
import scipy

from fluorosam_sim.fluoroseg.config import SPLITS, DatasetConfig, DatasetError
from fluorosam_sim.fluoroseg.folder import only_writer, remove_parts, write_whole
from fluorosam_sim.fluoroseg.layout import CONFIG, FORMAT, MANIFEST, PLOTS, STATISTICS, TEXTS, read_description
from fluorosam_sim.fluoroseg.plots import statistics_svg
from fluorosam_sim.fluoroseg.pools import local_shards, ray_shards
from fluorosam_sim.fluoroseg.record import json_bytes
from fluorosam_sim.fluoroseg.shards import INDEX, TAR, Shard, problem_of, read_index, sha256_of
from fluorosam_sim.fluoroseg.statistics import Tally
from fluorosam_sim.fluoroseg.texts import build_table

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Report:
    """What a run did. images: in the whole dataset. made: images of this run. damaged: shards that were made again."""

    images: int
    made: int
    damaged: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Progress:
    """What is told while a run goes on: checked(done, of) shards of an earlier run, made(images of this run)."""

    checked: Callable[[int, int], None] = lambda done, total: None
    started: Callable[[int, int], None] = lambda images, total: None
    made: Callable[[int], None] = lambda images: None


def generate(
    folder: Path,
    config: DatasetConfig,
    workers: int,
    ray_address: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Makes the dataset, or what is missing of it.

    Raises DatasetError when the folder holds another dataset, is being written or holds files and resume is False;
    OSError when it cannot be written. Whatever ends a run, what is complete stays, and resume goes on from there.
    """
    if workers < 1:
        raise DatasetError(f"The number of workers must be at least 1, not {workers}.")
    progress = progress or Progress()
    texts = json_bytes(build_table(config.paraphrases).to_json())
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder), _clear_when_full(folder, config):
        remove_parts(folder)
        _claim(folder, config, texts, resume)
        damaged, missing = _survey(folder, config, progress)
        todo = sum(config.shard(number).count for number in missing)
        progress.started(config.images - todo, config.images)
        if missing:
            (folder / MANIFEST).unlink(missing_ok=True)
            if ray_address is None:
                shards = local_shards(config, missing, min(workers, len(missing)), progress.made)
            else:
                shards = ray_shards(config, missing, ray_address, progress.made)
            _write_all(folder, shards)
        return Report(config.images, todo, damaged, _finish(folder, config))


def _claim(folder: Path, config: DatasetConfig, texts: bytes, resume: bool) -> None:
    """Writes what the dataset is made of, or checks that it is what the folder is made of already."""
    path = folder / CONFIG
    ours = {
        **FORMAT,
        "config": config.to_json(),
        "texts_sha256": hashlib.sha256(texts).hexdigest(),
        "made_with": _versions(),
    }
    if not path.is_file():
        strangers = sorted(item.name for item in folder.iterdir() if not item.name.startswith("."))
        if strangers:
            raise DatasetError(f"{folder} holds {strangers[0]} and no dataset: give an empty folder.")
        write_whole(path, json_bytes(ours))
        write_whole(folder / TEXTS, texts)
        return
    theirs = read_description(folder)
    if not resume:
        raise DatasetError(f"{folder} holds a dataset already: go on with it with --resume, or give another folder.")
    for key in ours:
        if json.loads(json_bytes(ours[key])) != theirs.get(key):
            what, is_, was = _difference(key, json.loads(json_bytes(ours[key])), theirs.get(key))
            raise DatasetError(
                f"{folder} was begun with {what} {was}, not {is_}: resume it with the same, or give another folder."
            )
    if not (folder / TEXTS).is_file() or (folder / TEXTS).read_bytes() != texts:
        write_whole(folder / TEXTS, texts)


def _versions() -> dict[str, str]:
    """Of everything whose change may change a byte."""
    try:
        own = version("fluorosam")
    except PackageNotFoundError:  # used from its source folder
        own = "source"
    modules = {"numpy": numpy, "scipy": scipy, "numba": numba, "opencv": cv2}
    return {"fluorosam": own} | {name: str(module.__version__) for name, module in modules.items()}


def _difference(key: str, ours: Any, theirs: Any) -> tuple[str, str, str]:
    """The first value that differs: its name, ours and theirs, shortened."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours:
            if ours[name] != theirs.get(name):
                return _difference(name, ours[name], theirs.get(name))
    return key, str(ours)[:80], str(theirs)[:80]


def _survey(folder: Path, config: DatasetConfig, progress: Progress) -> tuple[tuple[str, ...], list[int]]:
    """Names of shards that are there but not whole, and numbers of all that have to be made."""
    damaged, missing = [], []
    for number in range(config.shards):
        name = config.shard(number).name
        tar, index = folder / f"{name}{TAR}", folder / f"{name}{INDEX}"
        if not index.is_file() and not tar.is_file():
            missing.append(number)
        elif problem_of(folder, name) is not None:
            if index.is_file():  # a tar alone is only unfinished
                damaged.append(name)
            index.unlink(missing_ok=True)
            missing.append(number)
        progress.checked(number + 1, config.shards)
    return tuple(damaged), missing


def _write_all(folder: Path, shards: Generator[Shard, None, None]) -> None:
    with closing(shards):
        for shard in shards:
            # The index last: it is what makes the shard count.
            write_whole(folder / f"{shard.plan.name}{TAR}", shard.tar)
            write_whole(folder / f"{shard.plan.name}{INDEX}", shard.index)


@contextmanager
def _clear_when_full(folder: Path, config: DatasetConfig) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        done = complete_shards(folder, config)
        raise OSError(
            f"There is no room left in {folder}: {done} of {config.shards} shards are complete and safe. "
            "Make room and go on with --resume."
        ) from error


def complete_shards(folder: Path, config: DatasetConfig) -> int:
    """How many shards are in the folder, without reading them."""
    return sum((folder / f"{config.shard(number).name}{INDEX}").is_file() for number in range(config.shards))


def _finish(folder: Path, config: DatasetConfig) -> str:
    """Writes the statistics and the manifest; the manifest's checksum."""
    tally, rows = Tally(), []
    counts = dict.fromkeys(SPLITS, 0)
    for number in range(config.shards):
        name = config.shard(number).name
        index = read_index(folder, name)
        tally.merge(index["statistics"])
        counts[index["split"]] += index["images"]
        rows.append(
            {key: index[key] for key in ("shard", "split", "patient", "images", "bytes", "sha256")}
            | {"index_sha256": sha256_of(folder / f"{name}{INDEX}")}
        )
    values = tally.to_json()
    write_whole(folder / STATISTICS, json_bytes(values))
    write_whole(folder / PLOTS, statistics_svg(values).encode())
    files = {name: sha256_of(folder / name) for name in (CONFIG, TEXTS, STATISTICS, PLOTS)}
    manifest = FORMAT | {"images": counts, "files": files, "shards": rows}
    write_whole(folder / MANIFEST, json_bytes(manifest))
    return sha256_of(folder / MANIFEST)
