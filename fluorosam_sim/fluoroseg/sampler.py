"""One image of the dataset from its number: the same whatever process makes it, and in whatever order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.fluoroseg import rle
from fluorosam_sim.fluoroseg.appearance import Appearance, sample_appearance
from fluorosam_sim.fluoroseg.config import SPLITS, DatasetConfig, DatasetError, Split
from fluorosam_sim.fluoroseg.texts import TextTable, build_table
from fluorosam_sim.fluoroseg.tooling import SeenTool, as_placed_tool, draw_tools, unshared
from fluorosam_sim.fluoroseg.visibility import LabelPoints
from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.patients.contrast import without_contrast
from fluorosam_sim.patients.library import is_synthetic
from fluorosam_sim.render import CpuRenderer, Rendering
from fluorosam_sim.render.detector import shoot
from fluorosam_sim.tools import TOOLS, Placed, tool
from fluorosam_sim.views import SampledView, sample_view

TEXTS_PER_STRUCTURE = 3
RANDOM = "random"
"""What the view of an image is called that is near no named one."""
_HARD = 2  # prompts of an image that are ambiguous or mean nothing of the vocabulary
_ABSENT = 4  # structures that an image is asked for without showing them
_FINE_MM = 1.0
_ATTEMPTS = 50
_CONTRAST_STREAM = 0xC0
_TOOL_STREAM = 0x7001  # tools have chance of their own: an image without them is the same whatever the share of tools
Texts = dict[int, tuple[int, ...]]
"""Structure id → numbers of wordings in the text table."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One image with everything that is known about it.

    image: (H, W) uint16 detector signal, bright is air. masks: COCO run lengths by leaf label, of the whole detector,
    behind the blades too. field_px: (x0, y0, x1, y1) open pixels, upper ends excluded. visible: share of each label's
    volume in the open field. pixels: each label's pixels in the open field. present, absent: wordings asked for
    structures that are, and that are not, in the open field. hard: numbers of prompts that get no mask in this image.
    tools: instruments and implants, between source and detector. absent_tools: wordings by key of a tool that is not
    there.
    view: key of the named view that this is near, or "random"; target: the vertebra or organ it aims at, or None.
    cut: labels that the edge of the scan cuts.
    """

    index: int
    seed: int
    split: Split
    patient: str
    contrast_removed: bool
    view: str
    target: str | None
    image: npt.NDArray[np.uint16]
    masks: Mapping[str, str]
    config: CArmConfig
    pose: CArmPose
    collimation: Collimation
    field_px: tuple[int, int, int, int]
    appearance: Appearance
    visible: Mapping[str, float]
    pixels: Mapping[str, int]
    present: Texts
    absent: Texts
    hard: tuple[int, ...]
    tools: tuple[SeenTool, ...]
    absent_tools: Mapping[str, tuple[int, ...]]
    cut: tuple[str, ...]

    @property
    def projection(self) -> Projection:
        """The cone beam that made the image."""
        height, width = self.image.shape
        return self.config.projection(self.pose, (width, height))


class Sampler:
    """Makes any image of a dataset from its number. Keeps the last patient: neighbouring numbers are quick.

    Also a source of training images that never touch the disk.
    """

    def __init__(self, config: DatasetConfig) -> None:
        self.config = config
        self.texts: TextTable = build_table(config.paraphrases)
        self._body = lru_cache(maxsize=1)(self._load)

    def sample(self, index: int) -> Sample:
        """Image number 0 … images − 1. Raises DatasetError where the patient leaves no room for an X-ray tube."""
        config = self.config
        if not 0 <= index < config.images:
            raise IndexError(f"The dataset has {config.images} images, none has the number {index}.")
        plan = config.shard(index // config.shard_images)
        contrast_removed = _removes_contrast(config.seed, plan.number, plan.patient)
        body = self._body(plan.patient, contrast_removed)
        chance = [config.seed, SPLITS.index(plan.split), index]
        rng, tool_rng = np.random.default_rng(chance), np.random.default_rng([*chance, _TOOL_STREAM])
        with_tools = bool(tool_rng.random() < config.tool_share)
        seen = body.look(rng, plan.split, config.size_px, tool_rng if with_tools else None)
        rendering, view, field = seen.rendering, seen.view, seen.field_px
        appearance = sample_appearance(rng)
        shot = shoot(rendering, view.config, view.collimation, rng, appearance.exposure, appearance.detector)
        names = rendering.label_names
        pixels = rle.count_labels(rendering.label_bits[field[1] : field[3], field[0] : field[2]])
        masks = rle.encode_labels(rendering.label_bits)
        in_field = {names[n]: int(pixels[n]) for n in np.flatnonzero(pixels[: len(names)]).tolist() if names[n]}
        present, absent = self._texts(plan.split, in_field, body.patient.structures, rng)
        tools = self._tools(plan.split, seen, tool_rng)
        absent_tools = self._absent_tools(plan.split, tools, tool_rng)
        hard = self.texts.hard_numbers(plan.split, with_tools=bool(tools))
        return Sample(
            index, config.seed, plan.split, plan.patient, contrast_removed, view.view.key if view.view else RANDOM,
            view.label, shot.image, {names[n]: counts for n, counts in masks.items()}, view.config, view.pose,
            view.collimation, field, appearance, seen.visible, in_field, present, absent,
            tuple(rng.choice(hard, _HARD).tolist()), tools, absent_tools,
            tuple(sorted(body.patient.cut & in_field.keys())),
        )  # fmt: skip

    def _load(self, name: str, contrast_removed: bool) -> _Body:
        return _Body(load_patient(name), contrast_removed, self.config.preview)

    def _texts(
        self, split: Split, pixels: Mapping[str, int], labelled: tuple[str, ...], rng: np.random.Generator
    ) -> tuple[Texts, Texts]:
        table = self.texts.wordings(split)

        def draw(number: int) -> tuple[int, ...]:
            return _some(range(len(table[number])), rng)

        there = [any(member in pixels for member in s.members) for s in STRUCTURES]
        present = {s.id: draw(s.id) for s, seen in zip(STRUCTURES, there, strict=True) if seen}
        # Half of what is asked for in vain is elsewhere in this patient, half the patient does not have.
        known = frozenset(labelled)
        missing = [s for s, seen in zip(STRUCTURES, there, strict=True) if not seen]
        elsewhere = [s.id for s in missing if any(member in known for member in s.members)]
        nowhere = [s.id for s in missing if not any(member in known for member in s.members)]
        absent: list[int] = []
        for pool in (elsewhere, nowhere):
            absent += rng.permutation(pool)[: _ABSENT // 2].astype(int).tolist()
        return present, {number: draw(number) for number in sorted(absent)}

    def _tools(self, split: Split, seen: _Look, rng: np.random.Generator) -> tuple[SeenTool, ...]:
        table, keys = self.texts.tool_wordings(split), [placed.tool.key for placed in seen.tools]
        x0, y0, x1, y1 = seen.field_px
        found = []
        for number, placed in enumerate(seen.tools):
            mask, key = seen.rendering.tool_mask(number), placed.tool.key
            pixels = int(np.count_nonzero(mask[y0:y1, x0:x1]))
            texts = _some(unshared(key, keys, table), rng) if pixels else ()
            mirrored, pose = placed.tool.mirrored, placed.transform
            found.append(SeenTool(key, placed.structure, mirrored, pose, rle.encode(mask), pixels, texts))
        return tuple(found)

    def _absent_tools(
        self, split: Split, tools: tuple[SeenTool, ...], rng: np.random.Generator
    ) -> dict[str, tuple[int, ...]]:
        """Wordings of one tool of a family that the image does not show."""
        table, keys = self.texts.tool_wordings(split), [seen.key for seen in tools]
        families = {tool(key).family for key in keys}
        others = [other.key for other in TOOLS if other.family not in families]
        key = others[int(rng.integers(len(others)))]
        return {key: _some(unshared(key, keys, table), rng)}


def _some(numbers: Sequence[int], rng: np.random.Generator) -> tuple[int, ...]:
    """A few of some numbers, in order."""
    chosen = rng.permutation(len(numbers))[:TEXTS_PER_STRUCTURE].tolist()
    return tuple(sorted(numbers[at] for at in chosen))


@dataclass(frozen=True, eq=False)
class _Look:
    """A view with its rendering. field_px, visible: see Sample. tools: in the order of the rendering's."""

    rendering: Rendering
    view: SampledView
    field_px: tuple[int, int, int, int]
    visible: Mapping[str, float]
    tools: tuple[Placed, ...]


class _Body:
    """A patient ready to be looked at."""

    def __init__(self, patient: Patient, contrast_removed: bool, preview: bool | None) -> None:
        self.patient = patient
        self.points = LabelPoints(patient)
        if preview is None:
            preview = sorted(patient.spacing_mm)[1] < _FINE_MM
        self._renderer = CpuRenderer(without_contrast(patient) if contrast_removed else patient, preview)

    def look(self, rng: np.random.Generator, split: Split, size_px: int, tool_rng: np.random.Generator | None) -> _Look:
        """A named or random view with all labels, and with tools unless tool_rng is None.

        Training leaves out the directions that are kept for testing.
        """
        held_out = False if split == "train" else None
        for _ in range(_ATTEMPTS):
            view = sample_view(self.patient, rng, held_out=held_out, size_px=size_px)
            projection, field = view.config.projection(view.pose), view.config.open_pixels(view.collimation)
            visible = self.points.visible(projection, field)
            placed: list[Placed] = []
            if tool_rng is not None:
                placed = draw_tools(self.patient, visible, projection, field, view.pose.isocenter_mm, tool_rng)
            try:
                rendering = self._renderer.render(projection, tools=[as_placed_tool(item) for item in placed])
                return _Look(rendering, view, field, visible, tuple(placed))
            except ValueError:  # the tube or the detector would be inside the patient
                continue
        raise DatasetError(f"No view of {self.patient.name} could be taken: the volume is too large for a C-arm.")


def _removes_contrast(seed: int, shard: int, patient: str) -> bool:
    """Every other shard of a real CT; a synthetic body has contrast medium or not as its own seed says."""
    if is_synthetic(patient):
        return False
    return bool(np.random.default_rng([seed, _CONTRAST_STREAM, shard]).integers(2))
