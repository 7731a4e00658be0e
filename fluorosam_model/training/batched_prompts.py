"""`prompting.sample_prompts` for many pictures at once, on whatever device they are, without waiting for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fluorosam_model.training import prompting
from fluorosam_model.training.augment import CELL_PX, COVER_STEPS
from fluorosam_model.training.prompting import POINT_SLOTS, Vocabulary
from fluorosam_model.training.wordings import PLAIN_SHARE, UNKNOWN, Wordings

_LATER = 1e-6  # how much further down the order the second of a pair comes
_MEMBERS_A_PASS = 16


class BatchedPrompts:
    """Draws prompts as `sample_prompts` does, with torch's random numbers."""

    def __init__(self, vocabulary: Vocabulary, wordings: Wordings, labels: int, device: torch.device) -> None:
        """labels: how many label planes a coverage has."""
        structures = len(vocabulary.columns)
        most = max(len(columns) for columns in vocabulary.columns)
        members = np.full((structures + 1, most), labels, np.int64)  # beyond the last plane lies an empty one
        belongs = np.zeros((labels, structures), np.float32)
        for index, columns in enumerate(vocabulary.columns):
            members[index, : len(columns)] = columns
            belongs[columns, index] = 1
        self._members, self._belongs = torch.from_numpy(members).to(device), torch.from_numpy(belongs).to(device)
        self._covered = torch.from_numpy(vocabulary.covered).to(device)
        own = np.arange(structures)
        paired = vocabulary.counterpart >= 0
        self._paired = torch.from_numpy(paired).to(device)
        self._other = torch.from_numpy(np.where(paired, vocabulary.counterpart, own)).to(device)
        rivals = np.append(np.where(paired, vocabulary.counterpart, UNKNOWN), UNKNOWN)
        self._rival = torch.from_numpy(rivals).to(device)
        # The rows of a class follow each other.
        self._first_row = torch.tensor([int(rows[0]) for rows in wordings.rows], device=device)
        self._rows = torch.tensor([len(rows) for rows in wordings.rows], device=device)

    def draw(self, coverage: Tensor, count: int) -> dict[str, Tensor]:
        """`count` prompts of each picture, those of one picture in a row.

        coverage: (B, L, H, W) uint8 in steps of 1 / COVER_STEPS. Returns the tensors of `Prompts` by name, masks and
        rivals in the same steps.
        """
        structure, present = self._structures(coverage, count)
        masks = self._masks(coverage, structure)
        rivals = self._masks(coverage, torch.where(present, self._rival[structure], UNKNOWN))
        kind = torch.rand(structure.shape, device=coverage.device)
        text = ~present | (kind < prompting.TEXT)
        boxes_from = prompting.TEXT + prompting.POINTS
        box = ~text & (kind >= boxes_from) & (kind < boxes_from + prompting.BOX)
        has_text = text | (kind >= boxes_from + prompting.BOX)
        flat = masks.flatten(0, 1)
        points = torch.zeros(len(flat), POINT_SLOTS, 2, device=coverage.device)
        points[:, 0] = random_points(flat)
        boxes, is_box, pointed = jittered_boxes(flat), box.flatten()[:, None], (~text & ~box).flatten()[:, None]
        first = torch.tensor([1.0, -1.0], device=coverage.device)
        corners = torch.tensor([2.0, 3.0], device=coverage.device)
        labels = torch.where(is_box, corners, torch.where(pointed, first, -torch.ones_like(first)))
        points = torch.where(is_box[:, :, None], boxes, points) * (labels >= 0)[:, :, None]
        return {
            "text_row": self._wordings(structure).flatten(),
            "has_text": has_text.flatten().float(),
            "points": points,
            "point_labels": labels,
            "masks": flat,
            "rivals": rivals.flatten(0, 1),
            "present": present.flatten().float(),
            "structure": structure.flatten(),
        }

    def _structures(self, coverage: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """(B, count) structures or UNKNOWN, and whether they are there; those come first."""
        cells = coverage.sum(dim=(2, 3)).float() / COVER_STEPS @ self._belongs
        visible = cells > prompting.INVISIBLE_CELLS
        full = prompting.FULL_WEIGHT_SHARE * coverage.shape[2] * coverage.shape[3]
        key = torch.empty_like(cells).exponential_() / (cells / full).clamp(prompting.SMALLEST_WEIGHT, 1)
        key = torch.where(visible, key, torch.inf)
        brings = (torch.rand_like(key) < prompting.COUNTERPART_SHARE) & self._paired & visible
        others = key[:, self._other]
        follows = visible & brings[:, self._other] & (others < key)
        order = torch.where(follows, others * (1 + _LATER), key).argsort(dim=1)
        wanted = count - round(prompting.ABSENT_SHARE * count)
        seen = visible.sum(dim=1, keepdim=True)
        rank = torch.arange(count, device=cells.device).expand(len(cells), -1)
        again = (torch.rand(len(cells), count, device=cells.device) * seen).long().clamp(max=order.shape[1] - 1)
        chosen = order.gather(1, torch.where(rank < seen, rank, again).clamp(max=order.shape[1] - 1))
        present = (rank < wanted) & (seen > 0)
        nothing = cells == 0
        kind = torch.randint(3, chosen.shape, device=cells.device)
        absent = torch.full_like(chosen, UNKNOWN)
        for number, pool in enumerate((nothing & self._covered, nothing & ~self._covered)):
            drawn = torch.multinomial(pool.float() + 1e-9, count, replacement=True)
            absent = torch.where((kind == number) & pool.any(dim=1, keepdim=True), drawn, absent)
        return torch.where(present, chosen, absent), present

    def _masks(self, coverage: Tensor, structure: Tensor) -> Tensor:
        """(B, K, H, W) uint8: a structure's labels together."""
        planes = torch.cat([coverage, torch.zeros_like(coverage[:, :1])], dim=1)
        picture = torch.arange(len(coverage), device=coverage.device)[:, None, None]
        masks = torch.zeros(*structure.shape, *coverage.shape[2:], dtype=torch.uint8, device=coverage.device)
        for some in self._members[structure].split(_MEMBERS_A_PASS, dim=2):
            masks = torch.maximum(masks, planes[picture, some].amax(dim=2))
        return masks

    def _wordings(self, structure: Tensor) -> Tensor:
        first, rows = self._first_row[structure], self._rows[structure]
        plain = (structure != UNKNOWN) & (torch.rand(structure.shape, device=structure.device) < PLAIN_SHARE)
        any_row = (torch.rand(structure.shape, device=structure.device) * rows).long().clamp(max=rows - 1)
        return first + torch.where(plain, 0, any_row)


def random_points(masks: Tensor) -> Tensor:
    """(N, H, W) uint8 → (N, 2) points, (x, y) in input pixels, each in one of the better covered cells of its mask."""
    flat = masks.flatten(1)
    inside = flat >= flat.amax(dim=1, keepdim=True).clamp(max=round(prompting.POINTED_COVER * COVER_STEPS))
    cells = (torch.rand(flat.shape, device=flat.device) * inside).argmax(dim=1)
    width = masks.shape[2]
    corner = torch.stack([cells % width, cells // width], dim=1).float()
    return (corner + torch.rand_like(corner)) * CELL_PX - 0.5


def jittered_boxes(masks: Tensor) -> Tensor:
    """(N, H, W) uint8 → (N, 2, 2) first and second corner of boxes, off by up to a tenth of their size."""
    most = masks.flatten(1).amax(dim=1)
    inside = masks >= most.clamp(max=round(prompting.BOXED_COVER * COVER_STEPS))[:, None, None]
    rows, columns = inside.any(dim=2).float(), inside.any(dim=1).float()
    first = torch.stack([columns.argmax(dim=1), rows.argmax(dim=1)], dim=1).float()
    sizes = torch.tensor([masks.shape[2], masks.shape[1]], device=masks.device)
    last = sizes - torch.stack([columns.flip(1).argmax(dim=1), rows.flip(1).argmax(dim=1)], dim=1)
    box = torch.stack([first, last], dim=1)
    box = box + (torch.rand_like(box) * 2 - 1) * prompting.BOX_JITTER * (box[:, 1:] - box[:, :1])
    return box * CELL_PX - 0.5
