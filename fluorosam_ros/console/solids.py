"""The C-arm's body as simple solids, from the same description that RViz shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from fluorosam_sim.carm import CArmPose, Collimation
from fluorosam_sim.geometry import view_axes

Matrix = npt.NDArray[np.float64]

# three.js has the axis of a cylinder along y, URDF along z.
_UPRIGHT = Rotation.from_euler("x", 90, degrees=True).as_matrix()
# The world's y points down to the table and z to the head; on the screen z points up.
WORLD_ON_SCREEN: Matrix = Rotation.from_euler("x", -90, degrees=True).as_matrix()


@dataclass(frozen=True, eq=False)
class Solid:
    """A box (x, y, z) or a cylinder (radius, length), metres, in the axes of `carm/isocenter`. colour: #rrggbb."""

    kind: Literal["box", "cylinder"]
    size_m: tuple[float, ...]
    position_m: tuple[float, float, float]
    rotation: Matrix
    colour: str


def solids(urdf: str) -> tuple[Solid, ...]:
    """What is visible of a robot whose links all hang rigidly on the first, as the C-arm's do."""
    robot = ElementTree.fromstring(urdf)
    colours = {m.get("name"): _colour(m.find("color")) for m in robot.findall("material")}
    offset = {
        joint.find("child").get("link"): _numbers(joint.find("origin").get("xyz"))  # type: ignore[union-attr]
        for joint in robot.findall("joint")
    }
    found = []
    for link in robot.findall("link"):
        for visual in link.findall("visual"):
            origin, shape = visual.find("origin"), visual.find("geometry")
            assert origin is not None and shape is not None
            position = np.add(_numbers(origin.get("xyz")), offset.get(link.get("name"), np.zeros(3)))
            rotation = Rotation.from_euler("xyz", _numbers(origin.get("rpy"))).as_matrix()
            material = visual.find("material")
            colour = colours.get(material.get("name") if material is not None else None, "#cccccc")
            x, y, z = (float(v) for v in position)
            for one in shape:
                if one.tag == "box":
                    size = tuple(float(v) for v in _numbers(one.get("size")))
                    found.append(Solid("box", size, (x, y, z), rotation, colour))
                elif one.tag == "cylinder":
                    size = float(one.get("radius", 0)), float(one.get("length", 0))
                    found.append(Solid("cylinder", size, (x, y, z), rotation @ _UPRIGHT, colour))
    return tuple(found)


def beam_axes(pose: CArmPose) -> Matrix:
    """(3, 3) from the axes of `carm/isocenter` to the world's: z from source to detector, x = −right as displayed."""
    right, down, towards = view_axes(pose.primary_deg, pose.secondary_deg)
    return np.column_stack([-right, down, towards])


def field_corners(field: Collimation, sdd_mm: float, sod_mm: float) -> tuple[tuple[float, float, float], ...]:
    """Corners of the field on the detector, metres, in the axes of `carm/isocenter`, round about."""
    sides = ((field.left_mm, field.top_mm), (field.right_mm, field.top_mm),
             (field.right_mm, field.bottom_mm), (field.left_mm, field.bottom_mm))  # fmt: skip
    return tuple((-right / 1000.0, down / 1000.0, (sdd_mm - sod_mm) / 1000.0) for right, down in sides)


def _numbers(text: str | None) -> Matrix:
    return np.array([float(v) for v in (text or "0 0 0").split()])


def _colour(element: ElementTree.Element | None) -> str:
    rgba = _numbers(element.get("rgba") if element is not None else None)
    return "#" + "".join(f"{round(float(v) * 255):02x}" for v in rgba[:3])
