"""Images for browsers, who is there, and the C-arm as solids."""

import time

import cv2
import numpy as np
import pytest

from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.presence import SILENCE_S, Presence
from fluorosam_ros.console.reports import Picture
from fluorosam_ros.console.solids import WORLD_ON_SCREEN, beam_axes, field_corners, solids
from fluorosam_sim.carm import CArmPose, Collimation

URDF = """<robot name="c"><material name="w"><color rgba="1 0.5 0 1"/></material>
<link name="root"><visual><origin xyz="0 0 0" rpy="0 0 0"/><geometry><box size="1 2 3"/></geometry>
<material name="w"/></visual></link>
<joint name="j" type="fixed"><parent link="root"/><child link="tube"/><origin xyz="0 0 -0.75" rpy="0 0 0"/></joint>
<link name="tube"><visual><origin xyz="0 0 -0.1" rpy="0 0 0"/><geometry><cylinder radius="0.1" length="0.2"/></geometry>
</visual></link></robot>"""


@pytest.fixture
def frames():
    frames = Frames()
    yield frames
    frames.close()
    assert not frames._worker.is_alive()


class Source:
    """Counts how often an image is decoded."""

    def __init__(self, pixels):
        self.pixels, self.decoded = pixels, 0

    def picture(self, kind="raw", stamp_ns=1):
        return Picture(kind, stamp_ns, 0.1, self.pixels.shape[1::-1], self._decode)

    def _decode(self):
        self.decoded += 1
        return self.pixels


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return result


def test_only_images_that_somebody_looks_at_are_compressed(frames):
    source = Source(np.tile(np.arange(128, dtype=np.uint16) * 300, (96, 1)))
    for _ in range(5):
        frames.put(source.picture())
    time.sleep(0.2)
    assert source.decoded == 0 and frames.newest("raw") is None
    done = until(lambda: frames.want("raw"))
    assert source.decoded == 1, "the newest one, once"
    assert cv2.imdecode(np.frombuffer(done.jpeg, np.uint8), cv2.IMREAD_UNCHANGED).shape == (96, 128)
    assert done.size_px == (128, 96) and done.late_s == 0.1
    frames.put(source.picture("overlay"))
    time.sleep(0.1)
    assert frames.newest("overlay") is None and source.decoded == 1


def test_the_same_frame_with_new_outlines_is_compressed_again(frames):
    red = np.zeros((64, 64, 3), np.uint8)
    red[:, :, 0] = 255
    frames.put(Source(np.zeros((64, 64, 3), np.uint8)).picture("overlay"))
    first = until(lambda: frames.want("overlay"))
    frames.put(Source(red).picture("overlay"))
    second = until(lambda: (done := frames.want("overlay")) is not None and done.serial != first.serial and done)
    shown = cv2.imdecode(np.frombuffer(second.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown[32, 32, 2] > 200 > 50 > shown[32, 32, 0], "RGB stays RGB"


def test_what_is_no_image_is_told_and_ends_nothing(frames):
    def broken():
        raise ValueError("The image has no pixels.")

    frames.put(Picture("raw", 1, 0.0, (0, 0), broken))
    assert until(lambda: frames.want("raw")).jpeg == b"" and "no pixels" in frames.trouble
    frames.put(Source(np.full((64, 64), 9, np.uint8)).picture())
    until(lambda: frames.want("raw").jpeg)
    assert not frames.trouble


def test_the_operator_is_there_while_a_browser_beats():
    presence = Presence()
    assert presence.look(0.0) == (False, False)
    presence.beat("a", 1.0)
    presence.beat("b", 1.0)
    assert presence.look(1.5) == (True, False) and presence.browsers(1.5) == 2
    presence.left("a")
    assert presence.look(1.6) == (True, False)
    assert presence.look(1.0 + SILENCE_S + 0.1) == (False, True), "frozen counts as gone"
    assert presence.look(9.0) == (False, False), "told once"
    presence.beat("b", 10.0)
    presence.left("b")
    assert presence.look(10.1) == (False, False)


def test_the_body_is_that_of_the_description():
    box, tube = solids(URDF)
    assert (box.kind, box.size_m, box.colour) == ("box", (1.0, 2.0, 3.0), "#ff8000")
    assert tube.kind == "cylinder" and tube.position_m == pytest.approx((0.0, 0.0, -0.85))
    assert np.allclose(tube.rotation @ [0, 1, 0], [0, 0, 1]), "along the beam"


def test_the_scene_follows_the_true_geometry():
    pose = CArmPose(30.0, 20.0)
    towards = beam_axes(pose) @ [0, 0, 1]
    assert np.allclose(towards, [np.sin(np.pi / 6) * np.cos(np.pi / 9), -np.cos(np.pi / 6) * np.cos(np.pi / 9),
                                 np.sin(np.pi / 9)])  # fmt: skip
    assert np.isclose(np.linalg.det(beam_axes(pose)), 1.0)
    assert np.allclose(WORLD_ON_SCREEN @ [0, 1, 0], [0, 0, -1]), "the table is below"
    corners = field_corners(Collimation(-100.0, -50.0, 20.0, 50.0), 1200.0, 750.0)
    assert corners[0] == pytest.approx((0.1, -0.05, 0.45)) and corners[2] == pytest.approx((-0.02, 0.05, 0.45))
