"""The closed loop on a twin in one process."""

from __future__ import annotations

import pytest

from fluorosam_ros.bench_loop import starting_pose
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.twin_device import TruthSegmenter, TwinDevice
from fluorosam_ros.demo.truth import Truth
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.twin import Twin


@pytest.fixture
def twin(phantom: Patient) -> Twin:
    twin = Twin(phantom, size_px=(256, 256))
    twin.place(CArmPose(10.0, -5.0, (15.0, 0.0, 0.0)))
    return twin


def carry_out(guide: Guide, prompt: str):  # type: ignore[no-untyped-def]
    return guide.carry_out(guide.understand(prompt))


def test_centre_and_collimate_end_where_they_should(twin: Twin, phantom: Patient) -> None:
    device = TwinDevice(twin, TruthSegmenter(twin))
    guide, truth = Guide(device), Truth(phantom, twin.config)
    assert carry_out(guide, "arm").kind is ReplyKind.DONE
    assert truth.off_center_mm("kidney_left", twin.pose) > 20
    assert carry_out(guide, "center on the left kidney").kind is ReplyKind.DONE
    assert truth.off_center_mm("kidney_left", twin.pose) < 5
    before = twin.collimation.area_mm2
    assert carry_out(guide, "collimate to it").kind is ReplyKind.DONE
    assert twin.collimation.area_mm2 < 0.5 * before
    assert truth.coverage("kidney_left", twin.pose, twin.collimation, (256, 256)) == 1.0


def test_nothing_moves_or_exposes_before_it_is_armed(twin: Twin) -> None:
    guide = Guide(TwinDevice(twin, TruthSegmenter(twin)))
    pose = twin.pose
    for prompt in ("center on the left kidney", "rotate to LAO 20", "take a shot", "collimate to the sternum"):
        assert carry_out(guide, prompt).kind is ReplyKind.REFUSED
    assert twin.pose == pose and twin.shots == 0


def test_an_absent_structure_moves_nothing(twin: Twin) -> None:
    guide = Guide(TwinDevice(twin, TruthSegmenter(twin)))
    carry_out(guide, "arm")
    pose = twin.pose
    outcome = carry_out(guide, "center on the liver")
    assert outcome.kind is ReplyKind.REFUSED and "not in this image" in outcome.text and twin.pose == pose


def test_starting_poses_keep_the_target_in_the_image_and_off_the_middle() -> None:
    import numpy as np

    rng, target, config = np.random.default_rng(0), np.array([10.0, -20.0, 40.0]), VENDORS["standard"]
    for _ in range(100):
        pose = starting_pose(rng, target)
        config.check_pose(pose)
        x, y = config.projection(pose).project(target)[0]
        assert 0 < x < 511 and 0 < y < 511
        assert 27 < np.linalg.norm(np.array(pose.isocenter_mm) - target) <= 70.01
