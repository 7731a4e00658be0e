"""The page itself against a made-up line to ROS: NiceGUI's simulated user presses and reads, without a browser."""

import asyncio
import time

import numpy as np
import pytest

pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install -e .[console]")

from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.page import build
from fluorosam_ros.console.presence import Presence
from fluorosam_ros.console.reports import Answer, CArmReport, InterlockReport, NodeReport, Outlined, Picture
from fluorosam_ros.console.solids import Solid
from fluorosam_ros.console.view_model import ViewModel
from fluorosam_ros.control.exposure_budget import Spent
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_sim.carm import CArmPose, Collimation


class FakeLink:
    def __init__(self):
        self.said, self.asked, self.stops, self.cases = [], [], 0, 0

    def say(self, prompt):
        self.said.append(prompt)

    def request(self, name):
        self.asked.append(name)

    def emergency_stop(self):
        self.stops += 1

    def finish_case(self):
        self.cases += 1


class Bench:
    def __init__(self):
        self.model, self.frames, self.presence, self.link = ViewModel(), Frames(), Presence(), FakeLink()

    def run(self, script):
        async def play():
            async with user_simulation(
                root=lambda: build(self.model, self.frames, self.presence, lambda: self.link)
            ) as user:
                await user.open("/")
                await script(user)

        asyncio.run(play())

    def hear(self, armed=False, stopped=False):
        now = time.monotonic()
        self.model.interlock(InterlockReport(armed, stopped, armed, "As the test says."), now)
        field = Collimation(-100.0, -100.0, 100.0, 100.0)
        self.model.carm(CArmReport(0, CArmPose(30.0, -10.0), 1200.0, 750.0, (400.0, 400.0), field), now)


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.frames.close()


def test_opening_the_page_does_nothing_and_says_what_is_missing(bench):
    async def script(user):
        await user.should_see("NO INTERLOCK")
        await user.should_see("NO IMAGE YET")
        await asyncio.sleep(0.3)

    bench.run(script)
    link = bench.link
    assert not link.said and not link.asked and link.stops == link.cases == 0


def test_every_button_says_or_asks_what_it_is_called(bench):
    async def script(user):
        bench.hear()
        await user.should_see("DISARMED")
        for button in ("ARM", "DISARM", "TAKE SHOT", "FLUORO ON", "FLUORO OFF", "low"):
            user.find(marker=button.replace(" ", "-")).click()
        user.find("EMERGENCY STOP").click()
        user.find("FINISH CASE").click()
        await user.should_see("Write the dose report")
        assert bench.link.cases == 0, "only after a second press"
        user.find("WRITE REPORT").click()
        await asyncio.sleep(0.1)

    bench.run(script)
    assert bench.link.asked == ["arm", "disarm"]
    assert bench.link.said == ["take a shot", "fluoro on", "fluoro off", "low dose"]
    assert bench.link.stops == 1 and bench.link.cases == 1


def test_the_stop_is_never_disabled_and_reset_only_after_it(bench):
    async def script(user):
        user.find("EMERGENCY STOP").click()
        user.find("RESET").click()
        assert (bench.link.stops, bench.link.asked) == (1, [])
        bench.hear(stopped=True)
        await asyncio.sleep(0.3)
        user.find(marker="ARM").click()
        user.find("RESET").click()
        user.find(kind=ui.button, content="EMERGENCY STOP").click()

    bench.run(script)
    assert (bench.link.stops, bench.link.asked) == (2, ["reset"])


def test_enter_says_the_prompt_and_the_answer_appears(bench):
    async def script(user):
        bench.hear(armed=True)
        user.find(marker="prompt").type("  center on the kidney ").trigger("keydown.enter")
        await asyncio.sleep(0.1)
        assert bench.link.said == ["center on the kidney"]
        user.find(marker="prompt").trigger("keydown.enter")
        assert len(bench.link.said) == 1, "an empty box says nothing"
        bench.model.prompt("center on the kidney", time.monotonic(), "12:00:00")
        question = "Do you mean the left kidney or the right kidney?"
        bench.model.answer(Answer("center on the kidney", ReplyKind.QUESTION, question), time.monotonic(), "12:00:00")
        await user.should_see(question)
        user.find(kind=ui.button, content="right kidney").click()

    bench.run(script)
    assert bench.link.said == ["center on the kidney", "right kidney"]


def test_a_suggestion_that_would_move_waits_for_enter(bench):
    async def script(user):
        bench.hear(armed=True)
        await user.should_see("rotate to LAO 30")
        user.find("rotate to LAO 30").click()
        assert bench.link.said == []
        user.find("heart").click()
        user.find(marker="prompt").trigger("keydown.enter")

    bench.run(script)
    assert bench.link.said == ["heart", "rotate to LAO 30"]


def test_state_dose_structures_and_image_are_shown(bench):
    async def script(user):
        bench.hear(armed=True)
        now = time.monotonic()
        bench.model.dose(Spent("1", 0.00012, 0.001, 3, 0, 0.0), now)
        bench.model.node(NodeReport("guidance", "warn", "busy"), now)
        bench.model.outlined((Outlined("heart", "heart", True, 0.93),))
        bench.model.body((Solid("box", (0.1, 0.2, 0.3), (0.0, 0.0, 0.1), np.eye(3), "#eeeeee"),))
        picture = Picture("raw", 1, 0.0, (64, 64), lambda: np.zeros((64, 64), np.uint16))
        bench.frames.put(picture)
        bench.model.picture(picture, now)
        for text in ("ARMED", "LAO 30.0°", "CAU 10.0°", "12.5 × 12.5 cm", "1.200 Gy·cm²", "heart 93%", "guidance"):
            bench.hear(armed=True)
            await user.should_see(text)
        for _ in range(50):
            (image,) = user.find(marker="x-ray").elements
            if image.source:
                break
            await asyncio.sleep(0.05)
        assert str(image.source).startswith("/picture/raw/") and "<rect" in image.content
        user.find(kind=ui.button, content="×").click()

    bench.run(script)
    assert bench.link.said == ["hide the heart"]


def test_without_a_line_to_ros_a_press_is_not_lost_silently(bench):
    async def script(user):
        user.find("TAKE SHOT").click()
        await user.should_see("nothing was sent")

    bench.link = None
    bench.run(script)
