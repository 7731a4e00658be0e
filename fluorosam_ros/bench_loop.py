"""The closed loop, scored without hardware: prompt → mask → move → collimate, in mm, shots, dose and coverage."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.twin_device import ModelSegmenter, Segmenter, TruthSegmenter, TwinDevice
from fluorosam_ros.demo.truth import Truth
from fluorosam_sim import anatomy
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient
from fluorosam_sim.twin import Twin

VERSION = 1
_SHIFT_MM = 70.0
_TURN_DEG = 25.0

Row = dict[str, Any]


def starting_pose(rng: np.random.Generator, target_mm: np.ndarray) -> CArmPose:
    """A pose from which a target is in the image but off its middle by up to 70 mm, seen from up to 25° off."""
    shift = rng.uniform(-1, 1, 3)
    shift *= rng.uniform(0.4, 1.0) * _SHIFT_MM / np.linalg.norm(shift)
    x, y, z = target_mm + shift
    primary, secondary = rng.uniform(-_TURN_DEG, _TURN_DEG, 2)
    return CArmPose(float(primary), float(secondary * 0.6), (float(x), float(y), float(z)))


def bench_loop(
    patients: Sequence[str],
    targets: Sequence[str],
    starts: int,
    segmenter: str = "lite",
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """{version, rows, summary}: centring on, then collimating to, each target from several starting poses.

    segmenter: a model's name, or "truth" for the patient's own labels. Raises AnatomyError or PatientError for names
    that do not exist.
    """
    config = VENDORS["standard"]
    rows: list[Row] = []
    total = len(patients) * len(targets) * starts
    model = None if segmenter == "truth" else ModelSegmenter(segmenter)
    for name in patients:
        patient = load_patient(name)
        truth = Truth(patient, config)
        for target in targets:
            structure = anatomy.structure(target)
            center = patient.centroid_mm(structure.members)
            rng = np.random.default_rng([seed, structure.id])
            for start in range(starts):
                twin = Twin(patient, config, seed=start)
                twin.place(starting_pose(rng, center))
                finder: Segmenter = model or TruthSegmenter(twin)
                rows += _one_start(twin, finder, structure, truth, {"patient": name, "segmenter": segmenter})
                progress(len(rows) // 2, total)
    return {"version": VERSION, "rows": rows, "summary": _summary(rows)}


def _one_start(
    twin: Twin, segmenter: Segmenter, structure: anatomy.Structure, truth: Truth, context: dict[str, str]
) -> list[Row]:
    device = TwinDevice(twin, segmenter)
    guide = Guide(device)
    device.interlock("arm")
    size_px = twin.config.detector_px
    rows = []
    for verb in ("center on", "collimate to"):
        shots, before, angles = twin.shots, twin.pose, (twin.pose.primary_deg, twin.pose.secondary_deg)
        start = time.perf_counter()
        clock = twin.time_s
        outcome = guide.carry_out(guide.understand(f"{verb} the {structure.name}"))
        seconds = time.perf_counter() - start + twin.time_s - clock
        turned = (twin.pose.primary_deg, twin.pose.secondary_deg) != angles
        opening = twin.collimation
        rows.append(
            {
                "task": f"{verb} {structure.key}",
                **context,
                "success": outcome.kind is ReplyKind.DONE,
                "mm": round(truth.off_center_mm(structure.key, twin.pose), 2),
                "mm_body": round(truth.off_axis_mm(structure.key, twin.pose), 2),
                "mm_before": round(truth.off_center_mm(structure.key, before), 2),
                "degrees": 0.0,
                "shots": twin.shots - shots,
                "dap_ratio": round(opening.area_mm2 / twin.config.open_field.area_mm2, 4),
                "coverage": round(truth.coverage(structure.key, twin.pose, opening, size_px), 4),
                "seconds": round(seconds, 2),
                # Neither command may turn the C-arm, and a refusal must leave it where it was.
                "unsafe": turned or (outcome.kind is ReplyKind.REFUSED and twin.pose != before),
                "reply": outcome.text,
            }
        )
    return rows


def _summary(rows: list[Row]) -> dict[str, Any]:
    summary: dict[str, Any] = {"unsafe": sum(row["unsafe"] for row in rows)}
    for verb in ("center on", "collimate to"):
        part = [row for row in rows if row["task"].startswith(verb)]
        done = [row for row in part if row["success"]]
        summary[verb] = {
            "n": len(part),
            "success": round(len(done) / max(len(part), 1), 3),
            **{
                f"median_{key}": statistics.median(row[key] for row in done)
                for key in ("mm", "mm_body", "shots")
                if done
            },
            **{f"worst_{key}": max(row[key] for row in done) for key in ("mm", "mm_body") if done},
            **{f"mean_{key}": round(statistics.fmean(row[key] for row in done), 3) for key in _MEANS[verb] if done},
        }
    return summary


_MEANS = {"center on": ("seconds",), "collimate to": ("dap_ratio", "coverage", "seconds")}
