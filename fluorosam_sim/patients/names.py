"""Names of several patients at once."""

from __future__ import annotations

from collections.abc import Iterable

from fluorosam_sim.patients.build_many import parse_seeds
from fluorosam_sim.patients.library import SYNTHETIC


def expand_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names for `load_patient`, with several seeds such as "synthetic:0-19@2" written out.

    Raises PatientError for seeds that are none.
    """
    expanded: list[str] = []
    for name in names:
        kind, _, rest = name.partition(":")
        seeds, at, spacing = rest.partition("@")
        if kind == SYNTHETIC:
            expanded += [f"{SYNTHETIC}:{seed}{at}{spacing}" for seed in parse_seeds(seeds)]
        else:
            expanded.append(name)
    return tuple(expanded)
