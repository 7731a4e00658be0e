"""What a dataset is made of, and which image belongs to which patient, shard and split."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fluorosam_sim.patients.held_out import is_held_out_patient
from fluorosam_sim.patients.library import PACKAGED, SYNTHETIC, is_synthetic, synthetic_identity

Split = Literal["train", "val"]
SPLITS: tuple[Split, ...] = ("train", "val")
DEFAULT_PATIENTS = ("synthetic:0-19@2", "synthetic:9000-9001@2")

_RANGE = re.compile(rf"({SYNTHETIC}:)(\d+)-(\d+)(@[\d.]+)?")
_MOST_PATIENTS = 100_000
_ORDER_STREAM = 0x5EED


class DatasetError(ValueError):
    """A dataset that cannot be made or read; the message says what to do, in one sentence."""


@dataclass(frozen=True)
class ShardPlan:
    """One file of the dataset: images [first, first + count) of one patient."""

    number: int
    name: str
    split: Split
    patient: str
    first: int
    count: int


@dataclass(frozen=True)
class DatasetConfig:
    """Everything that the bytes of a dataset depend on, beside the program itself.

    images: how many, over all splits. patients: names as `load_patient` takes them; those that `is_held_out_patient`
    names, and those also listed in validation, make up the split "val". seed: of all chance. size_px: width and height
    of the images. shard_images: images in one shard, all of one patient. preview: None bins volumes finer than 1 mm
    by two (which hardly shows in the image and is four times faster), True bins all, False none. tool_share: of the
    images, with instruments or implants.
    paraphrases: (structure key, wording) added to the built-in wordings of the training split.
    """

    images: int
    patients: tuple[str, ...]
    validation: tuple[str, ...] = ()
    seed: int = 0
    size_px: int = 512
    shard_images: int = 128
    preview: bool | None = None
    tool_share: float = 0.35
    paraphrases: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, low, high in (
            ("images", 1, 10**9),
            ("size_px", 16, 4096),
            ("shard_images", 1, 10_000),
            ("seed", 0, 2**63 - 1),
        ):
            if not low <= getattr(self, name) <= high:
                raise DatasetError(f"{name} must be {low} to {high}, not {getattr(self, name)}.")
        if not 0 <= self.tool_share <= 1:
            raise DatasetError(f"The share of images with tools must be 0 to 1, not {self.tool_share:g}.")
        if not self.patients:
            raise DatasetError("A dataset needs at least one patient.")
        if len(set(self.patients)) != len(self.patients):
            twice = next(name for name in self.patients if self.patients.count(name) > 1)
            raise DatasetError(f"The patient {twice} is named twice.")
        stray = sorted(set(self.validation) - set(self.patients))
        if stray:
            raise DatasetError(f"The validation patient {stray[0]} is not among the patients.")
        bodies = {_body(name): name for name in self.patients if self.split(name) == "train"}
        for name in self.patients:
            if self.split(name) == "val" and _body(name) in bodies:
                raise DatasetError(f"{name} and {bodies[_body(name)]} are one body in two splits: leave one out.")

    def split(self, patient: str) -> Split:
        """Where the images of a patient go."""
        return "val" if patient in self.validation or is_held_out_patient(patient) else "train"

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.images // self.shard_images)

    def shard(self, number: int) -> ShardPlan:
        """The plan of shard 0 … shards − 1: patients take turns, in an order shuffled anew each round."""
        if not 0 <= number < self.shards:
            raise IndexError(f"There are {self.shards} shards, none has the number {number}.")
        round_number, turn = divmod(number, len(self.patients))
        order = np.random.default_rng([self.seed, _ORDER_STREAM, round_number]).permutation(len(self.patients))
        patient = self.patients[order[turn]]
        split = self.split(patient)
        before = sum(self._splits[i] == split for i in order[:turn])
        within = round_number * self._splits.count(split) + before
        first = number * self.shard_images
        count = min(self.shard_images, self.images - first)
        return ShardPlan(number, f"{split}-{within:06d}", split, patient, first, count)

    @cached_property
    def _splits(self) -> tuple[Split, ...]:
        return tuple(self.split(name) for name in self.patients)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DatasetConfig:
        """Raises DatasetError for values that are not those of a configuration."""
        try:
            tuples: dict[str, Any] = {key: tuple(map(str, values[key])) for key in ("patients", "validation")}
            tuples["paraphrases"] = tuple((str(key), str(text)) for key, text in values["paraphrases"])
            return cls(**(values | tuples))
        except (KeyError, TypeError, AttributeError) as error:
            raise DatasetError("The dataset's configuration is damaged: generate it anew.") from error


def parse_patients(texts: Iterable[str]) -> tuple[str, ...]:
    """Patients of options such as "chest,synthetic:0-19@2" or a path, in order; ranges of seeds are spelt out.

    Raises DatasetError for names that no patient can have, and PatientError for synthetic names of another form.
    """
    names: list[str] = []
    for text in texts:
        parts = [text] if text and Path(text).expanduser().exists() else [part.strip() for part in text.split(",")]
        for part in parts:
            match = _RANGE.fullmatch(part)
            if match is None:
                names.append(_checked(part))
                continue
            low, high = int(match[2]), int(match[3])
            if not low <= high < low + _MOST_PATIENTS:
                raise DatasetError(f"{part} is not a range of seeds from low to high (at most {_MOST_PATIENTS}).")
            names += [_checked(f"{match[1]}{seed}{match[4] or ''}") for seed in range(low, high + 1)]
    return tuple(names)


def _checked(name: str) -> str:
    if is_synthetic(name):
        synthetic_identity(name)
    elif name not in PACKAGED and not (name and Path(name).expanduser().exists()):
        raise DatasetError(
            f"There is no patient {name[:200]!r}: give {', '.join(PACKAGED)}, {SYNTHETIC}:SEED, {SYNTHETIC}:FIRST-LAST "
            "or a CT's path."
        )
    return name


def _body(name: str) -> str:
    """What two names of one body share: a synthetic patient is the same body at every voxel size."""
    if is_synthetic(name):
        return name.partition("@")[0]
    return name if name in PACKAGED else str(Path(name).expanduser().resolve())
