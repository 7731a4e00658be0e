"""What a tool is: its name, its parts, and where an implant belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from fluorosam_sim.tools.materials import Material
from fluorosam_sim.tools.mesh import Mesh
from fluorosam_sim.tools.shapes import Solid, meshed

Kind = Literal["instrument", "implant"]
How = Literal["canal", "across", "surface", "joint", "pedicle", "disc", "spine", "lumen", "organ", "chest wall"]


class ToolError(ValueError):
    """A tool that does not exist or cannot be placed; the message says why and what to do, in one sentence."""


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of one material. Pieces of a tool do not overlap, so their thicknesses may be added."""

    mesh: Mesh
    material: Material


@dataclass(frozen=True)
class Site:
    """Where an implant belongs.

    how: "canal" (along the marrow canal from the bone's upper end), "across" (through the shaft or body, across its
    axis), "surface" (lying on the bone along its axis), "joint" (on the end of a bone), "pedicle", "disc" (between two
    vertebrae), "spine" (along the spine, behind it), "lumen" (along the middle line of a vessel or airway), "organ"
    (anywhere inside), "chest wall" (under the skin in front of it). structures: leaf labels without side ("femur"),
    each side of which will do. end: which end of the bone it is put to, from 0 (head end) to 1 (foot end). spread: how
    far from there it may lie, as part of the length.
    """

    how: How
    structures: tuple[str, ...]
    end: float = 0.5
    spread: float = 0.0


@dataclass(frozen=True)
class Words:
    """What a tool is called.

    noun, plural: in plain English. aliases: other names, the surgeon's shorthand among them. sizes: as one says them,
    the most telling first ("110 mm", "7.3 mm", "4 holes", "size 3").
    """

    noun: str
    plural: str
    aliases: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """An instrument or implant.

    key: stable identifier. name: "cannulated 110 mm screw 7.3 mm". family: key of a `families.Family`. length_mm: its
    length as a catalogue gives it; the greatest extent of the mesh may exceed it by a head or a handle. words: for
    prompts. site: where an implant belongs, None where it may lie anywhere.

    mirrored: whether it is the mirror image, for a left limb, of what is modelled.

    The mesh is in mm. What goes ahead (tip, foot end of a prosthesis) points to +z, the head or handle to -z, and the
    origin is where it meets the bone: under a screw's head, at a nail's upper end, in the middle of a plate's back (the
    plate along z, the bone on the side of -y), in a joint's centre. What belongs to one side of the body is modelled
    for the right one: x points outwards, y to the back.
    """

    key: str
    name: str
    family: str
    kind: Kind
    length_mm: float
    words: Words
    maker: Callable[[], list[tuple[Solid, Material]]] = field(repr=False, compare=False)
    site: Site | None = None
    mirrored: bool = False

    def build(self) -> tuple[Part, ...]:
        """Its parts, made once per process."""
        return _built(self)

    @property
    def bounds_mm(self) -> npt.NDArray[np.float64]:
        """(2, 3): lowest and highest coordinate of all parts."""
        bounds = np.array([part.mesh.bounds_mm for part in self.build()])
        return np.array([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)])

    @property
    def mass_g(self) -> float:
        """Mass of all parts."""
        return sum(part.mesh.volume_mm3 * part.material.density_gcm3 for part in self.build()) / 1000


@cache
def _built(tool: Tool) -> tuple[Part, ...]:
    made = tool.maker()
    if tool.mirrored:
        made = [(solid.mirror((1, 0, 0)), material) for solid, material in made]
    return tuple(Part(meshed(solid), material) for solid, material in made)
