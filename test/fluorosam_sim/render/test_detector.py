"""Beam, detector and collimator."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose, Collimation
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import DetectorConfig, expose, open_pixels, spectrum, transmission

CONFIG = VENDORS["standard"]


def test_water_transmission_lies_between_its_mono_energetic_bounds() -> None:
    ten_cm = np.full((1, 1), 10.0, np.float32)
    value = float(transmission(ten_cm, np.zeros_like(ten_cm), 90.0)[0, 0])
    assert np.exp(-0.3756 * 10) < value < np.exp(-0.1614 * 10)


def test_bone_attenuates_more_than_soft_tissue_and_more_so_at_low_voltage() -> None:
    none, some = np.zeros((1, 1), np.float32), np.full((1, 1), 2.0, np.float32)
    contrast = {
        kvp: float(transmission(some, none, kvp)[0, 0] / transmission(none, some, kvp)[0, 0]) for kvp in (60, 120)
    }
    assert contrast[60] > contrast[120] > 1.0


def test_spectrum_is_normalised_and_refuses_absurd_voltages() -> None:
    assert spectrum(90).sum() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="40 to 150"):
        spectrum(400)


def test_collimator_blanks_the_image_outside_its_opening(phantom: Patient) -> None:
    rendering = CpuRenderer(phantom).render(CONFIG.projection(CArmPose(), (200, 200)), labels=False)
    opening = Collimation(-60, -40, 80, 100)
    image = expose(rendering, CONFIG, opening, np.random.default_rng(0))
    x0, y0, x1, y1 = open_pixels(CONFIG, opening, 200, 200)
    assert (x0, y0, x1, y1) == (70, 80, 140, 150)
    outside = np.ones(image.shape, bool)
    outside[y0:y1, x0:x1] = False
    assert image[outside].max() < 60 and np.median(image[~outside]) == pytest.approx(8000, rel=0.05)


def test_noise_variance_follows_the_dose(phantom: Patient) -> None:
    rendering = CpuRenderer(phantom).render(CONFIG.projection(CArmPose(), (128, 128)), labels=False)

    def variance(quanta: float) -> float:
        config = DetectorConfig(quanta=quanta, electronic_counts=0.0)
        first, second = (
            expose(rendering, CONFIG, CONFIG.open_field, np.random.default_rng(seed), detector=config).astype(float)
            for seed in (1, 2)
        )
        return float(np.var((first - second)[48:80, 48:80]))

    assert variance(1000) / variance(4000) == pytest.approx(4.0, rel=0.15)


def test_the_same_seed_gives_the_same_image(phantom: Patient) -> None:
    rendering = CpuRenderer(phantom).render(CONFIG.projection(CArmPose(), (64, 64)), labels=False)
    images = [expose(rendering, CONFIG, CONFIG.open_field, np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(*images)
