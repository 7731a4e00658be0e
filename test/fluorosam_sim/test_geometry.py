"""Angles, axes, projection and triangulation."""

from __future__ import annotations

import numpy as np
import pytest

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import angles_from_direction, direction_from_angles, triangulate, view_axes

LEFT, ANTERIOR, HEAD = np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), np.array([0, 0, 1.0])


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [(0, 0, ANTERIOR), (90, 0, LEFT), (-90, 0, -LEFT), (180, 0, -ANTERIOR), (0, 90, HEAD), (0, -90, -HEAD)],
)
def test_angles_point_the_detector_as_dicom_says(primary: float, secondary: float, expected: np.ndarray) -> None:
    np.testing.assert_allclose(direction_from_angles(primary, secondary), expected, atol=1e-12)


def test_compound_angle_is_longitude_and_latitude() -> None:
    # A frame turned 30° about the body axis after 30° about the lateral axis, worked out by hand, is (−33.7, −25.7).
    direction = direction_from_angles(-33.69, -25.66)
    np.testing.assert_allclose(direction, [-0.5, -0.75, -0.433], atol=2e-3)


def test_angles_survive_a_round_trip() -> None:
    rng = np.random.default_rng(0)
    for primary, secondary in zip(rng.uniform(-180, 180, 1000), rng.uniform(-89.9, 89.9, 1000), strict=True):
        back = angles_from_direction(3.0 * direction_from_angles(primary, secondary))
        np.testing.assert_allclose(back, (primary, secondary), atol=1e-9)


def test_a_zero_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="zero length"):
        angles_from_direction([0, 0, 0])


def test_image_axes_are_orthonormal_and_the_radiologists() -> None:
    right, down, _ = view_axes(0, 0)
    np.testing.assert_allclose(right, LEFT)  # the patient's left is on the image's right
    np.testing.assert_allclose(down, -HEAD, atol=1e-12)
    for angles in [(17, 33), (-120, -40), (90, 0)]:
        axes = np.array(view_axes(*angles))
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(-1.0)  # left-handed: seen from the detector


def test_isocentre_projects_to_the_principal_point_and_matrix_agrees_with_rays() -> None:
    pose = CArmPose(25, -15, (10.0, -20.0, 30.0))
    projection = VENDORS["angio30x40"].projection(pose)
    np.testing.assert_allclose(
        projection.project(pose.isocenter_mm)[0], [(projection.width - 1) / 2, (projection.height - 1) / 2], atol=1e-8
    )
    pixels = np.array([[0, 0], [100.5, 20.25], [projection.width - 1, projection.height - 1]])
    points = projection.source_mm + projection.rays(pixels) * np.array([[300.0], [700.0], [1200.0]])
    np.testing.assert_allclose(projection.project(points), pixels, atol=1e-6)


def test_points_behind_the_source_have_no_pixel() -> None:
    projection = VENDORS["standard"].projection(CArmPose())
    behind = projection.source_mm - (projection.origin_mm - projection.source_mm)
    assert np.isnan(projection.project(behind)).all()


def test_resizing_keeps_the_detector_area() -> None:
    projection = VENDORS["standard"].projection(CArmPose(10, 20))
    small = projection.resized(128, 64)
    corner = np.array([-0.5, -0.5])
    np.testing.assert_allclose(small.rays(corner), projection.rays(corner), atol=1e-12)
    far = np.array([projection.width - 0.5, projection.height - 0.5])
    np.testing.assert_allclose(small.rays([[127.5, 63.5]]), projection.rays(far), atol=1e-12)


def test_triangulation_finds_the_point_and_refuses_parallel_rays() -> None:
    config, point = VENDORS["standard"], np.array([12.0, -30.0, 45.0])
    views = [config.projection(CArmPose(p, s)) for p, s in [(0, 0), (60, 10), (-20, 30)]]
    found, residual = triangulate(views, [view.project(point)[0] for view in views])
    np.testing.assert_allclose(found, point, atol=1e-6)
    assert residual < 1e-6
    with pytest.raises(ValueError, match="parallel"):
        triangulate([views[0], views[0]], [[100, 100], [100, 100]])
