"""A tiny dataset of two phantoms, one of them for validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numba
import pytest
from shard_making import shards_here

from fluorosam_sim.fluoroseg import DatasetConfig
from fluorosam_sim.fluoroseg import generate as generating
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.store import save_patient


@pytest.fixture(scope="session")
def bodies(tmp_path_factory: pytest.TempPathFactory, phantom: Patient) -> tuple[str, str]:
    """Paths of two patient files."""
    folder = tmp_path_factory.mktemp("bodies")
    for name in ("one", "two"):
        save_patient(replace(phantom, name=name), folder / f"{name}.patient")
    return str(folder / "one.patient"), str(folder / "two.patient")


@pytest.fixture(scope="session")
def config(bodies: tuple[str, str]) -> DatasetConfig:
    return DatasetConfig(11, bodies, validation=bodies[1:], seed=5, size_px=48, shard_images=2, tool_share=0.7)


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    """Making a shard in this process takes its threads away."""
    before = numba.get_num_threads(), cv2.getNumThreads()
    yield
    numba.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets of the test are made without other processes."""
    monkeypatch.setattr(generating, "local_shards", shards_here)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory, config: DatasetConfig) -> Path:
    """The whole dataset; not to be changed."""
    folder = tmp_path_factory.mktemp("whole") / "dataset"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generating, "local_shards", shards_here)
        generating.generate(folder, config, 1)
    return folder
