"""FluoroSeg as torch sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numba
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from fluorosam_model.training.fluoroseg import NO_STRUCTURE, FreshImages, ShardImages, example
from fluorosam_sim.anatomy import find, structure
from fluorosam_sim.fluoroseg import DatasetConfig, Reader
from fluorosam_sim.fluoroseg import generate as generating
from fluorosam_sim.fluoroseg.shards import Shard, make_shard
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.store import save_patient
from fluorosam_sim.tools import texts as tool_texts
from fluorosam_sim.tools import tool


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, phantom: Patient) -> tuple[Path, DatasetConfig]:
    """A folder with eight images in four shards, and what they are made of."""
    folder = tmp_path_factory.mktemp("torch")
    save_patient(phantom, folder / "body.patient")
    config = DatasetConfig(8, (str(folder / "body.patient"),), size_px=32, shard_images=2, tool_share=0.5)

    def here(config: DatasetConfig, numbers: Iterable[int], *_: object) -> Iterator[Shard]:
        return (make_shard(config, number) for number in numbers)

    threads = numba.get_num_threads(), cv2.getNumThreads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generating, "local_shards", here)
        generating.generate(folder / "data", config, 1)
    numba.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])
    return folder / "data", config


def _keys(images: Iterable[dict[str, object]]) -> list[bytes]:
    return [example["image"].numpy().tobytes() for example in images]  # type: ignore[attr-defined]


def test_every_image_once_an_epoch_in_shuffled_order(made: tuple[Path, DatasetConfig]) -> None:
    stored = [(item.image.astype(np.float32) / np.float32(65535)).tobytes() for item in Reader(made[0])]
    images = ShardImages(made[0], seed=1)
    first = _keys(images)
    assert len(images) == 8 and sorted(first) == sorted(stored)
    images.epoch = 3
    assert _keys(images) != first and sorted(_keys(images)) == sorted(stored)
    parts = [_keys(ShardImages(made[0], seed=1, rank=rank, world=2)) for rank in (0, 1)]
    assert sorted(parts[0] + parts[1]) == sorted(stored) and len(parts[0]) == 4


def test_an_example_says_what_its_mask_is(made: tuple[Path, DatasetConfig]) -> None:
    kinds = set()
    for asked in ShardImages(made[0], seed=2, absent=0.5):
        assert asked["image"].shape == (1, 32, 32) and asked["image"].dtype == torch.float32
        assert asked["mask"].dtype == torch.bool and asked["mask"].shape == (32, 32)
        if asked["tool"]:
            assert asked["structure"] == NO_STRUCTURE
            continue
        assert find(asked["text"]).structures == (structure(asked["structure"]),)
        assert asked["present"] == bool(asked["mask"].any())
        kinds.add(asked["present"])
    assert kinds == {True, False}


def test_fresh_images_are_those_of_the_dataset(made: tuple[Path, DatasetConfig]) -> None:
    stored = {item.image.tobytes() for item in Reader(made[0])}
    fresh = [(example["image"].numpy() * 65535).round().astype(np.uint16).tobytes() for example in FreshImages(made[1])]
    assert len(fresh) == 8 and set(fresh) == stored
    assert len(list(FreshImages(made[1], first=5))) == 3
    assert list(FreshImages(made[1], split="val")) == []


def test_batches_come_from_a_loader(made: tuple[Path, DatasetConfig]) -> None:
    batch = next(iter(DataLoader(ShardImages(made[0]), batch_size=4)))
    assert batch["image"].shape == (4, 1, 32, 32) and len(batch["text"]) == 4


def test_tools_are_asked_for_by_their_own_wordings(made: tuple[Path, DatasetConfig]) -> None:
    reader, rng, seen = Reader(made[0]), np.random.default_rng(3), set()
    for item in reader:
        for absent in (0.0, 1.0):
            asked = example(item, reader.texts, "train", rng, absent, tools=1.0)
            numbers = [n for n, tool in enumerate(item.record["tools"]) if tool["texts"]]
            if not absent and not numbers:
                assert not asked["tool"], "an image without tools is asked for its structures"
                continue
            assert asked["text"] in tool_texts(tool(asked["tool"]))
            masks = [item.tool_mask(n) for n in numbers if item.record["tools"][n]["key"] == asked["tool"]]
            expected = masks[0] if masks else np.zeros((32, 32), bool)
            assert np.array_equal(asked["mask"].numpy(), expected) and asked["present"] == bool(masks) == (not absent)
            seen.add(asked["present"])
            assert example(item, reader.texts, "train", rng, absent, tools=0.0)["tool"] == ""
    assert seen == {True, False}
