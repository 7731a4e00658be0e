"""FluoroSAM: one image encoded once, any number of prompts decoded on it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fluorosam_model.modeling.image_encoder import ImageEncoder
from fluorosam_model.modeling.mask_decoder import MaskDecoder
from fluorosam_model.modeling.prompt_encoder import PromptEncoder
from fluorosam_model.modeling.text_encoder import TextEncoder

TEXT_DIM = 384


@dataclass(frozen=True)
class ModelConfig:
    """What is built.

    encoder: one of `image_encoder.ENCODERS`; image_size in px, divisible by 32; codes: size of the codebook.
    """

    encoder: str = "lite"
    image_size: int = 256
    dim: int = 128
    high_channels: int = 96
    codes: int = 512
    code_dim: int = 128
    warm_start: bool = True

    @property
    def memory_format(self) -> torch.memory_format:
        """How the encoder's images and weights lie in memory: convolutions are faster with the channels last."""
        return torch.contiguous_format if self.encoder.startswith("swin") else torch.channels_last


@dataclass(frozen=True)
class Decoded:
    """mask_logits (N, 3, S/4, S/4), iou (N, 3) in 0…1, presence_logit (N,), code (N,) int64 (−1 without text).

    The mask to take is the one with the highest iou; with text it is always the first, the others' iou is 0.
    """

    mask_logits: Tensor
    iou: Tensor
    presence_logit: Tensor
    code: Tensor


class FluoroSAM(nn.Module):
    """The whole network; `encode` and `decode` are what is exported."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(
            config.encoder, config.image_size, config.dim, config.high_channels, config.warm_start
        )
        self.text_encoder = TextEncoder(TEXT_DIM, config.code_dim, config.codes)
        self.prompt_encoder = PromptEncoder(config.dim, config.code_dim, config.image_size)
        self.mask_decoder = MaskDecoder(config.dim, config.high_channels)

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) float32 as `preprocess.to_input` makes it → embedding, high4 (see `ImageEncoder`)."""
        embedding, high4 = self.image_encoder(image)
        return embedding, high4

    def decode(
        self,
        embedding: Tensor,
        high4: Tensor,
        text: Tensor,
        has_text: Tensor,
        points: Tensor,
        point_labels: Tensor,
        mask_input: Tensor,
        has_mask: Tensor,
    ) -> Decoded:
        """B encoded images and N = B · K prompts, those of one image in a row.

        text: (N, 384) sentence embeddings, zeros where has_text (N,) is 0. points: (N, P, 2), (x, y) in input pixels;
        point_labels: (N, P): 1 foreground, 0 background, 2 and 3 box corners, −1 padding. mask_input: (N, 1, S/4, S/4)
        logits, ignored where has_mask (N,) is 0. All float32.
        """
        meaning, code = self.text_encoder(text)
        text_token, point_tokens, real, dense = self.prompt_encoder(
            meaning, has_text, points, point_labels, mask_input, has_mask
        )
        logits, iou, presence = self.mask_decoder(
            embedding, high4, self.prompt_encoder.grid_positions(), text_token, point_tokens, real, dense
        )
        # A text means one thing: the first hypothesis is its answer, the others are for points, which may mean several.
        others = torch.arange(iou.shape[1], device=iou.device) > 0
        iou = iou * (1 - has_text[:, None] * others)
        return Decoded(logits, iou, presence, torch.where(has_text > 0, code, -1))
