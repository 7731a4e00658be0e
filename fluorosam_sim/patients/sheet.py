"""A contact sheet of a patient: radiographs from the front and the side, and the labels."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.patient import Patient

Picture = npt.NDArray[np.uint8]
_SLAB = 32


def contact_sheet(patient: Patient, height_px: int = 1000) -> Picture:
    """(height_px + caption, W, 3) BGR picture: AP and lateral radiograph, the labels over the AP, a coronal section.

    Radiographs are parallel projections, so that the whole body is in them at one scale; bright is dense.
    """
    hu, labels = _upright(patient)
    step = np.linalg.norm(patient.affine[:3, :3], axis=0)[_order(patient)]
    front, side, painted = _project(hu, labels)
    middle = int(np.median(np.flatnonzero((labels > 0).any(axis=(0, 2))))) if labels.any() else hu.shape[1] // 2
    section = _window(hu[:, middle, :].T[::-1].astype(np.float32), -250, 400)
    ap, lateral = _toned(front * step[1]), _toned(side * step[0])
    colours = _palette(len(patient.label_names))
    overlay = cv2.addWeighted(cv2.cvtColor(ap, cv2.COLOR_GRAY2BGR), 0.45, colours[painted], 0.75, 0)
    panels = []
    for picture, across in ((ap, step[0]), (lateral, step[1]), (overlay, step[0]), (section, step[0])):
        colour = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        width = max(round(picture.shape[1] * across / (picture.shape[0] * step[2]) * height_px), 1)
        panels.append(cv2.resize(colour, (width, height_px), interpolation=cv2.INTER_AREA))
    sheet = np.hstack(panels)
    caption = np.zeros((34, sheet.shape[1], 3), np.uint8)
    mm = "x".join(f"{n * s:.0f}" for n, s in zip(hu.shape, step, strict=True))
    text = f"{patient.name}  {mm} mm  {len(patient.structures)} labels, {len(patient.cut)} cut"
    cv2.putText(caption, text, (8, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(np.vstack([caption, sheet]), np.uint8)


def _order(patient: Patient) -> list[int]:
    """Which voxel axis runs most along x, y and z."""
    size = np.abs(patient.affine[:3, :3])
    x = int(np.argmax(size[0]))
    z = max((axis for axis in range(3) if axis != x), key=lambda axis: float(size[2, axis]))
    return [x, 3 - x - z, z]


def _upright(patient: Patient) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """Volumes with axes as near as possible to x (left), y (back), z (head)."""
    order = _order(patient)
    flips = tuple(
        slice(None, None, -1) if patient.affine[world, axis] < 0 else slice(None) for world, axis in enumerate(order)
    )
    return patient.hu.transpose(order)[flips], patient.labels.transpose(order)[flips]


def _project(
    hu: npt.NDArray[np.int16], labels: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """Attenuation summed from the front and from the side, and the label met first from the front; head on top."""
    nx, ny, nz = hu.shape
    front, side = np.zeros((nz, nx), np.float32), np.zeros((nz, ny), np.float32)
    painted = np.zeros((nz, nx), np.intp)
    for start in range(0, nz, _SLAB):
        slab = slice(start, min(start + _SLAB, nz))
        value = hu[:, :, slab].astype(np.float32)
        # Relative attenuation at fluoroscopic energies: water 1, bone rising faster than its density.
        value = np.where(
            value < 0, np.maximum(1 + value / 1000, 0), 1 + value / 1000 + np.maximum(value - 100, 0) / 900
        )
        front[slab], side[slab] = value.sum(axis=1).T, value.sum(axis=0).T
        part = labels[:, :, slab]
        found = np.argmax(part > 0, axis=1)
        painted[slab] = np.take_along_axis(part, found[:, None, :], axis=1)[:, 0, :].T
    return front[::-1], side[::-1], painted[::-1]


def _toned(path_mm: npt.NDArray[np.float32]) -> Picture:
    """Projected attenuation (mm of water) as a radiograph with local contrast evened out."""
    broad = cv2.GaussianBlur(path_mm, (0, 0), 18)
    even = path_mm - 0.72 * broad
    inside = path_mm > 15
    low, high = np.percentile(even[inside], [2, 99.6]) if inside.any() else (0.0, 1.0)
    return np.asarray(np.where(path_mm > 4, _window(even, float(low), float(high)), 0), np.uint8)


def _window(values: npt.NDArray[np.float32], low: float, high: float) -> Picture:
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255, np.uint8)


def _palette(count: int) -> Picture:
    """(count, 3) BGR: black for none, then hues far apart for neighbouring labels."""
    hues = [colorsys.hsv_to_rgb((n * 0.6180339) % 1, 0.55 + 0.4 * (n % 2), 1.0)[::-1] for n in range(count)]
    colours = (np.array(hues) * 255).astype(np.uint8)
    colours[0] = 0
    return colours
