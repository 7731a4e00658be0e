"""What an inference library must offer to run FluoroSAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MASK_STRIDE = 4  # model-input pixels per pixel of a mask prompt
PADDING_LABEL, BACKGROUND_LABEL, FOREGROUND_LABEL, BOX_START_LABEL, BOX_END_LABEL = -1, 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Features:
    """What the image encoder makes of one image.

    embedding: (1, C, h, w) float32. high4: (1, C4, H, W) float32, finer features for the mask edges.
    """

    embedding: FloatArray
    high4: FloatArray


@dataclass(frozen=True, eq=False)
class PromptBatch:
    """N prompts over one image, all float32.

    text: (N, 384) sentence embeddings, has_text: (N,) 0 or 1. points: (N, P, 2) (x, y) in model-input pixels,
    point_labels: (N, P) 1 inside, 0 outside, 2 and 3 box corners, −1 padding. mask_input: (N, 1, S/4, S/4) logits
    where S is the input size, has_mask: (N,) 0 or 1.
    """

    text: FloatArray
    has_text: FloatArray
    points: FloatArray
    point_labels: FloatArray
    mask_input: FloatArray
    has_mask: FloatArray


@dataclass(frozen=True, eq=False)
class Decoded:
    """What the mask decoder answers to N prompts.

    mask_logits: (N, 3, h, w) three hypotheses. iou: (N, 3) how good it believes each to be. presence_logit: (N,)
    whether the structure is in the image at all. code: (N,) index of the text's code-book entry.
    """

    mask_logits: FloatArray
    iou: FloatArray
    presence_logit: FloatArray
    code: npt.NDArray[np.int64]


class Backend(Protocol):
    """One loaded model in one inference library. `encode` once per image, `decode` as often as wanted."""

    @property
    def input_size(self) -> int:
        """Side of the square model input, px."""

    def encode(self, image: FloatArray) -> Features:
        """(3, size, size) float32 from `to_input` → features."""

    def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
        """Masks and scores of N ≥ 1 prompts over the image of `features`."""
