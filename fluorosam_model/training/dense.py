"""Stage 1: the image encoder learns all labels of the patient at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from fluorosam_model.training.batches import Batch
from fluorosam_model.training.losses import dense_loss

Encode = Callable[[Tensor], tuple[Tensor, Tensor]]


class DenseHead(nn.Conv2d):
    """A read-out of the fine features, one map per label; linear, so that a text token can learn to do the same."""

    def __init__(self, high_channels: int, labels: int) -> None:
        super().__init__(high_channels, labels, 1)
        nn.init.constant_(self.bias if self.bias is not None else torch.zeros(1), -3.0)


def dense_step(
    encode: Encode, head: DenseHead, batch: Batch, autocast: torch.autocast
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of one batch, and what to log."""
    with autocast:
        logits = head(encode(batch.images)[1])
    loss = dense_loss(logits.float(), batch.coverage)
    return loss, {"loss": loss}
