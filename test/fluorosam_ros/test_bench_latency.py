"""The latency benchmark on a real graph: outlines come, and what is measured is possible."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.ros


def test_outlines_of_live_images_are_timed() -> None:
    from fluorosam_ros.bench_latency import bench_latency

    shares: list[float] = []
    result = bench_latency(size_px=256, rate_hz=8.0, seconds=4.0, record=False, tell=shares.append)
    assert 20 <= result["frames"] <= 40 and 0 < result["overlays"] <= result["frames"] + 1
    assert 2 <= result["prompts"] <= 5
    for name in ("overlay_ms", "prompt_ms"):
        assert 0 < result[name]["median"] <= result[name]["p95"] < 4000
    assert shares == sorted(shares) and shares[-1] <= 1
