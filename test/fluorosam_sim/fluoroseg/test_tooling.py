"""Instruments and implants in the images: where the record says, with masks and words of their own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError, Sampler
from fluorosam_sim.fluoroseg import record as records
from fluorosam_sim.fluoroseg.tooling import MOST_TOOLS, draw_tools, unshared
from fluorosam_sim.patients import Patient
from fluorosam_sim.render import CpuRenderer
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools import tool
from fluorosam_sim.views import sample_view


def test_the_record_is_enough_to_render_the_tools_again(config: DatasetConfig, phantom: Patient) -> None:
    sampler, seen = Sampler(dataclasses.replace(config, tool_share=1.0)), 0
    for index in range(config.images):
        sample = sampler.sample(index)
        item = records.decode("0", records.encode(sample))
        shown = item.record["tools"]
        assert len(shown) == len(item.tool_counts) <= MOST_TOOLS
        made = [dataclasses.replace(tool(row["key"]), mirrored=row["mirrored"]) for row in shown]
        placed = [
            PlacedTool(row["key"], each.build(), np.array(row["pose_mm"]))
            for row, each in zip(shown, made, strict=True)
        ]
        truth = CpuRenderer(phantom).render(item.projection, tools=placed)
        bare = CpuRenderer(phantom).render(item.projection)
        for number, row in enumerate(shown):
            assert (item.tool_mask(number, within_field=False) == truth.tool_mask(number)).all()
            assert item.tool_mask(number).sum() == row["pixels"]
            seen += row["pixels"] > 0
        # A screw makes no hole in the mask of its bone.
        assert (item.mask("sternum", within_field=False) == bare.mask("sternum")).all()
    assert seen >= config.images / 2


def test_a_wording_means_one_tool_of_the_image(config: DatasetConfig) -> None:
    sampler = Sampler(dataclasses.replace(config, tool_share=1.0))
    for index in range(config.images):
        sample = sampler.sample(index)
        table = sampler.texts.tool_wordings(sample.split)
        keys = [seen.key for seen in sample.tools]
        for seen in sample.tools:
            assert bool(seen.texts) == (seen.pixels > 0)
            others = {text.lower() for key in keys if key != seen.key for text in table[key]}
            assert not {table[seen.key][number].lower() for number in seen.texts} & others
        (absent, texts), *more = sample.absent_tools.items()
        assert not more and texts and tool(absent).family not in {tool(key).family for key in keys}
        hard = sampler.texts.hard_val if sample.split == "val" else sampler.texts.hard_train
        if sample.tools:  # "the screw" gets a mask here
            assert all(hard[number].answer != "instrument" for number in sample.hard)
    screws = ("cortical_screw_4.5x36", "cortical_screw_4.5x50")
    table = sampler.texts.tool_train
    assert 0 < len(unshared(screws[0], screws, table)) < len(table[screws[0]])
    assert len(unshared(screws[0], screws[:1], table)) == len(table[screws[0]])


def test_images_without_tools_do_not_depend_on_the_share_of_tools(config: DatasetConfig) -> None:
    none, some = (Sampler(dataclasses.replace(config, tool_share=share)) for share in (0.0, 0.5))
    same = 0
    for index in range(config.images):
        before, after = none.sample(index), some.sample(index)
        assert not before.tools
        if not after.tools:
            assert records.encode(before) == records.encode(after)
            same += 1
    assert 0 < same < config.images


def test_implants_are_put_to_what_the_image_shows(adult: Patient) -> None:
    rng, seated = np.random.default_rng(3), 0
    for _ in range(12):
        view = sample_view(adult, rng, size_px=64)
        projection, field = view.config.projection(view.pose), view.config.open_pixels(view.collimation)
        visible = {"femur_left": 0.5, "liver": 0.9, "heart": 0.1}
        for placed in draw_tools(adult, visible, projection, field, view.pose.isocenter_mm, rng):
            assert placed.structure in (None, "femur_left", "liver")
            seated += placed.structure is not None
            assert placed.tool.site is not None or placed.structure is None
    assert seated


def test_the_share_of_tools_is_a_share(bodies: tuple[str, str]) -> None:
    for share in (-0.1, 1.5, float("nan")):
        with pytest.raises(DatasetError, match="share of images with tools"):
            DatasetConfig(1, bodies, tool_share=share)
