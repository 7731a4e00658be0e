"""The console: a web page for the operator, with the live image, the words, the C-arm, the interlock and the dose.

It says what the operator types on fluorosam/prompt and asks interlock/arm, disarm, reset and carm/finish_case; its
emergency stop goes to interlock/emergency_stop and, as "stop", to fluorosam/prompt. It publishes operator/heartbeat
while a browser shows the page, and asks the interlock to disarm when the last one is lost. Opening it moves and exposes
nothing. It needs NiceGUI: pip install -e .[console].
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from fluorosam_ros.console import missing
from fluorosam_ros.console.frames import Frames
from fluorosam_ros.console.presence import Presence
from fluorosam_ros.console.ros_link import RosLink
from fluorosam_ros.console.view_model import ViewModel
from fluorosam_ros.nodes.base import ERROR, OK, WARN, ManagedNode, NodeParameter, SetupError, run_node


class Page(Protocol):
    """What serves the page."""

    @property
    def address(self) -> str:
        """Where it is to be seen; "" once it is no longer."""
        ...

    def close(self) -> None:
        """Ends it."""
        ...


class ConsoleNode(ManagedNode):
    """ROS around fluorosam_ros.console. ROS runs in this thread, the page in another, images in a third."""

    PARAMETERS = (
        NodeParameter("host", "127.0.0.1", "address to serve the page on; it asks nobody for a password", setup=True),
        NodeParameter("port", 8080, "port to serve the page on; 0: any that is free", 0, 65535, setup=True),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("console", **kwargs)
        self.model, self.frames, self.presence = ViewModel(), Frames(), Presence()
        self.link: RosLink | None = None
        self._page: Page | None = None

    def open_page(self) -> Page:
        """Begins to serve the page; raises SetupError."""
        if absent := missing():
            raise SetupError(absent)
        from fluorosam_ros.console.server import ServerError, serve

        try:
            return serve(
                self.value("host"), self.value("port"), self.model, self.frames, self.presence, lambda: self.link
            )
        except ServerError as error:
            raise SetupError(str(error)) from error

    def load(self) -> None:
        if self._page is None:  # the web server is there once in a process: it stays until the process ends
            self._page = self.open_page()
            self.get_logger().info(f"the operator's page: {self._page.address}")

    def start(self) -> None:
        self.link = RosLink(self, self.model, self.frames, self.presence)

    def stop(self) -> None:
        self.link = None

    def shut_down(self) -> None:
        super().shut_down()
        if self._page:
            self._page.close()
        self.frames.close()

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        browsers = self.presence.browsers(time.monotonic())
        values = {"browsers": str(browsers), "address": self._page.address if self._page else ""}
        if self._page and not self._page.address:
            return ERROR, "The web server has ended: restart the console.", values
        if self.frames.trouble:
            return WARN, self.frames.trouble, values
        return OK, "no browser" if not browsers else f"{browsers} open", values


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(ConsoleNode, args)


if __name__ == "__main__":
    main()
