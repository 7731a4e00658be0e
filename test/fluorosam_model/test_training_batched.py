"""Pictures and prompts made on the device are those made on the CPU."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from fluorosam_model.training import augment
from fluorosam_model.training.batched_prompts import BatchedPrompts, jittered_boxes, random_points
from fluorosam_model.training.batches import DeviceBatches
from fluorosam_model.training.pictures import pictures
from fluorosam_model.training.pool import View, ViewStore
from fluorosam_model.training.prompting import Vocabulary
from fluorosam_model.training.wordings import UNKNOWN, Wordings
from fluorosam_sim.anatomy import LABELS, STRUCTURES
from fluorosam_sim.render import Rendering

NAMES = ("heart", "lung_upper_lobe_left", "lung_upper_lobe_right")
COLUMNS = np.array([LABELS.index(name) for name in NAMES])


def _view(rng: np.random.Generator) -> View:
    y, x = np.mgrid[:256, :256].astype(np.float32)
    cx, cy = rng.uniform(80, 170, 2)
    soft = (25 * np.exp(-(((x - cx) / 70) ** 2) - ((y - cy) / 90) ** 2)).astype(np.float16).astype(np.float32)
    bone = (2 * (1 + np.sin(x / rng.uniform(5, 20)))).astype(np.float16).astype(np.float32)
    bits = np.zeros((128, 128, (len(LABELS) + 63) // 64), np.uint64)
    for number, column in enumerate(COLUMNS.tolist()):
        top, left = rng.integers(0, 80, 2)
        bits[top : top + 40, left : left + 30 + number, column // 64] |= np.uint64(1) << np.uint64(column % 64)
    return View(soft, bone, bits)


def _stacked(views: list[View]) -> tuple[torch.Tensor, torch.Tensor]:
    densities = np.stack([np.stack([view.soft_gcm2, view.bone_gcm2]) for view in views])
    bits = np.stack([view.label_bits for view in views]).view(np.int64)
    return torch.from_numpy(densities), torch.from_numpy(bits)


def test_pictures_are_those_of_the_cpu() -> None:
    rng = np.random.default_rng(3)
    views = [_view(rng) for _ in range(48)]
    # Without quanta's noise, which either draws by itself, nothing is random once the appearance is drawn.
    appearances = [dataclasses.replace(augment.sample(rng, 0.8), quanta=1e12) for _ in views]
    images, coverage = pictures(*_stacked(views), appearances, torch.from_numpy(COLUMNS))
    assert images.abs().max() <= 1 and coverage.dtype == torch.uint8
    differences = []
    for view, appearance, image, cover in zip(views, appearances, images.numpy(), coverage.numpy(), strict=True):
        expected, wanted = augment.apply(view, appearance, COLUMNS)
        np.testing.assert_array_equal(cover / augment.COVER_STEPS, wanted)
        differences.append(float(np.abs(image - expected).mean()))
    assert sum(a.equalise > 0 for a in appearances) and sum(len(a.holes) + len(a.marks) > 0 for a in appearances)
    assert np.median(differences) < 0.003 and max(differences) < 0.06


def _wordings() -> Wordings:
    owner = np.repeat(np.arange(UNKNOWN + 1), 3)
    rows = tuple(np.arange(3 * i, 3 * i + 3) for i in range(UNKNOWN + 1))
    return Wordings(np.zeros((len(owner), 384), np.float32), owner, rows)


def test_prompts_ask_for_what_is_there_and_for_what_is_not() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(4)
    views = [_view(rng) for _ in range(6)]
    vocabulary, wordings = Vocabulary(NAMES), _wordings()
    densities, bits = _stacked(views)
    appearances = [dataclasses.replace(augment.sample(rng, 0.0), warp=None) for _ in views]
    _, coverage = pictures(densities, bits, appearances, torch.from_numpy(COLUMNS))
    coverage[5] = 0  # a picture that shows nothing is asked in vain alone
    prompts = BatchedPrompts(vocabulary, wordings, len(NAMES), torch.device("cpu")).draw(coverage, 40)
    present = prompts["present"].view(6, 40)
    assert present[:5].mean() == 1 - round(0.22 * 40) / 40 and present[5].sum() == 0
    for row, structure in enumerate(prompts["structure"].tolist()):
        picture = coverage[row // 40].numpy()
        expected = vocabulary.mask(structure, picture) if structure != UNKNOWN else np.zeros((64, 64))
        np.testing.assert_array_equal(prompts["masks"][row].numpy(), expected)
        other = int(vocabulary.counterpart[structure]) if expected.any() else -1
        rival = vocabulary.mask(other, picture) if other >= 0 else np.zeros((64, 64))
        np.testing.assert_array_equal(prompts["rivals"][row].numpy(), rival)
        assert bool(expected.any()) == bool(prompts["present"][row])
        assert wordings.owner[int(prompts["text_row"][row])] == structure
    assert prompts["rivals"].any()
    labels = prompts["point_labels"]
    absent = prompts["present"] == 0
    assert bool((labels[absent] == -1).all()) and bool((prompts["has_text"][absent] == 1).all())
    for kind in (1.0, 2.0):
        assert bool((labels[:, 0] == kind).any())
    assert {STRUCTURES[i].key for i in set(prompts["structure"].tolist()) - {UNKNOWN}} > {"heart"}


def test_points_lie_in_masks_and_boxes_about_them() -> None:
    torch.manual_seed(1)
    masks = torch.zeros(50, 64, 64, dtype=torch.uint8)
    masks[:, 10:20, 30:50] = 4
    points = random_points(masks)
    assert bool(((points + 0.5) / 4 >= torch.tensor([30, 10])).all())
    assert bool(((points + 0.5) / 4 <= torch.tensor([50, 20])).all())
    assert float(points.std(dim=0).min()) > 8
    boxes = (jittered_boxes(masks) + 0.5) / 4
    assert bool(((boxes - torch.tensor([[30.0, 10.0], [50.0, 20.0]])).abs() <= torch.tensor([2.0, 1.0]) + 1e-4).all())


def test_batches_come_from_the_store() -> None:
    rng = np.random.default_rng(5)
    store = ViewStore(4)
    for _ in range(4):
        view = _view(rng)
        store.add(Rendering(view.soft_gcm2, view.bone_gcm2, np.repeat(np.repeat(view.label_bits, 2, 0), 2, 1), LABELS))
    drawn = BatchedPrompts(Vocabulary(NAMES), _wordings(), len(NAMES), torch.device("cpu"))
    calls: list[int] = []
    with DeviceBatches(store, COLUMNS, 3, (1,), 0.5, drawn, 8, torch.device("cpu"), lambda: calls.append(1)) as batches:
        for _ in range(7):
            batch = batches.next()
            assert batch.images.shape == (3, 3, 256, 256) and batch.prompts["masks"].shape == (24, 64, 64)
            assert batch.coverage.shape == (3, 3, 64, 64)
    assert len(calls) == 7
