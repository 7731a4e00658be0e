"""Images per second of the Triton renderer on a GPU, with and without labels, against batch size and resolution.

    python benchmarks/render_gpu.py [OUT]

writes render_gpu.json and render_gpu.md into the folder OUT. The chest CT as it is and at the preview's quality.
"Left on the GPU": results stay there for what computes on; "on the host": as `Rendering`s. The error is the largest
difference of area densities from the CPU renderer's, over their largest value, and the share of pixels whose label set
differs, at 256 px. Exit status 2 without a GPU.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.cuda import CudaRenderer

_SIZES = (256, 448, 512)
_BATCHES = (1, 8, 64)
_REPEATS = 7
_POSES = [
    CArmPose(primary_deg, secondary_deg) for primary_deg, secondary_deg in itertools.product(range(-30, 34, 9), (0, 12))
]


def _median_s(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measured() -> list[dict[str, Any]]:
    """A row for each quality, size, batch and with or without labels."""
    patient, config = load_patient("chest"), VENDORS["standard"]
    rows = []
    for preview in (False, True):
        gpu, cpu = CudaRenderer(patient, preview), CpuRenderer(patient, preview)
        projection = config.projection(CArmPose(25, 15), (256, 256))
        ours, theirs = gpu.render(projection), cpu.render(projection)
        error = np.abs(ours.soft_gcm2 - theirs.soft_gcm2).max() / theirs.soft_gcm2.max()
        differing = (ours.label_bits != theirs.label_bits).any(axis=-1).mean()
        for size, batch, labels in itertools.product(_SIZES, _BATCHES, (False, True)):
            views = [config.projection(_POSES[n % len(_POSES)], (size, size)) for n in range(batch)]
            on_gpu = _median_s(lambda v=views, n=labels, r=gpu: list(r.render_tensors(v, n)))  # type: ignore[misc]
            on_host = _median_s(lambda v=views, n=labels, r=gpu: r.render_views(v, n))  # type: ignore[misc]
            row = {
                "quality": "preview" if preview else "full",
                "size": size,
                "batch": batch,
                "labels": labels,
                "images_s_left_on_the_gpu": round(batch / on_gpu),
                "images_s_on_the_host": round(batch / on_host),
                "largest_relative_difference": float(error),
                "pixels_with_other_labels": float(differing),
            }
            rows.append(row)
            print(json.dumps(row), flush=True)
    return rows


def table(document: dict[str, Any]) -> str:
    """The measurements as Markdown."""
    rows = document["rows"]
    error = max(row["largest_relative_difference"] for row in rows)
    differing = max(row["pixels_with_other_labels"] for row in rows)
    lines = [
        "# What rendering costs on a GPU",
        "",
        f"Chest CT 512 × 512 × 133, images per second, {document['device']}, torch {document['torch']}.",
        "Written by `python benchmarks/render_gpu.py benchmarks`. Left on the GPU: densities and label sets stay there",
        "for what computes on (`CudaRenderer.render_tensors`). On the host: as `Rendering`s, every byte copied.",
        "",
        f"Against the CPU renderer: area densities differ by at most {error:.1e} of their largest value, label sets in",
        f"{differing:.2%} of pixels.",
        "",
        "| quality | size | batch | labels | left on the GPU | on the host |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        numbers = f"{row['images_s_left_on_the_gpu']:,} | {row['images_s_on_the_host']:,}"
        labels = "all" if row["labels"] else "–"
        lines.append(f"| {row['quality']} | {row['size']}² | {row['batch']} | {labels} | {numbers} |")
    return "\n".join(lines) + "\n"


def main(out: str | None = None) -> None:
    if not torch.cuda.is_available():
        print("There is no GPU here that torch can use: run this on a machine with one.", file=sys.stderr)
        raise SystemExit(2)
    document = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "rows": measured()}
    if out:
        (Path(out) / "render_gpu.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        (Path(out) / "render_gpu.md").write_text(table(document), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])
