"""Recordings: written and read back, whole, cut off, or no recordings at all."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header, String

from fluorosam_ros.convert import array_to_image, mask_to_message
from fluorosam_ros.msg import Segmentation
from fluorosam_ros.recording import Recording, RecordingError, RecordingWriter, message_definition, message_type
from fluorosam_ros.replay import replay

IMAGE, SEGMENTATION = "sensor_msgs/msg/Image", "fluorosam_ros/msg/Segmentation"


class Predictor:
    """Finds what is brighter than a threshold."""

    def __init__(self, threshold=500):
        self.threshold = threshold

    def set_image(self, image):
        self.image = image

    def predict_many(self, prompts):
        mask = self.image > self.threshold
        return [
            SimpleNamespace(
                prompt=p, structures=("heart",), present=True, score=0.75, box=(0, 0, 3, 3), centroid=(1, 1), mask=mask
            )
            for p in prompts
        ]


def header(n):
    made = Header(frame_id="carm/detector_optical")
    made.stamp.sec = n
    return made


def write(path, frames=5, close=True, image_first=True):
    """A recording of some frames and their segmentations by Predictor()."""
    writer = RecordingWriter(path, {"model": "none"})
    writer.add_topic("/left/carm/image_raw", IMAGE)
    writer.add_topic("/left/fluorosam/segmentation", SEGMENTATION)
    rng = np.random.default_rng(0)
    predictor = Predictor()
    for n in range(frames):
        pixels = rng.integers(0, 1000, (64, 64)).astype(np.uint16)
        image = array_to_image(pixels, header(n))
        predictor.set_image(pixels)
        masks = [mask_to_message(p, image.header) for p in predictor.predict_many(["heart", "left lung"])]
        pair = [("image", image), ("segmentation", Segmentation(header=image.header, masks=masks, latency=0.1 * n))]
        for kind, message in pair if image_first else reversed(pair):
            topic = "/left/carm/image_raw" if kind == "image" else "/left/fluorosam/segmentation"
            writer.add(topic, serialize_message(message), n * 10**9, n * 10**9)
    if close:
        writer.close()
    return writer


def test_messages_come_back_as_they_were_sent(tmp_path):
    path = tmp_path / "a.mcap"
    writer = RecordingWriter(path, {"model": "lite", "threads": "2"})
    writer.add_topic("/fluorosam/prompt", "std_msgs/msg/String")
    sent = [serialize_message(String(data=text)) for text in ("left lung", "", "левое лёгкое")]
    for n, data in enumerate(sent):
        writer.add("/fluorosam/prompt", data, n, n)
    writer.close()
    recording = Recording(path)
    got = list(recording.messages())
    assert [m.data for m in got] == sent and [m.time_ns for m in got] == [0, 1, 2]
    assert deserialize_message(got[0].data, message_type(got[0].kind)).data == "left lung"
    assert recording.complete and recording.metadata == {"model": "lite", "threads": "2"}
    with pytest.raises(FileExistsError):
        RecordingWriter(path, {})


def test_definitions_hold_every_type_that_is_used():
    text = message_definition(SEGMENTATION)
    assert text.startswith("# The answers to all active prompts")
    for used in ("fluorosam_ros/StructureMask", "sensor_msgs/Image", "std_msgs/Header", "builtin_interfaces/Time"):
        assert text.count(f"{'=' * 80}\nMSG: {used}\n") == 1
    with pytest.raises(RecordingError, match="not installed"):
        message_definition("nobody_msgs/msg/Nothing")


@pytest.mark.parametrize("image_first", [True, False])
def test_replay_is_bit_for_bit(tmp_path, image_first):
    write(tmp_path / "a.mcap", image_first=image_first)
    report = replay(Recording(tmp_path / "a.mcap"), Predictor())
    assert (report.segmentations, report.equal, report.different, report.without_frame) == (5, 10, 0, 0)
    assert report.complete
    report = replay(Recording(tmp_path / "a.mcap"), Predictor(threshold=501))
    assert report.different > 0 and report.different + report.equal == 10
    assert {prompt for _, prompt in report.different_at} == {"heart", "left lung"}


def test_a_recording_that_breaks_off_is_read_up_to_there(tmp_path):
    path = tmp_path / "a.mcap"
    write(path, frames=20)
    whole = path.read_bytes()
    counts = []
    for share in (0.05, 0.3, 0.5, 0.7, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        recording = Recording(path)
        assert not recording.complete
        counts.append(recording.count)
        assert all(len(m.data) > 20 for m in recording.messages())
    assert counts == sorted(counts) and counts[0] < counts[-1] <= 40 and counts[-1] >= 30


def test_what_was_written_is_on_disk_before_the_recorder_ends(tmp_path):
    write(tmp_path / "a.mcap", close=False)
    report = replay(Recording(tmp_path / "a.mcap"), Predictor())
    assert not report.complete and report.different == 0 and report.equal >= 8


def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path):
    for name, content in (("empty", b""), ("text", b"no recording at all"), ("magic", b"\x89MCAP0\r\n")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=r"no MCAP recording|nothing to compare"):
            replay(Recording(path), Predictor())
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording(tmp_path / "missing")
    writer = RecordingWriter(tmp_path / "quiet.mcap", {})
    writer.close()
    with pytest.raises(RecordingError, match="nothing to compare"):
        replay(Recording(tmp_path / "quiet.mcap"), Predictor())
