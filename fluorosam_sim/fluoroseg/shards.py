"""Shards: plain tar files in WebDataset's layout, each with an index beside it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numba

from fluorosam_sim.fluoroseg import record
from fluorosam_sim.fluoroseg.config import DatasetConfig, DatasetError, ShardPlan
from fluorosam_sim.fluoroseg.layout import FORMAT
from fluorosam_sim.fluoroseg.sampler import Sampler
from fluorosam_sim.fluoroseg.statistics import Tally

TAR, INDEX = ".tar", ".json"


@dataclass(frozen=True, eq=False)
class Shard:
    """The two files of a shard, as bytes."""

    plan: ShardPlan
    tar: bytes
    index: bytes


@lru_cache(maxsize=1)
def _sampler(config: DatasetConfig) -> Sampler:
    return Sampler(config)


def make_shard(config: DatasetConfig, number: int, image_done: Callable[[], object] = lambda: None) -> Shard:
    """Renders one shard on one processor core; the unit of work of every kind of distribution.

    The bytes depend on nothing but the arguments, the patients and the versions of the program and its libraries.
    """
    numba.set_num_threads(1)
    cv2.setNumThreads(1)
    sampler, plan = _sampler(config), config.shard(number)
    packed = io.BytesIO()
    tally = Tally()
    samples = []
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for index in range(plan.first, plan.first + plan.count):
            sample = sampler.sample(index)
            tally.add(sample)
            key, places = record.key_of(index), {}
            for extension, content in record.encode(sample).items():
                entry = tarfile.TarInfo(f"{key}.{extension}")  # its time, owner and rights are constants
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
                places[extension] = [packed.tell() - _padded(len(content)), len(content)]
            samples.append({"key": key, "members": places})
            image_done()
    content = packed.getvalue()
    index_values = {
        **FORMAT,
        "shard": plan.name,
        "split": plan.split,
        "patient": plan.patient,
        "images": plan.count,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "samples": samples,
        "statistics": tally.to_json(),
    }
    return Shard(plan, content, record.json_bytes(index_values))


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def read_index(folder: Path, name: str) -> dict[str, Any]:
    """The index beside a shard. Raises DatasetError when it is missing or damaged."""
    path = folder / f"{name}{INDEX}"
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        if {key: values[key] for key in FORMAT} != FORMAT or values["shard"] != name:
            raise ValueError(name)
        if values["images"] != len(values["samples"]):
            raise ValueError(name)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or type(error).__name__}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is damaged: repair the dataset with --resume.") from error
    return values


def read_members(path: Path, places: dict[str, list[int]], wanted: Iterable[str] = record.MEMBERS) -> dict[str, bytes]:
    """The members of one sample at [offset, length] places of a shard. Raises DatasetError when they are not there."""
    try:
        with path.open("rb") as file:
            found = {}
            for extension in wanted:
                offset, length = places[extension]
                file.seek(offset)
                found[extension] = file.read(length)
                if len(found[extension]) != length:
                    raise DatasetError(f"{path} is cut short: repair the dataset with --resume.")
            return found
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or type(error).__name__}).") from error


def sha256_of(path: Path) -> str:
    """Checksum of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def problem_of(folder: Path, name: str) -> str | None:
    """What is wrong with a shard's files, None when they are whole."""
    path = folder / f"{name}{TAR}"
    try:
        index = read_index(folder, name)
        if path.stat().st_size != index["bytes"]:
            return f"{path.name} has {path.stat().st_size} bytes instead of {index['bytes']}"
        if sha256_of(path) != index["sha256"]:
            return f"{path.name} does not have its checksum"
    except DatasetError as error:
        return str(error)
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror or type(error).__name__})"
    return None
