"""Replaying a recording: every recorded frame goes through the segmenter again, and every mask is compared."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from fluorosam_ros.convert import ImageError, mask_to_message, stamp_ns
from fluorosam_ros.msg import Segmentation, StructureMask
from fluorosam_ros.nodes.segmenter import Frame
from fluorosam_ros.recording import Recording, RecordingError

if TYPE_CHECKING:
    from fluorosam_model.predictor import Predictor

_KEPT_FRAMES = 64


@dataclass(frozen=True)
class ReplayReport:
    """What a replay found.

    equal, different: masks. without_frame: segmentations whose frame is not in the recording. complete: whether the
    recorder ended in good order. different_at: (frame's stamp in ns, prompt) of every difference.
    """

    segmentations: int
    equal: int
    different: int
    without_frame: int
    complete: bool
    model: str
    different_at: tuple[tuple[int, str], ...] = field(default=())


def replay(
    recording: Recording,
    predictor: Predictor | None = None,
    model: str | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> ReplayReport:
    """Computes every recorded segmentation anew and compares every mask bit by bit, with its score, box and centroid.

    predictor: default, the model that the recorder noted, or `model`. tell: called with (messages done, all).
    Raises RecordingError where there is nothing to compare, ValueError or OSError where the model cannot be loaded.
    """
    name = model or recording.metadata.get("model", "lite")
    frames: OrderedDict[int, Image] = OrderedDict()
    waiting: dict[int, list[Segmentation]] = {}  # two messages of one moment may stand in either order
    segmentations = equal = 0
    different: list[tuple[int, str]] = []

    def compare(stamp: int, recorded: Segmentation) -> None:
        nonlocal predictor, equal
        predictor = predictor or _load(recording, name)
        differing = _differing(recorded, frames[stamp], predictor)
        equal += len(recorded.masks) - len(differing)
        different.extend((stamp, prompt) for prompt in differing)

    for done, message in enumerate(recording.messages(), 1):
        if message.topic.endswith("/carm/image_raw"):
            image = deserialize_message(message.data, Image)
            stamp = stamp_ns(image.header.stamp)
            frames[stamp] = image
            while len(frames) > _KEPT_FRAMES:
                frames.popitem(last=False)
            for recorded in waiting.pop(stamp, []):
                compare(stamp, recorded)
        elif message.topic.endswith("/fluorosam/segmentation"):
            recorded = deserialize_message(message.data, Segmentation)
            stamp = stamp_ns(recorded.header.stamp)
            segmentations += 1
            if stamp in frames:
                compare(stamp, recorded)
            else:
                waiting.setdefault(stamp, []).append(recorded)
        tell(done, recording.count)
    if not segmentations:
        raise RecordingError(f"{recording.path} holds no segmentation: there is nothing to compare.")
    without = sum(len(some) for some in waiting.values())
    return ReplayReport(segmentations, equal, len(different), without, recording.complete, name, tuple(different))


def replay_file(
    path: Path, model: str | None = None, tell: Callable[[int, int], None] = lambda done, total: None
) -> ReplayReport:
    """As `replay`, from a file."""
    return replay(Recording(path), model=model, tell=tell)


def _load(recording: Recording, name: str) -> Predictor:
    from fluorosam_model.registry import load_predictor

    notes = recording.metadata
    return load_predictor(name, notes.get("backend", "onnxruntime"), int(notes.get("threads", "0")) or None)


def _differing(recorded: Segmentation, image: Image, predictor: Predictor) -> list[str]:
    """Prompts of the masks that come out differently."""
    prompts = list(dict.fromkeys(mask.prompt for mask in recorded.masks))
    try:
        found = Frame(predictor, image).ask(prompts) if prompts else []
        masks = [mask_to_message(prediction, image.header) for prediction in found]
    except (ImageError, ValueError):
        return [mask.prompt for mask in recorded.masks]
    differing = [old.prompt for old, new in zip(recorded.masks, masks, strict=False) if _content(old) != _content(new)]
    missing = recorded.masks[len(masks) :] if len(masks) < len(recorded.masks) else masks[len(recorded.masks) :]
    return differing + [mask.prompt for mask in missing]


def _content(mask: StructureMask) -> tuple[object, ...]:
    """All that a mask says, bit by bit; its serialised form has padding of no meaning in it."""
    numbers = np.array([mask.score, *mask.box, *mask.centroid], np.float32).tobytes()
    image = mask.mask
    shape = (image.width, image.height, image.step, image.encoding, image.is_bigendian)
    return (mask.prompt, tuple(mask.structures), mask.present, numbers, *shape, bytes(image.data))
