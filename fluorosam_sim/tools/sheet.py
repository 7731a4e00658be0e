"""Contact sheets of tools: parallel radiographs with captions. Millimetres and the tool's own axes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numba as nb
import numpy as np
import numpy.typing as npt

from fluorosam_sim.render.beam import table
from fluorosam_sim.tools.definition import Tool

Picture = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]

_KEV = 60.0
_CAPTION_PX = 30


@nb.njit(cache=True)
def _add_depths(points: Float32Array, faces: npt.NDArray[np.int32], scale: float, image: Float32Array) -> None:
    """Adds to every pixel the depths of faces that look away less those of faces that look towards the eye."""
    height, width = image.shape
    for f in range(faces.shape[0]):
        ax, ay, az = points[faces[f, 0]]
        bx, by, bz = points[faces[f, 1]]
        cx, cy, cz = points[faces[f, 2]]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0:
            continue
        x0, x1 = max(int(np.ceil(min(ax, bx, cx))), 0), min(int(np.floor(max(ax, bx, cx))), width - 1)
        y0, y1 = max(int(np.ceil(min(ay, by, cy))), 0), min(int(np.floor(max(ay, by, cy))), height - 1)
        sign = scale if area > 0 else -scale
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                w = 1.0 - u - v
                if u >= 0 and v >= 0 and w >= 0:
                    image[y, x] += sign * (u * az + v * bz + w * cz)


def radiograph(tool: Tool, width: int, height: int, turn: npt.NDArray[np.float64] | None = None) -> Picture:
    """(height, width) picture of the tool alone at 60 keV, bright where it is dense, as large as it fits.

    turn: (3, 3) rotation from the tool's axes to right, down and away; chosen by the tool's shape when left out.
    """
    rotation = best_turn(tool) if turn is None else turn
    parts = [part.mesh.vertices_mm @ rotation.T for part in tool.build()]
    low, high = np.min([p.min(axis=0) for p in parts], axis=0), np.max([p.max(axis=0) for p in parts], axis=0)
    scale = float(min((width - 12) / max(high[0] - low[0], 1e-3), (height - 12) / max(high[1] - low[1], 1e-3), 40.0))
    over = 4  # a wire of 0.4 mm is a quarter of a pixel wide
    exponent = np.zeros((height * over, width * over), np.float32)
    data = table()
    energy = int(np.argmin(np.abs(data.energies_kev - _KEV)))
    for part, points in zip(tool.build(), parts, strict=True):
        pixels = (points - (low + high) / 2) * (scale * over) + (width * over / 2, height * over / 2, 0) + 0.123
        material = part.material
        mu = data.cm2_g[material.stands_for][energy] * material.share * material.density_gcm3 * 0.1
        _add_depths(pixels.astype(np.float32), part.mesh.faces, mu / (scale * over), exponent)
    shade = 1 - np.exp(-1.3 * np.clip(exponent, 0, None))
    small = cv2.resize(shade.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(255 * small**0.6, 0, 255), np.uint8)


def best_turn(tool: Tool) -> npt.NDArray[np.float64]:
    """(3, 3): the tool's longest extent from left to right, its flattest along the view, tilted a little."""
    low, high = tool.bounds_mm
    order = np.argsort(low - high, kind="stable")
    rows = np.eye(3)[order]
    if np.linalg.det(rows) < 0:
        rows[2] = -rows[2]
    size = np.sort(high - low)
    compact = size[0] > 0.4 * size[2]  # such things are told apart only from a corner
    about_x, about_y = np.deg2rad((28.0, 30.0) if compact else (12.0, 0.0))
    c, s = np.cos(about_x), np.sin(about_x)
    roll = np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    c, s = np.cos(about_y), np.sin(about_y)
    return np.asarray(roll @ np.array([[c, 0, s], [0, 1.0, 0], [-s, 0, c]]) @ rows)


def contact_sheet(tools: Sequence[Tool], columns: int = 12, cell_px: tuple[int, int] = (150, 96)) -> Picture:
    """(H, W) picture with one cell a tool, each scaled to its cell, with its name and length under it."""
    width, height = cell_px
    rows = -(-len(tools) // columns)
    sheet = np.zeros((rows * (height + _CAPTION_PX), columns * width), np.uint8)
    for index, tool in enumerate(tools):
        y, x = index // columns * (height + _CAPTION_PX), index % columns * width
        sheet[y : y + height, x : x + width] = radiograph(tool, width, height)
        for line, text in enumerate(_wrapped(tool.name, width // 6)):
            where = (x + 4, y + height + 10 + 12 * line)
            cv2.putText(sheet, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.34, 200, 1, cv2.LINE_AA)
    return sheet


def _wrapped(text: str, most: int) -> tuple[str, str]:
    """Two lines of at most `most` characters, of the alphabet that the picture's font has."""
    plain = text.replace("×", "x")
    first = ""
    words = plain.split()
    while words and len(first) + len(words[0]) + 1 <= most:
        first = f"{first} {words.pop(0)}".strip()
    return first, " ".join(words)[:most]
