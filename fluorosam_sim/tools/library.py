"""All 464 tools."""

from __future__ import annotations

import difflib

from fluorosam_sim.tools.definition import Tool, ToolError
from fluorosam_sim.tools.families import (
    FAMILIES,
    Family,
    access,
    catheters,
    cutting,
    grasping,
    hips,
    holding,
    joints,
    leads,
    markers,
    nails,
    plates,
    screws,
    spine,
    tubes,
    vascular,
    wires,
)

_FILES = (
    wires, screws, spine, plates, nails, hips, joints, cutting, holding, grasping, access, catheters, tubes, vascular,
    leads, markers,
)  # fmt: skip
_ORDER = {family.key: place for place, family in enumerate(FAMILIES)}

TOOLS: tuple[Tool, ...] = tuple(
    sorted((tool for file in _FILES for tool in file.TOOLS), key=lambda tool: _ORDER[tool.family])
)
"""464 instruments and implants, family by family."""

_BY_KEY = {tool.key: tool for tool in TOOLS} | {tool.name: tool for tool in TOOLS}
_FAMILY_BY_KEY = {family.key: family for family in FAMILIES}


def tool(key: str) -> Tool:
    """The tool with this key ("cannulated_screw_7.3x110") or name ("cannulated 110 mm screw 7.3 mm").

    Raises ToolError, which names the nearest ones.
    """
    found = _BY_KEY.get(key)
    if found is None:
        near = difflib.get_close_matches(key, _BY_KEY, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `fluorosam tools list`."
        raise ToolError(f"There is no tool {key[:80]!r}: {hint}")
    return found


def family(key: str) -> Family:
    """The family with this key ("nails"). Raises ToolError for another."""
    found = _FAMILY_BY_KEY.get(key)
    if found is None:
        raise ToolError(f"There is no family {key[:80]!r}: choose one of {', '.join(_FAMILY_BY_KEY)}.")
    return found
