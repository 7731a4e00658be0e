"""The twin behaves like the device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fluorosam_sim.carm import CArmPose, Collimation, LimitError
from fluorosam_sim.motion import BodyMotion, Breathing
from fluorosam_sim.patients import Patient
from fluorosam_sim.twin import Frame, Twin


@pytest.fixture
def twin(phantom: Patient) -> Twin:
    return Twin(phantom, size_px=(128, 128))


def test_moves_at_its_speed_limits_and_arrives_exactly(twin: Twin) -> None:
    target = CArmPose(30.0, -10.0, (40.0, 0.0, -20.0))
    twin.start_move(target)
    twin.step(1.0)
    assert twin.moving and twin.pose.primary_deg == pytest.approx(twin.config.speed_deg_s)
    twin.step(10.0)
    assert not twin.moving and twin.pose == target and twin.time_s == pytest.approx(11.0)


def test_halt_leaves_it_where_it_is(twin: Twin) -> None:
    twin.start_move(CArmPose(30.0))
    twin.step(0.5)
    twin.halt()
    before = twin.pose
    twin.step(1.0)
    assert twin.pose == before and not twin.moving


def test_a_target_outside_the_limits_moves_nothing(twin: Twin) -> None:
    with pytest.raises(LimitError):
        twin.start_move(CArmPose(170.0))
    twin.step(1.0)
    assert twin.pose == CArmPose()
    with pytest.raises(LimitError):
        twin.set_collimation(Collimation(-1, -1, 1, 1))
    assert twin.collimation == twin.config.open_field


def test_shots_and_dose_add_up_and_collimation_lowers_dose(twin: Twin) -> None:
    first = twin.acquire()
    twin.set_collimation(Collimation(-50, -50, 50, 50))
    second = twin.acquire()
    assert (first.shot, second.shot, twin.shots) == (1, 2, 2)
    assert second.dap_gym2 == pytest.approx(first.dap_gym2 * 100**2 / 400**2)
    assert twin.dap_gym2 == pytest.approx(first.dap_gym2 + second.dap_gym2)


def test_same_seed_same_images_and_noise_between_shots(phantom: Patient) -> None:
    a, b = Twin(phantom, seed=3, size_px=(64, 64)), Twin(phantom, seed=3, size_px=(64, 64))
    first, second = a.acquire().image, a.acquire().image
    np.testing.assert_array_equal(first, b.acquire().image)
    assert (first != second).mean() > 0.5


def test_truth_belongs_to_the_present_pose(twin: Twin) -> None:
    before = twin.truth().mask("kidney_left")
    twin.place(CArmPose(0.0, 0.0, (30.0, 0.0, 0.0)))
    after = twin.truth().mask("kidney_left")
    assert np.nonzero(after)[1].mean() < np.nonzero(before)[1].mean() - 5


def test_a_breathing_patients_frames_follow_time_and_truth_follows_the_frame(chest: Patient) -> None:
    affine = chest.affine.copy()
    affine[:3, :3] *= (4, 4, 2)
    every = np.s_[::4, ::4, ::2]
    coarse = replace(chest, hu=chest.hu[every].copy(), labels=chest.labels[every].copy(), affine=affine)

    def case() -> tuple[Twin, Frame, Frame]:
        twin = Twin(coarse, size_px=(96, 96), motion=BodyMotion(coarse, Breathing(12.0), seed=2), preview=True)
        twin.place(CArmPose(0, 0, (0.0, 0.0, -60.0)))
        first = twin.acquire()
        assert twin.motion is not None
        twin.motion.start(twin.time_s)
        twin.step(2.5)
        return twin, first, twin.acquire()

    twin, first, second = case()
    np.testing.assert_array_equal(second.image, case()[2].image)
    assert first.body_state == (0.0, 0.0) and second.body_state[0] > 0.7
    now = twin.truth().mask("liver")
    np.testing.assert_array_equal(twin.truth(second).mask("liver"), now)
    at_rest = twin.truth(first).mask("liver")
    assert np.nonzero(now)[0].min() < np.nonzero(at_rest)[0].min()  # the dome is nearer to the head
    still = Twin(coarse, size_px=(96, 96), preview=True)
    still.place(CArmPose(0, 0, (0.0, 0.0, -60.0)))
    np.testing.assert_array_equal(still.acquire().image, first.image)
