"""Finding what is damaged in a dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fluorosam_sim.fluoroseg import record
from fluorosam_sim.fluoroseg.config import DatasetError
from fluorosam_sim.fluoroseg.layout import read_manifest
from fluorosam_sim.fluoroseg.shards import INDEX, TAR, problem_of, read_index, read_members, sha256_of


def check(
    folder: Path, deep: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[str]:
    """One sentence per problem; empty for a whole dataset. Raises DatasetError for an unfinished one.

    Every file must have the checksum that the manifest states. deep: also decode every image and mask.
    """
    manifest = read_manifest(folder)
    problems = []
    for name, checksum in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif sha256_of(path) != checksum:
            problems.append(f"{name} does not have its checksum")
    rows = manifest["shards"]
    for done, row in enumerate(rows, start=1):
        name = row["shard"]
        problem = problem_of(folder, name)
        if problem is None and sha256_of(folder / f"{name}{INDEX}") != row["index_sha256"]:
            problem = f"{name}{INDEX} does not have its checksum"
        if problem is None and read_index(folder, name)["sha256"] != row["sha256"]:
            problem = f"{name}{TAR} is not the file that the manifest means"
        if problem is None and deep:
            problem = _unreadable(folder, name)
        if problem is not None:
            problems.append(problem)
        progress(done, len(rows))
    return problems


def _unreadable(folder: Path, name: str) -> str | None:
    for sample in read_index(folder, name)["samples"]:
        try:
            item = record.decode(sample["key"], read_members(folder / f"{name}{TAR}", sample["members"]))
            for label in item.labels:
                item.mask(label)
            for number in range(len(item.tool_counts)):
                item.tool_mask(number)
        except (DatasetError, ValueError) as error:
            return f"{name}{TAR}: {error}"
    return None
