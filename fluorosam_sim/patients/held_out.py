"""Patients that are kept from training, so that there is something to measure on."""

from __future__ import annotations

FIRST_HELD_OUT_SEED = 9000
# The second pelvis source of the shape model's makers: for tests of shape, never for training.
_HELD_OUT_NAMES = frozenset({"gias3:pelvis"})


def is_held_out_patient(name: str) -> bool:
    """Whether a patient of this name must not be trained on: synthetic seeds from 9000 on, and named exceptions."""
    if name in _HELD_OUT_NAMES:
        return True
    kind, _, rest = name.partition(":")
    seed = rest.partition("@")[0]
    return kind == "synthetic" and seed.isdecimal() and int(seed) >= FIRST_HELD_OUT_SEED
