"""The baseline without prompts: one output channel per label, and a text that says which to read. Needs torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from fluorosam_model.checkpoint import Checkpoint
from fluorosam_model.mask_threshold import best_dice_logit
from fluorosam_model.modeling import deployable
from fluorosam_model.predictor import Prediction, mask_extent
from fluorosam_model.preprocess import Letterbox, to_input
from fluorosam_sim.anatomy import STRUCTURES, find

FloatArray = npt.NDArray[np.float32]
_NOWHERE = -50.0


class PerClassPredictor:
    """Answers texts from the dense read-out of a checkpoint: of the U-Net baseline, or of a FluoroSAM.

    The vocabulary's rules say which structures a text names; a structure's map is the maximum of its labels' maps, and
    is cut where the promptable model's is. A structure is there if its mask is not empty; its score is the map's
    highest probability. What no training patient had has no channel and is never there.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Raises ValueError for a checkpoint without a read-out."""
        if not checkpoint.dense:
            raise ValueError("These weights have no read-out of all labels, one channel per class.")
        self._encode = deployable(checkpoint.build()).encode
        self._size = checkpoint.config.image_size
        self._weight = checkpoint.dense["weight"][:, :, 0, 0].numpy()
        self._bias = checkpoint.dense["bias"].numpy()
        rows = {label: row for row, label in enumerate(checkpoint.labels)}
        self._rows = {each.key: [rows[name] for name in each.members if name in rows] for each in STRUCTURES}
        self._logits: FloatArray | None = None
        self._letterbox: Letterbox | None = None

    @torch.inference_mode()
    def set_image(self, image: npt.ArrayLike) -> None:
        """Read all labels out of an image. See `to_input` for what an image may be."""
        model_input, self._letterbox = to_input(image, self._size)
        high4 = self._encode(torch.from_numpy(model_input[None]))[1][0].numpy()
        self._logits = np.tensordot(self._weight, high4, axes=1) + self._bias[:, None, None]

    def predict_many(self, prompts: Sequence[str]) -> list[Prediction]:
        """One prediction per structure that a text names, in order; raises RuntimeError before the first image."""
        return [self._answer(text, each.key) for text in prompts for each in find(text).structures]

    def _answer(self, text: str, key: str) -> Prediction:
        if self._logits is None or self._letterbox is None:
            raise RuntimeError("Set an image before prompting.")
        rows = self._rows[key]
        logits = self._logits[rows].max(axis=0) if rows else np.full(self._logits.shape[1:], _NOWHERE, np.float32)
        mask = self._letterbox.plane_to_image(logits) > best_dice_logit(logits)
        box, centroid = mask_extent(mask)
        peak = 1 / (1 + float(np.exp(-logits.max())))
        # It has no estimate of its own mask's quality, and no code book.
        return Prediction(text, (key,), box is not None, peak, box, centroid, mask, 0.0, -1, logits, self._letterbox)
