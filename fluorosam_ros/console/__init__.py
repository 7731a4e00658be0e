"""The operator's console: one web page beside the graph. What is shown, the line to ROS and the page are apart."""

from __future__ import annotations

import importlib.util


def missing() -> str | None:
    """What to do where the page's library is not installed, in one sentence; None where it is."""
    if importlib.util.find_spec("nicegui") is None:
        return "The console needs NiceGUI: run `pip install -e .[console]`."
    return None
