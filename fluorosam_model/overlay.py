"""Masks drawn on the image, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.predictor import Prediction
from fluorosam_model.preprocess import channels
from fluorosam_sim.anatomy import structure

# Distinct on grey for the colour-blind, too (Okabe and Ito's palette without black), RGB.
PALETTE = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip
_FILL_OPACITY = 0.3


def display(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Any X-ray image (H, W) or (H, W, 3|4) → (H, W) uint8 in a window that shows it well; polarity is kept."""
    grey = image if image.ndim == 2 else image[:, :, :3].mean(axis=2)
    return np.asarray(np.round((channels(grey)[0] + 1) * 127.5), np.uint8)


def draw_overlay(image: npt.NDArray[Any], predictions: Sequence[Prediction]) -> npt.NDArray[np.uint8]:
    """The image with the masks that are present tinted, outlined and named.

    Args:
        image: (H, W) or (H, W, 3|4), any X-ray image that the predictions are about.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    canvas = cv2.cvtColor(display(image), cv2.COLOR_GRAY2RGB)
    height, width = canvas.shape[:2]
    thickness = max(1, round(max(height, width) / 400))
    scale = max(height, width) / 900
    present = [prediction for prediction in predictions if prediction.present]
    for index, prediction in enumerate(present):
        colour = PALETTE[index % len(PALETTE)]
        tinted = canvas[prediction.mask] * (1 - _FILL_OPACITY) + np.array(colour) * _FILL_OPACITY
        canvas[prediction.mask] = tinted.astype(np.uint8)
        outlines, _ = cv2.findContours(prediction.mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, outlines, -1, colour, thickness)
    for index, prediction in enumerate(present):
        if prediction.centroid is None:
            continue
        text = _label(prediction)
        (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
        x = int(np.clip(prediction.centroid[0] - text_width / 2, 0, max(0, width - text_width)))
        y = int(np.clip(prediction.centroid[1], text_height, height - 1))
        _write(canvas, text, (x, y), scale, thickness, PALETTE[index % len(PALETTE)])
    return np.asarray(canvas)


def _write(
    canvas: npt.NDArray[Any], text: str, at: tuple[int, int], scale: float, thickness: int, colour: tuple[int, int, int]
) -> None:
    """Writes with a dark rim: the writing itself, grown, as letters of a thicker stroke would be wider."""
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    margin = thickness + 2
    x0, y0 = max(at[0] - margin, 0), max(at[1] - height - margin, 0)
    window = canvas[y0 : at[1] + below + margin, x0 : at[0] + width + margin]
    ink = np.zeros(window.shape[:2], np.uint8)
    cv2.putText(ink, text, (at[0] - x0, at[1] - y0), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    rim = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * thickness + 3,) * 2))
    for layer, tone in ((rim, (0, 0, 0)), (ink, colour)):
        share = layer[:, :, None].astype(np.float32) / 255
        window[:] = np.round(window * (1 - share) + np.array(tone, np.float32) * share).astype(np.uint8)


def _label(prediction: Prediction) -> str:
    text = structure(prediction.structures[0]).name if prediction.structures else prediction.prompt
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:40]
