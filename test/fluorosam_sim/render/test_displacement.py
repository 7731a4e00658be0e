"""Rays that are bent see what a body sees that was really warped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.displacement import Displacement
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools.library import tool

CONFIG = VENDORS["standard"]


def bump(patient: Patient, way_mm: tuple[float, float, float], width_mm: float = 30.0) -> Displacement:
    """A smooth bump of displacement about the world's origin."""
    low, high = patient.bounds_mm
    node_mm = 6.0
    shape = np.ceil((high - low) / node_mm).astype(int) + 3
    affine = np.diag([node_mm, node_mm, node_mm, 1.0])
    affine[:3, 3] = low - node_mm
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    world = index * node_mm + affine[:3, 3]
    bell = np.exp(-(world**2).sum(axis=-1) / (2 * width_mm**2))
    bell[bell < 0.04] = 0
    return Displacement((bell[..., None] * way_mm).astype(np.float32), affine)


def warped(patient: Patient, displacement: Displacement) -> Patient:
    """The patient with every voxel moved: what bends must reproduce."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in patient.hu.shape], indexing="ij"), axis=-1)
    world = index @ patient.affine[:3, :3].T + patient.affine[:3, 3]
    to_grid = np.linalg.inv(displacement.affine)
    grid = np.moveaxis(world @ to_grid[:3, :3].T + to_grid[:3, 3], -1, 0)
    vectors = [ndimage.map_coordinates(displacement.vectors_mm[..., a], grid, order=1) for a in range(3)]
    to_index = np.linalg.inv(patient.affine[:3, :3])
    at = np.moveaxis(index + np.stack(vectors, axis=-1) @ to_index.T, -1, 0)
    hu = ndimage.map_coordinates(patient.hu.astype(np.float32), at, order=1, mode="nearest")
    labels = ndimage.map_coordinates(patient.labels, at, order=0, mode="nearest")
    return replace(patient, hu=np.rint(hu).astype(np.int16), labels=labels)


@pytest.fixture(scope="module")
def smooth_phantom(phantom: Patient) -> Patient:
    """Without sharp steps, which a volume that is warped once more would blur."""
    return replace(phantom, hu=ndimage.gaussian_filter(phantom.hu, 1.5))


@pytest.mark.parametrize("angles", [(0, 0), (90, 0), (30, 40), (0, -80)])
@pytest.mark.parametrize("way_mm", [(0.0, 0.0, -12.0), (5.0, -6.0, 4.0)])
def test_bent_rays_see_the_warped_body(
    smooth_phantom: Patient, angles: tuple[float, float], way_mm: tuple[float, float, float]
) -> None:
    projection = CONFIG.projection(CArmPose(*angles), (96, 80))
    field = bump(smooth_phantom, way_mm)
    renderer = CpuRenderer(smooth_phantom)
    still, got = renderer.render(projection), renderer.render(projection, displacement=field)
    expected = CpuRenderer(warped(smooth_phantom, field)).render(projection)
    total = expected.soft_gcm2 + expected.bone_gcm2
    moved = np.linalg.norm(still.soft_gcm2 + still.bone_gcm2 - total)
    assert moved > 0.0015 * np.linalg.norm(total)
    assert np.linalg.norm(got.soft_gcm2 + got.bone_gcm2 - total) < 0.18 * moved
    for name in ("kidney_left", "sternum"):
        # The warped labels are rounded to whole voxels of 2 mm, half a pixel.
        mask, true = got.mask(name), expected.mask(name)
        assert (mask & true).sum() > 0.8 * (mask | true).sum()
        if way_mm[0] == 0 and angles[1] == 0:  # here the mask has visibly moved
            assert (mask & true).sum() > 0.93 * (mask | true).sum()
            assert (mask ^ true).sum() < (still.mask(name) ^ true).sum()


def test_preview_and_labels_alone_bend_alike(smooth_phantom: Patient) -> None:
    projection, field = CONFIG.projection(CArmPose(20, 10), (64, 64)), bump(smooth_phantom, (0.0, 0.0, -12.0))
    full = CpuRenderer(smooth_phantom).render(projection, displacement=field)
    preview = CpuRenderer(smooth_phantom, preview=True).render(projection, displacement=field)
    total = full.soft_gcm2 + full.bone_gcm2
    assert np.linalg.norm(preview.soft_gcm2 + preview.bone_gcm2 - total) < 0.02 * np.linalg.norm(total)
    without = CpuRenderer(smooth_phantom).render(projection, labels=False, displacement=field)
    np.testing.assert_array_equal(without.soft_gcm2, full.soft_gcm2)


def test_a_displacement_of_nothing_changes_no_bit(phantom: Patient) -> None:
    projection, renderer = CONFIG.projection(CArmPose(30, 20), (48, 48)), CpuRenderer(phantom)
    still = renderer.render(projection)
    rest = bump(phantom, (0.0, 0.0, 0.0))
    assert rest.is_rest
    for one in (renderer.render(projection, displacement=rest), renderer.render(projection)):
        np.testing.assert_array_equal(one.soft_gcm2, still.soft_gcm2)
        np.testing.assert_array_equal(one.label_bits, still.label_bits)
    # Far from the bump the rays are straight.
    small = renderer.render(projection, displacement=bump(phantom, (0.0, 0.0, -6.0), width_mm=20.0))
    np.testing.assert_allclose(small.soft_gcm2[:4], still.soft_gcm2[:4], atol=2e-4)
    assert (small.soft_gcm2 != still.soft_gcm2).any()


def test_paths_and_tools_are_refused_in_a_body_that_has_moved(phantom: Patient) -> None:
    projection, renderer = CONFIG.projection(CArmPose(), (8, 8)), CpuRenderer(phantom)
    field = bump(phantom, (0.0, 0.0, -4.0))
    screw = PlacedTool("screw", tool("cannulated_screw_7.3x110").build(), np.eye(4))
    for asked in ({"paths": ["sternum"]}, {"tools": [screw]}):
        with pytest.raises(ValueError, match="at rest"):
            renderer.render(projection, displacement=field, **asked)
