"""A contact sheet of a dataset: images with the outlines of some structures and of all tools."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import structure
from fluorosam_sim.fluoroseg.record import Item
from fluorosam_sim.tools import tool

Picture = npt.NDArray[np.uint8]
_CAPTION_PX = 16
_MOST_STRUCTURES = 4
# Blue, green, red; told apart by people who see no red or green (Okabe and Ito 2008).
_STRUCTURE_COLOURS = ((178, 114, 0), (0, 159, 230), (115, 158, 0), (167, 121, 204))
_TOOL_COLOUR = (0, 0, 255)


def contact_sheet(items: Iterable[Item], columns: int = 6, tile_px: int = 256) -> Picture:
    """(H, W, 3) BGR picture of images in their order, row by row.

    Each is windowed to its open field. Outlined: up to four structures, spread over those in the field by size, and all
    tools in red, with their names below. Raises ValueError without an image.
    """
    tiles = [_tile(item, tile_px) for item in items]
    if not tiles:
        raise ValueError("There is no image to show.")
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(item: Item, tile_px: int) -> Picture:
    grey = cv2.resize(_windowed(item), (tile_px, tile_px), interpolation=cv2.INTER_AREA)
    tile = np.zeros((tile_px + 2 * _CAPTION_PX, tile_px, 3), np.uint8)
    tile[:tile_px] = grey[..., None]
    there = sorted(item.record["pixels"].items(), key=lambda row: (-row[1], row[0]))
    chosen = [there[at][0] for at in np.linspace(0, len(there) - 1, min(len(there), _MOST_STRUCTURES)).astype(int)]
    for label, colour in zip(chosen, _STRUCTURE_COLOURS, strict=False):
        _outline(tile, item.mask(label), colour, tile_px)
    tools = [(number, row["key"]) for number, row in enumerate(item.record["tools"]) if row["pixels"]]
    for number, _ in tools:
        _outline(tile, item.tool_mask(number), _TOOL_COLOUR, tile_px)
    x = 3
    for label, colour in zip(chosen, _STRUCTURE_COLOURS, strict=False):
        x = _write(tile, structure(label).name, x, tile_px + 12, colour)
    _write(tile, ", ".join(tool(key).name for _, key in tools), 3, tile_px + 12 + _CAPTION_PX, _TOOL_COLOUR)
    return tile


def _windowed(item: Item) -> Picture:
    x0, y0, x1, y1 = item.record["collimation"]["field_px"]
    image = np.log1p(item.image.astype(np.float32))
    low, high = np.percentile(image[y0:y1, x0:x1], [1.0, 99.0])
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1) * 255, np.uint8)


def _outline(tile: Picture, mask: npt.NDArray[np.bool_], colour: tuple[int, int, int], tile_px: int) -> None:
    small = cv2.resize(mask.astype(np.uint8), (tile_px, tile_px), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tile, outlines, -1, colour, 1, cv2.LINE_AA)


def _write(tile: Picture, text: str, x: int, y: int, colour: tuple[int, int, int]) -> int:
    """Writes a text as far as it fits; where the next one starts."""
    plain = text.replace("×", "x")
    cv2.putText(tile, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.34, colour, 1, cv2.LINE_AA)
    return x + cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, 0.34, 1)[0][0] + 8
