"""An image follows from the seed and its number, and says the truth about itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fluorosam_sim.anatomy import STRUCTURES, structure
from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError, Item, Sampler, parse_patients
from fluorosam_sim.fluoroseg import record as records
from fluorosam_sim.patients import Patient
from fluorosam_sim.render import CpuRenderer


def _bytes(sampler: Sampler, index: int) -> dict[str, bytes]:
    return records.encode(sampler.sample(index))


def test_the_order_of_sampling_does_not_matter(config: DatasetConfig) -> None:
    forwards, backwards = Sampler(config), Sampler(config)
    indices = (0, 3, 10)
    first = [_bytes(forwards, index) for index in indices]
    assert first == [_bytes(backwards, index) for index in reversed(indices)][::-1]
    other = Sampler(dataclasses.replace(config, seed=6))
    assert all(_bytes(other, index)["png"] != made["png"] for index, made in zip(indices, first, strict=True))
    with pytest.raises(IndexError, match="11 images"):
        forwards.sample(11)


def test_masks_camera_and_shares_are_those_of_the_renderer(config: DatasetConfig, phantom: Patient) -> None:
    sampler = Sampler(config)
    seen = set()
    for index in range(config.images):
        sample = sampler.sample(index)
        item = records.decode(records.key_of(index), records.encode(sample))
        truth = CpuRenderer(phantom).render(sample.projection)
        x0, y0, x1, y1 = sample.field_px
        for name in ("kidney_left", "sternum"):
            assert (item.mask(name, within_field=False) == truth.mask(name)).all()
            in_field = truth.mask(name)[y0:y1, x0:x1]
            assert sample.pixels.get(name, 0) == in_field.sum() == item.mask(name).sum()
            seen.add((name, bool(in_field.any())))
        assert item.image.dtype == np.uint16 and item.image.shape == (48, 48)
        camera = item.record["camera"]
        centre = phantom.centroid_mm("kidney_left")
        pixel = sample.projection.project(centre)[0]
        x, y, w = np.array(camera["matrix"]) @ [*centre, 1.0]
        assert np.allclose([x / w, y / w], pixel)
        assert np.allclose(item.projection.project(centre)[0], pixel)
        assert camera["intrinsic"][0][0] == pytest.approx(camera["sdd_mm"] / (camera["detector_mm"][0] / 48))
        inside = x0 <= pixel[0] < x1 and y0 <= pixel[1] < y1
        share = sample.visible.get("kidney_left", 0.0)
        assert share > 0.2 if inside else share < 0.8
    assert seen == {("kidney_left", True), ("kidney_left", False), ("sternum", True), ("sternum", False)}


def test_prompts_ask_for_what_is_there_and_for_what_is_not(config: DatasetConfig) -> None:
    sampler = Sampler(config)
    for index in range(config.images):
        sample = sampler.sample(index)
        table = sampler.texts.wordings(sample.split)
        there = {s.id for s in STRUCTURES if set(s.members) & set(sample.pixels)}
        assert sample.present.keys() == there
        assert not sample.absent.keys() & there and sample.absent
        for number, texts in (sample.present | sample.absent).items():
            assert texts and all(table[number][text] for text in texts) and len(set(texts)) == len(texts)
        assert len(sample.hard) == 2


def test_groups_are_the_union_of_their_labels(dataset: object, config: DatasetConfig) -> None:
    sampler = Sampler(config)
    item: Item = records.decode("0", records.encode(sampler.sample(0)))
    union = item.mask("kidney_left") | item.mask("sternum")
    assert (item.mask(("kidney_left", "sternum", "no such label")) == union).all()
    assert (item.mask(structure("kidneys").members) == item.mask("kidney_left")).all()


def test_patients_take_turns_and_shards_fill_the_images(bodies: tuple[str, str]) -> None:
    config = DatasetConfig(103, (*bodies, "chest"), validation=bodies[:1], shard_images=10)
    plans = [config.shard(number) for number in range(config.shards)]
    assert sum(plan.count for plan in plans) == 103 and plans[-1].count == 3
    assert [plan.first for plan in plans] == list(range(0, 103, 10))
    for turn in range(0, 9, 3):
        assert {plan.patient for plan in plans[turn : turn + 3]} == set(config.patients)
    for split in ("train", "val"):
        names = [plan.name for plan in plans if plan.split == split]
        assert names == [f"{split}-{n:06d}" for n in range(len(names))]
    assert DatasetConfig.from_json(config.to_json()) == config


def test_lists_of_patients(tmp_path: object) -> None:
    assert parse_patients(["chest,synthetic:0-2@2", "synthetic:9000@2"]) == (
        "chest", "synthetic:0@2", "synthetic:1@2", "synthetic:2@2", "synthetic:9000@2"
    )  # fmt: skip
    for wrong in ("nobody", "synthetic:5-3", "synthetic:x", ""):
        with pytest.raises(ValueError, match=r"\S"):
            parse_patients([wrong])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 0}, "images must be"),
        ({"patients": ()}, "at least one patient"),
        ({"patients": ("chest", "chest")}, "named twice"),
        ({"validation": ("synthetic:1",)}, "not among the patients"),
        ({"patients": ("synthetic:5@2", "synthetic:5"), "validation": ("synthetic:5",)}, "one body in two splits"),
    ],
)
def test_configurations_that_cannot_be(changes: dict[str, object], message: str) -> None:
    values = {"images": 1, "patients": ("chest",)} | changes
    with pytest.raises(DatasetError, match=message):
        DatasetConfig(**values)  # type: ignore[arg-type]
