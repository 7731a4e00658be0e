"""The page's buttons on the real graph, with the phantom: armed, said, stopped; and the operator's heartbeat."""

import asyncio
import threading
import time

import pytest

pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install -e .[console]")
pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


class NoServer:
    address = "nowhere"

    def close(self):
        pass


@pytest.fixture(scope="module")
def console(graph):
    """The console's node in this process; its page is the simulated user's."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from fluorosam_ros.nodes.console import ConsoleNode

    class Pageless(ConsoleNode):
        def open_page(self):
            return NoServer()

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node, executor, ended = Pageless(), SingleThreadedExecutor(), threading.Event()
    executor.add_node(node)

    def spin():
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        hears_its_answers(node)
        yield node
    finally:
        ended.set()
        thread.join()
        node.shut_down()
        executor.shutdown()
        rclpy.try_shutdown()


def until(condition, seconds=15.0):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
    return result


def hears_its_answers(node):
    """Only an answer tells that prompts reach the guidance, and replies this node, which the graph may know late."""
    link = until(lambda: node.link)
    for _ in range(20):
        link.say("nothing that means anything")
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            if any(not entry.open for entry in node.model.shown(time.monotonic()).log):
                return
            time.sleep(0.02)
    raise AssertionError("the guidance does not answer the console")


def press(console, script):
    """Plays a simulated user on the node's page."""
    from nicegui.testing.user_simulation import user_simulation

    from fluorosam_ros.console.page import build

    def root():
        build(console.model, console.frames, console.presence, lambda: console.link)

    async def play():
        async with user_simulation(root=root) as user:
            await user.open("/")
            await script(user)

    asyncio.run(play())


async def seen(condition, seconds=15.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        await asyncio.sleep(0.02)


def test_buttons_arm_say_and_stop(console, probe):
    model = console.model

    def log(text):
        return [e for e in model.shown(time.monotonic()).log if e.text == text and not e.open]

    async def script(user):
        await seen(lambda: model.shown(time.monotonic()).interlock.mode == "disarmed")
        # Not at once after a node has come up: the interlock has to hear the C-arm first.
        for _ in range(20):
            user.find(marker="ARM").click()
            await asyncio.sleep(0.5)
            if model.armed:
                break
        await user.should_see("ARMED", retries=20)
        user.find(marker="prompt").type("take a shot").trigger("keydown.enter")
        await seen(lambda: log("take a shot"))
        assert log("take a shot")[0].kind.name == "DONE", log("take a shot")
        await seen(lambda: log("take a shot")[0].exposures == 1)
        assert probe.states[-1].shots >= 1
        await seen(lambda: user.find(marker="x-ray").elements.pop().source)
        user.find(marker="prompt").type("rotate to LAO 90").trigger("keydown.enter")
        await seen(lambda: probe.states[-1].moving)
        user.find("EMERGENCY STOP").click()
        await seen(lambda: model.shown(time.monotonic()).interlock.mode == "stopped")
        await seen(lambda: not probe.states[-1].moving)
        assert probe.states[-1].primary_angle < 1.4
        await seen(lambda: log("rotate to LAO 90"))
        assert log("rotate to LAO 90")[0].kind.name == "STOPPED"
        await user.should_see("EMERGENCY STOP")
        await asyncio.sleep(0.3)
        user.find(marker="RESET").click()
        await seen(lambda: model.shown(time.monotonic()).interlock.mode == "disarmed")

    press(console, script)


def test_the_heartbeat_is_a_browsers_and_the_last_one_gone_disarms(console, probe):
    from std_msgs.msg import Header

    from fluorosam_ros import qos

    beats = probe.listen(Header, "/operator/heartbeat", qos.STATE)
    time.sleep(1.0)
    assert not beats, "no browser, no operator"
    console.presence.beat("a browser", time.monotonic())
    until(lambda: beats)
    probe.arm()
    console.presence.beat("a browser", time.monotonic())
    until(lambda: console.model.armed)
    console.presence.left("a browser")
    until(lambda: not console.model.armed, 3.0)
    assert "disarmed" in " ".join(e.reply for e in console.model.shown(time.monotonic()).log).lower()
    seen_now = len(beats)
    time.sleep(0.6)
    assert len(beats) <= seen_now + 1
