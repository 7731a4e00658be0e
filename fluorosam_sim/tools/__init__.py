"""Instruments and implants: 464 parametric watertight meshes, their materials, words and places in the body."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluorosam_sim.tools.definition import Part, Site, Tool, ToolError
    from fluorosam_sim.tools.families import FAMILIES, Family
    from fluorosam_sim.tools.library import TOOLS, family, tool
    from fluorosam_sim.tools.materials import MATERIALS, Material
    from fluorosam_sim.tools.mesh import Mesh
    from fluorosam_sim.tools.placement import Placed, place_in_beam, place_in_body
    from fluorosam_sim.tools.wordings import family_texts, held_out_texts, texts

_HOME = {
    "families": ("FAMILIES", "Family"),
    "library": ("TOOLS", "family", "tool"),
    "materials": ("MATERIALS", "Material"),
    "mesh": ("Mesh",),
    "placement": ("Placed", "place_in_beam", "place_in_body"),
    "definition": ("Part", "Site", "Tool", "ToolError"),
    "wordings": ("family_texts", "held_out_texts", "texts"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "FAMILIES",
    "MATERIALS",
    "TOOLS",
    "Family",
    "Material",
    "Mesh",
    "Part",
    "Placed",
    "Site",
    "Tool",
    "ToolError",
    "family",
    "family_texts",
    "held_out_texts",
    "place_in_beam",
    "place_in_body",
    "texts",
    "tool",
]


# Renderers take only a mesh and a material from here: whoever asks for no tool does not wait for 464 of them.
def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
