"""Instruments and implants in an image: which, where they lie, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.landmarks import landmarks
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools import TOOLS, Placed, Tool, place_in_beam, place_in_body

MOST_TOOLS = 3
_SEATED_SHARE = 0.6  # of the tools: implants where they belong, if the image shows such a place
_LEAST_VISIBLE = 0.25  # of a label's volume: a place for implants
_TRIES = 8
_SIDES = ("_left", "_right")


@dataclass(frozen=True, eq=False)
class SeenTool:
    """A tool in an image.

    key: of the tool. structure: the leaf label it was put to, None where it lies free in the beam. mirrored: whether
    the mirror image of its mesh was used. pose_mm: (4, 4) rigid, from the tool's mm to world mm. counts: COCO run
    lengths of its mask on the whole detector. pixels: those of it in the open field. texts: numbers of wordings that,
    in this image, mean this tool alone; empty when it is not in the open field.
    """

    key: str
    structure: str | None
    mirrored: bool
    pose_mm: npt.NDArray[np.float64]
    counts: str
    pixels: int
    texts: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for the image's record, without the mask."""
        return {
            "key": self.key,
            "structure": self.structure,
            "mirrored": self.mirrored,
            "pose_mm": self.pose_mm.tolist(),
            "pixels": self.pixels,
            "texts": list(self.texts),
        }


def draw_tools(
    patient: Patient,
    visible: Mapping[str, float],
    projection: Projection,
    field_px: tuple[int, int, int, int],
    near_mm: npt.ArrayLike,
    rng: np.random.Generator,
) -> list[Placed]:
    """One to three different tools for an image, two images in three with one.

    Families are equally likely, and so are the tools of a family. Some are implants in a bone, vessel or organ that the
    image shows (visible: share of each label's volume), the others lie anywhere in the beam near a point of the body.
    All reach into the open field (x0, y0, x1, y1), upper ends excluded; where chance does not let them, they are fewer.
    """
    count = min(int(rng.geometric(2 / 3)), MOST_TOOLS)
    found: list[Placed] = []
    shown = frozenset(name for name, share in visible.items() if share >= _LEAST_VISIBLE)
    for _ in range(_TRIES):
        if len(found) == count:
            break
        seated = rng.random() < _SEATED_SHARE
        choices = _fitting(shown) if seated else _all()
        tool = _pick(choices, rng)
        if tool is None or any(placed.tool.key == tool.key for placed in found):
            continue
        try:
            if seated:
                placed = place_in_body(tool, landmarks(patient), rng, among=shown)
            else:
                placed = place_in_beam(tool, projection, near_mm, rng)
        except ValueError:  # what it belongs to is cut by the edge of the scan, too short, or not to be measured
            continue
        if _clear_of_source(placed, projection) and _reaches(placed, projection, field_px):
            found.append(placed)
    return found


def as_placed_tool(placed: Placed) -> PlacedTool:
    """What a renderer takes."""
    return PlacedTool(placed.tool.key, placed.tool.build(), placed.transform)


def unshared(key: str, others: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> tuple[int, ...]:
    """Numbers of a tool's wordings that none of some other tools is called."""
    taken = {text.lower() for other in others if other != key for text in table[other]}
    return tuple(number for number, text in enumerate(table[key]) if text.lower() not in taken)


def _pick(choices: Mapping[str, tuple[Tool, ...]], rng: np.random.Generator) -> Tool | None:
    if not choices:
        return None
    family = sorted(choices)[int(rng.integers(len(choices)))]
    return choices[family][int(rng.integers(len(choices[family])))]


@lru_cache(maxsize=1)
def _all() -> Mapping[str, tuple[Tool, ...]]:
    return _by_family(TOOLS)


@lru_cache(maxsize=64)
def _fitting(shown: frozenset[str]) -> Mapping[str, tuple[Tool, ...]]:
    """By family, the tools that belong to one of some labels."""
    stems = shown | {name.removesuffix(side) for name in shown for side in _SIDES}
    return _by_family(tool for tool in TOOLS if tool.site is not None and not stems.isdisjoint(tool.site.structures))


def _by_family(tools: Iterable[Tool]) -> Mapping[str, tuple[Tool, ...]]:
    found: defaultdict[str, list[Tool]] = defaultdict(list)
    for tool in tools:
        found[tool.family].append(tool)
    return {family: tuple(members) for family, members in found.items()}


def _clear_of_source(placed: Placed, projection: Projection) -> bool:
    """Whether the ball around a tool leaves out the X-ray source."""
    low, high = placed.tool.bounds_mm
    middle = placed.transform[:3, :3] @ ((low + high) / 2) + placed.transform[:3, 3]
    return bool(np.linalg.norm(middle - projection.source_mm) > np.linalg.norm(high - low) / 2)


def _reaches(placed: Placed, projection: Projection, field_px: tuple[int, int, int, int]) -> bool:
    """Whether a corner of a tool's meshes is seen in the open field."""
    x0, y0, x1, y1 = field_px
    corners = np.concatenate([part.mesh.vertices_mm for part in placed.tool.build()])
    world = corners @ placed.transform[:3, :3].T + placed.transform[:3, 3]
    x, y = projection.project(world).T
    return bool(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).any())
