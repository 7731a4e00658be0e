"""Building a population goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.patients.build_many import build_many
from fluorosam_sim.patients.store import cache_folder
from fluorosam_sim.patients.synthetic import build


def test_an_interrupted_population_is_finished_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, phantom: Patient
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built: list[int] = []

    def quick(seed: int, spacing_mm: float, progress: Callable[[str], None] | None = None) -> Patient:
        if seed == 2 and len(built) == 2:
            raise KeyboardInterrupt
        built.append(seed)
        if progress:
            progress("composing")
        return replace(phantom, name=f"synthetic:{seed}")

    monkeypatch.setattr(build, "build_patient", quick)
    with pytest.raises(KeyboardInterrupt):
        build_many(range(4), 2.0)
    assert built == [0, 1] and len(list(cache_folder().iterdir())) == 2
    # A file that was damaged meanwhile is built again, too.
    damaged = sorted(cache_folder().iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    said: list[tuple[int, str]] = []
    done = build_many(range(4), 2.0, lambda seed, text: said.append((seed, text)))
    assert [(seed, new) for seed, _, new in done] == [(0, True), (1, False), (2, True), (3, True)]
    assert said == [(0, "composing"), (2, "composing"), (3, "composing")]
    assert all(path.is_file() for _, path, _ in done) and len(list(cache_folder().iterdir())) == 4
    assert load_patient("synthetic:3@2").name == "synthetic:3"
