"""Prompts, and the checked questions that the decoder is asked because of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.preprocess import Letterbox
from fluorosam_model.runtime.backend import (
    BACKGROUND_LABEL,
    BOX_END_LABEL,
    BOX_START_LABEL,
    FOREGROUND_LABEL,
    MASK_STRIDE,
)
from fluorosam_sim.anatomy import MAX_TEXT, Structure, find, other_side

if TYPE_CHECKING:
    from fluorosam_model.predictor import Prediction

MASK_PROMPT_LOGIT = 8.0  # what a drawn mask is worth, like a decoder that is sure
_BOX_MARGIN = 0.05  # of the box's width and height, on every side

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prompt:
    """One question to an image: a text, points, a box, a mask or any of them together.

    text: what to find. points: (N, 2) (x, y) image pixels, point_labels: (N,) 1 inside (default) or 0 outside.
    box: (x0, y0, x1, y1) image pixels. mask: (H, W) bool of the image's size, a rough outline to refine.
    previous: an earlier answer to refine instead of `mask`.
    """

    text: str | None = None
    points: npt.ArrayLike | None = None
    point_labels: npt.ArrayLike | None = None
    box: npt.ArrayLike | None = None
    mask: BoolArray | None = None
    previous: Prediction | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """A checked prompt about at most one structure, in model-input coordinates."""

    text: str
    wording: str
    structure: Structure | None
    beyond: bool  # names a tool, or nothing at all: no model so far was trained to find it
    points: FloatArray
    point_labels: FloatArray
    mask_logits: FloatArray | None
    before: str | None = None  # key of what the previous answer was about, "" if unknown; None without one

    @property
    def nameless(self) -> bool:
        """Whether it is clicks or a box alone, after each other or at once: no text, no drawn mask."""
        drawn = self.mask_logits is not None and self.before is None
        return not self.text and len(self.points) > 0 and not drawn

    @property
    def geometric(self) -> bool:
        return len(self.points) > 0 or self.mask_logits is not None

    def other_side(self) -> Question | None:
        """The same question about the other side, where a text alone asks for one."""
        other = other_side(self.structure) if self.structure and not self.geometric else None
        return replace(self, wording=other.name, structure=other) if other else None

    @property
    def box(self) -> FloatArray | None:
        """(2, 2) corners, or None."""
        corners = np.isin(self.point_labels, (BOX_START_LABEL, BOX_END_LABEL))
        return self.points[corners] if corners.any() else None

    def preferred(self, logits: FloatArray, iou: FloatArray) -> int:
        """Which of the hypotheses (3, h, w), whose estimated IoU is (3,), answers the question.

        With a text always the first, the only one that texts train. Otherwise the one that agrees with most clicks and
        fills the box best; the estimate decides between equals.
        """
        if self.wording:
            return 0
        clicks = np.isin(self.point_labels, (FOREGROUND_LABEL, BACKGROUND_LABEL))
        column, row = cells_of(self.points[clicks], logits.shape[-1]).T
        agreeing = ((logits[:, row, column] > 0) == (self.point_labels[clicks] == FOREGROUND_LABEL)).sum(axis=1)
        score = agreeing + iou
        if self.box is not None:
            score = score + [_filled(mask, (self.box + 0.5) / MASK_STRIDE) for mask in logits > 0]
        return int(np.argmax(score))

    def within_box(self, logits: FloatArray) -> FloatArray:
        """(h, w) logits with nothing outside the box, which may be drawn a little too small."""
        if self.box is None:
            return logits
        margin = _BOX_MARGIN * (self.box[1] - self.box[0]) + MASK_STRIDE
        (left, top), (right, bottom) = np.rint((self.box + np.stack([-margin, margin])) / MASK_STRIDE).astype(int)
        kept = np.full_like(logits, -MASK_PROMPT_LOGIT)
        inside = np.s_[max(top, 0) : bottom + 1, max(left, 0) : right + 1]
        kept[inside] = logits[inside]
        return kept


def cells_of(points: FloatArray, size: int) -> npt.NDArray[np.int64]:
    """(N, 2) column and row of the mask's cells, `size` each way, that model-input points (N, 2) lie in."""
    return np.clip((points + 0.5) / MASK_STRIDE, 0, size - 1).astype(np.int64)


def _filled(mask: BoolArray, box: npt.NDArray[Any]) -> float:
    """IoU of a mask's extent with a box (2, 2), cells."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return 0.0
    extent = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]], float)
    shared = np.prod(np.clip(np.minimum(extent[1], box[1]) - np.maximum(extent[0], box[0]), 0, None))
    return float(shared / (np.prod(extent[1] - extent[0]) + np.prod(box[1] - box[0]) - shared))


def questions_of(prompt: Prompt, letterbox: Letterbox) -> list[Question]:
    """One question for each structure that a prompt names, or for its points, box or mask.

    Raises ValueError in one sentence for an impossible prompt.
    """
    points, labels = _points(prompt, letterbox)
    mask = _mask_logits(prompt, letterbox)
    if prompt.text is None:
        if len(points) == 0 and mask is None:
            raise ValueError("The prompt has neither text nor points, box or mask.")
        earlier = prompt.previous if prompt.mask is None else None
        before = None if earlier is None else "".join(earlier.structures[:1])
        return [Question("", "", None, False, points, labels, mask, before)]
    if not prompt.text.strip():
        raise ValueError("The prompt is empty.")
    if len(prompt.text) > MAX_TEXT:
        raise ValueError(f"The prompt has {len(prompt.text)} characters; at most {MAX_TEXT} are allowed.")

    def question(wording: str, named: Structure | None = None, beyond: bool = False) -> Question:
        return Question(prompt.text or "", wording, named, beyond, points, labels, mask)

    match = find(prompt.text)
    # The canonical name is what the model knows best. Where a name leaves the side open, both sides are shown.
    questions = [question(each.name, each) for each in (*match.structures, *match.alternatives)]
    questions += [question(phrase) for phrase in match.unknown]
    questions += [question(phrase, beyond=True) for phrase in match.tools]
    return questions or [question(prompt.text.strip(), beyond=True)]


def _points(prompt: Prompt, letterbox: Letterbox) -> tuple[FloatArray, FloatArray]:
    """Points and box corners of a prompt as (P, 2) model-input points and (P,) labels."""
    points = np.zeros((0, 2)) if prompt.points is None else _numbers(prompt.points, "points")
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"The points have shape {points.shape}, not (N, 2).")
    labels = np.ones(len(points)) if prompt.point_labels is None else _numbers(prompt.point_labels, "point labels")
    if labels.shape != (len(points),) or not np.isin(labels, (FOREGROUND_LABEL, BACKGROUND_LABEL)).all():
        raise ValueError("Each point needs one label, 1 (inside) or 0 (outside).")
    for x, y in points:
        if not (-0.5 <= x <= letterbox.width - 0.5 and -0.5 <= y <= letterbox.height - 0.5):
            raise ValueError(
                f"The point ({x:g}, {y:g}) is outside the image of {letterbox.width}×{letterbox.height} px."
            )
    if prompt.box is not None:
        corners = _box_corners(prompt.box, letterbox)
        points = np.concatenate([points, corners])
        labels = np.concatenate([labels, [BOX_START_LABEL, BOX_END_LABEL]])
    return letterbox.points_to_input(points), labels.astype(np.float32)


def _box_corners(box: npt.ArrayLike, letterbox: Letterbox) -> npt.NDArray[np.float64]:
    """(2, 2) corners of a box, cut off at the image's edges."""
    values = _numbers(box, "box")
    if values.shape != (4,):
        raise ValueError("The box needs four numbers: x0, y0, x1, y1.")
    corners = np.clip(values.reshape(2, 2), -0.5, [letterbox.width - 0.5, letterbox.height - 0.5])
    if not (corners[0] < corners[1]).all():
        raise ValueError("The box needs x0 < x1 and y0 < y1 and must overlap the image.")
    return np.asarray(corners, np.float64)


def _mask_logits(prompt: Prompt, letterbox: Letterbox) -> FloatArray | None:
    if prompt.mask is None:
        return None if prompt.previous is None else prompt.previous.logits
    mask = np.asarray(prompt.mask)
    if mask.shape != (letterbox.height, letterbox.width):
        raise ValueError(f"The mask has shape {mask.shape}, not the image's {(letterbox.height, letterbox.width)}.")
    inside = letterbox.plane_to_input(mask != 0)
    mask_size = letterbox.size // MASK_STRIDE
    small = cv2.resize(inside, (mask_size, mask_size), interpolation=cv2.INTER_AREA)
    return np.asarray((2 * small - 1) * MASK_PROMPT_LOGIT, np.float32)


def _numbers(values: Any, what: str) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"The {what} must be numbers.") from None
    if not np.isfinite(array).all():
        raise ValueError(f"The {what} must be finite numbers.")
    return array
