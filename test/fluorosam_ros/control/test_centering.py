import numpy as np
import pytest

from fluorosam_ros.control.centering import CenteringError, Observation, center_pose, offset_mm
from fluorosam_sim.carm import VENDORS, CArmPose, LimitError

CONFIG = VENDORS["standard"]


def seen(target, pose, size=None):
    projection = CONFIG.projection(pose, size)
    x, y = projection.project([target])[0]
    return Observation(projection, (float(x), float(y)))


def offset(target, pose):
    view = seen(target, pose)
    return offset_mm(view.projection, view.centroid_px, pose.isocenter_mm)


@pytest.mark.parametrize("size", [None, (256, 256), (333, 333)])
def test_offset_is_measured_in_the_isocenter_plane(size):
    pose = CArmPose(0, 0, (10, 20, 30))
    view = seen((10 + 30, 20, 30 - 40), pose, size)
    assert offset_mm(view.projection, view.centroid_px, pose.isocenter_mm) == pytest.approx(50, abs=1e-6)
    middle = ((view.projection.width - 1) / 2, (view.projection.height - 1) / 2)
    assert offset_mm(view.projection, middle, pose.isocenter_mm) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "pose",
    [CArmPose(), CArmPose(30, 0), CArmPose(-45, 20), CArmPose(90, 0), CArmPose(10, -25, (20, -30, 15))],
)
def test_one_view_centers_a_target_in_the_plane_at_once(pose):
    projection = CONFIG.projection(pose)
    du, dv = (v / np.linalg.norm(v) for v in (projection.du_mm, projection.dv_mm))
    target = np.asarray(pose.isocenter_mm) + 40 * du - 25 * dv
    plan = center_pose([seen(target, pose)], pose, CONFIG)
    assert not plan.depth_known
    assert (plan.pose.primary_deg, plan.pose.secondary_deg) == (pose.primary_deg, pose.secondary_deg)
    assert offset(target, plan.pose) == pytest.approx(0, abs=1e-6)


def test_one_view_moves_across_the_beam_only():
    pose = CArmPose(35, 10)
    plan = center_pose([seen((30, 40, -20), pose)], pose, CONFIG)
    projection = CONFIG.projection(pose)
    axis = -projection.source_mm / np.linalg.norm(projection.source_mm)
    assert np.dot(plan.pose.isocenter_mm, axis) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("depth", [-100, 60, 100])
def test_repeated_shots_converge_at_any_depth(depth):
    target, pose = np.array([60.0, depth, -70.0]), CArmPose()
    offsets = []
    for _ in range(3):
        offsets.append(offset(target, pose))
        plan = center_pose([seen(target, pose)], pose, CONFIG)
        pose = plan.pose
        assert offset(target, pose) <= plan.expected_error_mm * 1.2 + 1e-6
    assert offsets[0] > 80 and offset(target, pose) < 1.0


def test_two_directions_find_the_depth():
    target = np.array([35.0, -50.0, 80.0])
    frontal, lateral = CArmPose(0, 0), CArmPose(90, 0)
    plan = center_pose([seen(target, lateral), seen(target, frontal)], frontal, CONFIG)
    assert plan.depth_known and plan.expected_error_mm < 1e-6
    np.testing.assert_allclose(plan.pose.isocenter_mm, target, atol=1e-6)
    for primary in (-60, 0, 45):
        assert offset(target, CArmPose(primary, 15, plan.pose.isocenter_mm)) < 1e-6


def test_views_of_nearly_one_direction_do_not_find_the_depth():
    target = (20.0, 30.0, 10.0)
    poses = [CArmPose(0, 0), CArmPose(4, 0)]
    plan = center_pose([seen(target, p) for p in poses], poses[-1], CONFIG)
    assert not plan.depth_known


def test_views_that_disagree_fall_back_to_the_newest():
    frontal, lateral = CArmPose(0, 0), CArmPose(90, 0)
    newest = seen((0, 0, 80), frontal)
    plan = center_pose([seen((0, 0, -80), lateral), newest], frontal, CONFIG)
    assert not plan.depth_known
    assert plan.pose == center_pose([newest], frontal, CONFIG).pose


def test_limits_of_the_device_hold():
    pose = CArmPose(0, 0, (240.0, 0.0, 0.0))
    with pytest.raises(LimitError, match="isocentre x"):
        center_pose([seen((300.0, 0.0, 0.0), pose)], pose, CONFIG)


@pytest.mark.parametrize("centroid", [(np.nan, 1.0), (1.0, np.inf), (-20.0, 5.0), (5.0, 512.0)])
def test_impossible_positions(centroid):
    pose = CArmPose()
    with pytest.raises(CenteringError):
        center_pose([Observation(CONFIG.projection(pose), centroid)], pose, CONFIG)


def test_no_view():
    with pytest.raises(CenteringError, match="not seen"):
        center_pose([], CArmPose(), CONFIG)
