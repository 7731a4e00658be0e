"""What clicks and boxes mean: the structure of the vocabulary that explains them best.

A single click lies on several structures at once, since X-rays shine through: rib, lung and heart. People click in the
middle of what they mean, then in the middle of what the answer got most wrong, and draw boxes that touch its edges. The
model's answers to all names say where those middles and edges are, which tells more than the click alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.prompts import cells_of
from fluorosam_model.runtime.backend import BACKGROUND_LABEL, BOX_START_LABEL, FOREGROUND_LABEL
from fluorosam_sim.anatomy import Structure

# Weights of the evidence: a multinomial logit, fitted to simulated clicks on bodies 9000 to 9002 and rounded.
_SCORE, _INSIDE, _OUTSIDE, _AREA = 3.5, 1.4, 0.7, 0.5
_OFF_MIDDLE = 3.5
"""How much less likely a first click is at the edge than in the middle, as a power of e."""
_OFF_ERROR, _OFF_ERROR_MOST = 4.0, 2.0
"""The same of a click after an answer, in what that answer got wrong; and how much at most."""
_SLIP = 0.02
"""Chance that a click says nothing about a structure, so that none is ever ruled out by one."""
_BOX_WEIGHT = 3.0
_LEAST_OVERLAP = 0.4

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def depth_px(mask: BoolArray) -> FloatArray:
    """(H, W) how far each pixel of a mask lies from its edge, 0 outside; where it is highest, people click."""
    # The border counts as outside, so that what lies at the image's edge has its middle inside.
    padded = np.pad(mask, 1).view(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


@dataclass(frozen=True, eq=False)
class Naming:
    """The model's answers to names, of one image; K structures that are present.

    structures: K. scores: (K,) probabilities that they are there. logits: (K, h, w) their answers at stride 4. masks:
    (K, h, w) what is shown of them; none is empty.
    """

    structures: Sequence[Structure]
    scores: FloatArray
    logits: FloatArray
    masks: BoolArray

    def likeliest(self, points: FloatArray, labels: FloatArray, answered: BoolArray | None = None) -> int | None:
        """Number of the structure that clicks and box corners mean, None where nothing known fits them.

        points: (N, 2) model-input pixels, labels: (N,) as for the decoder, in the order in which they were given.
        answered: (h, w) what was answered before the last click, at stride 4.
        """
        if len(self.structures) == 0:
            return None
        corners = points[labels >= BOX_START_LABEL]
        evidence = np.log(self.scores)
        if len(corners) == 0:  # a box tells the size itself
            evidence = _SCORE * evidence - _AREA * np.log(self.masks.mean(axis=(1, 2)))
        fits = np.ones(len(self.structures), bool)
        inside = points[labels == FOREGROUND_LABEL]
        for x, y in self._cells(inside):
            evidence = evidence + _INSIDE * np.log(self._probability(x, y))
        for x, y in self._cells(points[labels == BACKGROUND_LABEL]):
            evidence = evidence + _OUTSIDE * np.log(1 - self._probability(x, y))
        if len(inside):
            x, y = self._cells(inside[:1])[0]
            evidence = evidence - _OFF_MIDDLE * (1 - self._depth[:, y, x])
            fits &= self.masks[:, y, x]
        clicked = np.flatnonzero((labels == FOREGROUND_LABEL) | (labels == BACKGROUND_LABEL))
        if answered is not None and len(clicked):
            (x, y), label = self._cells(points[clicked[-1:]])[0], labels[clicked[-1]]
            off = _OFF_ERROR * (1 - self._error_depth(answered, int(x), int(y), label == FOREGROUND_LABEL))
            evidence = evidence - np.minimum(off, _OFF_ERROR_MOST)
        if len(corners):
            overlap = self._box_overlap(self._cells(corners))
            evidence = evidence + _BOX_WEIGHT * np.log(np.maximum(overlap, 1e-6))
            fits &= overlap >= _LEAST_OVERLAP
        elif len(inside) == 0:  # only what it is not
            return None
        return int(np.argmax(np.where(fits, evidence, -np.inf))) if fits.any() else None

    def _cells(self, points: FloatArray) -> npt.NDArray[np.int64]:
        return cells_of(points, self.masks.shape[-1])

    def _probability(self, x: int, y: int) -> FloatArray:
        sure = 1 / (1 + np.exp(-np.clip(self.logits[:, y, x], -50, 50)))
        return np.asarray(_SLIP + (1 - 2 * _SLIP) * sure, np.float32)

    def _error_depth(self, answered: BoolArray, x: int, y: int, missed: bool) -> FloatArray:
        """(K,) how deep a cell lies in what an answer missed, or has too much, of each structure; 1 is deepest."""
        depths = []
        for mask in self.masks:
            lacking, spilt = depth_px(mask & ~answered), depth_px(answered & ~mask)
            deepest = max(float(lacking.max()), float(spilt.max()), 1e-6)
            depths.append((lacking if missed else spilt)[y, x] / deepest)
        return np.array(depths, np.float32)

    @cached_property
    def _depth(self) -> FloatArray:
        """(K, h, w) distance from the edge, 1 in the middle of each mask."""
        planes = [depth_px(mask) for mask in self.masks]
        return np.stack([plane / plane.max() for plane in planes])

    def _box_overlap(self, corners: npt.NDArray[np.int64]) -> FloatArray:
        """(K,) IoU of each mask's extent with a box of cells (2, 2), both ends included."""
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
