"""Instruments and implants: 464 parametric watertight meshes, their materials, words and places in the body."""

from fluorosam_sim.tools.families import FAMILIES, Family
from fluorosam_sim.tools.library import TOOLS, family, tool
from fluorosam_sim.tools.materials import MATERIALS, Material
from fluorosam_sim.tools.mesh import Mesh
from fluorosam_sim.tools.placement import Placed, place_in_beam, place_in_body
from fluorosam_sim.tools.tool import Part, Site, Tool, ToolError
from fluorosam_sim.tools.wordings import family_texts, held_out_texts, texts

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
