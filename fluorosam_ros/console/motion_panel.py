"""Where the C-arm stands: in clinical words, and as a 3D scene."""

from __future__ import annotations

from nicegui import ui

from fluorosam_ros.console.scene import CArmScene
from fluorosam_ros.console.shown import CArmShown

_SCENE_PX = (402, 234)


class MotionPanel:
    """Angles large enough for the other side of the table."""

    def __init__(self) -> None:
        self._shown: CArmShown | None = None
        with ui.element("div").classes("card"):
            with ui.element("div").classes("row"):
                ui.label("C-arm").classes("caption")
                ui.element("div").classes("grow")
                self._beam = ui.label("BEAM ON").classes("pill beam")
                self._action = ui.label().classes("pill")
            with ui.element("div").classes("angles"):
                self._primary, self._secondary = (ui.label().classes("angle") for _ in range(2))
            with ui.element("div").classes("facts"):
                self._facts = []
                for name in ("Isocentre", "Field there", "Distances"):
                    ui.label(name).classes("dim")
                    self._facts.append(ui.label())
        with ui.element("div").classes("card space"):
            self._scene = CArmScene(*_SCENE_PX)

    def update(self, shown: CArmShown) -> None:
        """The C-arm now."""
        if shown == self._shown:
            return
        self._shown = shown
        self._primary.set_text(shown.primary)
        self._secondary.set_text(shown.secondary)
        for label, text in zip(self._facts, (shown.isocenter, shown.field, shown.distances), strict=True):
            label.set_text(text)
        self._beam.set_visibility(shown.beam_on)
        self._action.set_text(shown.action)
        self._action.classes(replace="pill " + ("lost" if not shown.heard else "moving" if shown.moving else ""))
        self._scene.update(shown.geometry)
