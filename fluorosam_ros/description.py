"""The C-arm as URDF, from its geometry: what RViz and robot_state_publisher show.

One rigid body of primitive shapes in the beam's axes (z from source to detector, y down and x = −right as displayed).
Its root is `carm/isocenter`; the device's driver, or the twin, publishes world → carm/isocenter.
"""

from __future__ import annotations

import math
from xml.etree import ElementTree

from fluorosam_ros.convert import DETECTOR, DETECTOR_OPTICAL, ISOCENTER, SOURCE
from fluorosam_sim.carm import CArmConfig

_ARC_PIECES = 12
_TUBE_M, _PLATE_M, _BAR_M = (0.12, 0.18), 0.06, 0.06  # radius, length of the tube; thickness of plate and arc


def urdf(config: CArmConfig) -> str:
    """URDF text of a device."""
    sdd, sod = config.sdd_mm / 1000.0, config.sod_mm / 1000.0
    width, height = (side / 1000.0 for side in config.detector_mm)
    robot = ElementTree.Element("robot", name=f"carm_{config.name}")
    for name, color in (("white", "0.9 0.9 0.92 1"), ("grey", "0.45 0.47 0.5 1")):
        ElementTree.SubElement(ElementTree.SubElement(robot, "material", name=name), "color", rgba=color)

    arc = ElementTree.SubElement(robot, "link", name=ISOCENTER)
    # A half circle from the tube to the detector, on the patient's right at zero angles (+x of the beam's axes).
    middle, radius = sdd / 2 - sod, sdd / 2 + _PLATE_M
    piece = math.pi * radius / _ARC_PIECES
    for index in range(_ARC_PIECES):
        angle = math.pi * ((index + 0.5) / _ARC_PIECES - 0.5)
        at = (radius * math.cos(angle), 0.0, middle + radius * math.sin(angle))
        _shape(arc, "white", at, (0.0, -angle, 0.0), "box", size=_numbers(_BAR_M, 2 * _BAR_M, piece * 1.05))

    source = _fixed_link(robot, SOURCE, -sod)
    _shape(
        source,
        "grey",
        (0, 0, -_TUBE_M[1] / 2),
        (0, 0, 0),
        "cylinder",
        radius=f"{_TUBE_M[0]:g}",
        length=f"{_TUBE_M[1]:g}",
    )
    detector = _fixed_link(robot, DETECTOR, sdd - sod)
    _shape(detector, "white", (0, 0, _PLATE_M / 2), (0, 0, 0), "box", size=_numbers(width, height, _PLATE_M))
    _fixed_link(robot, DETECTOR_OPTICAL, -sod)
    ElementTree.indent(robot)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(robot, encoding="unicode") + "\n"


def _fixed_link(robot: ElementTree.Element, name: str, z: float) -> ElementTree.Element:
    """A link at (0, 0, z) of the isocentre."""
    joint = ElementTree.SubElement(robot, "joint", name=f"{name}_joint", type="fixed")
    ElementTree.SubElement(joint, "parent", link=ISOCENTER)
    ElementTree.SubElement(joint, "child", link=name)
    ElementTree.SubElement(joint, "origin", xyz=_numbers(0, 0, z), rpy="0 0 0")
    return ElementTree.SubElement(robot, "link", name=name)


def _shape(
    link: ElementTree.Element,
    material: str,
    xyz: tuple[float, float, float],
    rpy: tuple[float, float, float],
    kind: str,
    **attributes: str,
) -> None:
    for use in ("visual", "collision"):
        body = ElementTree.SubElement(link, use)
        ElementTree.SubElement(body, "origin", xyz=_numbers(*xyz), rpy=_numbers(*rpy))
        ElementTree.SubElement(ElementTree.SubElement(body, "geometry"), kind, attributes)
        if use == "visual":
            ElementTree.SubElement(body, "material", name=material)


def _numbers(*values: float) -> str:
    return " ".join(f"{round(value, 6) + 0.0:g}" for value in values)
