"""Serves the page from a thread with a loop of its own, apart from ROS. The one module that starts NiceGUI."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI, Response
from nicegui import ui

from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.page import build
from fluorosam_ros.console.presence import Presence
from fluorosam_ros.console.reports import Link, PictureKind
from fluorosam_ros.console.view_model import ViewModel

START_S, STOP_S = 20.0, 3.0


class ServerError(RuntimeError):
    """Why the page cannot be served, in one sentence."""


class Server:
    """A running web server."""

    def __init__(self, application: FastAPI, host: str, port: int) -> None:
        self._host = host
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ServerError(f"The page cannot be served on {host}:{port}: {reason}.") from error
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application, log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws_ping_interval=5.0
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="console", daemon=True)
        self._thread.start()
        end = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise ServerError("The web server did not start.")
            time.sleep(0.02)

    @property
    def address(self) -> str:
        """Its URL; "" once it has ended."""
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{shown}:{self._port}" if self._thread.is_alive() else ""

    def close(self) -> None:
        """Ends it, whatever browsers are open."""
        self._server.should_exit = True
        self._thread.join(STOP_S)
        self._socket.close()


def serve(
    host: str,
    port: int,
    model: ViewModel,
    frames: Frames,
    presence: Presence,
    link: Callable[[], Link | None],
) -> Server:
    """Serves the page; port 0 takes any that is free. link: to ROS, while there is one. Raises ServerError."""
    application = FastAPI()
    add_routes(application, frames, link)
    ui.run_with(
        application,
        root=lambda: build(model, frames, presence, link),
        title="fluorosam",
        favicon="🩻",
        dark=True,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=5.0,
        show_welcome_message=False,
    )
    return Server(application, host, port)


def add_routes(application: FastAPI, frames: Frames, link: Callable[[], Link | None]) -> None:
    """Images, and the emergency stop by a way of its own: a page whose connection hangs can still post."""

    @application.get("/picture/{kind}/{serial}.jpg")
    def picture(kind: PictureKind, serial: int) -> Response:
        image = frames.newest(kind)
        if image is None or not image.jpeg:
            return Response(status_code=404)
        return Response(image.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @application.post("/emergency_stop")
    def emergency_stop() -> Response:
        line = link()
        if line is None:
            return Response("The console is not active.", status_code=503)
        line.emergency_stop()
        return Response(status_code=204)
