"""The CPU renderer against exact path lengths, dense sampling and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.reference import area_density_gcm2, label_paths_mm
from fluorosam_sim.render.renderer import MIN_PATH_MM

CONFIG = VENDORS["standard"]
VIEWS = [(0, 0), (180, 0), (90, 0), (-37, 25), (10, 50), (0, -89), (45, 88)]


@pytest.fixture(scope="module")
def renderer(phantom: Patient) -> CpuRenderer:
    return CpuRenderer(phantom)


@pytest.mark.parametrize("angles", VIEWS)
def test_total_density_agrees_with_dense_sampling(renderer: CpuRenderer, phantom: Patient, angles) -> None:  # type: ignore[no-untyped-def]
    projection = CONFIG.projection(CArmPose(*angles), (64, 64))
    got = renderer.render(projection)
    expected = area_density_gcm2(phantom, projection, step_mm=0.2)
    error = np.linalg.norm(got.soft_gcm2 + got.bone_gcm2 - expected) / np.linalg.norm(expected)
    # The phantom is all sharp steps, which two quadratures integrate differently; real CTs agree to 5e-4 (below).
    assert error < 6e-3


@pytest.mark.parametrize("angles", [(0, 0), (30, 20), (90, 0), (0, 50), (45, -45)])
def test_real_ct_agrees_with_dense_sampling_to_5e_4(chest: Patient, angles) -> None:  # type: ignore[no-untyped-def]
    projection = CONFIG.projection(CArmPose(*angles), (64, 64))
    got = _chest_renderer(chest).render(projection)
    expected = area_density_gcm2(chest, projection)
    assert np.linalg.norm(got.soft_gcm2 + got.bone_gcm2 - expected) / np.linalg.norm(expected) < 5e-4


def test_random_views_of_a_real_ct_agree_with_dense_sampling(chest: Patient) -> None:
    rng = np.random.default_rng(5)
    errors = []
    # Where both angles are near 45° samples lie furthest apart (1.6 mm in this CT).
    steepest = [(-44.3, 50.0), (43.4, -49.4)]
    for primary, secondary in (*steepest, *zip(rng.uniform(-110, 110, 2), rng.uniform(-50, 50, 2), strict=True)):
        x, y, z = (float(v) for v in rng.uniform(-60, 60, 3))
        pose = CArmPose(float(primary), float(secondary), (x, y, z))
        projection = CONFIG.projection(pose, (32, 32))
        got = _chest_renderer(chest).render(projection, labels=False)
        expected = area_density_gcm2(chest, projection)
        errors.append(np.linalg.norm(got.soft_gcm2 + got.bone_gcm2 - expected) / np.linalg.norm(expected))
    # benchmarks/render_accuracy.py does the same for 200 views.
    assert max(errors) < 5e-4


@pytest.mark.parametrize("angles", [(0, 0), (90, 0), (40, 45), (0, -80)])
def test_label_sets_are_those_of_the_sampled_paths(chest: Patient, angles) -> None:  # type: ignore[no-untyped-def]
    """Brute force by the definition: the mask is where the sampled path is longer than x, for all pixels."""
    got = _chest_renderer(chest).render(CONFIG.projection(CArmPose(*angles), (64, 64)), paths=chest.structures)
    differ = sum(int((got.mask(name) != (path > MIN_PATH_MM)).sum()) for name, path in got.paths_mm.items())
    # Rays on the border between two voxels may be rounded to either.
    assert differ <= 2e-4 * sum(int(got.mask(name).sum()) for name in got.paths_mm)


def test_label_sets_agree_with_exact_voxel_paths(chest: Patient) -> None:
    wrong = pixels = 0
    for angles in ((0, 0), (90, 0), (-37, 25), (10, 50)):
        projection = CONFIG.projection(CArmPose(*angles), (48, 48))
        exact = label_paths_mm(chest, projection)
        got = _chest_renderer(chest).render(projection)
        for label, name in enumerate(chest.label_names[1:], start=1):
            mask = got.mask(name)
            # The path is sampled: between one step below and one above the threshold either answer is right.
            assert mask[exact[label] > MIN_PATH_MM + 2.5].all(), name
            assert not mask[exact[label] == 0].any() or exact[label][mask].min() > 0
            wrong += int((mask != (exact[label] > MIN_PATH_MM)).sum())
            pixels += int((exact[label] > 0).sum())
    assert wrong / pixels < 0.02


def test_grazing_rays_are_left_out_by_a_longer_shortest_path(phantom: Patient) -> None:
    projection = CONFIG.projection(CArmPose(20, 10), (200, 200))
    exact = label_paths_mm(phantom, projection)[1]
    for shortest in (0.0, 5.0, 11.0):
        mask = CpuRenderer(phantom, min_path_mm=shortest).render(projection).mask("kidney_left")
        assert not mask[exact < shortest - 2.5].any() and mask[exact > shortest + 2.5].all()
    with pytest.raises(ValueError, match="path"):
        CpuRenderer(phantom, min_path_mm=float("nan"))


def test_path_lengths_on_request_are_exact_to_a_step(chest: Patient) -> None:
    projection = CONFIG.projection(CArmPose(15, 20), (48, 48))
    got = _chest_renderer(chest).render(projection, paths=["heart", "aorta", "heart", "no such label"]).paths_mm
    assert tuple(got) == ("heart", "aorta")
    exact = label_paths_mm(chest, projection)
    for name, path in got.items():
        expected = exact[chest.label_names.index(name)]
        assert expected.max() > 20
        assert np.abs(path - expected).max() < 2.5 and np.abs(path - expected).mean() < 0.15


def test_views_in_one_call_are_those_of_single_calls(renderer: CpuRenderer) -> None:
    projections = [CONFIG.projection(CArmPose(angle), (40, 40)) for angle in (0, 45, 90)]
    for single, batched in zip(map(renderer.render, projections), renderer.render_views(projections), strict=True):
        np.testing.assert_array_equal(single.soft_gcm2, batched.soft_gcm2)
        np.testing.assert_array_equal(single.label_bits, batched.label_bits)


def test_water_path_through_the_middle_is_the_cylinders_thickness(renderer: CpuRenderer) -> None:
    projection = CONFIG.projection(CArmPose(0, 0, (0.0, 0.0, 0.0)), (65, 65))
    middle = renderer.render(projection).soft_gcm2[32, 32]
    assert middle == pytest.approx(14.0 * 1.018, rel=0.02)  # 140 mm of 0 HU


@pytest.mark.parametrize("angles", VIEWS)
def test_label_masks_agree_with_projected_voxels(renderer: CpuRenderer, phantom: Patient, angles) -> None:  # type: ignore[no-untyped-def]
    projection = CONFIG.projection(CArmPose(*angles), (96, 96))
    mask = renderer.render(projection).mask("kidney_left")
    voxels = np.argwhere(phantom.labels == 1)
    world = voxels @ phantom.affine[:3, :3].T + phantom.affine[:3, 3]
    pixels = np.round(projection.project(world)).astype(int)
    inside = ((pixels >= 0) & (pixels < 96)).all(axis=1)
    # Every voxel centre of the ball projects onto its mask …
    assert mask[pixels[inside, 1], pixels[inside, 0]].mean() > 0.97
    # … and the mask is no larger than the ball's shadow (20 mm radius, magnified) by more than a pixel around.
    distance = np.linalg.norm(projection.source_mm - [50, 0, 30])
    radius_px = (20 + 2) * CONFIG.sdd_mm / distance / (CONFIG.detector_mm[0] / 96) * 1.15 + 1
    assert mask.sum() <= np.pi * radius_px**2


def test_the_patients_left_is_on_the_images_right(renderer: CpuRenderer) -> None:
    rendering = renderer.render(CONFIG.projection(CArmPose(), (64, 64)))
    rows, cols = np.nonzero(rendering.mask("kidney_left"))
    assert cols.mean() > 40 and rows.mean() < 30  # left ball, towards the head
    # From the patient's left, what lies before the chest is on the image's left.
    lateral = renderer.render(CONFIG.projection(CArmPose(90), (64, 64)))
    assert np.nonzero(lateral.mask("sternum"))[1].mean() < 25


def test_labels_can_be_left_out_without_changing_the_densities(renderer: CpuRenderer) -> None:
    projection = CONFIG.projection(CArmPose(20), (48, 48))
    with_labels, without = renderer.render(projection), renderer.render(projection, labels=False)
    np.testing.assert_array_equal(with_labels.soft_gcm2, without.soft_gcm2)
    assert set(with_labels.visible) == {"kidney_left", "sternum"} and without.visible == ()


def test_unknown_names_match_nothing(renderer: CpuRenderer) -> None:
    assert not renderer.render(CONFIG.projection(CArmPose(), (32, 32))).mask(["heart", ""]).any()


def test_preview_is_close_to_full_quality(chest: Patient) -> None:
    projection = CONFIG.projection(CArmPose(30, 20), (64, 64))
    full = _chest_renderer(chest).render(projection)
    preview = CpuRenderer(chest, preview=True).render(projection)
    a, b = full.soft_gcm2 + full.bone_gcm2, preview.soft_gcm2 + preview.bone_gcm2
    assert np.linalg.norm(a - b) / np.linalg.norm(a) < 5e-3
    assert (full.mask("heart") != preview.mask("heart")).mean() < 0.01


def test_a_source_inside_the_body_is_refused(renderer: CpuRenderer) -> None:
    projection = CONFIG.projection(CArmPose(0, 0, (0.0, -CONFIG.sod_mm, 0.0)))
    with pytest.raises(ValueError, match="inside"):
        renderer.render(projection)


_RENDERERS: dict[str, CpuRenderer] = {}


def _chest_renderer(chest: Patient) -> CpuRenderer:
    return _RENDERERS.setdefault("chest", CpuRenderer(chest))
