"""Views rendered by processes of their own into a store that they share."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluorosam_model.training.config import DataConfig
from fluorosam_model.training.pool import ViewStore
from fluorosam_model.training.rendering import RenderingProcesses
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.patients.store import save_patient
from fluorosam_sim.render import CpuRenderer, Rendering

PX = 64


@pytest.fixture
def rendering(phantom: Patient) -> Rendering:
    config = replace(next(iter(VENDORS.values())), detector_px=(PX, PX))
    return CpuRenderer(phantom).render(config.projection(CArmPose(0.0, 0.0, (0.0, 0.0, 0.0))))


def test_each_writer_renews_its_own_places(rendering: Rendering) -> None:
    store = ViewStore(6, PX, writers=2)
    for number, writer in enumerate([0, 0, 0, 1, 1, 0, 1]):
        store.add(replace(rendering, soft_gcm2=np.full((PX, PX), float(number), np.float32)), writer)
        # A view counts once every writer has as many: what is counted is there without a gap.
        assert len(store) == (0, 0, 0, 2, 4, 4, 6)[number]
        assert all(store[index].label_bits.any() for index in range(len(store)))
    assert store.added == 7
    assert [store[index].soft_gcm2[0, 0] for index in range(6)] == [5, 3, 1, 4, 2, 6]
    with pytest.raises(IndexError, match="6 views"):
        store[6]


@pytest.mark.timeout(300)
def test_processes_fill_the_store_and_say_when_one_has_ended(phantom: Patient, tmp_path: Path) -> None:
    path = tmp_path / "phantom.patient"
    save_patient(phantom, path)
    store = ViewStore(8, PX, shared=True, writers=2)
    config = DataConfig(patients=(str(path),), renderers=2)
    told: list[int] = []
    processes = RenderingProcesses(config, store, seed=3)
    try:
        processes.fill(100, told.append)
        assert len(store) == 8 and told and max(told) <= 8
        first, second = store[0].soft_gcm2.copy(), store[1].soft_gcm2.copy()
        assert first.max() > 1 and not np.array_equal(first, second), "each draws its own views"
        before = store.added
        deadline = time.monotonic() + 60
        while store.added < before + 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert store.added >= before + 4, "views are renewed while nobody asks"
    finally:
        processes.stop()
    with pytest.raises(RuntimeError, match="has ended"):
        processes.check()
