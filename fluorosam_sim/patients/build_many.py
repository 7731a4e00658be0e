"""Building many synthetic patients, resumable."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path

from fluorosam_sim.patients.library import synthetic_path
from fluorosam_sim.patients.patient import PatientError
from fluorosam_sim.patients.store import open_patient, save_patient


def parse_seeds(text: str) -> list[int]:
    """Seeds of a list such as "0-19" or "3,7,9000-9002", in order; raises PatientError for another form."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            low = int(first)
            high = int(last) if dash else low
        except ValueError:
            raise PatientError(f"{text[:80]!r} is not a list of seeds like 0-19 or 3,7.") from None
        if not 0 <= low <= high < low + 10_000:
            raise PatientError(f"{part.strip()[:40]!r} is not a range of seeds from low to high (at most 10,000).")
        seeds.extend(range(low, high + 1))
    return seeds


def build_many(
    seeds: Iterable[int], spacing_mm: float, step: Callable[[int, str], None] | None = None
) -> list[tuple[int, Path, bool]]:
    """(seed, cache file, whether it was built now) of each seed; what is in the cache already is left.

    step: told the seed and what is being done, for progress.
    """
    from fluorosam_sim.patients.synthetic.build import build_patient

    done = []
    for seed in seeds:
        path = synthetic_path(seed, spacing_mm)
        try:
            open_patient(path)
            built = False
        except PatientError:
            tell = functools.partial(step, seed) if step else None
            patient = build_patient(seed, spacing_mm, progress=tell)
            save_patient(patient, path)
            built = True
        done.append((seed, path, built))
    return done
