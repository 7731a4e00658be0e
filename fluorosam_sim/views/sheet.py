"""A contact sheet of named views: every view of a patient as a small radiograph with its name and angles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.renderer import Rendering
from fluorosam_sim.views.named import NamedView, ViewError
from fluorosam_sim.views.solve import UNBOUNDED, solve

Picture = npt.NDArray[np.uint8]
_CAPTION_PX = 30
# Attenuation at 70 keV, cm²/g: soft tissue and bone mineral.
_SOFT_CM2G, _BONE_CM2G = 0.19, 0.27
SHEET_LEVEL = "L3"
"""The vertebra that vertebral views are shown of."""


def contact_sheet(
    patient: Patient,
    views: Sequence[NamedView],
    columns: int = 12,
    tile_px: int = 150,
    progress: Callable[[], None] = lambda: None,
) -> Picture:
    """(H, W, 3) BGR picture of the views in their order, row by row; those that cannot be had say why.

    The reach of the C-arm does not count here (``UNBOUNDED``). progress is called once a view.
    """
    renderer = CpuRenderer(patient)
    tiles = []
    for view in views:
        tiles.append(_tile(patient, renderer, view, tile_px))
        progress()
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(patient: Patient, renderer: CpuRenderer, view: NamedView, tile_px: int) -> Picture:
    level = f"vertebrae_{SHEET_LEVEL}" if view.vertebral else None
    caption = view.name + (f" {SHEET_LEVEL}" if level else "")
    picture = np.full((tile_px, tile_px), 24, np.uint8)
    try:
        found = solve(view, patient, UNBOUNDED, level)
        rendering = renderer.render(found.framed((tile_px, tile_px)).projection(found.pose), labels=False)
        picture = radiograph(rendering)
        second = f"{found.pose.primary_deg:+.0f} {found.pose.secondary_deg:+.0f}  {view.field_mm:.0f} mm"
        second += " rev." if found.reversed else ""
    except (ViewError, ValueError) as error:
        second = str(error)
    tile = np.zeros((tile_px + _CAPTION_PX, tile_px, 3), np.uint8)
    tile[:tile_px] = picture[..., None]
    tile[:tile_px, -1] = tile[tile_px - 1, :] = 60
    for line, text in enumerate((caption, second)):
        scale = min(0.36, 0.36 * (tile_px - 6) / max(cv2.getTextSize(text, 0, 0.36, 1)[0][0], 1))
        place = (3, tile_px + 12 + 13 * line)
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, max(scale, 0.24), (230, 230, 230), 1, cv2.LINE_AA)
    return tile


def radiograph(rendering: Rendering) -> Picture:
    """(H, W) picture of a rendering, bone bright, with broad differences in thickness evened out."""
    path = _SOFT_CM2G * rendering.soft_gcm2 + _BONE_CM2G * rendering.bone_gcm2
    broad = cv2.GaussianBlur(path, (0, 0), path.shape[0] / 8)
    even = path - 0.65 * broad
    inside = path > 0.05
    low, high = np.percentile(even[inside], [1, 99.5]) if inside.any() else (0.0, 1.0)
    return np.asarray(np.clip((even - low) / max(high - low, 1e-6), 0, 1) * 255 * (path > 0.02), np.uint8)
