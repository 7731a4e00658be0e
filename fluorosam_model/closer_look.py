"""A second look from a little closer, by which left and right are told apart more surely.

Where two limbs or lungs lie behind each other only their sizes tell which is which, and a network that has just
confused them often does not at another magnification. What it gains: docs/model.md.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

MAGNIFICATION = 1.1

_OVERLAP = 0.2  # IoU

FloatArray = npt.NDArray[np.float32]


def in_doubt(logits: FloatArray, other_side: FloatArray) -> bool:
    """Whether the masks of a structure and of its counterpart, (h, h) logits each, lie over each other."""
    own, other = logits > 0, other_side > 0
    return bool((own & other).sum() > _OVERLAP * (own | other).sum())


def magnified(model_input: FloatArray) -> FloatArray:
    """(C, S, S) float32 model input → the same, enlarged about its middle; what lies outside is cut off."""
    size = model_input.shape[-1]
    planes = [
        cv2.warpAffine(plane, _about_the_middle(size), (size, size), borderMode=cv2.BORDER_REPLICATE)
        for plane in model_input
    ]
    return np.stack(planes)


def both_looks(logits: FloatArray, closer: FloatArray) -> FloatArray:
    """(h, h) logits, and those of the magnified image → their mean where that shows it, else the first."""
    size = logits.shape[-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(
        closer, _about_the_middle(size), (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=np.nan
    )
    return np.where(np.isnan(back), logits, (logits + back) / 2).astype(np.float32)


def _about_the_middle(size: int) -> FloatArray:
    middle = (size - 1) / 2
    offset = middle * (1 - MAGNIFICATION)
    return np.array([[MAGNIFICATION, 0, offset], [0, MAGNIFICATION, offset]], np.float32)
