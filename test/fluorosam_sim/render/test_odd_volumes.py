"""Volumes and views at the edge of what can be rendered: right, or one clear error."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose
from fluorosam_sim.patients import Patient, PatientError, assemble, load_patient
from fluorosam_sim.patients.patient import centered_affine
from fluorosam_sim.render import volume
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.kernel import trace_paths
from fluorosam_sim.render.materials import density_gcm3
from fluorosam_sim.render.reference import area_density_gcm2

CONFIG = VENDORS["standard"]


def patient_of(hu: npt.NDArray, spacing_mm: tuple[float, float, float]) -> Patient:
    labels = (hu > 500).astype(np.uint8)
    affine = centered_affine(np.diag([*spacing_mm, 1.0]), hu.shape)
    return Patient("odd", hu, labels, ("", "bone"), affine, frozenset(), "made by the tests", "Apache-2.0")


def total(patient: Patient, config: CArmConfig, pose: CArmPose, size: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Area densities of the renderer and of dense sampling."""
    projection = config.projection(pose, (size, size))
    got = CpuRenderer(patient).render(projection)
    return got.soft_gcm2 + got.bone_gcm2, area_density_gcm2(patient, projection, step_mm=0.05)


def test_one_voxel() -> None:
    patient = patient_of(np.full((1, 1, 1), 0, np.int16), (30.0, 30.0, 30.0))
    for angles in ((0, 0), (90, 0), (0, 60)):
        got, expected = total(patient, CONFIG, CArmPose(*angles), 49)
        if angles[1] == 0:
            assert got.max() == pytest.approx(3.0 * 1.018, rel=0.03)  # 30 mm of water
        np.testing.assert_allclose(got.sum(), expected.sum(), rtol=0.03)


def test_empty_or_broken_volumes_are_refused() -> None:
    good = patient_of(np.zeros((4, 4, 4), np.int16), (1.0, 1.0, 1.0))
    with_nan = np.full((4, 4, 4), np.nan, np.float32)
    flat = np.diag([1.0, 0.0, 1.0, 1.0])
    for broken, message in (
        (replace(good, hu=np.zeros((0, 4, 4), np.int16), labels=np.zeros((0, 4, 4), np.uint8)), "empty"),
        (replace(good, hu=with_nan), "whole numbers"),
        (replace(good, labels=np.zeros((4, 4, 5), np.uint8)), "shape"),
        (replace(good, affine=flat), "inverse"),
        (replace(good, affine=np.full((4, 4), np.nan)), "inverse"),
    ):
        with pytest.raises(ValueError, match=message):
            CpuRenderer(broken)


def test_air_alone_is_an_open_beam() -> None:
    patient = patient_of(np.full((5, 6, 7), -1000, np.int16), (2.0, 2.0, 2.0))
    rendering = CpuRenderer(patient).render(CONFIG.projection(CArmPose(), (16, 16)))
    assert rendering.soft_gcm2.max() == 0 and rendering.bone_gcm2.max() == 0 and rendering.visible == ()


def test_too_large_a_volume_is_refused_before_memory_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broadcast(shape: tuple[int, int, int]) -> Patient:  # no memory behind it
        hu, labels = np.broadcast_to(np.int16(0), shape), np.broadcast_to(np.uint8(0), shape)
        return Patient("large", hu, labels, ("",), np.eye(4), frozenset(), "made by the tests", "Apache-2.0")

    with pytest.raises(ValueError, match="thousand million voxels"):
        CpuRenderer(broadcast((1500, 1500, 1000)))
    monkeypatch.setattr(volume, "free_bytes", lambda: 8_000_000_000)
    two_gigabytes = broadcast((1024, 1024, 1024))
    with pytest.raises(
        ValueError, match=r"11\.9 GB of memory and 8\.0 GB are free: take the preview quality \(3\.0 GB\)"
    ):
        CpuRenderer(two_gigabytes)
    monkeypatch.setattr(volume, "free_bytes", lambda: 2_500_000_000)
    with pytest.raises(ValueError, match="free: crop or bin it"):
        CpuRenderer(two_gigabytes, preview=True)


def test_the_kernels_reach_the_far_end_of_a_volume_of_two_gigabytes() -> None:
    """Over an array that is a file of holes: a gigabyte of labels of which only the read pages take memory."""
    side, word = 1024, np.int64
    sizes, strides = (side, side, side), (side * side, 1, side)  # slices along k, a is i, b is j
    channels = np.full(256, -1, np.int32)
    channels[7] = 0
    # A narrow beam along k through the last corner: its index is just under 2**30.
    source = np.array([-3000.0, side - 2.0, side - 2.0])
    origin = np.array([3000.0, side - 2.0, side - 2.0])
    with tempfile.TemporaryFile() as file:
        file.truncate(side**3)
        labels = np.memmap(file, np.uint8, "r+", shape=(side**3,))
        for k in (0, 511, side - 1):
            labels[word(k) * side * side + word(side - 2) * side + (side - 2)] = 7
        out = np.zeros((1, 1, 1), np.float32)
        zero = np.zeros(3)
        trace_paths(labels, channels, strides, sizes, source, origin, zero, zero, np.eye(3) * 0.3, out)
        del labels
    assert out[0, 0, 0] == pytest.approx(3 * 0.3)


def test_a_preview_of_thin_slices_is_made_slice_by_slice_and_is_the_mean() -> None:
    rng = np.random.default_rng(3)
    patient = patient_of(rng.integers(-1000, 1500, (9, 12, 7)).astype(np.int16), (0.5, 0.9, 0.5))
    prepared = volume.prepare(patient, halve=True)  # i and k are the finest
    density = density_gcm3(patient.hu)[:8, :, :6]
    mean = density.reshape(4, 2, 12, 3, 2).mean(axis=(1, 4))
    got = prepared.quantised[1:-2, 1:-2, 1:-2].transpose(2, 1, 0) * prepared.scale
    np.testing.assert_allclose(got, mean, atol=prepared.scale)


def test_files_too_large_for_the_memory_are_refused_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ct.nii"
    nib.save(nib.Nifti1Image(np.zeros((64, 64, 64), np.int16), np.eye(4)), path)  # type: ignore[no-untyped-call]
    monkeypatch.setattr(assemble, "free_bytes", lambda: 3_000_000)
    with pytest.raises(PatientError, match=r"0 million voxels: reading it takes about 0\.0 GB"):
        load_patient(path)


@pytest.mark.parametrize("angles", [(0, 0), (90, 0), (30, 40), (-60, -25), (0, -80)])
def test_anisotropic_volumes_with_turned_axes(angles: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-200, 900, (12, 10, 14))
    hu = np.kron(coarse, np.ones((20, 20, 2))).astype(np.int16)  # 240 × 200 × 28 voxels of 0.4 × 0.4 × 5 mm
    patient = patient_of(hu, (0.4, 0.4, 5.0))
    # Axes permuted and mirrored: i runs along z downwards, j along x, k along y.
    turned = np.array([[0, 0.4, 0, 0], [0, 0, 5.0, 0], [-0.4, 0, 0, 0], [0, 0, 0, 1]])
    for each in (patient, replace(patient, affine=centered_affine(turned, hu.shape))):
        got, expected = total(each, CONFIG, CArmPose(*angles), 32)
        assert np.linalg.norm(got - expected) / np.linalg.norm(expected) < 0.02


def test_only_tissue_between_source_and_detector_counts() -> None:
    patient = patient_of(np.zeros((100, 100, 100), np.int16), (2.0, 2.0, 2.0))
    # Detector plane at y = −300, −50 (inside), +50, and the source inside the volume's box would be at +300.
    for sdd, thickness_cm in ((900.0, 20.0), (650.0, 15.0), (550.0, 5.0)):
        config = replace(CONFIG, sdd_mm=sdd, sod_mm=600.0, detector_mm=(40.0, 40.0))
        projection = config.projection(CArmPose(), (9, 9))
        rendering = CpuRenderer(patient).render(projection)
        assert rendering.soft_gcm2[4, 4] == pytest.approx(thickness_cm * 1.018, rel=0.02)
        expected = area_density_gcm2(patient, projection, step_mm=0.05)
        np.testing.assert_allclose(rendering.soft_gcm2 + rendering.bone_gcm2, expected, rtol=0.02)
    before = replace(CONFIG, sdd_mm=400.0, sod_mm=600.0)  # the detector lies between source and body
    assert CpuRenderer(patient).render(before.projection(CArmPose(), (9, 9))).soft_gcm2.max() == 0


@pytest.mark.parametrize("angles", [(0, 0), (90, 0), (30, 40), (-60, -25), (45, 45)])
def test_rays_that_pass_by_a_volume_full_to_its_edges_meet_nothing(angles: tuple[float, float]) -> None:
    patient = patient_of(np.full((20, 20, 20), 1000, np.int16), (3.0, 3.0, 3.0))
    projection = CONFIG.projection(CArmPose(*angles), (64, 64))
    total_gcm2, expected = total(patient, CONFIG, CArmPose(*angles), 64)
    assert (expected == 0).mean() > 0.3
    assert total_gcm2[expected == 0].max() < 1e-5 * expected.max()
    assert CpuRenderer(patient).render(projection).mask("bone")[expected == 0].sum() == 0


def test_a_structure_behind_the_detector_is_not_seen() -> None:
    hu = np.full((50, 100, 50), 0, np.int16)
    hu[20:30, 5:15, 20:30] = 1000  # anterior, towards the detector
    patient = patient_of(hu, (2.0, 2.0, 2.0))
    near, far = (replace(CONFIG, sdd_mm=sdd, sod_mm=600.0) for sdd in (640.0, 900.0))
    renderer = CpuRenderer(patient)
    assert renderer.render(far.projection(CArmPose(), (64, 64)), paths=["bone"]).paths_mm["bone"].max() > 15
    hidden = renderer.render(near.projection(CArmPose(), (64, 64)), paths=["bone"])
    assert hidden.visible == () and hidden.paths_mm["bone"].max() == 0


def test_a_source_in_the_body_is_refused_but_in_air_within_the_scan_it_is_not() -> None:
    hu = np.full((100, 200, 50), -1000, np.int16)
    hu[:, :100] = 0
    patient = patient_of(hu, (2.0, 2.0, 2.0))
    renderer = CpuRenderer(patient)
    inside = replace(CONFIG, sod_mm=150.0, sdd_mm=600.0)
    rendering = renderer.render(inside.projection(CArmPose(), (9, 9)))  # source at y = +150: in the scan's air
    assert rendering.soft_gcm2[4, 4] == pytest.approx(20.0 * 1.018, rel=0.02)
    with pytest.raises(ValueError, match="inside the patient's body"):
        renderer.render(replace(inside, sod_mm=-100.0, sdd_mm=300.0).projection(CArmPose(), (9, 9)))


def test_impossible_views_are_refused(phantom: Patient) -> None:
    renderer, good = CpuRenderer(phantom), CONFIG.projection(CArmPose(), (8, 8))
    for broken, message in (
        (replace(good, width=0), "no pixels"),
        (replace(good, source_mm=np.full(3, np.nan)), "not numbers"),
        (replace(good, dv_mm=np.array([0.0, 4000.0, 0.0])), "too wide"),
    ):
        with pytest.raises(ValueError, match=message):
            renderer.render(broken)
