"""Where a breathing body's tissue goes, on the chest CT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.motion import BodyMotion, Breathing, Heartbeat, MotionError
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.displacement import Displacement

CONFIG = VENDORS["standard"]


@pytest.fixture(scope="module")
def coarse(chest: Patient) -> Patient:
    """The chest CT with voxels of 2.8 × 2.8 × 5 mm: quick."""
    affine = chest.affine.copy()
    affine[:3, :3] *= (4, 4, 2)
    every = np.s_[::4, ::4, ::2]
    return replace(chest, hu=chest.hu[every].copy(), labels=chest.labels[every].copy(), affine=affine)


@pytest.fixture(scope="module")
def motion(coarse: Patient) -> BodyMotion:
    return BodyMotion(coarse, Breathing(variation=0.0))


def went_mm(patient: Patient, field: Displacement, *names: str) -> np.ndarray:
    """(3,) mean displacement of the tissue that is now where labels were at rest."""
    wanted = [n for n, name in enumerate(patient.label_names) if name in names]
    world = np.argwhere(np.isin(patient.labels, wanted)) @ patient.affine[:3, :3].T + patient.affine[:3, 3]
    to_grid = np.linalg.inv(field.affine)
    at = (world @ to_grid[:3, :3].T + to_grid[:3, 3]).T
    return -np.array([ndimage.map_coordinates(field.vectors_mm[..., a], at, order=1).mean() for a in range(3)])


def test_organs_go_the_published_ways_and_bones_stay(coarse: Patient, motion: BodyMotion) -> None:
    expired = motion.displacement((1.0, 0.0))
    assert expired is not None
    assert 11.0 < -expired.vectors_mm[..., 2].min() < 13.5  # the diaphragm
    headward = {n: went_mm(coarse, expired, n)[2] for n in ("liver", "spleen", "heart", "lung_lower_lobe_left")}
    assert 9.0 < headward["liver"] < 12.5 and 9.0 < headward["spleen"] < 12.5
    assert 6.0 < headward["heart"] < 10.0 and 6.0 < headward["lung_lower_lobe_left"] < 11.0
    assert went_mm(coarse, expired, "lung_upper_lobe_right")[2] < 0.6 * headward["lung_lower_lobe_left"]
    for name in ("vertebrae_T4", "vertebrae_T8", "vertebrae_L1", "scapula_left", "scapula_right"):
        assert np.abs(went_mm(coarse, expired, name)).max() < 0.6, name
    assert all(went_mm(coarse, expired, f"rib_{side}_5")[2] < 2.5 for side in ("left", "right"))
    sternum = went_mm(coarse, expired, "sternum")
    assert 1.5 < sternum[1] < 4.5 and sternum[2] < 1.0  # backwards
    slopes = [np.abs(np.diff(expired.vectors_mm, axis=axis)).max() for axis in range(3)]
    assert max(slopes) < 0.9 * np.linalg.norm(expired.affine[:3, :3], axis=0).min()  # nothing folds
    faces = [np.moveaxis(expired.vectors_mm, axis, 0)[end] for axis in range(3) for end in (0, -1)]
    assert not any(face.any() for face in faces)


def test_the_heart_loses_a_twelfth_of_its_volume_in_systole(coarse: Patient, motion: BodyMotion) -> None:
    contracted = motion.displacement((0.0, 1.0))
    assert contracted is not None
    # The volume that tissue now takes is 1 / (1 + divergence of the pull).
    spacing = np.linalg.norm(contracted.affine[:3, :3], axis=0)
    stretch = sum(
        np.sign(contracted.affine[axis, axis]) * np.gradient(contracted.vectors_mm[..., axis], spacing[axis], axis=axis)
        for axis in range(3)
    )
    heart = coarse.labels == coarse.label_names.index("heart")
    world = np.argwhere(heart) @ coarse.affine[:3, :3].T + coarse.affine[:3, 3]
    to_grid = np.linalg.inv(contracted.affine)
    at = (world @ to_grid[:3, :3].T + to_grid[:3, 3]).T
    change = float(ndimage.map_coordinates(np.asarray(stretch), at, order=1).mean())
    assert 0.048 < change < 0.106  # the published range
    assert np.abs(went_mm(coarse, contracted, "vertebrae_T8")).max() < 0.2
    assert np.abs(contracted.vectors_mm).max() < 5


def test_frames_follow_time_and_masks_follow_frames(coarse: Patient, motion: BodyMotion) -> None:
    renderer = CpuRenderer(coarse)
    projection = CONFIG.projection(CArmPose(0, 0, (0.0, 0.0, -60.0)), (128, 128))
    still = renderer.render(projection)
    expired = renderer.render(projection, displacement=motion.displacement((1.0, 0.0)))
    up_px = [np.nonzero(r.mask("liver"))[0].min() for r in (still, expired)]
    assert 4 <= up_px[0] - up_px[1] <= 9  # 12 mm of dome, magnified 1.6 times, in pixels of 3.1 mm
    spine = [r.mask("vertebrae_T10") for r in (still, expired)]
    assert (spine[0] != spine[1]).sum() < 0.1 * spine[0].sum()


def test_motion_begins_and_ends_in_inspiration(coarse: Patient) -> None:
    motion = BodyMotion(coarse, Breathing(breaths_per_minute=15.0), Heartbeat(60.0))
    assert motion.state(5.0) == (0.0, 0.0) and motion.displacement((0.0, 0.0)) is None
    motion.start(10.0)
    assert motion.state(10.0) == (0.0, 0.0) and motion.state(12.0)[0] > 0.7
    motion.hold_breath(12.0)
    assert motion.state(12.0)[0] > 0.7  # not at once
    assert all(motion.state(t)[0] == 0 for t in (14.0, 15.3, 100.0)) and motion.state(14.3)[1] > 0.9
    motion.start(20.0)
    assert motion.state(22.0)[0] > 0.7
    motion.follow("none", 22.0)
    assert motion.state(22.0) == (0.0, 0.0)
    motion.follow("free", 30.0)
    motion.follow("held", 32.0)
    assert motion.state(32.0)[0] > 0.7 and motion.state(40.0)[0] == 0
    with pytest.raises(ValueError, match="deeply"):
        motion.follow("deeply", 50.0)
    held = BodyMotion(coarse)
    held.hold_breath(3.0)
    assert held.state(6.0)[0] == 0 and any(held.state(t)[1] > 0 for t in np.arange(3, 5, 0.1))


def test_who_has_no_lungs_cannot_breathe_and_who_has_no_heart_has_no_beat(phantom: Patient, coarse: Patient) -> None:
    with pytest.raises(MotionError, match="no lungs"):
        BodyMotion(phantom)
    names = tuple(name.replace("heart", "atrium") for name in coarse.label_names)
    heartless = BodyMotion(replace(coarse, label_names=names))
    heartless.start(0.0)
    assert not any(heartless.state(t)[1] for t in np.arange(0, 2, 0.1))
