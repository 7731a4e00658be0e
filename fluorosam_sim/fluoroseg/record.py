"""A sample as the members of a WebDataset shard, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.fluoroseg import rle
from fluorosam_sim.fluoroseg.config import DatasetError
from fluorosam_sim.fluoroseg.sampler import Sample
from fluorosam_sim.geometry import Projection

IMAGE, MASKS, RECORD = "png", "masks.json", "json"
MEMBERS = (IMAGE, MASKS, RECORD)
_PNG_LEVEL = 1  # quantum noise does not compress: higher levels take twice as long and save one percent


def key_of(index: int) -> str:
    """What the members of image `index` are called before the first dot."""
    return f"{index:09d}"


def json_bytes(values: Any) -> bytes:
    """The one way this package writes JSON: compact UTF-8, keys in the order given."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def encode(sample: Sample) -> dict[str, bytes]:
    """The members of a sample by extension. The same sample gives the same bytes."""
    height, width = sample.image.shape
    tools = [tool.counts for tool in sample.tools]
    masks = {"size": [height, width], "counts": dict(sample.masks), "tools": tools}
    return {IMAGE: encode_image(sample.image), MASKS: json_bytes(masks), RECORD: json_bytes(_record(sample))}


def encode_image(image: npt.NDArray[np.uint16]) -> bytes:
    """16-bit greyscale PNG."""
    done, png = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL])
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG.")
    return png.tobytes()


def _record(sample: Sample) -> dict[str, Any]:
    config, pose, projection = sample.config, sample.pose, sample.projection
    height, width = sample.image.shape
    pitch_x, pitch_y = config.detector_mm[0] / width, config.detector_mm[1] / height
    intrinsic = [
        [config.sdd_mm / pitch_x, 0.0, (width - 1) / 2],
        [0.0, config.sdd_mm / pitch_y, (height - 1) / 2],
        [0.0, 0.0, 1.0],
    ]
    blades = sample.collimation
    return {
        "index": sample.index,
        "seed": sample.seed,
        "split": sample.split,
        "patient": sample.patient,
        "contrast_removed": sample.contrast_removed,
        "view": sample.view,
        "target": sample.target,
        "camera": {
            "primary_deg": pose.primary_deg,
            "secondary_deg": pose.secondary_deg,
            "isocenter_mm": list(pose.isocenter_mm),
            "sdd_mm": config.sdd_mm,
            "sod_mm": config.sod_mm,
            "detector_mm": list(config.detector_mm),
            "size_px": [width, height],
            "matrix": projection.matrix().tolist(),
            "intrinsic": intrinsic,
        },
        "collimation": {
            "edges_mm": [blades.left_mm, blades.top_mm, blades.right_mm, blades.bottom_mm],
            "field_px": list(sample.field_px),
        },
        "appearance": sample.appearance.to_json(),
        "visible": {name: round(share, 4) for name, share in sample.visible.items()},
        "pixels": dict(sample.pixels),
        "cut": list(sample.cut),
        "present": {str(number): list(texts) for number, texts in sample.present.items()},
        "absent": {str(number): list(texts) for number, texts in sample.absent.items()},
        "hard": list(sample.hard),
        "tools": [tool.to_json() for tool in sample.tools],
        "absent_tools": {key: list(texts) for key, texts in sample.absent_tools.items()},
    }


@dataclass(frozen=True, eq=False)
class Item:
    """One image read back. image: (H, W) uint16, bright is air. record: see docs/fluoroseg.md.

    counts: run lengths by leaf label; tool_counts: of each tool, in the order of record["tools"].
    """

    key: str
    image: npt.NDArray[np.uint16]
    record: Mapping[str, Any]
    counts: Mapping[str, str]
    tool_counts: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Leaf labels with a mask, behind the blades too."""
        return tuple(self.counts)

    def mask(self, labels: str | tuple[str, ...], within_field: bool = True) -> npt.NDArray[np.bool_]:
        """(H, W) union of some leaf labels' masks, such as a structure's members; labels without a mask add nothing.

        within_field: leave out what the collimator's blades hide.
        """
        height, width = self.image.shape
        found = np.zeros((height, width), np.bool_)
        for name in (labels,) if isinstance(labels, str) else labels:
            if name in self.counts:
                found |= rle.decode(self.counts[name], height, width)
        return self._within_field(found) if within_field else found

    def tool_mask(self, number: int, within_field: bool = True) -> npt.NDArray[np.bool_]:
        """(H, W) mask of tool `number` of record["tools"]; tools may overlap each other and everything else."""
        found = rle.decode(self.tool_counts[number], *self.image.shape)
        return self._within_field(found) if within_field else found

    def _within_field(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        x0, y0, x1, y1 = self.record["collimation"]["field_px"]
        inside = np.zeros_like(mask)
        inside[y0:y1, x0:x1] = True
        return np.asarray(mask & inside)

    @cached_property
    def projection(self) -> Projection:
        """The cone beam that made the image."""
        camera = self.record["camera"]
        height, width = self.image.shape
        config = CArmConfig(
            "dataset", camera["sdd_mm"], camera["sod_mm"], tuple(camera["detector_mm"]), (width, height)
        )
        return config.projection(
            CArmPose(camera["primary_deg"], camera["secondary_deg"], tuple(camera["isocenter_mm"]))
        )


def decode(key: str, members: Mapping[str, bytes]) -> Item:
    """Reads a sample's members. Raises DatasetError for what `encode` did not write."""
    try:
        image = cv2.imdecode(np.frombuffer(members[IMAGE], np.uint8), cv2.IMREAD_UNCHANGED)
        masks, record = json.loads(members[MASKS]), json.loads(members[RECORD])
        whole = image is not None and image.dtype == np.uint16 and list(image.shape) == masks["size"]
        whole = whole and len(masks["tools"]) == len(record["tools"])
    except (KeyError, TypeError, ValueError, cv2.error) as error:
        raise DatasetError(f"Image {key} of the dataset is damaged.") from error
    if not whole or image is None:
        raise DatasetError(f"Image {key} of the dataset is damaged.")
    return Item(key, np.asarray(image, np.uint16), record, masks["counts"], tuple(masks["tools"]))
