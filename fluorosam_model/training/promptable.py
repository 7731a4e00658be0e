"""Stage 2: prompts, first alone, then with points where the first answer was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from fluorosam_model.modeling import FluoroSAM
from fluorosam_model.training.augment import CELL_PX
from fluorosam_model.training.batches import Batch
from fluorosam_model.training.config import PromptableConfig
from fluorosam_model.training.dense import DenseHead
from fluorosam_model.training.losses import dense_loss, gather_best, hard_iou, hypotheses_loss, side_loss

MAX_NEW_POINTS = 4
_KEEP_TEXT = 0.6
_GIVE_MASK = 0.9
_DRAWN_MASK = 0.12
_DRAWN_LOGIT = 8.0
_OTHERS_WEIGHT = 0.5  # points alone and refinement each; together as much as the text
_PRESENCE_WEIGHT = 0.5


@dataclass(frozen=True, eq=False)
class PromptTensors:
    """What `FluoroSAM.decode` takes besides the image; shapes there."""

    text: Tensor
    has_text: Tensor
    points: Tensor
    point_labels: Tensor
    mask_input: Tensor
    has_mask: Tensor

    def of(self, rows: Tensor) -> PromptTensors:
        """Some of the prompts."""
        return PromptTensors(*(value[rows] for value in vars(self).values()))


def promptable_step(
    encode: Callable[[Tensor], tuple[Tensor, Tensor]],
    model: FluoroSAM,
    head: DenseHead,
    batch: Batch,
    embeddings: Tensor,
    config: PromptableConfig,
    autocast: torch.autocast,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of one batch, and what to log.

    embeddings: (T, 384) of all wordings.
    """
    prompts = batch.prompts
    first = PromptTensors(
        embeddings[prompts["text_row"]] * prompts["has_text"][:, None],
        prompts["has_text"],
        prompts["points"],
        prompts["point_labels"],
        torch.zeros_like(prompts["masks"])[:, None],
        torch.zeros_like(prompts["has_text"]),
    )
    target, present = prompts["masks"], prompts["present"]
    with autocast:
        embedding, high4 = encode(batch.images)
        dense = head(high4)
        decoded = model.decode(embedding, high4, **vars(first))
    logits, iou = decoded.mask_logits.float(), decoded.iou.float()
    text_only = first.has_text * (first.point_labels < 0).all(dim=1)
    loss_each = torch.zeros_like(present)
    there = present > 0
    loss_each[there] = hypotheses_loss(logits[there], target[there], iou[there], 1 - first.has_text[there])
    text_loss = _mean(loss_each, present * text_only)
    points_loss = _mean(loss_each, present * (1 - text_only))
    sides_loss = torch.zeros_like(text_loss)
    if config.sides_weight > 0:
        sides, paired = side_loss(logits[:, 0], target, prompts["rivals"])
        sides_loss = _mean(sides, present * text_only * paired)
    presence = F.binary_cross_entropy_with_logits(decoded.presence_logit.float(), present, reduction="none")
    presence_loss = _mean(presence, first.has_text)

    rows = _rows_to_refine(present, len(batch.images), config.refined)
    truth, seen = target[rows], present[rows]
    before, answer = first.of(rows), gather_best(logits.detach(), iou.detach())[rows]
    refined_loss = torch.zeros_like(text_loss)
    for _ in range(config.rounds):
        before = refinement(before, answer, truth)
        with autocast:
            again = model.decode(embedding, high4, **vars(before))
        logits_again, iou_again = again.mask_logits.float(), again.iou.float()
        each = hypotheses_loss(logits_again, truth, iou_again, 1 - before.has_text)
        refined_loss = refined_loss + _mean(each, seen) / config.rounds
        answer = gather_best(logits_again.detach(), iou_again.detach())
    dense_part = dense_loss(dense.float(), batch.coverage)
    loss = text_loss + _OTHERS_WEIGHT * (points_loss + refined_loss) + _PRESENCE_WEIGHT * presence_loss
    loss = loss + config.sides_weight * sides_loss + config.dense_weight * dense_part
    with torch.no_grad():
        overlap = _mean(hard_iou(gather_best(logits, iou), target), present * text_only)
    log = {"loss": loss, "text": text_loss, "points": points_loss, "refined": refined_loss, "presence": presence_loss}
    return loss, {**log, "sides": sides_loss, "dense": dense_part, "text_iou": overlap}


@torch.no_grad()
def refinement(before: PromptTensors, answer: Tensor, target: Tensor) -> PromptTensors:
    """The next round of prompts: points from where the answer (N, H, W) is wrong, and the answer as a mask.

    A part of them gets a roughly drawn mask instead, without points; a part loses its text.
    """
    count, device = len(target), target.device
    truth = target > 0.5
    new_points, new_labels = error_points(answer, truth, int(torch.randint(1, MAX_NEW_POINTS + 1, ())))
    drawn = torch.rand(count, device=device) < _DRAWN_MASK
    new_labels = torch.where(drawn[:, None], torch.full_like(new_labels, -1), new_labels)
    shift = torch.randint(-2, 3, (2,)).tolist()
    rough = F.avg_pool2d(truth.float()[:, None], 5, 1, 2).roll(shift, dims=(2, 3)) > 0.5
    mask = torch.where(drawn[:, None, None, None], (rough.float() * 2 - 1) * _DRAWN_LOGIT, answer[:, None])
    keep_text = (torch.rand(count, device=device) < _KEEP_TEXT) & ~drawn
    has_text = before.has_text * keep_text
    given = (torch.rand(count, device=device) < _GIVE_MASK) | drawn
    old_labels = torch.where(drawn[:, None], torch.full_like(before.point_labels, -1), before.point_labels)
    return PromptTensors(
        before.text * has_text[:, None],
        has_text,
        torch.cat([before.points, new_points], dim=1),
        torch.cat([old_labels, new_labels], dim=1),
        mask,
        given.float(),
    )


def error_points(logits: Tensor, truth: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """`count` points from the cells where (N, H, W) logits disagree with the truth, else from the truth.

    Returns points (N, count, 2) in input pixels, and labels (N, count): 1 in the truth, 0 outside.
    """
    wrong = ((logits > 0) != truth).float().flatten(1)
    chance = torch.where(wrong.any(dim=1, keepdim=True), wrong, truth.float().flatten(1)) + 1e-8
    cells = torch.multinomial(chance, count, replacement=True)
    width = logits.shape[-1]
    corner = torch.stack([cells % width, cells // width], dim=-1).float()
    points = (corner + torch.rand_like(corner)) * CELL_PX - 0.5
    return points, truth.flatten(1).gather(1, cells).float()


def _rows_to_refine(present: Tensor, images: int, count: int) -> Tensor:
    by_image = present.reshape(images, -1) + 1e-6
    chosen = torch.multinomial(by_image, min(count, by_image.shape[1]))
    return (chosen + torch.arange(images, device=present.device)[:, None] * by_image.shape[1]).flatten()


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1)
