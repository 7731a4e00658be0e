"""A whole synthetic body, for what needs anatomy from head to foot."""

from __future__ import annotations

import pytest

from fluorosam_sim.patients import Patient, load_patient


@pytest.fixture(scope="session")
def adult() -> Patient:
    """One of the bodies that nothing is ever trained on, at 2 mm."""
    return load_patient("synthetic:9000@2")
