"""Running a model in torch itself: the reference that the exported files are compared with. Needs torch."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from fluorosam_model.modeling import FluoroSAM, ModelConfig
from fluorosam_model.runtime.backend import Decoded, Features, FloatArray, PromptBatch


def load_weights(path: Path) -> FluoroSAM:
    """Build the model whose weights and configuration a safetensors file holds, in evaluation mode.

    Raises ValueError, in one sentence, for a file that holds no such model.
    """
    try:
        with safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})["model"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        # The weights follow: no others need to be loaded first.
        model = FluoroSAM(ModelConfig(**{**config, "warm_start": False}))
        model.load_state_dict(tensors)
    except FileNotFoundError as error:
        raise ValueError(f"There is no weights file {path}.") from error
    except (SafetensorError, KeyError, TypeError, RuntimeError, OSError) as error:
        raise ValueError(f"{path} holds no FluoroSAM model: {str(error).splitlines()[0]}") from error
    return model.eval()


class TorchBackend:
    """A model in torch on the CPU or a CUDA device."""

    def __init__(self, weights: Path, threads: int | None = None) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = load_weights(weights).to(self._device)

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
