"""The packaged statistics of where sites lie among the bones."""

import numpy as np
import pytest

from fluorosam_sim.views import VIEWS
from fluorosam_sim.views.population import FRAMES, POINTS, SITES, frame_name, measured, population


def test_every_view_that_is_not_of_one_vertebra_has_its_frame():
    assert {frame_name(view.site, view.side, None) for view in VIEWS if not view.vertebral} <= set(FRAMES)
    assert {"vertebra L4", "pedicle left T12"} <= set(FRAMES) and len(FRAMES) == len(set(FRAMES))


def test_the_packaged_bodies_have_right_handed_axes_and_points_where_they_belong():
    bodies = population()
    assert bodies.points_mm.shape[1:] == (len(POINTS), 3) and bodies.axes.shape[1:] == (len(SITES), 3, 3)
    assert len(bodies.points_mm) == len(bodies.axes) == len(bodies.origins_mm) >= 30
    found = bodies.axes[np.isfinite(bodies.axes).all(axis=(2, 3))]
    assert np.allclose(np.linalg.det(found), 1.0, atol=1e-4)
    local, axes = bodies.local("vertebra L3")
    above = np.nanmean(local[:, POINTS.index("vertebrae_L2")], axis=0)
    assert above[2] == pytest.approx(np.linalg.norm(above), rel=0.1) and above[2] > 20 and len(axes) == len(local)
    assert np.nanmean(local[:, POINTS.index("kidney_left")], axis=0)[0] > 20


def test_an_unknown_frame_is_an_error():
    with pytest.raises(KeyError, match="no frame"):
        population().local("tail")


def test_a_body_without_bones_has_no_frames_but_its_points(phantom):
    one = measured(phantom)
    assert not np.isfinite(one.axes).any()
    at = POINTS.index("kidney_left")
    assert one.points_mm[0, at] == pytest.approx(phantom.centroid_mm("kidney_left"), abs=1.0)
