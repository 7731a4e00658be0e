"""Losses on logits and soft targets; every function returns one value per mask, so that callers choose the weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from fluorosam_model.training.prompting import INVISIBLE_CELLS

_VISIBLE_SHARE = 0.002
_FULL_WEIGHT_SHARE = 0.02
_SMALLEST_WEIGHT = 0.3


def dice_loss(probability: Tensor, target: Tensor) -> Tensor:
    """1 − soft Dice over the last two axes: (…, H, W) → (…)."""
    overlap = (probability * target).sum(dim=(-2, -1))
    total = probability.sum(dim=(-2, -1)) + target.sum(dim=(-2, -1))
    return 1 - (2 * overlap + 1) / (total + 1)


def focal_loss(logits: Tensor, probability: Tensor, target: Tensor) -> Tensor:
    """Focal loss (gamma 1) for soft targets, mean over the last two axes: (…, H, W) → (…)."""
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (cross_entropy * (probability.detach() - target).abs()).mean(dim=(-2, -1))


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """What a mask is trained on: Dice and ten times focal loss, (…, H, W) → (…)."""
    probability = logits.sigmoid()
    return dice_loss(probability, target) + 10 * focal_loss(logits, probability, target)


def side_loss(logits: Tensor, target: Tensor, rival: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy where a structure and the same one on the other side are not the same, (N, H, W) → (N,) twice.

    logits: of the structure; target, rival: coverage of it and of the other. Where both sides look alike, as in a side
    view, the whole mask of the wrong one costs Dice no more than a bad outline: here it is all that counts. The second
    value is 1 where there is another side to be taken for, 0 elsewhere.
    """
    disputed = (target - rival).abs()
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    loss = (cross_entropy * disputed).sum(dim=(-2, -1)) / disputed.sum(dim=(-2, -1)).clamp(min=1)
    return loss, (rival.sum(dim=(-2, -1)) > INVISIBLE_CELLS).to(loss.dtype)


def hard_iou(logits: Tensor, target: Tensor) -> Tensor:
    """IoU of the thresholded mask with the thresholded target: (…, H, W) → (…)."""
    mask, truth = logits > 0, target > 0.5
    overlap = (mask & truth).sum(dim=(-2, -1))
    return overlap / (mask | truth).sum(dim=(-2, -1)).clamp(min=1)


def dense_loss(logits: Tensor, coverage: Tensor) -> Tensor:
    """Multi-label loss of (B, L, H, W): Dice over the labels that are visible, cross-entropy over all. A scalar.

    What covers less than 2 % of the image counts less: its Dice is near 1 for long, and would drown the others.
    """
    share = coverage.mean(dim=(-2, -1))
    weight = (share / _FULL_WEIGHT_SHARE).clamp(_SMALLEST_WEIGHT, 1) * (share > _VISIBLE_SHARE)
    dice = (dice_loss(logits.sigmoid(), coverage) * weight).sum() / weight.sum().clamp(min=1)
    return dice + 3 * F.binary_cross_entropy_with_logits(logits, coverage)


def hypotheses_loss(logits: Tensor, target: Tensor, iou: Tensor, ambiguous: Tensor) -> Tensor:
    """Loss of three hypotheses (N, 3, H, W) for one target (N, H, W), with the IoU estimates (N, 3) → (N,).

    The best hypothesis of an ambiguous prompt (points; `ambiguous` (N,) 1) is trained, the others a little, so that
    none is lost; of a text, which means one thing, only the first, which is its answer.
    """
    each = mask_loss(logits, target[:, None].expand_as(logits))
    error = (iou - hard_iou(logits.detach(), target[:, None])) ** 2
    several = 0.97 * each.min(dim=1).values + 0.03 * each.mean(dim=1) + error.mean(dim=1)
    return torch.where(ambiguous > 0, several, each[:, 0] + error[:, 0])


def gather_best(logits: Tensor, iou: Tensor) -> Tensor:
    """The hypothesis that the IoU head prefers: (N, 3, H, W), (N, 3) → (N, H, W)."""
    return logits[torch.arange(len(logits), device=logits.device), iou.argmax(dim=1)]
