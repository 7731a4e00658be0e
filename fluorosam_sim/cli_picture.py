"""How commands write pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt


def write_picture(path: Path, picture: npt.NDArray[np.uint8], jpeg_quality: int) -> None:
    """Writes a (H, W) or (H, W, 3) BGR picture as PNG or JPEG, by the name's ending; makes the folder.

    Raises OSError for another ending and when the file cannot be written.
    """
    ending = path.suffix.lower()
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if ending in (".jpg", ".jpeg") else []
    if ending not in (".png", ".jpg", ".jpeg"):
        raise OSError(f"Could not write {path}: give a name that ends in .png or .jpg.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), picture, options):
        raise OSError(f"Could not write {path}: is there room, and may you write there?")
