"""The page: places the panels and, several times a second, brings them up to date. One is made for every browser."""

from __future__ import annotations

import time
from collections.abc import Callable

from nicegui import ui

from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.image_panel import ImagePanel
from fluorosam_ros.console.motion_panel import MotionPanel
from fluorosam_ros.console.presence import Presence
from fluorosam_ros.console.reports import Link, Request
from fluorosam_ros.console.safety_panels import DosePanel, InterlockPanel, NodesPanel
from fluorosam_ros.console.style import BODY, CLOCK_ID, CSS, SCRIPT
from fluorosam_ros.console.talk_panels import LogPanel, PromptPanel
from fluorosam_ros.console.view_model import ViewModel

IMAGE_S, STATE_S = 1 / 20, 1 / 10


class Presses:
    """What the panels' buttons do; without a line to ROS the person is told so."""

    def __init__(self, link: Callable[[], Link | None]) -> None:
        self._link = link

    def say(self, prompt: str) -> None:
        """Publishes a prompt."""
        self._do(lambda line: line.say(prompt))

    def request(self, name: Request) -> None:
        """Asks the interlock."""
        self._do(lambda line: line.request(name))

    def emergency_stop(self) -> None:
        """Stops everything."""
        self._do(lambda line: line.emergency_stop())

    def finish_case(self) -> None:
        """Ends the case."""
        self._do(lambda line: line.finish_case())

    def _do(self, press: Callable[[Link], None]) -> None:
        line = self._link()
        if line is None:
            ui.notify("The console is not active: nothing was sent.", type="negative")
        else:
            press(line)


def build(model: ViewModel, frames: Frames, presence: Presence, link: Callable[[], Link | None]) -> None:
    """Makes the page for the browser that is being served."""
    ui.add_css(CSS)
    ui.add_head_html(SCRIPT)
    ui.add_body_html(BODY)
    browser, presses = ui.context.client.id, Presses(link)
    ui.on("console_beat", lambda: presence.beat(browser, time.monotonic()))
    ui.context.client.on_disconnect(lambda: presence.left(browser))
    with ui.element("div").classes("console"):
        with ui.element("div").classes("bar"):
            ui.label("fluorosam").classes("brand")
            nodes = NodesPanel()
            ui.element("div").classes("grow")
            operator = ui.label().classes("dim")
            clock = ui.label().classes("clock").props(f"id={CLOCK_ID}")
        with ui.element("div").classes("column"):
            interlock = InterlockPanel(presses)
            dose = DosePanel(presses)
        with ui.element("div").classes("column"):
            image = ImagePanel(frames)
            prompt = PromptPanel(presses)
        with ui.element("div").classes("column"):
            motion = MotionPanel()
            log = LogPanel(presses)

    def update() -> None:
        now = time.monotonic()
        shown = model.shown(now, image.wanted, presence.browsers(now))
        nodes.update(shown.nodes)
        interlock.update(shown.interlock)
        dose.update(shown.dose)
        motion.update(shown.carm)
        log.update(shown.log)
        prompt.update(shown.outlined, shown.suggestions)
        image.use(shown.picture_kind)
        operator.set_text(shown.operator)
        clock.set_text(time.strftime("%H:%M:%S"))

    def look() -> None:
        image.update(model, time.monotonic())

    update()
    look()
    ui.timer(STATE_S, update)
    ui.timer(IMAGE_S, look)
