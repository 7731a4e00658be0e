"""Running a model in torch itself: the reference that the exported files are compared with. Needs torch."""

from __future__ import annotations

from pathlib import Path

import torch

from fluorosam_model.checkpoint import read_checkpoint
from fluorosam_model.modeling import deployable
from fluorosam_model.runtime.backend import Decoded, Features, FloatArray, PromptBatch


class TorchBackend:
    """A model in torch on the CPU or a CUDA device."""

    def __init__(self, weights: Path, threads: int | None = None) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = deployable(read_checkpoint(weights).build()).to(self._device)

    @property
    def input_size(self) -> int:
        """Side of the square model input, px."""
        return self._model.config.image_size

    @torch.inference_mode()
    def encode(self, image: FloatArray) -> Features:
        """(3, size, size) float32 from `to_input` → features."""
        embedding, high4 = self._model.encode(torch.from_numpy(image[None]).to(self._device))
        return Features(embedding.cpu().numpy(), high4.cpu().numpy())

    @torch.inference_mode()
    def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
        """Masks and scores of N ≥ 1 prompts over the image of `features`."""
        arrays = {"embedding": features.embedding, "high4": features.high4} | vars(prompts)
        decoded = self._model.decode(**{name: torch.from_numpy(a).to(self._device) for name, a in arrays.items()})
        outputs = (decoded.mask_logits, decoded.iou, decoded.presence_logit, decoded.code)
        masks, iou, presence, code = (output.cpu().numpy() for output in outputs)
        return Decoded(masks, iou, presence, code)
