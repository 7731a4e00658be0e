"""Words: the prompt box with what is outlined and what one could say, and the log of what was said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from fluorosam_ros.console.buttons import chip
from fluorosam_ros.console.conversation import Entry
from fluorosam_ros.console.shown import OutlinedShown, Suggestion
from fluorosam_ros.control.operations import ReplyKind

if TYPE_CHECKING:
    from fluorosam_ros.console.page import Presses

_SHOWN_ENTRIES = 25
_WORDS = {
    ReplyKind.UNDERSTOOD: "understood",
    ReplyKind.DONE: "done",
    ReplyKind.REFUSED: "refused",
    ReplyKind.QUESTION: "question",
    ReplyKind.FAILED: "failed",
    ReplyKind.STOPPED: "stopped",
}


class PromptPanel:
    """Enter says what is in the box. A suggestion that would move or expose is put into the box to be confirmed."""

    def __init__(self, presses: Presses) -> None:
        self._presses = presses
        self._outlined: tuple[OutlinedShown, ...] = ()
        self._suggestions: tuple[Suggestion, ...] = ()
        self._tags = ui.element("div").classes("chips")
        self._box = ui.input(placeholder="Say what you want to see or do, then press Enter").classes("say")
        self._box.props("borderless autofocus autocomplete=off spellcheck=false maxlength=500").mark("prompt")
        self._box.on("keydown.enter", self._send)
        self._chips = ui.element("div").classes("chips")

    def _send(self) -> None:
        text = (self._box.value or "").strip()
        if text:
            self._presses.say(text)
            self._box.set_value("")

    def _offer(self, suggestion: Suggestion) -> None:
        if suggestion.at_once:
            self._presses.say(suggestion.prompt)
        else:
            self._box.set_value(suggestion.prompt)
            self._box.run_method("focus")

    def update(self, outlined: tuple[OutlinedShown, ...], suggestions: tuple[Suggestion, ...]) -> None:
        """What is outlined now, and what could be said."""
        if outlined != self._outlined:
            self._outlined = outlined
            self._tags.clear()
            with self._tags:
                for one in outlined:
                    self._tag(one)
        if suggestions != self._suggestions:
            self._suggestions = suggestions
            self._chips.clear()
            with self._chips:
                for offered in suggestions:
                    chip(offered.prompt, partial(self._offer, offered), "" if offered.at_once else "acts")

    def _tag(self, one: OutlinedShown) -> None:
        with ui.element("div").classes("tag" if one.colour else "tag absent"):
            if one.colour:
                ui.element("div").classes("dot").style(f"background:{one.colour}")
            ui.label(one.text)
            hide = ui.button("×", on_click=lambda: self._presses.say(f"hide the {one.prompt}"), color=None)
            hide.classes("cross").props("flat dense round").tooltip(f"no longer outline {one.prompt}")


class LogPanel:
    """Newest first: what was said, what came of it, and buttons that answer a question."""

    def __init__(self, presses: Presses) -> None:
        self._presses = presses
        self._entries: tuple[Entry, ...] | None = None
        self._list = ui.element("div").classes("card log")

    def update(self, entries: tuple[Entry, ...]) -> None:
        """All that is remembered, oldest first."""
        if entries == self._entries:
            return
        self._entries = entries
        self._list.clear()
        with self._list:
            if not entries:
                ui.label("Nothing was said yet.").classes("dim")
            for entry in reversed(entries[-_SHOWN_ENTRIES:]):
                self._entry(entry)

    def _entry(self, entry: Entry) -> None:
        with ui.element("div").classes(f"entry {_WORDS[entry.kind]}" if entry.kind else "entry"):
            ui.label(entry.clock).classes("when")
            ui.label(entry.text).classes("said")
            ui.label(entry.reply or "…").classes("answer")
            if entry.choices:
                with ui.element("div").classes("row"):
                    for choice in entry.choices:
                        chip(choice, partial(self._presses.say, choice))
