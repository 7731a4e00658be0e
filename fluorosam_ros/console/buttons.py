"""The page's buttons: without the framework's own colours, which would go over the page's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui


def push(text: str, on_click: Callable[[], Any], kind: str = "") -> ui.button:
    """A large button with a frame, marked with its text for tests. kind: more classes of style.CSS."""
    button = ui.button(text, on_click=lambda: on_click(), color=None).classes(f"push {kind}").props("flat no-caps")
    return button.mark(text.replace(" ", "-"))


def chip(text: str, on_click: Callable[[], Any], kind: str = "") -> ui.button:
    """A small round button that carries a prompt."""
    return ui.button(text, on_click=lambda: on_click(), color=None).classes(f"chip {kind}").props("flat no-caps")
