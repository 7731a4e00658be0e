"""Two-way transformer and mask heads: prompt tokens and image embedding → masks, their quality, presence."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MASKS = 3


class Attention(nn.Module):
    """Multi-head attention with an inner width below the token width; bias is added to the scores."""

    def __init__(self, dim: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (inner // heads) ** -0.5
        self.q, self.k, self.v = nn.Linear(dim, inner), nn.Linear(dim, inner), nn.Linear(dim, inner)
        self.out = nn.Linear(inner, dim)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """q: (N, Q, dim); k, v: (N, K, dim); bias: (N, 1, 1, K) or None → (N, Q, dim)."""
        queries, keys, values = self._split(self.q(q) * self.scale), self._split(self.k(k)), self._split(self.v(v))
        scores = queries @ keys.transpose(-1, -2)
        if bias is not None:
            scores = scores + bias
        return cast(Tensor, self.out((scores.softmax(dim=-1) @ values).transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, x.shape[2] // self.heads)).transpose(1, 2)


class TwoWayLayer(nn.Module):
    """Tokens attend to each other and to the image, then the image to the tokens."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.to_self = Attention(dim, heads, dim)
        self.to_image = Attention(dim, heads, dim // 2)
        self.from_tokens = Attention(dim, heads, dim // 2)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(4))

    def forward(
        self, tokens: Tensor, image: Tensor, first: Tensor, place: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """first: the tokens as given, added again as their position; place: the image's positions; bias: padding."""
        q = tokens + first
        tokens = self.norms[0](tokens + self.to_self(q, q, tokens, bias))
        tokens = self.norms[1](tokens + self.to_image(tokens + first, image + place, image))
        tokens = self.norms[2](tokens + self.mlp(tokens))
        image = self.norms[3](image + self.from_tokens(image + place, tokens + first, tokens, bias))
        return tokens, image


def _head(dim: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, out))


class MaskDecoder(nn.Module):
    """Three mask hypotheses at stride 4, each with its estimated IoU, and a presence logit.

    A mask is the sum of two parts: a read-out of the prompt-aware map at stride 8, and a read-out of the image
    encoder's own features at stride 4. The second one needs no per-prompt map of full resolution, and what dense
    pre-training has put into those features can be read by a text token at once.
    """

    def __init__(self, dim: int, high_channels: int, layers: int = 2, heads: int = 4, fine: int = 32) -> None:
        super().__init__()
        self.fine = fine
        self.outputs = nn.Parameter(torch.randn(1, 2 + MASKS, dim) * 0.02)  # quality, presence, masks
        self.layers = nn.ModuleList(TwoWayLayer(dim, heads) for _ in range(layers))
        self.last = Attention(dim, heads, dim // 2)
        self.last_norm = nn.LayerNorm(dim)
        self.upscale = nn.Linear(dim, 4 * fine)
        self.upscale_norm = nn.LayerNorm(fine)
        self.read_fine = nn.ModuleList(_head(dim, fine) for _ in range(MASKS))
        self.read_high = nn.ModuleList(_head(dim, high_channels + 1) for _ in range(MASKS))
        self.quality, self.presence = _head(dim, MASKS), _head(dim, 1)

    def forward(
        self,
        embedding: Tensor,
        high4: Tensor,
        place: Tensor,
        text: Tensor,
        points: Tensor,
        real: Tensor,
        dense: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """embedding: (B, dim, G, G); high4: (B, C4, 4G, 4G); place: (1, G², dim); N = B · K prompts, those of one image
        in a row: text (N, 1, dim), points (N, P, dim), real (N, P), dense (N, G², dim).

        Returns: mask logits (N, 3, 4G, 4G), IoU estimates (N, 3) in 0…1, presence logits (N,).
        """
        batch, dim, grid, _ = embedding.shape
        image = embedding.flatten(2).transpose(1, 2)[:, None]
        image = (image + dense.reshape(batch, -1, grid * grid, dim)).flatten(0, 1)
        # The text is added to every output token, so that a plain read-out sees it from the first step on.
        outputs = self.outputs + text
        tokens = first = torch.cat([outputs, text, points], dim=1)
        always = torch.ones_like(real[:, :1]).expand(-1, outputs.shape[1] + 1)
        bias = ((torch.cat([always, real], dim=1) - 1) * 1e4)[:, None, None]
        for layer in self.layers:
            tokens, image = layer(tokens, image, first, place, bias)
        tokens = self.last_norm(tokens + self.last(tokens + first, image + place, image))

        masks = tokens[:, 2 : 2 + MASKS]
        fine = F.relu(self.upscale_norm(self.upscale(image).unflatten(2, (4, self.fine))))  # (N, G², 2·2, fine)
        fine_weights = torch.stack([head(masks[:, i]) for i, head in enumerate(self.read_fine)], dim=2)
        low = fine.flatten(1, 2) @ fine_weights  # (N, 4G², 3), still cell by cell
        low = low.reshape(-1, grid, grid, 2, 2, MASKS).permute(0, 5, 1, 3, 2, 4).reshape(-1, MASKS, 2 * grid, 2 * grid)
        low = F.interpolate(low, scale_factor=2.0, mode="bilinear", align_corners=False)

        high_weights = torch.stack([head(masks[:, i]) for i, head in enumerate(self.read_high)], dim=1)
        weights, offsets = high_weights[..., :-1], high_weights[..., -1:]
        high = weights.reshape(batch, -1, weights.shape[-1]) @ high4.flatten(2) * weights.shape[-1] ** -0.5
        high = high.reshape(-1, MASKS, high4.shape[2] * high4.shape[3]) + offsets
        logits = low + high.unflatten(2, (high4.shape[2], high4.shape[3]))
        return logits, self.quality(tokens[:, 0]).sigmoid(), self.presence(tokens[:, 1])[:, 0]
