"""Numbers and pictures survive the way into messages and back; what is no image is said in one sentence."""

import array
import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fluorosam_ros import convert
from fluorosam_ros.action import MoveCArm
from fluorosam_ros.msg import CArmState
from fluorosam_sim.carm import VENDORS, CArmPose, Collimation

RNG = np.random.default_rng(1)
CONFIG = VENDORS["standard"]


@pytest.mark.parametrize(
    ("dtype", "shape", "encoding"),
    [
        (np.uint8, (5, 7), "mono8"),
        (np.uint16, (5, 7), "mono16"),
        (np.float32, (5, 7), "32FC1"),
        (np.uint8, (5, 7, 3), "rgb8"),
        (np.uint8, (5, 7, 3), "bgr8"),
    ],
)
def test_images_round_trip(dtype, shape, encoding):
    pixels = (RNG.random(shape) * 250).astype(dtype)
    message = convert.array_to_image(pixels, Header(frame_id="f"), encoding)
    assert (message.height, message.width, message.encoding) == (5, 7, encoding)
    back = convert.image_to_array(message)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, pixels)


def test_slices_and_masks_are_sent_as_they_look():
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)[::2, ::-1]
    np.testing.assert_array_equal(convert.image_to_array(convert.array_to_image(pixels, Header())), pixels)
    mask = convert.image_to_array(convert.array_to_image(pixels > 20, Header()))
    np.testing.assert_array_equal(mask, np.where(pixels > 20, 255, 0))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 6])
def test_either_byte_order_and_padded_rows(big, padding):
    pixels = RNG.integers(0, 65535, (3, 4), np.uint16)
    rows = np.zeros((3, 8 + padding), np.uint8)
    rows[:, :8] = pixels.astype(">u2" if big else "<u2").view(np.uint8).reshape(3, 8)
    message = Image(height=3, width=4, encoding="mono16", is_bigendian=int(big), step=8 + padding)
    message.data = array.array("B", rows.tobytes())
    back = convert.image_to_array(message)
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, pixels)


def test_colours_become_grey_by_their_names():
    pixels = np.zeros((1, 2, 3), np.uint8)
    pixels[0, 0, 0] = pixels[0, 1, 2] = 200
    rgb = convert.image_to_gray(convert.array_to_image(pixels, Header(), "rgb8"))
    bgr = convert.image_to_gray(convert.array_to_image(pixels, Header(), "bgr8"))
    assert rgb.tolist() == [[60, 23]] and bgr.tolist() == [[23, 60]]


@pytest.mark.parametrize(
    ("pixels", "encoding"),
    [
        (np.zeros((0, 4), np.uint8), ""),
        (np.zeros((4, 4), np.float64), ""),
        (np.zeros((4, 4), np.uint8), "mono16"),
        (np.zeros((4, 4, 3), np.uint8), "mono8"),
        (np.zeros((4, 4), np.uint8), "rgb8"),
    ],
)
def test_what_cannot_be_sent(pixels, encoding):
    with pytest.raises(convert.ImageError, match=r"cannot be sent"):
        convert.array_to_image(pixels, Header(), encoding)


def test_pose_and_collimation_round_trip():
    pose = CArmPose(33.3, -12.5, (10.0, -20.0, 312.5))
    for message in (CArmState(), MoveCArm.Goal()):
        convert.fill_pose(message, pose)
        assert message.primary_angle == pytest.approx(math.radians(33.3))
        assert message.isocenter.z == pytest.approx(0.3125)
        back = convert.pose_from_message(message)
        assert back.primary_deg == pytest.approx(33.3) and back.secondary_deg == pytest.approx(-12.5)
        assert back.isocenter_mm == pytest.approx(pose.isocenter_mm)
    window = Collimation(-100.0, -50.0, 20.0, 70.0)
    message = convert.collimation_to_message(window)
    assert (message.left, message.bottom) == (-0.1, 0.07)
    assert convert.collimation_from_message(message) == window


@pytest.mark.parametrize(
    "pose", [CArmPose(), CArmPose(30, 0), CArmPose(0, 25), CArmPose(-47, -21, (30, -15, 60)), CArmPose(90, 10)]
)
@pytest.mark.parametrize("device", VENDORS)
def test_transforms_and_camera_project_like_the_sim(pose, device):
    """world → detector_optical → P gives the very pixels of Projection.project."""
    from builtin_interfaces.msg import Time
    from scipy.spatial.transform import Rotation

    config = VENDORS[device]
    chain = [convert.moving_transform(pose, Time())]
    fixed = {t.child_frame_id: t for t in convert.static_transforms(config, Time())}
    chain.append(fixed[convert.DETECTOR_OPTICAL])
    assert all(t.header.frame_id == convert.ISOCENTER for name, t in fixed.items() if name != convert.PATIENT)
    points_mm = RNG.uniform(-100, 100, (20, 3))
    points = points_mm / 1000.0
    for step in chain:
        t, q = step.transform.translation, step.transform.rotation
        points = Rotation.from_quat([q.x, q.y, q.z, q.w]).inv().apply(points - [t.x, t.y, t.z])
    size = (400, 300) if config.detector_mm[0] != config.detector_mm[1] else (256, 256)
    info = convert.camera_info(config, config.open_field, size, Header())
    homogeneous = np.column_stack([points, np.ones(20)]) @ np.array(info.p).reshape(3, 4).T
    pixels = homogeneous[:, :2] / homogeneous[:, 2:]
    np.testing.assert_allclose(pixels, config.projection(pose, size).project(points_mm), atol=1e-6)
    assert info.k[0] < 0 < info.k[4]


def test_the_collimated_field_is_the_region_of_interest():
    window = Collimation(-100.0, -50.0, 0.0, 150.0)
    roi = convert.camera_info(CONFIG, window, (400, 400), Header()).roi  # 1 mm a pixel
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (100, 150, 100, 200)


def test_urdf_is_the_device_and_the_file_is_up_to_date():
    from xml.etree import ElementTree

    from fluorosam_ros.description import urdf
    from fluorosam_ros.environment import share

    for config in VENDORS.values():
        robot = ElementTree.fromstring(urdf(config))
        links = {link.get("name") for link in robot.iter("link")}
        assert {convert.ISOCENTER, convert.SOURCE, convert.DETECTOR_OPTICAL, convert.DETECTOR} == links
        heights = {
            j.find("child").get("link"): float(j.find("origin").get("xyz").split()[2]) for j in robot.iter("joint")
        }
        assert heights[convert.DETECTOR] - heights[convert.SOURCE] == pytest.approx(config.sdd_mm / 1000)
        children = [j.find("child").get("link") for j in robot.iter("joint")]
        assert len(children) == len(set(children)) == len(links) - 1, "a tree with one root"
    assert share("urdf", "carm.urdf").read_text() == urdf(CONFIG)
