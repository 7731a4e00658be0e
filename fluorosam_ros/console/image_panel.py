"""The X-ray in the middle of the page: letters of the patient's sides, collimator, age, and whether it is live."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from fluorosam_ros.console.buttons import push
from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.reports import PictureKind
from fluorosam_ros.console.shown import PictureShown
from fluorosam_ros.console.view_model import ViewModel

_LETTER_PX = 0.042  # of the image's height


_SWITCHES: tuple[tuple[PictureKind, str], ...] = (("overlay", "OUTLINES"), ("raw", "X-RAY"))


class ImagePanel:
    """Shows what its own switch wants, as far as it is there."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self.wanted: PictureKind = "overlay"
        self._kind: PictureKind = "overlay"
        self._shown: PictureShown | None = None
        self._source = self._drawing = ""
        with ui.element("div").classes("stage"):
            with ui.element("div").classes("xray"):
                self._image = ui.interactive_image(sanitize=False).classes("film").mark("x-ray")
                self._empty = ui.label("take a shot, or turn fluoro on").classes("empty")
            with ui.element("div").classes("row switch"):
                self._switches = {kind: push(text, partial(self._want, kind), "small") for kind, text in _SWITCHES}
            with ui.element("div").classes("banner") as self._banner:
                self._large = ui.label().classes("large")
                self._small = ui.label()
                ui.element("div").classes("grow")
                self._note = ui.label()
        self._want("overlay")

    def _want(self, kind: PictureKind) -> None:
        self.wanted = kind
        for name, button in self._switches.items():
            button.classes(add="on" if name == kind else "", remove="" if name == kind else "on")

    def use(self, kind: PictureKind) -> None:
        """The kind that can be shown, which is not the wanted one where the segmenter lags."""
        self._kind = kind

    def update(self, model: ViewModel, now_s: float) -> None:
        """The newest image, and what is to know about the one on the page. now_s: monotonic clock."""
        image = self._frames.want(self._kind)
        if image is not None and image.jpeg:
            source = f"/picture/{self._kind}/{image.serial}.jpg"
            if source != self._source:
                self._source = source
                self._image.set_source(source)
        shown = model.picture_shown(image, self.wanted, now_s)
        if image is not None and image.jpeg:
            self._draw(shown, *image.size_px)
        if shown != self._shown:
            self._shown = shown
            self._tell(shown)

    def _tell(self, shown: PictureShown) -> None:
        self._banner.classes(replace="banner live" if shown.live else "banner")
        self._large.set_text(shown.banner or "LIVE")
        old = "" if shown.live else "last image, "
        self._small.set_text(f"{old}{shown.age} old" if shown.age else "")
        self._note.set_text(shown.note)
        self._empty.set_visibility(not shown.age)

    def _draw(self, shown: PictureShown, width: int, height: int) -> None:
        """Letters and the collimator's edges, in the image's own pixels."""
        size = _LETTER_PX * height
        places = (
            (0.018 * width, height / 2, "start"),
            (width / 2, 1.25 * size, "middle"),
            (width * 0.982, height / 2, "end"),
            (width / 2, height - 2.1 * size, "middle"),
        )
        drawing = "".join(
            f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size:.0f}" font-weight="700" '
            f'fill="#cfe3f5" stroke="#000" stroke-width="{size / 12:.1f}" paint-order="stroke">{letter}</text>'
            for letter, (x, y, anchor) in zip(shown.letters, places, strict=True)
            if letter
        )
        if shown.field:
            x0, y0, x1, y1 = shown.field
            drawing += (
                f'<rect x="{x0 * width:.0f}" y="{y0 * height:.0f}" width="{(x1 - x0) * width:.0f}" '
                f'height="{(y1 - y0) * height:.0f}" fill="none" stroke="#ff9f1c" stroke-width="{height / 340:.1f}" '
                f'stroke-dasharray="{height / 60:.0f} {height / 90:.0f}"/>'
            )
        if drawing != self._drawing:
            self._drawing = drawing
            self._image.set_content(drawing).style(f"--ratio:{width / height:.4f}")
