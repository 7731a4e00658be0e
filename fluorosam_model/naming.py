"""What clicks and boxes mean: the structure of the vocabulary that explains them best.

A single click lies on several structures at once, since X-rays shine through: rib, lung and heart. People click in the
middle of what they mean, then in the middle of what the answer got most wrong, and draw boxes that touch its edges. The
model's answers to all names say where those middles and edges are, which tells more than the click alone; how much
each of it counts is fitted (`click_evidence`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluorosam_model.click_evidence import BoolArray, Candidates, FloatArray, heads
from fluorosam_model.prompts import cells_of
from fluorosam_model.runtime.backend import BACKGROUND_LABEL, BOX_START_LABEL, FOREGROUND_LABEL

_LEAST_OVERLAP = 0.4
"""IoU with a box of what it may mean."""

Features = list[tuple[str, FloatArray]]
"""Which network weighs them (`click_evidence.HEADS`), and features (K, …)."""


def likeliest(
    candidates: Candidates,
    points: FloatArray,
    labels: FloatArray,
    answered: BoolArray | None = None,
    answer: str | None = None,
) -> int | None:
    """Number of the structure that clicks and box corners mean, None where nothing known fits them.

    points: (N, 2) model-input pixels, labels: (N,) as for the decoder, in the order in which they were given. answered:
    (h, w) what was answered before the last click, at stride 4; answer: key of the structure that was about.
    """
    if not candidates.structures:
        return None
    corners = _cells(candidates, points[labels >= BOX_START_LABEL])
    inside = _cells(candidates, points[labels == FOREGROUND_LABEL])
    if len(inside):
        x, y = inside[0]
        if not candidates.masks[:, y, x].any():
            return None
    elif not len(corners):  # only what it is not
        return None
    evidence = np.zeros(len(candidates.structures), np.float32)
    for head, features in evidence_of(candidates, points, labels, answered, answer):
        evidence = evidence + heads()[head](candidates.prior, features)
    if len(corners):
        fits = candidates.box_overlap(corners) >= _LEAST_OVERLAP
        if not fits.any():
            return None
        evidence = np.where(fits, evidence, -np.inf)
    return int(np.argmax(evidence))


def evidence_of(
    candidates: Candidates, points: FloatArray, labels: FloatArray, answered: BoolArray | None, answer: str | None
) -> Features:
    """Features of clicks and box corners, and what each is; arguments as for `likeliest`."""
    found: Features = []
    corners = _cells(candidates, points[labels >= BOX_START_LABEL])
    if len(corners):
        found.append(("box", candidates.box(corners)))
    clicks = np.flatnonzero((labels == FOREGROUND_LABEL) | (labels == BACKGROUND_LABEL))
    cells = _cells(candidates, points)
    first = next((at for at in clicks if labels[at] == FOREGROUND_LABEL), None)
    for at in clicks:
        x, y, inside = int(cells[at, 0]), int(cells[at, 1]), bool(labels[at] == FOREGROUND_LABEL)
        if at == first:
            found.append(("first", candidates.first(x, y)))
        elif at == clicks[-1] and answered is not None:
            keys = [each.key for each in candidates.structures]
            number = keys.index(answer) if answer in keys else None
            found.append(("last", candidates.last(x, y, inside, answered, number)))
        else:
            found.append(("other", candidates.other(x, y, inside)))
    return found


def _cells(candidates: Candidates, points: FloatArray) -> npt.NDArray[np.int64]:
    return cells_of(points, candidates.masks.shape[-1])
