"""What is kept from training stays kept."""

from __future__ import annotations

import pytest

from fluorosam_sim.patients import PatientError, is_held_out_patient, load_patient


@pytest.mark.parametrize("name", ["synthetic:9000", "synthetic:9000@2.5", "synthetic:123456", "gias3:pelvis"])
def test_held_out(name: str) -> None:
    assert is_held_out_patient(name)


@pytest.mark.parametrize("name", ["chest", "synthetic:8999", "synthetic:0@3", "synthetic:x", "synthetic:-9000", "9000"])
def test_not_held_out(name: str) -> None:
    assert not is_held_out_patient(name)


@pytest.mark.parametrize("name", ["synthetic:9_000", "synthetic: 9000", "synthetic:+9000", "synthetic:٩٠٠٠"])
def test_a_held_out_seed_has_no_second_name(name: str) -> None:
    with pytest.raises(PatientError, match="SEED"):
        load_patient(name)
