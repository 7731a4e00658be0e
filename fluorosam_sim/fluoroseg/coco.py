"""A dataset as COCO's instance annotations, which pycocotools and most detection tools read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.fluoroseg import record, rle
from fluorosam_sim.fluoroseg.reader import Reader
from fluorosam_sim.fluoroseg.record import Item
from fluorosam_sim.tools import TOOLS

_TOOL_IDS = {tool.key: 1000 + number for number, tool in enumerate(TOOLS)}


def export(
    reader: Reader,
    path: Path,
    images: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes one JSON file, all or nothing, and the images as 16-bit PNG into a folder; the number of annotations.

    An annotation is one structure (class, side or group) or one tool of one image within the open field, as compressed
    run lengths. Category ids are the structures' ids; a tool's is `tool_category` of its key. The file is written as it
    is made: memory does not grow with the dataset.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if images is not None:
        images.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    annotated = 0
    try:
        with part.open("wb") as file:
            file.write(b'{"info":' + record.json_bytes({"description": "FluoroSeg", "version": "1"}))
            categories = [{"id": s.id, "name": s.name, "supercategory": s.kind} for s in STRUCTURES]
            categories += [
                {"id": tool_category(tool.key), "name": tool.name, "supercategory": tool.kind} for tool in TOOLS
            ]
            file.write(b',"categories":' + record.json_bytes(categories))
            rows = []
            file.write(b',"annotations":[')
            for done, item in enumerate(reader, start=1):
                height, width = item.image.shape
                name = f"{item.key}.{record.IMAGE}"
                rows.append({"id": int(item.key), "file_name": name, "width": width, "height": height})
                if images is not None:
                    (images / name).write_bytes(record.encode_image(item.image))
                for annotation in _annotations(item):
                    annotated += 1
                    text = record.json_bytes({"id": annotated} | annotation)
                    file.write((b",\n" if annotated > 1 else b"\n") + text)
                progress(done, len(reader))
            file.write(b'],"images":' + json.dumps(rows).encode() + b"}\n")
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return annotated


def _annotations(item: Item) -> Iterator[dict[str, Any]]:
    planes = {label: item.mask(label) for label in item.record["pixels"]}
    for structure in STRUCTURES:
        members = [planes[name] for name in structure.members if name in planes]
        if not members:
            continue
        yield _annotation(item, structure.id, np.logical_or.reduce(members))
    for number, seen in enumerate(item.record["tools"]):
        if seen["pixels"]:
            yield _annotation(item, tool_category(seen["key"]), item.tool_mask(number))


def tool_category(key: str) -> int:
    """Category id of a tool: those of structures are below 1000."""
    return _TOOL_IDS[key]


def _annotation(item: Item, category: int, mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "image_id": int(item.key),
        "category_id": category,
        "segmentation": {"size": list(mask.shape), "counts": rle.encode(mask)},
        "area": int(np.count_nonzero(mask)),
        "bbox": _box(mask),
        "iscrowd": 0,
    }


def _box(mask: npt.NDArray[np.bool_]) -> list[int]:
    """[x, y, width, height] of a mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]
