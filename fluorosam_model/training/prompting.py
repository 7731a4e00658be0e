"""Which prompts a picture is trained with: structures in it, structures not in it, texts, points, boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_model.training.augment import CELL_PX
from fluorosam_model.training.wordings import UNKNOWN, Wordings
from fluorosam_sim.anatomy import STRUCTURES, other_side

POINT_SLOTS = 2
INVISIBLE_CELLS = 2.0  # a structure of fewer cells is neither asked for as present nor as absent
FULL_WEIGHT_SHARE = 0.01
ABSENT_SHARE = 0.22
COUNTERPART_SHARE = 0.7
SMALLEST_WEIGHT = 0.15
TEXT, POINTS, BOX = 0.58, 0.18, 0.14  # shares of the prompts; what is left are texts with a point
POINTED_COVER, BOXED_COVER = 0.75, 0.5  # how well covered a cell must be to be clicked, or to lie in the box
BOX_JITTER = 0.1

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prompts:
    """K prompts on one picture; see `FluoroSAM.decode` for the shapes.

    masks: (K, S/4, S/4) coverage, zeros where absent. rivals: (K, S/4, S/4) coverage of the same structure on the other
    side, zeros where there is none or the prompt's own is absent. present: (K,) 0 or 1. structure: (K,) class of the
    wording.
    """

    text_row: npt.NDArray[np.int64]
    has_text: FloatArray
    points: FloatArray
    point_labels: FloatArray
    masks: FloatArray
    rivals: FloatArray
    present: FloatArray
    structure: npt.NDArray[np.int64]


class Vocabulary:
    """The structures in terms of the label planes (L, H, W) of one patient."""

    def __init__(self, label_names: tuple[str, ...]) -> None:
        """label_names: name of each plane, in order."""
        column = {name: index for index, name in enumerate(label_names)}
        self.columns = tuple(
            np.array([column[name] for name in each.members if name in column], np.int64) for each in STRUCTURES
        )
        self.covered = np.array([len(columns) > 0 for columns in self.columns])
        place = {each: index for index, each in enumerate(STRUCTURES)}
        self.counterpart = np.array(
            [-1 if (other := other_side(each)) is None else place[other] for each in STRUCTURES]
        )

    def mask(self, index: int, coverage: FloatArray) -> FloatArray:
        """(H, W) coverage of a structure: the union of its labels."""
        columns = self.columns[index]
        return np.asarray(coverage[columns].max(axis=0)) if len(columns) else np.zeros(coverage.shape[1:], np.float32)

    def cells(self, coverage: FloatArray) -> FloatArray:
        """(S,) for each structure the sum of its labels' covered cells; overlaps count twice."""
        by_label = coverage.sum(axis=(1, 2))
        return np.array([by_label[columns].sum() for columns in self.columns], np.float32)


def sample_prompts(
    vocabulary: Vocabulary, wordings: Wordings, coverage: FloatArray, count: int, rng: np.random.Generator
) -> Prompts:
    """Draw `count` prompts for a picture whose labels cover (L, H, W)."""
    cells = vocabulary.cells(coverage)
    full_weight = FULL_WEIGHT_SHARE * coverage[0].size
    chosen = _present_structures(vocabulary, cells, full_weight, count - round(ABSENT_SHARE * count), rng)
    absent = _absent_structures(vocabulary, cells, count - len(chosen), rng)
    structure = np.array(chosen + absent, np.int64)
    masks = np.zeros((count, *coverage.shape[1:]), np.float32)
    rivals = np.zeros_like(masks)
    points = np.zeros((count, POINT_SLOTS, 2), np.float32)
    labels = np.full((count, POINT_SLOTS), -1, np.float32)
    has_text = np.ones(count, np.float32)
    present = np.zeros(count, np.float32)
    for k, index in enumerate(chosen):
        masks[k] = vocabulary.mask(index, coverage)
        if (other := int(vocabulary.counterpart[index])) >= 0:
            rivals[k] = vocabulary.mask(other, coverage)
        present[k] = 1
        kind = rng.random()
        if kind >= TEXT:
            has_text[k] = kind >= TEXT + POINTS + BOX
            if TEXT + POINTS <= kind < TEXT + POINTS + BOX:
                points[k], labels[k] = jittered_box(masks[k], rng), (2, 3)
            else:
                points[k, 0], labels[k, 0] = random_point(masks[k], rng), 1
    rows = np.array([wordings.draw(int(index), rng) for index in structure], np.int64)
    return Prompts(rows, has_text, points, labels, masks, rivals, present, structure)


def random_point(mask: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(2,) a point, (x, y) in input pixels, in one of the better covered cells of a mask that is not empty."""
    inside = np.flatnonzero(mask >= min(POINTED_COVER, float(mask.max())))
    row, column = divmod(int(inside[rng.integers(len(inside))]), mask.shape[1])
    return np.array([column + rng.random(), row + rng.random()], np.float32) * CELL_PX - 0.5


def jittered_box(mask: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(2, 2) first and second corner of a box about a mask that is not empty, off by up to a tenth of its size."""
    inside = mask >= min(BOXED_COVER, float(mask.max()))
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]], np.float32)
    box += rng.uniform(-BOX_JITTER, BOX_JITTER, (2, 2)) * (box[1] - box[0])
    return np.asarray(box * CELL_PX - 0.5, np.float32)


def _present_structures(
    vocabulary: Vocabulary, cells: FloatArray, full_weight: float, count: int, rng: np.random.Generator
) -> list[int]:
    """What covers `full_weight` cells or more is drawn with the same weight, smaller structures with less."""
    visible = np.flatnonzero(cells > INVISIBLE_CELLS)
    if len(visible) == 0:
        return []
    weight = np.clip(cells[visible] / full_weight, SMALLEST_WEIGHT, 1)
    order = visible[np.argsort(rng.exponential(size=len(visible)) / weight)]
    seen = set(visible.tolist())
    chosen: list[int] = []
    for index in order.tolist():
        # Both sides in one picture teach the side best.
        other = int(vocabulary.counterpart[index])
        pair = [index, other] if other in seen and rng.random() < COUNTERPART_SHARE else [index]
        chosen += [each for each in pair if each not in chosen]
        if len(chosen) >= count:
            break
    chosen = chosen[:count]
    return [*chosen, *(int(each) for each in rng.choice(order, count - len(chosen)))]


def _absent_structures(vocabulary: Vocabulary, cells: FloatArray, count: int, rng: np.random.Generator) -> list[int]:
    """A third each: in the patient but out of the picture, not in the patient, not in the vocabulary."""
    nothing = cells == 0
    pools = (np.flatnonzero(nothing & vocabulary.covered), np.flatnonzero(nothing & ~vocabulary.covered))
    found = []
    for _ in range(count):
        kind = int(rng.integers(3))
        if kind < 2 and len(pools[kind]):
            found.append(int(pools[kind][rng.integers(len(pools[kind]))]))
        else:
            found.append(UNKNOWN)
    return found
