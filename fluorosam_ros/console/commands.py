"""`fluorosam console`."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from fluorosam_ros.console import missing

OPERATOR_TIMEOUT_S = 2.0
"""What `fluorosam up --console` sets the interlock's operator_timeout_s to."""


def register(app: typer.Typer) -> None:
    """Adds it to the program."""
    app.command("console")(console)


def console(
    port: Annotated[int, typer.Option(help="Port to serve on; 0: any that is free.", min=0, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="Address to serve on; others than this one let the network in.")] = (
        "127.0.0.1"
    ),
    namespace: Annotated[str, typer.Option(help="Namespace of the C-arm's nodes.")] = "",
) -> None:
    """Serves the operator's page of a running graph until Ctrl-C."""
    require_console()
    from fluorosam_ros.bringup import NodeEntry, check_namespace
    from fluorosam_ros.nodes.console import main

    entry = NodeEntry("console", {"port": port, "host": host}, namespace=check_namespace(namespace))
    main(entry.command[entry.command.index("--ros-args") :])


def require_console() -> None:
    """Raises ValueError, with what to do, where the page's library or ROS is not installed."""
    if importlib.util.find_spec("rclpy") is None:
        raise ValueError("ROS 2 is not installed here: run `pip install -e .[ros]`, or source a ROS 2 install.")
    if absent := missing():
        raise ValueError(absent)
