"""A pulse while the C-arm moves, against the mean of many views within it."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.beam import transmission
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.exposure import ExposureConfig
from fluorosam_sim.render.pulse import averaged, between, smear, sub_views
from fluorosam_sim.twin import Twin

CONFIG = VENDORS["standard"]
SIZE = (192, 192)


def intensity(renderer: CpuRenderer, pose: CArmPose) -> np.ndarray:
    rendering = renderer.render(CONFIG.projection(pose, SIZE), labels=False)
    return transmission(rendering.soft_gcm2, rendering.bone_gcm2, 90.0)[0]


@pytest.mark.parametrize(
    ("end", "views"),
    [
        (CArmPose(0, 0, (6.0, 0.0, 0.0)), 1),
        (CArmPose(0, 0, (3.0, 0.0, -3.0)), 1),
        (CArmPose(2.5, 0), 5),
        (CArmPose(30, 1.5, (0.0, 2.0, 0.0)), 7),
    ],
)
def test_a_pulse_is_the_mean_of_many_views(phantom: Patient, end: CArmPose, views: int) -> None:
    """Motion of several pixels, as in a pulse of 30 to 300 ms: blur that is seen."""
    start = CArmPose(27 if end.primary_deg == 30 else 0.0)
    renderer = CpuRenderer(phantom)
    expected = np.mean([intensity(renderer, between(start, end, (n + 0.5) / 24)) for n in range(24)], axis=0)
    parts = sub_views(CONFIG, start, end, SIZE)
    assert len(parts) == views
    got = np.zeros(SIZE, np.float32)
    for part in parts:
        rendering = renderer.render(CONFIG.projection(part.pose, SIZE), labels=False)
        image = transmission(rendering.soft_gcm2, rendering.bone_gcm2, 90.0)[0]
        got += averaged(image, smear(CONFIG, part, rendering).homographies) / len(parts)
    inner = np.s_[8:-8, 8:-8]  # at the border an image does not know what comes in
    sharp = intensity(renderer, between(start, end, 0.5))
    blurred = np.linalg.norm((sharp - expected)[inner])
    assert np.linalg.norm((got - expected)[inner]) < 0.2 * blurred


def test_a_usual_pulse_takes_one_view_and_none_at_rest() -> None:
    assert sub_views(CONFIG, CArmPose(), CArmPose(), (512, 512)) == []
    fastest = CArmPose(CONFIG.speed_deg_s * 0.01, 0, (CONFIG.speed_mm_s * 0.01, 0.0, 0.0))
    assert len(sub_views(CONFIG, CArmPose(), fastest, (512, 512))) == 1


def test_the_twins_frames_are_blurred_only_while_it_moves(phantom: Patient) -> None:
    def edge(pulse_ms: float, moving: bool) -> tuple[float, np.ndarray]:
        twin = Twin(phantom, size_px=(256, 256), seed=1, exposure=ExposureConfig(automatic=False, pulse_ms=pulse_ms))
        twin.place(CArmPose(0, 0, (0.0, 0.0, -20.0)))
        if moving:
            twin.start_move(CArmPose(0, 0, (100.0, 0.0, -20.0)))
        frame = twin.acquire()
        assert frame.pose == CArmPose(0, 0, (0.0, 0.0, -20.0))
        # The steepest step across the bone ball's side.
        return float(np.abs(np.diff(frame.image.astype(float), axis=1)).max()), frame.image

    sharp, still = edge(100.0, moving=False)
    np.testing.assert_array_equal(still, edge(10.0, moving=False)[1])
    np.testing.assert_array_equal(still, edge(0.0, moving=True)[1])
    assert edge(100.0, moving=True)[0] < 0.8 * sharp


def test_a_pulse_of_impossible_length_is_refused() -> None:
    with pytest.raises(ValueError, match="pulse"):
        ExposureConfig(pulse_ms=-1.0)
