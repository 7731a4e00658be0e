"""Prompts → tokens: text, points, box corners and a previous mask."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

PADDING, BACKGROUND, FOREGROUND, BOX_START, BOX_END = -1.0, 0.0, 1.0, 2.0, 3.0


class PromptEncoder(nn.Module):
    """Sparse tokens for text and points, a dense map for a mask; coordinates are pixels of the square model input."""

    def __init__(self, dim: int, code_dim: int, image_size: int) -> None:
        super().__init__()
        self.image_size, self.grid = image_size, image_size // 16
        self.frequencies: Tensor
        self.register_buffer("frequencies", torch.randn(2, dim // 2))
        self.point_kinds = nn.Embedding(4, dim)  # background, foreground, first and second box corner
        self.text = nn.Sequential(nn.Linear(code_dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.no_text = nn.Parameter(torch.randn(1, dim) * 0.02)
        self.mask = nn.Sequential(
            nn.Conv2d(1, 8, 2, stride=2), nn.GELU(), nn.Conv2d(8, 32, 2, stride=2), nn.GELU(), nn.Conv2d(32, dim, 1)
        )
        self.no_mask = nn.Parameter(torch.randn(1, 1, dim) * 0.02)

    def positions(self, points: Tensor) -> Tensor:
        """Random Fourier features (…, dim) of points (…, 2), (x, y) in input pixels."""
        unit = (points + 0.5) / self.image_size * 2 - 1
        angles = 2 * math.pi * unit @ self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=-1)

    def grid_positions(self) -> Tensor:
        """(1, grid², dim): position of every cell of the embedding, row by row."""
        step = self.image_size / self.grid
        centre = (torch.arange(self.grid, device=self.frequencies.device) + 0.5) * step - 0.5
        y, x = torch.meshgrid(centre, centre, indexing="ij")
        return self.positions(torch.stack([x, y], dim=-1).reshape(1, -1, 2))

    def forward(
        self, meaning: Tensor, has_text: Tensor, points: Tensor, point_labels: Tensor, mask: Tensor, has_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Shapes as in `FluoroSAM.decode`, with meaning (N, code_dim).

        Returns: text token (N, 1, dim); point tokens (N, P, dim); 1 for real points and 0 for padding (N, P);
        dense map (N, grid², dim).
        """
        given = has_text[:, None]
        text = given * self.text(meaning) + (1 - given) * self.no_text
        kinds = self.point_kinds(point_labels.clamp(min=0).long())
        real = (point_labels >= 0).to(points.dtype)
        tokens = (self.positions(points) + kinds) * real[..., None]
        shown = has_mask[:, None, None]
        # Tanh keeps a confident mask's logits from drowning the image.
        dense = self.mask(torch.tanh(mask / 8) * shown[..., None]).flatten(2).transpose(1, 2)
        return text[:, None], tokens, real, shown * dense + (1 - shown) * self.no_mask
