"""The learned part of the text encoder: MLP and vector quantisation on top of a frozen sentence embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VectorQuantizer(nn.Module):
    """Nearest codebook vector by cosine; the codebook follows its members by exponential moving average.

    Small enough to own: as buffers instead of parameters the codebook exports to ONNX as one look-up table, and it can
    be initialised from the structures' own embeddings.
    """

    def __init__(self, codes: int, dim: int, decay: float = 0.98) -> None:
        super().__init__()
        self.decay = decay
        self.codebook: Tensor
        self.usage: Tensor
        self.register_buffer("codebook", F.normalize(torch.randn(codes, dim), dim=1))
        self.register_buffer("usage", torch.zeros(codes))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: (N, dim), unit length → quantised (N, dim), code (N,) int64. Gradients pass straight through to x."""
        code = (x @ self.codebook.t()).argmax(dim=1)
        quantised = self.codebook[code]
        if self.training and torch.is_grad_enabled():
            quantised = x + (quantised - x).detach()
        return quantised, code

    @torch.no_grad()
    def initialise(self, x: Tensor, seeds: Tensor, others: Tensor, steps: int = 10) -> None:
        """k-means of x (N, dim) that starts from the seeds (S ≤ codes, dim) and, for the rest, from rows of others."""
        spare = others[torch.linspace(0, len(others) - 1, len(self.codebook) - len(seeds)).long()]
        self.codebook.copy_(F.normalize(torch.cat([seeds, spare]), dim=1))
        for _ in range(steps):
            code = (x @ self.codebook.t()).argmax(dim=1)
            sums = torch.zeros_like(self.codebook).index_add_(0, code, x)
            self.usage.copy_(torch.bincount(code, minlength=len(self.codebook)).float())
            used = self.usage > 0
            self.codebook[used] = F.normalize(sums[used], dim=1)

    @torch.no_grad()
    def follow(self, x: Tensor, code: Tensor) -> None:
        """Move the used codebook vectors toward the mean of their members x (N, dim) with codes (N,)."""
        counts = torch.bincount(code, minlength=len(self.codebook)).float()
        sums = torch.zeros_like(self.codebook).index_add_(0, code, x)
        used = counts > 0
        means = sums[used] / counts[used, None]
        self.codebook[used] = F.normalize(self.decay * self.codebook[used] + (1 - self.decay) * means, dim=1)
        self.usage.mul_(self.decay).add_(counts, alpha=1 - self.decay)


class TextEncoder(nn.Module):
    """Sentence embedding (N, text_dim) → quantised meaning (N, code_dim) and its code (N,) int64."""

    def __init__(self, text_dim: int, code_dim: int, codes: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(text_dim, 512),
            nn.GELU(),
            nn.Linear(512, 512),
            nn.GELU(),
            nn.Linear(512, code_dim),
        )
        self.quantizer = VectorQuantizer(codes, code_dim)

    def project(self, text: Tensor) -> Tensor:
        """The unquantised meaning, (N, code_dim) of unit length."""
        return F.normalize(self.mlp(text), dim=1, eps=1e-6)

    def forward(self, text: Tensor) -> tuple[Tensor, Tensor]:
        quantised, code = self.quantizer(self.project(text))
        return quantised, code
