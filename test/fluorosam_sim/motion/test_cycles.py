"""Breathing and heartbeat over time."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.motion import Breathing, Heartbeat


def test_a_breath_begins_at_inspiration_and_lingers_at_expiration() -> None:
    breathing = Breathing(breaths_per_minute=12.0, variation=0.0)
    wave = np.array([breathing.expiration(t) for t in np.linspace(0, 5, 501)])
    assert wave[0] == 0 and wave[-1] == pytest.approx(0, abs=1e-9) and wave.max() == pytest.approx(1)
    assert wave.argmax() == 250 and (wave > 0.5).mean() > 0.6  # Lujan: more of the time near expiration
    np.testing.assert_allclose(wave, [breathing.expiration(t) for t in np.linspace(50, 55, 501)], atol=1e-9)


def test_breaths_differ_in_depth_by_seed_and_are_the_same_again() -> None:
    breathing = Breathing(variation=0.1)
    depths = np.array([breathing.expiration(breathing.period_s * (n + 0.5), seed=3) for n in range(200)])
    assert depths.std() == pytest.approx(0.1, rel=0.25) and depths.mean() == pytest.approx(1, abs=0.03)
    assert breathing.expiration(17.3, seed=3) == breathing.expiration(17.3, seed=3)
    assert breathing.expiration(17.3, seed=3) != breathing.expiration(17.3, seed=4)
    steps = np.diff([breathing.expiration(t) for t in np.arange(0, 60, 0.01)])
    assert np.abs(steps).max() < 0.02  # no jump from breath to breath


def test_a_beat_is_a_quick_contraction_and_a_rest() -> None:
    heartbeat = Heartbeat(beats_per_minute=60.0)
    wave = np.array([heartbeat.contraction(t) for t in np.linspace(0, 1, 1001)])
    assert wave[0] == 0 and wave.max() == pytest.approx(1) and 0.3 < wave.argmax() / 1000 < 0.4
    assert (wave == 0).mean() > 0.3 and np.abs(np.diff(wave)).max() < 0.01


@pytest.mark.parametrize(
    "make",
    [
        lambda: Breathing(breaths_per_minute=0),
        lambda: Breathing(diaphragm_mm=60),
        lambda: Breathing(variation=float("nan")),
        lambda: Heartbeat(beats_per_minute=0),
        lambda: Heartbeat(volume_change=0.5),
    ],
)
def test_what_no_body_does_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        make()
