"""Distances between gantry, table and patient."""

import itertools

import numpy as np
import pytest

from fluorosam_ros.control.collision import SAMPLING_MM, CollisionModel, Room, path
from fluorosam_sim.carm import VENDORS, CArmPose

DEVICE = VENDORS["standard"]


@pytest.fixture(scope="module")
def model():
    return CollisionModel(DEVICE, Room())


def test_a_frontal_view_has_the_distances_of_a_drawing():
    """Without the arc's share: the detector's cover is 430 mm before the isocentre, the patient's chest 120 mm."""
    narrow = CollisionModel(DEVICE, Room(patient_width_mm=200, table_width_mm=200))
    low = narrow.clearance(CArmPose(0.0, 0.0, (0.0, 150.0, 0.0)))
    assert (low.part, low.obstacle) == ("detector", "patient")
    assert low.distance_mm == pytest.approx(430 - 150 - 120 - SAMPLING_MM, abs=1.0)
    # The tube reaches 130 mm before the focal spot, 750 mm below the isocentre; the table ends at 180.
    high = narrow.clearance(CArmPose(0.0, 0.0, (0.0, -250.0, 0.0)))
    assert (high.part, high.obstacle) == ("tube", "table")
    assert high.distance_mm == pytest.approx(750 - 250 - 130 - 180 - SAMPLING_MM, abs=1.0)


def test_left_and_right_head_and_feet_are_alike_but_for_the_arc(model):
    for a, b in ((CArmPose(0.0, 40.0), CArmPose(0.0, -40.0)), (CArmPose(110.0), CArmPose(-110.0))):
        left, right = model.clearance(a), model.clearance(b)
        if "arc" not in (left.part, right.part):
            assert left.distance_mm == pytest.approx(right.distance_mm, abs=1.0)


def test_contact_is_negative_and_said(model):
    touch = model.clearance(CArmPose(0.0, 50.0, (0.0, 200.0, 0.0)))
    assert touch.distance_mm < 0 and "would touch the patient" in str(touch)


def test_a_way_has_no_gaps():
    start, target = CArmPose(-90.0, -40.0, (-100.0, 0.0, 0.0)), CArmPose(90.0, 40.0, (100.0, 50.0, 300.0))
    poses = path(DEVICE, start, target)
    assert (poses[0], poses[-1]) == (start, target)
    for a, b in itertools.pairwise(poses):
        assert np.hypot(b.primary_deg - a.primary_deg, b.secondary_deg - a.secondary_deg) <= 0.5 + 1e-9
        assert np.linalg.norm(np.subtract(b.isocenter_mm, a.isocenter_mm)) <= 5.0 + 1e-9
    assert path(DEVICE, start, start) == [start]


def test_the_smallest_distance_on_the_way_is_found(model):
    """Against every pose of the way, on random ways."""
    rng = np.random.default_rng(0)

    def pose():
        x, y, z = rng.uniform([-150, -150, -400], [150, 150, 400])
        return CArmPose(*rng.uniform([-110, -45], [110, 45]), (x, y, z))

    for _ in range(6):
        start, target = pose(), pose()
        every = min(model.clearance(p).distance_mm for p in path(DEVICE, start, target))
        assert every <= model.along(start, target).distance_mm <= every + 4.0


@pytest.mark.parametrize("device", VENDORS)
def test_usual_views_are_free_on_every_device(device):
    model = CollisionModel(VENDORS[device], Room())
    for pose in (CArmPose(), CArmPose(90.0), CArmPose(-90.0), CArmPose(45.0, 0.0), CArmPose(0.0, 30.0)):
        assert model.along(CArmPose(), pose).distance_mm > 20, pose
