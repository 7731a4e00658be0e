"""How old an outline is when it is seen, and how long a prompt takes, with live images and every node running.

The images come at a fixed rate from this process, as from a device's driver: the twin's own rendering would be measured
otherwise. Guidance, interlock, segmenter and recorder are the product's processes.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String

from fluorosam_ros import bringup, convert, qos
from fluorosam_ros.bystander import Bystander
from fluorosam_ros.msg import CArmState, Segmentation
from fluorosam_sim.bench import machine
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient
from fluorosam_sim.twin import Twin

CONFIG = VENDORS["standard"]
PROMPTS = ("left lung", "heart", "liver", "rib cage", "right lung", "spine")
PROMPT_EVERY_S = 1.0
_SETTLE_S = 2.0
_NOISE_SHARE = 0.01


class _Driver(Bystander):
    """Publishes images with their state and camera info, prompts now and then, and hears what comes of them."""

    def __init__(self, size_px: int, rate_hz: float) -> None:
        twin = Twin(load_patient("chest"), CONFIG, size_px=(size_px, size_px))
        twin.place(CArmPose(5.0, 3.0, (0.0, 0.0, 0.0)))
        self._still, self._rate_hz = twin.acquire(), rate_hz
        super().__init__("driver")
        node = self.node
        self._images = node.create_publisher(Image, "carm/image_raw", qos.FRAMES)
        self._infos = node.create_publisher(CameraInfo, "carm/camera_info", qos.FRAMES)
        self._states = node.create_publisher(CArmState, "carm/state", qos.STATE)
        self._prompts = node.create_publisher(String, "fluorosam/prompt", qos.EVENTS)
        self.overlay_ms: list[float] = []
        self.prompt_ms: list[float] = []
        self.sent = self._newest_ns = 0
        self.measuring = False
        self._asked: tuple[str, float] | None = None
        node.create_subscription(Image, "fluorosam/overlay", self._on_overlay, qos.FRAMES)
        node.create_subscription(Segmentation, "fluorosam/segmentation", self._on_segmentation, qos.FRAMES)
        self._sender = threading.Thread(target=self._send, daemon=True)
        self.begin()
        self._sender.start()

    def close(self) -> None:
        self.ended.set()
        self._sender.join(timeout=5.0)
        super().close()

    def _state(self, stamp: Any) -> CArmState:
        frame = self._still
        state = CArmState(header=Header(stamp=stamp, frame_id=convert.WORLD), beam_on=True)
        convert.fill_pose(state, frame.pose)
        state.source_detector_distance = CONFIG.sdd_mm / 1000.0
        state.source_isocenter_distance = CONFIG.sod_mm / 1000.0
        state.detector_size = [side / 1000.0 for side in CONFIG.detector_mm]
        state.collimator = convert.collimation_to_message(frame.collimation)
        return state

    def _send(self) -> None:
        frame = self._still
        size = (frame.image.shape[1], frame.image.shape[0])
        # Frames differ by their noise, but no time goes into making them meanwhile.
        rng = np.random.default_rng(0)
        spread = max(1, round(_NOISE_SHARE * float(frame.image.mean())))
        noisy = [frame.image.astype(np.int32) + rng.integers(-spread, spread, frame.image.shape) for _ in range(4)]
        pictures = [np.clip(each, 0, 65535).astype(np.uint16) for each in noisy]
        due = time.monotonic()
        while not self.ended.is_set():
            header = Header(stamp=self.node.get_clock().now().to_msg(), frame_id=convert.DETECTOR_OPTICAL)
            self._states.publish(self._state(header.stamp))
            self._infos.publish(convert.camera_info(CONFIG, frame.collimation, size, header))
            self._images.publish(convert.array_to_image(pictures[self.sent % len(pictures)], header))
            self.sent += 1
            due += 1.0 / self._rate_hz
            time.sleep(max(due - time.monotonic(), 0.0))

    def ask(self, prompt: str) -> None:
        """Says a prompt; the next segmentation that answers it counts."""
        self._asked = prompt, time.monotonic()
        self._prompts.publish(String(data=prompt))

    @property
    def answered(self) -> bool:
        """Whether the last prompt has its outline."""
        return self._asked is None

    def _on_overlay(self, image: Any) -> None:
        stamp = convert.stamp_ns(image.header.stamp)
        if self.measuring and stamp > self._newest_ns:  # a new prompt on the same frame shows it once more
            self._newest_ns = stamp
            self.overlay_ms.append((self.now_s() - stamp * 1e-9) * 1e3)

    def _on_segmentation(self, message: Any) -> None:
        asked = self._asked
        if asked and any(mask.prompt == asked[0] for mask in message.masks):
            if self.measuring:
                self.prompt_ms.append((time.monotonic() - asked[1]) * 1e3)
            self._asked = None


def bench_latency(
    size_px: int = 1024,
    rate_hz: float = 15.0,
    seconds: float = 30.0,
    record: bool = True,
    tell: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """{machine, size, rate_hz, frames, overlays, overlay_ms, prompt_ms}: median and 95th percentile in ms.

    overlay_ms: from a frame's stamp to its overlay in this process. prompt_ms: from saying a structure to the first
    segmentation that answers it. Raises BringupError where the graph does not come up or stays silent.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments: dict[str, bringup.Value] = {
            "record": record,
            "record_folder": folder,
            "audit_log": str(Path(folder, "audit.jsonl")),
        }
        entries = [entry for entry in bringup.table(arguments) if entry.name != "twin"]
        with bringup.start(entries=entries), _Driver(size_px, rate_hz) as driver:
            _warm_up(driver)
            driver.measuring, sent = True, driver.sent
            start = time.monotonic()
            number = 0
            while (passed := time.monotonic() - start) < seconds:
                if driver.answered and passed >= number * PROMPT_EVERY_S:
                    driver.ask(PROMPTS[number % len(PROMPTS)])
                    number += 1
                tell(passed / seconds)
                time.sleep(0.01)
            driver.measuring, sent = False, driver.sent - sent
    if len(driver.overlay_ms) < 2 or len(driver.prompt_ms) < 2:
        raise bringup.BringupError("No overlays came: is the machine too busy?")
    return {
        "machine": machine(),
        "size": size_px,
        "rate_hz": rate_hz,
        "frames": sent,
        "overlays": len(driver.overlay_ms),
        "overlay_ms": _summary(driver.overlay_ms),
        "prompts": len(driver.prompt_ms),
        "prompt_ms": _summary(driver.prompt_ms),
    }


def _warm_up(driver: _Driver) -> None:
    for _ in range(20):  # until every side has found the others
        driver.ask(PROMPTS[0])
        try:
            driver.until(lambda: driver.answered, "the first outline", 2.0)
        except TimeoutError:
            continue
        time.sleep(_SETTLE_S)
        return
    raise bringup.BringupError("The graph does not answer a prompt.")


def _summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 1),
        "p95": round(statistics.quantiles(values, n=20, method="inclusive")[-1], 1),
    }
