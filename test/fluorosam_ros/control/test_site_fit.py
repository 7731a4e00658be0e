"""How a part of the body lies, from rays through what was seen of it; and the axes of long bones behind."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fluorosam_ros.control.bone_shadow import AxisShadow, axis_shadow
from fluorosam_ros.control.centering import Observation
from fluorosam_ros.control.patient_model import PatientModel
from fluorosam_ros.control.site_fit import fit_site, site_statistics
from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.views.population import LONG_BONES, POINTS

CONFIG = VENDORS["standard"]
FIELD = (0, 0, 256, 256)


def seen_of(frame, axes, origin, poses, labels, swap=()):
    """A patient model of a typical body with this frame, as seen without error. swap: two labels taken one for one."""
    known, model = site_statistics(frame), PatientModel()
    for pose in poses:
        projection = CONFIG.projection(pose, (256, 256))
        for label in labels:
            other = swap[1 - swap.index(label)] if label in swap else label
            (pixel,) = projection.project(origin + axes @ known.mean_mm[POINTS.index(other)])
            model.add(label, Observation(projection, (float(pixel[0]), float(pixel[1]))), pose.isocenter_mm)
    return model


def turned(frame, turn_deg):
    return Rotation.from_rotvec(np.deg2rad(turn_deg)).as_matrix() @ site_statistics(frame).axes


def off_deg(a, b):
    return np.rad2deg(Rotation.from_matrix(a.T @ b).magnitude())


POSES = (CArmPose(0, 0, (0.0, 0.0, 0.0)), CArmPose(60, 5, (0.0, 0.0, 0.0)))
AROUND_PELVIS = ("hip_left", "hip_right", "sacrum", "vertebrae_L5", "vertebrae_L4", "vertebrae_L3")


def test_nothing_seen_says_nothing_and_a_wrong_frame_is_an_error():
    assert fit_site("pelvis", PatientModel()) is None
    with pytest.raises(KeyError, match="no frame"):
        fit_site("third arm", PatientModel())


def test_two_views_give_the_axes_of_a_body_that_lies_askew_and_more_views_more_certainty():
    axes, origin = turned("pelvis", (8.0, -6.0, 7.0)), np.array([20.0, -10.0, 15.0])
    one = fit_site("pelvis", seen_of("pelvis", axes, origin, POSES[:1], AROUND_PELVIS))
    two = fit_site("pelvis", seen_of("pelvis", axes, origin, POSES, AROUND_PELVIS))
    assert (
        off_deg(two.axes, axes) < 5.0 < off_deg(site_statistics("pelvis").axes, axes)
        and np.linalg.norm(two.origin_mm - origin) < 4.0
    )
    assert two.spread_deg(0, 0) < one.spread_deg(0, 0) and two.spread_mm < one.spread_mm
    assert (two.structures, two.views, one.views) == (len(AROUND_PELVIS), 2, 1)


def test_a_mix_up_of_left_and_right_loses_its_weight():
    frame = "thoracic"
    axes, origin = turned(frame, (8.0, 0.0, -8.0)), np.zeros(3)
    levels = [f"vertebrae_T{number}" for number in range(3, 11)]
    ribs = [f"rib_{side}_{number}" for side in ("left", "right") for number in range(3, 8)]
    fit = fit_site(frame, seen_of(frame, axes, origin, POSES, [*levels, *ribs], swap=("rib_left_5", "rib_right_5")))
    assert off_deg(fit.axes, axes) < 4.0


def test_a_long_bone_that_the_field_cuts_still_tells_its_direction():
    frame = "femur_distal left"
    known, axes, origin = site_statistics(frame), turned(frame, (0.0, 9.0, 0.0)), np.zeros(3)
    ends = [origin + axes @ known.mean_mm[POINTS.index(f"femur_left:{end}")] for end in ("proximal", "distal")]
    model = PatientModel()
    for pose in POSES:
        projection = CONFIG.projection(pose, (256, 256))
        far, near = projection.project(ends)
        along = (far - near) / np.linalg.norm(far - near)
        middle = near + 40 * along
        shadow = AxisShadow(tuple(middle), tuple(along), (tuple(near),))
        model.add_axis("femur_left", projection, shadow, pose.isocenter_mm)
    fit = fit_site(frame, model)
    assert np.rad2deg(np.arccos(fit.axes[:, 2] @ axes[:, 2])) < 2.0
    assert fit.structures == 1


def test_what_tells_most_is_near_and_part_of_the_vocabulary():
    telling = site_statistics("vertebra L4").telling(12, 170.0)
    assert len(telling) == 12 and set(telling) <= set(LABELS)
    assert "hip_left" in telling and not {"brain", "adrenal_gland_left", "femur_left"} & set(telling)


def bar(length, width, angle_deg, middle=(128.0, 128.0)):
    rows, columns = np.mgrid[:256, :256]
    x, y = columns - middle[0], rows - middle[1]
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return (np.abs(c * x + s * y) <= length / 2) & (np.abs(c * y - s * x) <= width / 2)


def test_the_axis_and_both_ends_of_a_whole_bar():
    shadow = axis_shadow(bar(160, 20, 30), FIELD)
    assert shadow.middle_px == pytest.approx((128, 128), abs=1)
    assert abs(np.dot(shadow.direction_px, (np.cos(np.pi / 6), 0.5))) > 0.999
    ends = sorted(shadow.ends_px)
    assert ends == [pytest.approx((62, 90), abs=5), pytest.approx((194, 166), abs=5)]


def test_the_end_that_the_field_cuts_is_none():
    shadow = axis_shadow(bar(160, 20, 0, middle=(200, 128)), FIELD)
    assert len(shadow.ends_px) == 1 and shadow.ends_px[0] == pytest.approx((122, 128), abs=4)


def test_what_is_not_long_or_hardly_there_has_no_axis():
    assert axis_shadow(bar(40, 30, 10), FIELD) is None
    assert axis_shadow(bar(6, 2, 0), FIELD) is None
    assert axis_shadow(np.zeros((256, 256), bool), FIELD) is None


def test_the_long_bones_have_their_ends_among_the_points():
    assert {f"{bone}:{end}" for bone in LONG_BONES for end in ("proximal", "distal")} <= set(POINTS)
