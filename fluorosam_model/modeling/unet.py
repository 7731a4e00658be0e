"""A plain U-Net, as a baseline: what convolutions and skip connections alone make of an image."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_WIDTHS = (16, 32, 64, 128, 192, 256)
"""Channels at strides 1, 2, 4, 8, 16 and 32."""
_FINEST = 2  # the way up ends at stride 4, where masks are read out
_EMBEDDING = 4  # stride 16


class UNet(nn.Module):
    """(B, 3, S, S) → embedding (B, dim, S/16, S/16), high4 (B, high_channels, S/4, S/4); S divisible by 32.

    Two convolutions at every stride on the way down and up (Ronneberger et al. 2015), with batch normalisation. high4
    is its last map, of which a read-out with one channel per class is a plain U-Net's answer.
    """

    def __init__(self, dim: int, high_channels: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(_Double(a, b) for a, b in pairwise((3, *_WIDTHS)))
        ups = range(len(_WIDTHS) - 2, _FINEST - 1, -1)
        self.up = nn.ModuleList(_Double(_WIDTHS[level + 1] + _WIDTHS[level], _WIDTHS[level]) for level in ups)
        self.embedding = nn.Conv2d(_WIDTHS[_EMBEDDING], dim, 1)
        self.high = nn.Conv2d(_WIDTHS[_FINEST], high_channels, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """image: float32 in −1…1."""
        x, skipped = image, []
        for level, layer in enumerate(self.down):
            x = layer(F.max_pool2d(x, 2) if level else x)
            skipped.append(x)
        coarse = x
        for level, layer in zip(range(len(_WIDTHS) - 2, _FINEST - 1, -1), self.up, strict=True):
            x = layer(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skipped[level]], dim=1))
            coarse = x if level == _EMBEDDING else coarse
        return cast(Tensor, self.embedding(coarse)), cast(Tensor, self.high(x))


class _Double(nn.Sequential):
    """Twice: convolution, normalisation, rectification."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
        )
