"""All 464 tools are closed solids of sensible size and mass."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import fluorosam_sim.tools as tools
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools import FAMILIES, MATERIALS, TOOLS, Family, ToolError
from fluorosam_sim.tools.sheet import contact_sheet


def test_there_are_464_of_them_in_39_families() -> None:
    assert len(TOOLS) == 464 and len(FAMILIES) == 39
    assert all(re.fullmatch(r"[a-z0-9_.]+", tool.key) for tool in TOOLS)
    assert len({tool.key for tool in TOOLS}) == len({tool.name.lower() for tool in TOOLS}) == 464
    assert list(dict.fromkeys(tool.family for tool in TOOLS)) == [family.key for family in FAMILIES]
    implants = [tool for tool in TOOLS if tool.kind == "implant"]
    assert len(implants) > 200 and sum(tool.site is not None for tool in implants) > 0.9 * len(implants)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.key)
def test_every_part_is_a_closed_solid(family: Family) -> None:
    for tool in TOOLS:
        if tool.family != family.key:
            continue
        parts = tool.build()
        assert parts, tool.key
        for part in parts:
            assert part.mesh.watertight and part.mesh.volume_mm3 > 0, tool.key
            assert part.material in MATERIALS, tool.key
            assert part.mesh.faces.dtype == np.int32 and part.mesh.vertices_mm.dtype == np.float32
        PlacedTool(tool.key, parts, np.eye(4))  # a renderer takes it
        extent = float(np.diff(tool.bounds_mm, axis=0).max())
        assert 0.5 < extent < 1000 and 1e-3 < tool.mass_g < 3000, tool.key


def test_the_mirror_image_is_as_closed_and_as_heavy() -> None:
    tool = tools.tool("total_knee_5")
    mirrored = replace(tool, mirrored=True)
    assert all(part.mesh.watertight and part.mesh.volume_mm3 > 0 for part in mirrored.build())
    assert mirrored.mass_g == pytest.approx(tool.mass_g, rel=1e-4)
    np.testing.assert_allclose(mirrored.bounds_mm[:, 0], -tool.bounds_mm[::-1, 0], atol=1e-3)


def test_materials_add_up() -> None:
    for material in MATERIALS:
        assert sum(share for _, share in material.composition) == pytest.approx(1.0, abs=1e-5), material.name


def test_tools_are_asked_for_by_key_or_name() -> None:
    assert tools.tool("cannulated_screw_7.3x110").name == "cannulated 110 mm screw 7.3 mm"
    assert tools.tool("cannulated 110 mm screw 7.3 mm") is tools.tool("cannulated_screw_7.3x110")
    with pytest.raises(ToolError, match="did you mean pacemaker"):
        tools.tool("pacemakr")
    with pytest.raises(ToolError, match="no family 'toys'"):
        tools.family("toys")
    with pytest.raises(AttributeError, match="no attribute 'toys'"):
        tools.toys  # noqa: B018


def test_the_sheet_shows_each_of_them() -> None:
    few = TOOLS[::40]
    sheet = contact_sheet(few, columns=4, cell_px=(96, 64))
    for index in range(len(few)):
        y, x = index // 4 * (64 + 30), index % 4 * 96
        assert sheet[y : y + 64, x : x + 96].max() > 40, few[index].key
