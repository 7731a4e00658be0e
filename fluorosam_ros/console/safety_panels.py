"""Permission, dose and health: what an operator looks at before pressing anything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from fluorosam_ros.console.buttons import push
from fluorosam_ros.console.shown import Bar, DoseShown, InterlockShown, NodeShown
from fluorosam_ros.control.command_types import DOSE_LEVELS

if TYPE_CHECKING:
    from fluorosam_ros.console.page import Presses

_HIGH = 0.8  # share of a limit from which the bar warns


class InterlockPanel:
    """Armed or not and why, ARM, DISARM, RESET, and the emergency stop, which is never disabled."""

    def __init__(self, presses: Presses) -> None:
        self._shown: InterlockShown | None = None
        with ui.element("div").classes("card interlock") as self._card:
            self._mode = ui.label().classes("mode")
            self._reason = ui.label().classes("reason")
            self._trouble = ui.label().classes("trouble")
            self._alarm = ui.label().classes("alarm")
            with ui.element("div").classes("row"):
                self._arm = push("ARM", partial(presses.request, "arm"))
                push("DISARM", partial(presses.request, "disarm"))
                self._reset = push("RESET", partial(presses.request, "reset"))
            stop = ui.button("EMERGENCY STOP", on_click=presses.emergency_stop, color=None).classes("stop")
            stop.props("unelevated")
            # Also posted by the browser itself: both connections have to fail for it not to arrive.
            stop.on("click", js_handler="() => window.consoleStop()")
            stop.tooltip("Escape does the same")

    def update(self, shown: InterlockShown) -> None:
        """The interlock now."""
        if shown == self._shown:
            return
        self._shown = shown
        self._card.classes(replace=f"card interlock {shown.mode}")
        self._mode.set_text(shown.title)
        self._reason.set_text(shown.reason)
        for label, text in ((self._trouble, shown.exposure), (self._alarm, shown.alarm)):
            label.set_text(text)
            label.set_visibility(bool(text))
        self._arm.set_enabled(shown.mode == "disarmed")
        self._reset.set_enabled(shown.mode == "stopped")


class DosePanel:
    """What the case has cost against its limits, and what exposes."""

    def __init__(self, presses: Presses) -> None:
        self._presses = presses
        self._shown: DoseShown | None = None
        self._meters: list[tuple[ui.label, ui.label, ui.element]] = []
        with ui.element("div").classes("card dose"):
            with ui.element("div").classes("row"):
                push("TAKE SHOT", partial(presses.say, "take a shot"), "beam")
            with ui.element("div").classes("row"):
                push("FLUORO ON", partial(presses.say, "fluoro on"), "beam")
                push("FLUORO OFF", partial(presses.say, "fluoro off"))
            with ui.element("div").classes("row"):
                self._levels = {
                    level: push(level, partial(presses.say, f"{level} dose"), "small") for level in DOSE_LEVELS
                }
                ui.label("dose").classes("dim")
            self._bars = ui.element("div").classes("meters")
            self._costs = ui.element("div")
            ui.element("div").classes("grow")
            push("FINISH CASE", self._ask, "small").style("flex:none")
        with ui.dialog() as self._dialog, ui.card().classes("card"):
            ui.label("Write the dose report and begin the next case?").style("font-size:20px")
            with ui.element("div").classes("row").style("width:100%"):
                push("WRITE REPORT", self._finish)
                push("BACK", self._dialog.close)

    def _ask(self) -> None:
        self._dialog.open()

    def _finish(self) -> None:
        self._dialog.close()
        self._presses.finish_case()

    def update(self, shown: DoseShown) -> None:
        """The case now."""
        before, self._shown = self._shown, shown
        if shown == before:
            return
        if len(self._meters) != len(shown.bars):
            with self._bars:
                self._meters = [_meter(bar.name) for bar in shown.bars]
        for meter, bar in zip(self._meters, shown.bars, strict=True):
            _fill(meter, bar)
        for level, button in self._levels.items():
            button.classes(add="on" if level == shown.level else "", remove="" if level == shown.level else "on")
        if before is None or shown.costs != before.costs:
            self._costs.clear()
            with self._costs:
                for prompt, cost in shown.costs:
                    with ui.element("div").classes("cost"):
                        ui.label(prompt)
                        ui.label(cost)


def _meter(name: str) -> tuple[ui.label, ui.label, ui.element]:
    with ui.element("div").style("width:100%"):
        with ui.element("div").classes("meter-top"):
            ui.label(name).classes("caption grow")
            value = ui.label().classes("meter-value")
            limit = ui.label().classes("meter-limit")
        with ui.element("div").classes("track"):
            fill = ui.element("div").classes("fill")
    return value, limit, fill


def _fill(meter: tuple[ui.label, ui.label, ui.element], bar: Bar) -> None:
    value, limit, fill = meter
    value.set_text(bar.value)
    limit.set_text(bar.limit)
    share = bar.share or 0.0
    fill.style(f"width:{share * 100:.1f}%")
    fill.classes(replace="fill full" if share >= 1.0 else "fill high" if share >= _HIGH else "fill")


class NodesPanel:
    """A dot for every node; its own sentence where one points at it."""

    def __init__(self) -> None:
        self._nodes: tuple[NodeShown, ...] = ()
        self._row = ui.element("div").classes("row").style("gap:20px")
        self._worst = ui.label().classes("silent")

    def update(self, nodes: tuple[NodeShown, ...]) -> None:
        """All nodes that are heard or missed."""
        if nodes == self._nodes:
            return
        self._nodes = nodes
        # The interlock's own sentence has its place below.
        bad = [n for n in nodes if n.level in ("error", "silent") and n.name != "interlock"]
        self._worst.set_text(f"{bad[0].name}: {bad[0].text}" if bad else "")
        self._row.clear()
        with self._row:
            for node in nodes:
                with ui.element("div").classes(f"node {node.level}"):
                    ui.element("div").classes("dot")
                    ui.label(node.name)
                    ui.tooltip(node.text)
