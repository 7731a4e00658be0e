"""The segmenter: every new image is encoded once, and answered for all active prompts.

Subscribes carm/image_raw (the newest image only) and fluorosam/active_prompts; publishes fluorosam/segmentation,
fluorosam/mask and fluorosam/overlay; offers fluorosam/segment. A new prompt is answered on the last image at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fluorosam_model.overlay import draw_overlay
from fluorosam_model.predictor import Prediction, Predictor
from fluorosam_model.registry import BACKENDS, load_predictor
from fluorosam_ros.convert import ImageError, array_to_image, image_to_gray, mask_to_message, stamp_ns
from fluorosam_ros.msg import Prompts, Segmentation
from fluorosam_ros.nodes.base import OK, WARN, ManagedNode, NodeParameter, SetupError, run_node
from fluorosam_ros.qos import FRAMES, LATCHED, NEWEST_FRAME
from fluorosam_ros.srv import Segment
from fluorosam_sim.anatomy import MAX_TEXT

MAX_PROMPTS = 32
_WARN_EVERY_S = 5.0


class Frame:
    """One encoded image and what has been asked about it so far."""

    def __init__(self, predictor: Predictor, image: Image) -> None:
        """Raises ImageError (or the predictor's ValueError) for what is no image; the predictor then keeps its own."""
        self.header: Header = image.header
        self.pixels = image_to_gray(image)
        predictor.set_image(self.pixels)
        self._predictor = predictor
        self._answers: dict[str, list[Prediction]] = {}

    def ask(self, prompts: Sequence[str]) -> list[Prediction]:
        """Predictions for the prompts in order; each prompt is computed once. Raises ValueError for a bad prompt."""
        missing = [prompt for prompt in prompts if prompt not in self._answers]
        if missing:
            found = self._predictor.predict_many(missing)
            self._answers |= {prompt: [p for p in found if p.prompt == prompt] for prompt in missing}
        return [prediction for prompt in prompts for prediction in self._answers[prompt]]


class SegmenterNode(ManagedNode):
    """ROS around fluorosam_model's predictor."""

    PARAMETERS = (
        NodeParameter("model", "lite", "a shipped model's name, or the path of an exported one", setup=True),
        NodeParameter("backend", "onnxruntime", "inference library", choices=tuple(BACKENDS), setup=True),
        NodeParameter("threads", 0, "threads of the inference library; 0 leaves it to the library", 0, 64, setup=True),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("segmenter", **kwargs)
        self._result_pub = self.create_publisher(Segmentation, "fluorosam/segmentation", FRAMES)
        self._mask_pub = self.create_publisher(Image, "fluorosam/mask", FRAMES)
        self._overlay_pub = self.create_publisher(Image, "fluorosam/overlay", FRAMES)
        self._predictor: Predictor | None = None
        self._frame: Frame | None = None
        self._active_prompts: tuple[str, ...] = ()
        self._published: tuple[int, tuple[str, ...]] | None = None
        self._trouble = ""
        self._warned_s = -_WARN_EVERY_S
        self._latency_s = 0.0

    def load_predictor(self) -> Predictor:
        """The model of the parameters; raises ValueError or OSError."""
        return load_predictor(self.value("model"), self.value("backend"), self.value("threads") or None)

    def load(self) -> None:
        try:
            self._predictor = self.load_predictor()
            # The first run of a model allocates: not during the first shot.
            self._predictor.set_image(np.tile(np.arange(64, dtype=np.uint16), (64, 1)))
            self._predictor.predict_many(["heart"])
        except (ValueError, OSError, RuntimeError) as error:
            raise SetupError(f"The model cannot be loaded: {error}") from error

    def start(self) -> None:
        if self._predictor is None:
            self.load()
        self.keep(self.create_subscription(Image, "carm/image_raw", self._on_image, NEWEST_FRAME))
        self.keep(self.create_subscription(Prompts, "fluorosam/active_prompts", self._on_prompts, LATCHED))
        self.keep(self.create_service(Segment, "fluorosam/segment", self._segment))

    def stop(self) -> None:
        self._predictor = self._frame = self._published = None

    def unload(self) -> None:
        self._predictor = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        values = {"prompts": str(len(self._active_prompts)), "latency_s": f"{self._latency_s:.3f}"}
        return (WARN, self._trouble, values) if self._trouble else (OK, "running", values)

    def _on_image(self, image: Image) -> None:
        received = time.monotonic()

        def answer() -> None:
            if self._predictor:
                self._frame = Frame(self._predictor, image)
                self._publish(self._active_prompts, received)

        self._survive("image", answer)

    def _on_prompts(self, message: Prompts) -> None:
        received = time.monotonic()

        def answer() -> None:
            self._active_prompts = _checked(message.prompts)
            self._publish(self._active_prompts, received)

        self._survive("prompt", answer)

    def _survive(self, what: str, work: Callable[[], None]) -> None:
        """Does the work; what is wrong with its input becomes one line of warning, not too often, and a diagnostic."""
        try:
            work()
            self._trouble = ""
        except (ImageError, ValueError) as error:
            self._trouble = f"Ignored a bad {what}: {error}"
            if time.monotonic() - self._warned_s > _WARN_EVERY_S:
                self._warned_s = time.monotonic()
                self.get_logger().warning(self._trouble)

    def _segment(self, request: Segment.Request, response: Segment.Response) -> Segment.Response:
        received = time.monotonic()
        try:
            response.segmentation = self._answer(request, received)
            response.success = True
        except (ImageError, ValueError) as error:
            response.message = str(error)
            if self._frame:  # tells whoever asked for a newer image which one is here
                response.segmentation.header = self._frame.header
        return response

    def _answer(self, request: Segment.Request, received_s: float) -> Segmentation:
        prompts = _checked(request.prompts)
        if not prompts:
            raise ValueError("There is no prompt.")
        if self._predictor is None:
            raise ValueError("The segmenter is not active.")
        if request.image.width or request.image.height or len(request.image.data):
            try:
                frame = Frame(self._predictor, request.image)
                return _to_message(frame, frame.ask(prompts), received_s)
            finally:
                if self._frame:  # prompts to come are about the live image again
                    self._predictor.set_image(self._frame.pixels)
        if self._frame is None:
            raise ValueError("There is no image yet.")
        if stamp_ns(self._frame.header.stamp) < stamp_ns(request.image.header.stamp):
            raise ValueError("The newest image is older than the one asked for.")
        segmentation = self._publish(prompts, received_s)
        if segmentation is None:
            segmentation = _to_message(self._frame, self._frame.ask(prompts), received_s)
        return segmentation

    def _publish(self, prompts: tuple[str, ...], received_s: float) -> Segmentation | None:
        """Answers the prompts on the last image and publishes, unless there is no image or that was just published."""
        frame = self._frame
        if frame is None:
            return None
        this = (stamp_ns(frame.header.stamp), prompts)
        if self._published == this:
            return None
        predictions = frame.ask(prompts)
        segmentation = _to_message(frame, predictions, received_s)
        self._latency_s = float(segmentation.latency)
        self._result_pub.publish(segmentation)
        union = np.zeros(frame.pixels.shape, bool)
        for prediction in predictions:
            union |= prediction.mask
        self._mask_pub.publish(array_to_image(union, frame.header))
        self._overlay_pub.publish(array_to_image(draw_overlay(frame.pixels, predictions), frame.header))
        self._published = this
        return segmentation


def _checked(prompts: Sequence[str]) -> tuple[str, ...]:
    """The prompts, each once; raises ValueError for too many, too long or empty ones."""
    if len(prompts) > MAX_PROMPTS:
        raise ValueError(f"There are {len(prompts)} prompts; at most {MAX_PROMPTS} are allowed.")
    if any(not prompt.strip() for prompt in prompts):
        raise ValueError("A prompt is empty.")
    longest = max((len(prompt) for prompt in prompts), default=0)
    if longest > MAX_TEXT:
        raise ValueError(f"A prompt has {longest} characters; at most {MAX_TEXT} are allowed.")
    return tuple(dict.fromkeys(prompts))


def _to_message(frame: Frame, predictions: Sequence[Prediction], received_s: float) -> Segmentation:
    masks = [mask_to_message(prediction, frame.header) for prediction in predictions]
    return Segmentation(header=frame.header, masks=masks, latency=time.monotonic() - received_s)


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(SegmenterNode, args)


if __name__ == "__main__":
    main()
