"""The Triton renderer against the CPU renderer: on a GPU where there is one, else in Triton's interpreter."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer

torch = pytest.importorskip("torch", reason="the GPU renderer needs torch")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when the kernel is defined
pytest.importorskip("triton", reason="the GPU renderer needs triton")

from fluorosam_sim.render.cuda import CudaRenderer  # noqa: E402

CONFIG = VENDORS["standard"]


@pytest.fixture(scope="module")
def small(phantom: Patient) -> Patient:
    """Every third voxel of the phantom, and labels beyond one word."""
    affine = phantom.affine.copy()
    affine[:3, :3] *= 3
    names = ("", "kidney_left", *(f"unused {n}" for n in range(2, 130)), "sternum")
    labels = phantom.labels[::3, ::3, ::3].copy()
    labels[labels == 2] = 130
    return replace(phantom, hu=phantom.hu[::3, ::3, ::3].copy(), labels=labels, label_names=names, affine=affine)


@pytest.mark.parametrize("min_path_mm", [1.0, 14.0])
def test_agrees_with_the_cpu(small: Patient, min_path_mm: float) -> None:
    cpu = CpuRenderer(small, min_path_mm=min_path_mm)
    gpu = CudaRenderer(small, min_path_mm=min_path_mm, device=DEVICE)
    # Two main axes, one and two points a slice, two sizes, a detector inside the body: results in the order asked for.
    inside = replace(CONFIG, sdd_mm=770.0).projection(CArmPose(), (12, 10))
    projections = [CONFIG.projection(CArmPose(*angles), (12, 10)) for angles in ((0, 0), (60, 20), (45, 40))]
    projections += [inside, CONFIG.projection(CArmPose(10, -80), (9, 7))]
    for projection, got in zip(projections, gpu.render_views(projections), strict=True):
        expected = cpu.render(projection)
        assert expected.soft_gcm2.max() > 1
        for a, b in ((got.soft_gcm2, expected.soft_gcm2), (got.bone_gcm2, expected.bone_gcm2)):
            assert np.abs(a - b).max() <= 1e-5 * max(float(expected.soft_gcm2.max()), 1.0)
        for name in ("kidney_left", "sternum"):
            assert (got.mask(name) != expected.mask(name)).mean() < 0.005
        assert got.visible == expected.visible
        assert not (got.label_bits[..., 0] & 1).any() and not (expected.label_bits[..., 0] & 1).any()


def test_path_lengths_are_the_cpus(small: Patient) -> None:
    cpu, gpu = CpuRenderer(small), CudaRenderer(small, device=DEVICE)
    inside = replace(CONFIG, sdd_mm=770.0)  # the detector cuts the body
    for config, angles, size in (
        (CONFIG, (0, 0), (20, 18)),
        (CONFIG, (60, 20), (12, 10)),
        (inside, (10, -80), (12, 10)),
    ):
        projection = config.projection(CArmPose(*angles), size)
        asked = ["sternum", "kidney_left", "no such label"]
        expected, got = (r.render(projection, labels=False, paths=asked).paths_mm for r in (cpu, gpu))
        assert tuple(got) == tuple(expected) == ("sternum", "kidney_left")
        longest = max(float(path.max()) for path in expected.values())
        assert longest > 10
        for name, path in got.items():
            # A ray on the border between two voxels may be rounded to either; nothing else differs.
            differs = np.abs(path - expected[name]) > 1e-5 * longest
            assert differs.sum() <= 1, name


def test_labels_can_be_left_out_and_too_small_voxels_are_refused(small: Patient) -> None:
    gpu = CudaRenderer(small, device=DEVICE)
    projection = CONFIG.projection(CArmPose(), (8, 8))
    assert gpu.render(projection, labels=False).visible == () and not gpu.render(projection).paths_mm
    with pytest.raises(ValueError, match="small"):
        CudaRenderer(small, min_path_mm=60.0, device=DEVICE).render(projection)
