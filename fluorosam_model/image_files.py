"""Image files → arrays: PNG, JPEG, TIFF, BMP and DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_DICOM_MAGIC = b"DICM"
_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")


class ImageFileError(ValueError):
    """A file that is no image; the message says why in one sentence."""


def read_image(path: Path) -> npt.NDArray[Any]:
    """Read a still image → (H, W) grey or (H, W, 3) RGB, with the depth it has in the file.

    DICOM: the stored values, of the middle frame where there are several; look-up tables and polarity are left alone,
    because the preprocessing does not depend on them. Raises ImageFileError.
    """
    if not path.exists():
        raise ImageFileError(f"There is no file {path}.")
    if not path.is_file():
        raise ImageFileError(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except OSError as error:
        raise ImageFileError(f"The file cannot be read: {error.strerror}.") from error
    if head[128:132] == _DICOM_MAGIC or path.suffix.lower() in _DICOM_SUFFIXES:
        return _read_dicom(path)
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) if head else None
    if image is None:
        raise ImageFileError(f"The file {path} is not an image in PNG, JPEG, TIFF, BMP or DICOM format.")
    if image.ndim == 3:
        image = image[:, :, 2::-1] if image.shape[2] >= 3 else image[:, :, 0]
    return np.asarray(image)


def _read_dicom(path: Path) -> npt.NDArray[Any]:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
    except (InvalidDicomError, AttributeError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageFileError(f"The DICOM file {path} has no image that can be read: {reason}") from error
    colour = int(getattr(dataset, "SamplesPerPixel", 1)) > 1
    if int(getattr(dataset, "NumberOfFrames", None) or 1) > 1:
        pixels = pixels[len(pixels) // 2]
    if pixels.ndim != (3 if colour else 2):
        raise ImageFileError(f"The DICOM file {path} holds data of shape {pixels.shape}, not an image.")
    return np.asarray(pixels)
