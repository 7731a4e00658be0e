"""How exact are area densities and label sets? Random views of the chest CT against slow, exact renderers.

    python benchmarks/render_accuracy.py --views 200

prints one line of JSON. Density: relative L2 error of every view against double-precision trilinear samples every
0.1 mm. Labels: every fifth view's masks against exact voxel paths (Siddon's method); a mask is wrong where the exact
path is longer than the threshold and the mask is empty, or the other way round. The exit status is 1 when a view's
error exceeds --limit, or a mask is wrong farther from the threshold than one step between samples.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

import numpy as np

from fluorosam_sim.bench import machine
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.reference import area_density_gcm2, label_paths_mm
from fluorosam_sim.render.renderer import MIN_PATH_MM

CONFIG = VENDORS["standard"]
LABELS_EVERY = 5
LIMIT_DEG = 50.0


def poses(count: int, seed: int) -> Iterator[CArmPose]:
    """Views over the C-arm's whole range; of every ten, one is lateral and one at the limit of cranial or caudal."""
    rng = np.random.default_rng(seed)
    (p_low, p_high), (s_low, s_high) = CONFIG.primary_limits_deg, CONFIG.secondary_limits_deg
    for number in range(count):
        x, y, z = (float(v) for v in rng.uniform(-60, 60, 3))
        primary, secondary = float(rng.uniform(p_low, p_high)), float(rng.uniform(s_low, s_high))
        sign = 1.0 if rng.random() < 0.5 else -1.0
        if number % 10 == 0:
            primary, secondary = sign * 90.0, 0.0
        elif number % 10 == 1:
            secondary = sign * LIMIT_DEG
        yield CArmPose(primary, secondary, (x, y, z))


def measure(count: int, size: int, seed: int) -> dict[str, object]:
    """Errors over all views; see the module."""
    patient = load_patient("chest")
    renderer = CpuRenderer(patient)
    step_mm = max(patient.spacing_mm)  # a path is known to one step between slices
    errors, residual, total = [], 0.0, 0.0
    wrong = met = 0
    farthest_mm = 0.0
    worst: CArmPose | None = None
    for number, pose in enumerate(poses(count, seed)):
        projection = CONFIG.projection(pose, (size, size))
        got = renderer.render(projection)
        expected = area_density_gcm2(patient, projection)
        difference = float(np.linalg.norm(got.soft_gcm2 + got.bone_gcm2 - expected))
        residual, total = residual + difference**2, total + float(np.linalg.norm(expected)) ** 2
        errors.append(difference / float(np.linalg.norm(expected)))
        if errors[-1] == max(errors):
            worst = pose
        if number % LABELS_EVERY == 0:
            exact_mm = label_paths_mm(patient, projection)
            for label, name in enumerate(patient.label_names[1:], start=1):
                faulty = got.mask(name) != (exact_mm[label] > MIN_PATH_MM)
                wrong, met = wrong + int(faulty.sum()), met + int((exact_mm[label] > 0).sum())
                if faulty.any():
                    farthest_mm = max(farthest_mm, float(np.abs(exact_mm[label][faulty] - MIN_PATH_MM).max()))
    assert worst is not None
    return {
        "machine": machine(),
        "patient": "chest",
        "views": count,
        "size": size,
        "error_all_pixels": float(f"{np.sqrt(residual / total):.3g}"),
        "error_median": float(f"{np.median(errors):.3g}"),
        "error_worst": float(f"{max(errors):.3g}"),
        "worst_view_deg": [round(worst.primary_deg, 1), round(worst.secondary_deg, 1)],
        "views_over_5e-4": int(np.sum(np.array(errors) > 5e-4)),
        "label_pixels": met,
        "label_pixels_wrong": wrong,
        "label_share_wrong": float(f"{wrong / met:.2g}"),
        "wrong_within_mm_of_threshold": round(farthest_mm, 2),
        "step_mm": round(step_mm, 2),
    }


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=200)
    parser.add_argument("--size", type=int, default=48, help="pixels a side over the whole detector")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=5e-4, help="largest relative L2 error of a view")
    options = parser.parse_args()
    result = measure(options.views, options.size, options.seed)
    print(json.dumps(result))
    within = result["wrong_within_mm_of_threshold"] <= result["step_mm"]  # type: ignore[operator]
    return 0 if result["error_worst"] <= options.limit and within else 1  # type: ignore[operator]


if __name__ == "__main__":
    sys.exit(main())
