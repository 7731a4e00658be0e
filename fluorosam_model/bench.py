"""How long it takes from a frame and a prompt to the mask."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.registry import load_predictor
from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.bench import machine


def bench_segment(
    model: str = "lite", sizes: tuple[int, ...] = (512, 1024), repeats: int = 30, threads: int | None = None
) -> dict[str, Any]:
    """{machine, rows, ratios}: median times in ms for square frames of several sizes.

    encode_ms: preparing and encoding a frame. first_prompt_ms: a text never seen before. next_prompt_ms: a text seen
    before. frame_to_mask_ms and p95_ms: a new frame and a text seen before, median and 95th percentile. memory_mb: the
    most that the process has used. ratios: first over next prompt, and frame to mask at the largest over the smallest
    size.
    """
    rows = [_row(model, size, repeats, threads) for size in sizes]
    small, large = rows[0], rows[-1]
    ratios = {
        "first prompt / next prompt": round(large["first_prompt_ms"] / large["next_prompt_ms"], 2),
        f"{sizes[-1]} px / {sizes[0]} px": round(large["frame_to_mask_ms"] / small["frame_to_mask_ms"], 2),
    }
    return {"machine": machine(), "rows": rows, "ratios": ratios}


def _row(model: str, size: int, repeats: int, threads: int | None) -> dict[str, Any]:
    predictor = load_predictor(model, threads=threads)
    frame = _frame(size)
    names = [each.name for each in STRUCTURES[:repeats]]

    def frame_to_mask() -> None:
        predictor.set_image(frame)
        predictor.predict_many([names[0]])

    encode = _times(lambda: predictor.set_image(frame), repeats)
    first = [_time(lambda: predictor.predict_many([name])) for name in names]  # noqa: B023 - called at once
    following = _times(lambda: predictor.predict_many([names[0]]), repeats)
    both = _times(frame_to_mask, repeats)
    return {
        "backend": "onnxruntime",
        "model": model,
        "size": size,
        "encode_ms": round(statistics.median(encode), 1),
        "first_prompt_ms": round(statistics.median(first), 1),
        "next_prompt_ms": round(statistics.median(following), 1),
        "frame_to_mask_ms": round(statistics.median(both), 1),
        "p95_ms": round(float(np.quantile(both, 0.95)), 1),
        "memory_mb": _memory_mb(),
    }


def _frame(size: int) -> npt.NDArray[np.uint16]:
    """A detector frame of soft shadows with noise; what it shows does not change the time."""
    rng = np.random.default_rng(0)
    depth = cv2.resize(rng.random((12, 12), np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(rng.poisson(2000 * np.exp(2 - 4 * depth)), np.uint16)


def _time(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def _times(call: Callable[[], Any], repeats: int) -> list[float]:
    """Times of a call in ms, after two that do not count."""
    for _ in range(2):
        call()
    return [_time(call) for _ in range(repeats)]


def _memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1024 if sys.platform != "darwin" else peak / 1024**2, 0)
