"""Whatever happens while a dataset is made, it ends up the same to the byte."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shard_making import contents, shards_here

from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError
from fluorosam_sim.fluoroseg import generate as generating
from fluorosam_sim.fluoroseg.check import check
from fluorosam_sim.fluoroseg.folder import only_writer
from fluorosam_sim.fluoroseg.generate import Progress, generate
from fluorosam_sim.fluoroseg.shards import Shard

_PROGRAM = """
import json, sys
from pathlib import Path
from fluorosam_sim.fluoroseg.config import DatasetConfig
from fluorosam_sim.fluoroseg.generate import generate
if __name__ == "__main__":
    generate(Path(sys.argv[1]), DatasetConfig.from_json(json.loads(sys.argv[2])), 2, resume=True)
"""


def _children(process: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == process and fields[0] != "Z":
                found.append(int(path.name))
    return found


def _alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _start(folder: Path, config: DatasetConfig) -> subprocess.Popen[bytes]:
    values = json.dumps(config.to_json())
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, str(folder), values], stderr=subprocess.PIPE)


def _complete(folder: Path) -> int:
    return len(list(folder.glob("*-??????.json")))


def _wait_for(folder: Path, shards: int, process: subprocess.Popen[bytes]) -> None:
    while _complete(folder) < shards and process.poll() is None:
        time.sleep(0.005)


@pytest.mark.timeout(600)
def test_workers_end_with_the_program(tmp_path: Path, config: DatasetConfig) -> None:
    many = dataclasses.replace(config, images=30, shard_images=1, size_px=24)
    folder, chance = tmp_path / "killed", random.Random(7)
    for how in (signal.SIGINT, signal.SIGKILL):
        process = _start(folder, many)
        # Moments inside the work, not while Python starts: somewhere after the next one or two shards.
        _wait_for(folder, _complete(folder) + chance.randint(1, 2), process)
        time.sleep(chance.uniform(0, 0.1))
        workers = _children(process.pid)
        process.send_signal(how)
        _, said = process.communicate()
        assert how == signal.SIGKILL or b"KeyboardInterrupt" in said
        deadline = time.monotonic() + 60
        while any(map(_alive, workers)):
            assert time.monotonic() < deadline, "workers outlive the program"
            time.sleep(0.05)
        assert not (folder / "manifest.json").exists()
    assert 0 < _complete(folder) < many.shards
    _resumed_is_unbroken(folder, tmp_path / "whole", many)


def test_killed_at_ten_random_moments(tmp_path: Path, config: DatasetConfig) -> None:
    """Writers that are forked from a process with everything imported: the moments are those of the work."""
    many = dataclasses.replace(config, images=120, shard_images=1, size_px=24)
    folder, chance = tmp_path / "killed", random.Random(11)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fluorosam_sim.fluoroseg.generate", "pytest"])
    killed = 0
    while killed < 10:
        writer = context.Process(target=_write, args=(folder, many))
        writer.start()
        before = _complete(folder)
        while _complete(folder) == before and writer.is_alive():
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL, "the dataset was finished too early"
        killed += 1
    assert 10 <= _complete(folder) < many.shards
    _resumed_is_unbroken(folder, tmp_path / "whole", many)


def _write(folder: Path, config: DatasetConfig) -> None:
    generating.local_shards = shards_here  # type: ignore[assignment]
    generate(folder, config, 1, resume=True)


def _resumed_is_unbroken(folder: Path, whole: Path, config: DatasetConfig) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generating, "local_shards", shards_here)
        assert generate(folder, config, 1, resume=True).damaged == ()
        generate(whole, config, 1)
    assert contents(folder) == contents(whole)


def test_nothing_half_written_is_left(dataset: Path, config: DatasetConfig) -> None:
    assert check(dataset, deep=True) == []
    names = {path.name for path in dataset.iterdir()}
    shards = {config.shard(number).name for number in range(config.shards)}
    assert names == {"dataset.json", "texts.json", "manifest.json", "statistics.json", "statistics.svg"} | {
        f"{name}{suffix}" for name in shards for suffix in (".tar", ".json")
    }


@pytest.mark.usefixtures("in_process")
def test_damage_is_found_and_repaired(tmp_path: Path, dataset: Path, config: DatasetConfig) -> None:
    whole, folder = contents(dataset), tmp_path / "damaged"
    folder.mkdir()
    first, second, third = (config.shard(number).name for number in range(3))
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    flipped = bytearray(whole[f"{first}.tar"])
    flipped[5000] ^= 1
    (folder / f"{first}.tar").write_bytes(flipped)
    (folder / f"{second}.tar").write_bytes(whole[f"{second}.tar"][:-512])
    (folder / f"{third}.json").write_bytes(whole[f"{third}.json"][:100])
    (folder / "statistics.json").unlink()
    problems = check(folder)
    assert len(problems) == 4
    assert [any(name in problem for problem in problems) for name in (first, second, third, "statistics")] == [True] * 4
    report = generate(folder, config, 1, resume=True)
    assert report.damaged == (first, second, third) and report.made == 6
    assert contents(folder) == whole


@pytest.mark.usefixtures("in_process")
def test_a_finished_dataset_is_left_as_it_is(tmp_path: Path, dataset: Path, config: DatasetConfig) -> None:
    with pytest.raises(DatasetError, match="--resume"):
        generate(dataset, config, 1)
    before = contents(dataset)
    assert generate(dataset, config, 1, resume=True).made == 0
    assert contents(dataset) == before
    with pytest.raises(DatasetError, match="seed 5, not 6"):
        generate(dataset, dataclasses.replace(config, seed=6), 1, resume=True)
    assert contents(dataset) == before
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"diary\.txt"):
        generate(tmp_path, config, 1, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.usefixtures("in_process")
def test_two_writers(tmp_path: Path, config: DatasetConfig) -> None:
    with only_writer(tmp_path), pytest.raises(DatasetError, match=f"being written by process {os.getpid()} on"):
        generate(tmp_path, config, 1)
    assert list(tmp_path.iterdir()) == []


def test_full_disk(tmp_path: Path, dataset: Path, config: DatasetConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    folder = tmp_path / "full"

    def filling(*arguments: object, **named: object) -> Iterator[Shard]:
        for done, shard in enumerate(shards_here(*arguments, **named)):  # type: ignore[arg-type]
            if done == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, (len(shard.tar) // 2, hard))
            yield shard

    monkeypatch.setattr(generating, "local_shards", filling)
    try:
        with pytest.raises(OSError, match=r"no room left in .*: 2 of 6 shards are complete and safe"):
            generate(folder, config, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    monkeypatch.setattr(generating, "local_shards", shards_here)
    assert generate(folder, config, 1, resume=True).damaged == ()
    assert contents(folder) == contents(dataset)


def test_progress_tells_what_is_there_and_what_is_to_do(
    tmp_path: Path, config: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generating, "local_shards", shards_here)
    checked: list[tuple[int, int]] = []
    started: list[tuple[int, int]] = []
    told = Progress(lambda *values: checked.append(values), lambda *values: started.append(values))
    generate(tmp_path / "new", config, 1, progress=told)
    generate(tmp_path / "new", config, 1, resume=True, progress=told)
    assert checked[-1] == (6, 6) and started == [(0, 11), (11, 11)]


def test_ray_that_is_not_there_is_explained(
    tmp_path: Path, config: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DatasetError, match="pip install ray"):
        generate(tmp_path / "new", config, 1, ray_address="auto")
