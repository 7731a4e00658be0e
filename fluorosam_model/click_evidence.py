"""How well clicks and boxes fit each structure that an image shows: features of them, and networks that weigh them.

The networks are fitted to simulated users by `scripts/fit_naming.py`: some click in the middle of what they mean and
then in the middle of what the answer got most wrong, as annotators are told to, others anywhere in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import Structure

WEIGHTS = Path(__file__).resolve().parent / "weights" / "naming.npz"
HEADS = {"first": 8, "other": 5, "last": 10, "box": 6}
"""What is weighed, with its number of features: the first click inside, a further click of which nothing else is known,
the click that followed an answer, a box."""

PRIOR = 7
"""Features of a structure before anything is clicked; they go in with the others."""

_SLIP = 0.02
"""Chance that a click says nothing about a structure, so that none is ever ruled out by one."""
_SHARP = (3.0, 8.0)
_WELL_VISIBLE = 0.05
_FAR = 8.0
_LEAST_IOU = 1e-3

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def depth_px(mask: BoolArray) -> FloatArray:
    """(H, W) how far each pixel of a mask lies from its edge, 0 outside; where it is highest, people click."""
    # The border counts as outside, so that what lies at the image's edge has its middle inside.
    padded = np.pad(mask, 1).view(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def overlaps(one: BoolArray, other: BoolArray) -> FloatArray:
    """(N, K) Dice scores of masks (N, h, w) with masks (K, h, w), none empty."""
    first, second = (each.reshape(len(each), -1).astype(np.float32) for each in (one, other))
    return np.asarray(2 * (first @ second.T) / (first.sum(axis=1)[:, None] + second.sum(axis=1)), np.float32)


class Candidates:
    """What an image shows, as a user may mean it; K structures.

    structures: K. scores: (K,) probabilities that they are there. logits: (K, h, w) the model's answers at stride 4.
    masks: (K, h, w) what is shown of them; none is empty.
    """

    def __init__(
        self, structures: tuple[Structure, ...], scores: FloatArray, logits: FloatArray, masks: BoolArray
    ) -> None:
        self.structures, self.scores, self.logits, self.masks = structures, scores, logits, masks

    @cached_property
    def probability(self) -> FloatArray:
        """(K, h, w)"""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.logits, -50, 50))), np.float32)

    @cached_property
    def depths(self) -> FloatArray:
        """(K, h, w) `depth_px` of each mask."""
        return np.stack([depth_px(mask) for mask in self.masks])

    @cached_property
    def _deepest(self) -> FloatArray:
        return np.asarray(self.depths.max(axis=(1, 2)), np.float32)

    @cached_property
    def _middles(self) -> FloatArray:
        """(K, 2) column and row where a mask is deepest."""
        at = self.depths.reshape(len(self.masks), -1).argmax(axis=1)
        return np.stack([at % self.masks.shape[2], at // self.masks.shape[2]], axis=1).astype(np.float32)

    @cached_property
    def prior(self) -> FloatArray:
        """(K, `PRIOR`)"""
        count = self.masks.sum(axis=(1, 2))
        area = count / self.masks[0].size
        # The Dice score that the model expects of its own mask.
        sure = 2 * (self.probability * self.masks).sum(axis=(1, 2)) / (count + self.probability.sum(axis=(1, 2)))
        border = self.masks[:, 0].sum(axis=1) + self.masks[:, -1].sum(axis=1)
        border = border + self.masks[:, :, 0].sum(axis=1) + self.masks[:, :, -1].sum(axis=1)
        return _columns(
            np.log(np.maximum(self.scores, 1e-6)),
            np.log(area),
            np.log(np.minimum(area, _WELL_VISIBLE)),
            sure,
            np.array([len(each.members) > 1 for each in self.structures]),
            border / count,
            np.log(self._deepest),
        )

    @cached_property
    def _spread(self) -> FloatArray:
        """(K, 2) logarithms of how many cells a click in the middle chooses from: a careless one, a careful one."""
        relative = self.depths / self._deepest[:, None, None] - 1
        return _columns(*(np.log((np.exp(sharp * relative) * self.masks).sum(axis=(1, 2))) for sharp in _SHARP))

    def first(self, x: int, y: int) -> FloatArray:
        """(K, 8) of the first click inside, in the cell of column x and row y."""
        relative = self.depths[:, y, x] / self._deepest
        far = np.hypot(self._middles[:, 0] - x, self._middles[:, 1] - y)
        return _columns(
            relative,
            relative**2,
            np.log(_slipped(self.probability[:, y, x])),
            self.masks[:, y, x],
            np.log1p(far),
            np.minimum(far / self._deepest, _FAR) / _FAR,
            *self._spread.T,
        )

    def other(self, x: int, y: int, inside: bool) -> FloatArray:
        """(K, 5) of a further click, given together with the first."""
        sure = self.probability[:, y, x]
        return _columns(
            np.full(len(self.masks), inside),
            np.log(_slipped(sure if inside else 1 - sure)),
            self.masks[:, y, x] == inside,
            self.depths[:, y, x] / self._deepest,
            np.log1p(self._outside[:, y, x]),
        )

    @cached_property
    def _outside(self) -> FloatArray:
        """(K, h, w) how far each cell lies outside each mask, 0 inside."""
        return np.stack([cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, 3) for mask in self.masks])

    def last(self, x: int, y: int, inside: bool, answered: BoolArray, answer: int | None) -> FloatArray:
        """(K, 10) of a click that followed an answer.

        answered: (h, w) its mask. answer: which of the structures it was about, if any.
        """
        found = [self._in_the_error(mask, answered, x, y, inside) for mask in self.masks]
        sure = self.probability[:, y, x]
        like = np.zeros(len(self.masks)) if answer is None else self._overlaps[:, answer]
        return _columns(
            *np.array(found, np.float32).T,
            np.log(_slipped(sure if inside else 1 - sure)),
            like,
            np.arange(len(self.masks)) == (-1 if answer is None else answer),
        )

    @staticmethod
    def _in_the_error(mask: BoolArray, answered: BoolArray, x: int, y: int, inside: bool) -> tuple[float, ...]:
        """Where a click lies in what an answer missed, or had too much, of a mask."""
        lacking, spilt = depth_px(mask & ~answered), depth_px(answered & ~mask)
        own = lacking if inside else spilt
        deepest = max(float(lacking.max()), float(spilt.max()), 1e-6)
        row, column = divmod(int(own.argmax()), own.shape[1])
        far = float(np.hypot(column - x, row - y)) if own[row, column] > 0 else float(own.shape[0]) / 2
        relative = float(own[y, x]) / deepest
        return (
            relative,
            relative**2,
            float(own[y, x] > 0),
            float(np.log1p(deepest)),
            float(np.log1p(far)),
            min(far / max(deepest, 1.0), _FAR) / _FAR,
            float(own[row, column]) / deepest,
        )

    @cached_property
    def _overlaps(self) -> FloatArray:
        return overlaps(self.masks, self.masks)

    def box(self, corners: npt.NDArray[np.int64]) -> FloatArray:
        """(K, 6) of a box, whose corners (2, 2) are cells, both included."""
        first, last = self._extents[:, 0], self._extents[:, 1]
        size = corners[1] - corners[0] + 1
        off = np.abs(np.concatenate([first - corners[0], last - corners[1]], axis=1)) / np.tile(size, 2)
        overlap = self.box_overlap(corners)
        filled = self.masks[:, corners[0, 1] : corners[1, 1] + 1, corners[0, 0] : corners[1, 0] + 1].mean(axis=(1, 2))
        within = filled * np.prod(size) / self.masks.sum(axis=(1, 2))
        return _columns(
            overlap,
            np.log(np.maximum(overlap, _LEAST_IOU)),
            np.minimum(off.max(axis=1), 2.0),
            np.minimum(off.sum(axis=1), 4.0),
            filled,
            within,
        )

    def box_overlap(self, corners: npt.NDArray[np.int64]) -> FloatArray:
        """(K,) IoU of each mask's extent with a box."""
        first, last = self._extents[:, 0], self._extents[:, 1]
        shared = np.minimum(last, corners[1]) - np.maximum(first, corners[0]) + 1
        both = np.prod(np.maximum(shared, 0), axis=1)
        either = np.prod(last - first + 1, axis=1) + np.prod(corners[1] - corners[0] + 1) - both
        return np.asarray(both / either, np.float32)

    @cached_property
    def _extents(self) -> npt.NDArray[np.int64]:
        """(K, 2, 2) first and last column and row of each mask."""
        found = []
        for mask in self.masks:
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            found.append([[columns[0], rows[0]], [columns[-1], rows[-1]]])
        return np.array(found, np.int64)


@dataclass(frozen=True, eq=False)
class Head:
    """A network of one hidden layer. Shapes: mean, scale (F,); hidden (F, H), hidden_bias (H,); out (H,)."""

    mean: FloatArray
    scale: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    out: FloatArray

    def __call__(self, prior: FloatArray, features: FloatArray) -> FloatArray:
        """(K, `PRIOR`) and (K, …) features → (K,) logarithms of likelihoods, up to a constant."""
        x = (np.concatenate([prior, features], axis=1) - self.mean) / self.scale
        return np.asarray(np.tanh(x @ self.hidden + self.hidden_bias) @ self.out, np.float32)


@lru_cache(maxsize=1)
def heads() -> dict[str, Head]:
    """The fitted networks, by what they weigh (`HEADS`)."""
    with np.load(WEIGHTS) as stored:
        names = ("mean", "scale", "hidden", "hidden_bias", "out")
        return {head: Head(*(stored[f"{head}.{name}"] for name in names)) for head in HEADS}


def _slipped(probability: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return _SLIP + (1 - 2 * _SLIP) * probability


def _columns(*each: npt.ArrayLike) -> FloatArray:
    return np.stack([np.asarray(column, np.float32) for column in each], axis=1)
