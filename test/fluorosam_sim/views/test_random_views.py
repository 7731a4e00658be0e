"""Random views: what is held out never meets training, and the patient is in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.views import ViewSampler, is_held_out


@pytest.fixture(scope="module")
def patient() -> Patient:
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[10:14, 12:20, 5:25] = 1
    labels[20:24, 12:20, 5:25] = 2
    hu = np.where(labels > 0, 40, -1000).astype(np.int16)
    affine = np.diag([10.0, 10.0, 10.0, 1.0])
    affine[:3, 3] = -145.0
    return Patient("blocks", hu, labels, ("", "lung_left", "lung_right"), affine, frozenset(), "a test", "none")


def test_one_direction_in_eight_is_held_out_evenly() -> None:
    p, s = np.meshgrid(np.arange(-179.5, 180), np.arange(-45.5, 46))
    held = np.array([is_held_out(a, b) for a, b in zip(p.ravel(), s.ravel(), strict=True)]).reshape(p.shape)
    assert 0.11 < held.mean() < 0.14
    for rows in (slice(0, 46), slice(46, 92)):
        for columns in (slice(0, 120), slice(120, 240), slice(240, 360)):
            assert 0.09 < held[rows, columns].mean() < 0.16


def test_cells_are_whole_and_the_anterior_view_is_trained_on() -> None:
    assert not any(is_held_out(a, b) for a in (-4.9, 0, 4.9) for b in (-4.9, 0, 4.9))
    assert all(is_held_out(a, b) for a in (35.1, 40, 44.9) for b in (-4.9, 0, 4.9))
    assert is_held_out(400.0, 0.0) and is_held_out(-320.0, 0.0)


@pytest.mark.parametrize("held_out", [False, True])
def test_views_keep_to_their_side_of_the_split(patient: Patient, held_out: bool) -> None:
    sampler, rng = ViewSampler(patient), np.random.default_rng(0)
    for _ in range(200):
        config, pose = sampler.sample(rng, held_out)
        assert is_held_out(pose.primary_deg, pose.secondary_deg) == held_out
        assert 120 <= config.detector_mm[0] / config.magnification <= 420
        assert np.abs(pose.isocenter_mm).max() < 145 + 75


def test_the_same_seed_gives_the_same_views(patient: Patient) -> None:
    views = [
        [ViewSampler(patient).sample(rng, False) for _ in range(3)]
        for rng in (np.random.default_rng(4), np.random.default_rng(4))
    ]
    assert views[0] == views[1]


def test_a_patient_without_tissue_is_refused(patient: Patient) -> None:
    empty = Patient("air", np.full_like(patient.hu, -1000), patient.labels, *list(vars(patient).values())[3:])
    with pytest.raises(ValueError, match="air"):
        ViewSampler(empty)
