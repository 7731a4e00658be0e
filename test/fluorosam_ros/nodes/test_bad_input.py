"""Whatever arrives over DDS, nothing changes and no node dies; each answers in one line."""

import array

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def all_alive(graph, probe):
    """After each test every node still answers."""
    from lifecycle_msgs.srv import GetState

    yield
    graph.check()
    for name in graph.processes:
        assert probe.call(GetState, f"/{name}/get_state").current_state.label == "active"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "x" * 10_000,
        "center on " * 1000,
        "левое лёгкое",
        "左肺を見せて",
        "☃" * 400,
        "left\x07lung\x1b[2J",
        "ghrtz plomp xyzzy",
        "{'prompt': null}",
    ],
    ids=["empty", "blank", "10kB", "10kB-command", "cyrillic", "japanese", "snowmen", "control", "no-language", "code"],
)  # fmt: skip
def test_bad_prompts_get_one_clear_sentence(probe, text):
    probe.arm()
    before = probe.state()
    start = len(probe.replies)
    reply = probe.ask(text)
    assert reply.kind in (reply.REFUSED, reply.QUESTION), reply.text
    assert 5 < len(reply.text) < 300 and "\n" not in reply.text and "Traceback" not in reply.text
    assert len([r for r in probe.replies[start:] if r.kind != r.UNDERSTOOD]) == 1
    after = probe.state()
    assert (after.primary_angle, after.isocenter, after.shots) == (before.primary_angle, before.isocenter, before.shots)


@pytest.mark.parametrize(
    ("node", "name", "value", "reason"),
    [
        ("twin", "fluro_hz", 5.0, "fluro_hz"),
        ("twin", "fluoro_hz", 1000.0, "fluoro_hz"),
        ("twin", "fluoro_hz", "fast", "fluoro_hz"),
        ("twin", "patient", "pelvis", "configured"),
        ("twin", "breathing", "free", "no lungs"),
        ("twin", "breathing", "off", "none, free, held"),
        ("interlock", "state_timeout_s", -1.0, "state_timeout_s"),
        ("interlock", "device", "x-wing", "device"),
        ("segmenter", "threads", 1_000_000, "threads"),
        ("guidance", "colour", "red", "colour"),
    ],
)
def test_wrong_parameters_are_refused_with_a_reason(probe, node, name, value, reason):
    from rcl_interfaces.srv import GetParameters, SetParameters
    from rclpy.parameter import Parameter

    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    (result,) = probe.call(SetParameters, f"/{node}/set_parameters", request).results
    assert not result.successful
    assert reason in result.reason and "\n" not in result.reason
    (kept,) = probe.call(GetParameters, f"/{node}/get_parameters", GetParameters.Request(names=[name])).values or [None]
    assert kept is None or kept != Parameter(name, value=value).get_parameter_value()


def test_a_parameter_of_no_known_type(probe):
    from rcl_interfaces.msg import Parameter
    from rcl_interfaces.srv import SetParameters
    from rclpy.qos import qos_profile_parameters

    message = Parameter(name="fluoro_hz")
    message.value.type = 200
    client = probe.node.create_client(SetParameters, "/twin/set_parameters", qos_profile=qos_profile_parameters)
    assert client.wait_for_service(timeout_sec=5.0)
    client.call_async(SetParameters.Request(parameters=[message]))
    assert probe.state() is not None  # and the node still answers afterwards


def image(data, encoding="mono16", width=4, height=4, step=None, big=False):
    from sensor_msgs.msg import Image

    message = Image(encoding=encoding, width=width, height=height, is_bigendian=int(big))
    message.step = width * 2 if step is None else step
    message.data = array.array("B", data)
    message.header.stamp.sec = 1
    return message


BAD_IMAGES = {
    "nothing": lambda: image(b"", width=0, height=0),
    "zero height": lambda: image(b"", height=0),
    "no data": lambda: image(b""),
    "short": lambda: image(bytes(31)),
    "long": lambda: image(bytes(33)),
    "step too small": lambda: image(bytes(16), step=4),
    "encoding": lambda: image(bytes(32), encoding="yuv422"),
    "no encoding": lambda: image(bytes(32), encoding=""),
    "huge": lambda: image(bytes(32), width=2**31, height=2**31, step=2**32 - 1),
    "nan": lambda: image(np.full((4, 4), np.nan, "<f4").tobytes(), encoding="32FC1", step=16),
    "infinite": lambda: image(np.full((4, 4), np.inf, "<f4").tobytes(), encoding="32FC1", step=16),
    "big-endian nan": lambda: image(np.full((4, 4), np.nan, ">f4").tobytes(), "32FC1", step=16, big=True),
}


@pytest.fixture(scope="module")
def camera(probe):
    from sensor_msgs.msg import Image

    from fluorosam_ros import qos

    publisher = probe.node.create_publisher(Image, "/carm/image_raw", qos.FRAMES)
    probe.until(lambda: publisher.get_subscription_count() > 0)
    return publisher


@pytest.fixture(scope="module")
def results(probe):
    from fluorosam_ros import qos
    from fluorosam_ros.msg import Segmentation

    return probe.listen(Segmentation, "/fluorosam/segmentation", qos.FRAMES)


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_frames_are_ignored(probe, camera, results, kind):
    from diagnostic_msgs.msg import DiagnosticArray

    from fluorosam_ros.srv import Segment

    heard = probe.listen(DiagnosticArray, "/diagnostics", 20)
    message = BAD_IMAGES[kind]()
    camera.publish(message)
    probe.until(
        lambda: any(s.name == "segmenter" and "bad image" in s.message for m in heard for s in m.status),
        what="a diagnostic",
    )
    if message.width:  # a width of 0 asks for the newest frame
        answer = probe.call(Segment, "/fluorosam/segment", Segment.Request(image=message, prompts=["left kidney"]))
        assert not answer.success and answer.message.endswith(".")
    assert not any(s.header.stamp.sec == 1 for s in results)


def test_a_big_endian_frame_is_read_right(probe, camera, results):
    """The same picture in both byte orders gives the same mask."""
    from fluorosam_ros.srv import Segment

    pixels = np.full((64, 64), 9000, np.uint16)
    pixels[20:40, 30:50] = 1500
    masks = []
    for order, big in (("<u2", False), (">u2", True)):
        message = image(pixels.astype(order).tobytes(), width=64, height=64, big=big)
        answer = probe.call(Segment, "/fluorosam/segment", Segment.Request(image=message, prompts=["left kidney"]))
        assert answer.success and answer.segmentation.masks[0].present, answer.message
        masks.append(bytes(answer.segmentation.masks[0].mask.data))
    assert masks[0] == masks[1]
    camera.publish(image(pixels.astype(">u2").tobytes(), width=64, height=64, big=True))
    probe.until(lambda: any(s.header.stamp.sec == 1 for s in results), what="its segmentation")


def test_bad_prompt_lists(probe):
    from fluorosam_ros import qos
    from fluorosam_ros.msg import Prompts
    from fluorosam_ros.srv import Segment

    publisher = probe.node.create_publisher(Prompts, "/fluorosam/active_prompts", qos.LATCHED)
    probe.until(lambda: publisher.get_subscription_count() > 0)
    for prompts in ([""], ["x" * 10_000], ["heart"] * 100, ["левое лёгкое"]):
        publisher.publish(Prompts(prompts=prompts))
        probe.call(Segment, "/fluorosam/segment", Segment.Request(prompts=prompts))
    publisher.publish(Prompts())
    probe.node.destroy_publisher(publisher)
