"""What is evaluated on: images with the true masks of named structures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_model.image_files import ImageFileError, read_image
from fluorosam_sim.anatomy import AnatomyError, structure

MASK_SEPARATOR = "__"

BoolArray = npt.NDArray[np.bool_]
Retake = Callable[[float, float], tuple[npt.NDArray[Any], BoolArray]]
"""Takes a view again with a share of its dose and of its field's width: image, and (H, W) where it is not blanked."""


class DatasetError(ValueError):
    """Data that cannot be evaluated on; the message says why in one sentence."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One image and what is in it.

    image: as `to_input` takes it. masks: structure key → (H, W) bool truth, only structures that are in the image.
    absent: keys of structures that are surely not in it. patient, view, series: who and how, for grouping. unscored:
    keys of structures that the scan cuts off; they count for side and presence only. retake: None for a picture that
    cannot be taken again.
    """

    image: npt.NDArray[Any]
    masks: Mapping[str, BoolArray]
    absent: tuple[str, ...]
    patient: str
    view: str
    unscored: frozenset[str] = field(default_factory=frozenset)
    series: str = ""
    retake: Retake | None = None


class Dataset(Protocol):
    """Any number of samples, in a fixed order."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sample]: ...


class FolderDataset:
    """A folder of images with their masks beside them.

    `<image>.png` (or another image type) has its masks in `<image>__<structure key>.png`, 0 outside; an empty mask says
    that the structure is not there. Each image counts as a patient of its own, unless its name has the form
    `<patient>--<view>`.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise DatasetError(f"There is no folder {folder}.")
        self._masks: dict[Path, dict[str, Path]] = {}
        files = sorted(path for path in folder.iterdir() if path.is_file())
        images = {path.stem: path for path in files if MASK_SEPARATOR not in path.stem}
        for path in files:
            image, separator, key = path.stem.rpartition(MASK_SEPARATOR)
            if not separator:
                continue
            if image not in images:
                raise DatasetError(f"The mask {path.name} has no image {image}.png beside it.")
            try:
                named = structure(key).key
            except AnatomyError:
                raise DatasetError(f"The mask {path.name} names no structure of the vocabulary: {key!r}.") from None
            self._masks.setdefault(images[image], {})[named] = path
        if not self._masks:
            raise DatasetError(f"The folder {folder} holds no image with a mask named <image>__<structure>.png.")

    def __len__(self) -> int:
        return len(self._masks)

    def __iter__(self) -> Iterator[Sample]:
        for path, mask_paths in self._masks.items():
            image = _read(path)
            masks = {key: _read(mask_path) for key, mask_path in mask_paths.items()}
            truths = {key: (mask if mask.ndim == 2 else mask[:, :, :3].max(axis=2)) > 0 for key, mask in masks.items()}
            for key, truth in truths.items():
                if truth.shape != image.shape[:2]:
                    raise DatasetError(f"The mask {mask_paths[key].name} has not the size of its image.")
            patient, separator, view = path.stem.partition("--")
            yield Sample(
                image,
                {key: truth for key, truth in truths.items() if truth.any()},
                tuple(key for key, truth in truths.items() if not truth.any()),
                patient,
                view if separator else "",
            )


def _read(path: Path) -> npt.NDArray[Any]:
    try:
        return read_image(path)
    except ImageFileError as error:
        raise DatasetError(str(error)) from error
