"""Vertebrae and what is defined by rows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from fluorosam_sim.anatomy import VERTEBRAE
from fluorosam_sim.patients.landmarks.shape import (
    FloatArray,
    Frame,
    across,
    frame_head_back,
    principal_axes,
    symmetry_normal,
    unit,
)
from fluorosam_sim.patients.landmarks.voxels import LandmarkError

if TYPE_CHECKING:
    from fluorosam_sim.patients.landmarks.body import Landmarks

_BODY_SHARE = 0.55  # of the greatest depth: what is left then is the body, since the arch is thin
_PEDICLE_NOMINAL_DEG = 15.0
# Kyphosis and the curve of the neck make these rows lean forwards; measured on the synthetic population.
CERVICAL_LEAN_DEG, THORACIC_LEAN_DEG = 15.0, 8.0
# Angle of the pedicle's axis to the sagittal plane by level (Zindrick et al., Spine 12 (1987) 160).
PEDICLE_DEG = {
    "T1": 27.0, "T2": 22.0, "T3": 16.0, "T4": 14.0, "T5": 11.0, "T6": 10.0, "T7": 9.0, "T8": 8.0, "T9": 8.0,
    "T10": 5.0, "T11": 1.0, "T12": -4.0, "L1": 11.0, "L2": 12.0, "L3": 14.0, "L4": 18.0, "L5": 30.0,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Vertebra:
    """center_mm: (3,) centre of the body (of the ring for C1). back: (3,) unit vector in its plane of symmetry, towards
    the arch."""

    center_mm: FloatArray
    back: FloatArray


def level_label(level: str) -> str:
    """Label of a level such as "L4"."""
    return f"vertebrae_{level}"


def vertebra(marks: Landmarks, label: str) -> Vertebra:
    """Body centre and direction to the arch of one whole vertebra."""
    return cast(Vertebra, marks.keep(("vertebra", label), lambda: _vertebra(marks, label)))


def _vertebra(marks: Landmarks, label: str) -> Vertebra:
    points = marks.whole(label)
    if label == "vertebrae_C1":
        axis = vertebra(marks, "vertebrae_C2")
        return Vertebra(points.mean(axis=0), axis.back)
    voxels, depth = marks.voxels.depth(label)
    core = voxels[depth >= _BODY_SHARE * depth.max()]
    center = np.median(core, axis=0)
    center = core[np.linalg.norm(core - center, axis=1) < 2.0 * depth.max()].mean(axis=0)
    behind = points[np.linalg.norm(points - center, axis=1) > 1.6 * depth.max()].mean(axis=0) - center
    # Spinous processes lean to a side: only the plane of symmetry says where the back is.
    left = symmetry_normal(points, across(np.array([1.0, 0.0, 0.0]), unit(behind)))
    return Vertebra(center, across(behind, left))


def _row(marks: Landmarks, labels: tuple[str, ...]) -> list[Vertebra]:
    """Those of some levels that are whole, in their order."""
    cut = marks.voxels.patient.cut
    return [vertebra(marks, label) for label in labels if marks.has(label) and label not in cut]


def row_frame(marks: Landmarks, labels: tuple[str, ...], least: int, lean_deg: float = 0.0) -> Frame:
    """Frame of a run of vertebrae: head axis along the bodies' centres, back axis towards the arches.

    lean_deg: by how much that row leans forwards, head end first, in a supine person whose trunk lies straight.
    """
    found = _row(marks, labels)
    if len(found) < least:
        raise LandmarkError(
            f"{marks.name} shows {len(found)} whole vertebrae from {labels[0][10:]} to {labels[-1][10:]}, not {least}."
        )
    centers = np.array([item.center_mm for item in found])
    axis = principal_axes(centers)[0][:, 0]
    head = axis if axis @ (centers[0] - centers[-1]) > 0 else -axis
    back = sum((across(item.back, head) for item in found), np.zeros(3))
    lean = np.deg2rad(lean_deg)
    head = np.cos(lean) * head + np.sin(lean) * across(back, head)
    return frame_head_back(centers.mean(axis=0), head, back)


def vertebra_frame(marks: Landmarks, label: str) -> Frame:
    """Frame of one vertebra: origin in its body, head axis from the body below to the one above."""
    at = VERTEBRAE.index(label.removeprefix("vertebrae_"))
    own = vertebra(marks, label)
    near = [level_label(VERTEBRAE[n]) for n in (at - 1, at + 1) if 0 <= n < len(VERTEBRAE)]
    usable = {name: name != "vertebrae_S1" and marks.has(name) and name not in _cut(marks) for name in near}
    if label == "vertebrae_L5":  # the first sacral body is part of a bigger bone: its label's centre is not on the line
        usable = {"vertebrae_L4": usable["vertebrae_L4"]}
        if usable["vertebrae_L4"] and marks.has("vertebrae_S1"):
            top = _sacral_top(marks, own.center_mm)
            return frame_head_back(own.center_mm, vertebra(marks, "vertebrae_L4").center_mm - top, own.back)
    line = [vertebra(marks, name).center_mm for name in near if usable.get(name)]
    if not line:
        raise LandmarkError(f"The {label[10:]} vertebra of {marks.name} has no whole neighbour to take its axis from.")
    line.insert(1 if level_label(VERTEBRAE[at - 1]) == near[0] and usable.get(near[0]) else 0, own.center_mm)
    return frame_head_back(own.center_mm, line[0] - line[-1], own.back)


def _sacral_top(marks: Landmarks, above_mm: FloatArray) -> FloatArray:
    """(3,) middle of the first sacral body: the points of S1 nearest to the body of L5, a body's depth deep."""
    points = marks.points("vertebrae_S1")
    distance = np.linalg.norm(points - above_mm, axis=1)
    return np.asarray(points[distance < distance.min() + 20.0].mean(axis=0))


def _cut(marks: Landmarks) -> frozenset[str]:
    return marks.voxels.patient.cut


def levels(letter: str, first: int, last: int) -> tuple[str, ...]:
    """Labels of levels from head to tail."""
    return tuple(f"vertebrae_{letter}{number}" for number in range(first, last + 1))


def cervical(marks: Landmarks, side: str, label: str) -> Frame:
    """C3 to C7, which lean forwards by 15°; origin half-way."""
    return row_frame(marks, levels("C", 3, 7), 4, CERVICAL_LEAN_DEG)


def odontoid(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of C2 to C4; origin between the middles of C1 and C2."""
    frame = row_frame(marks, levels("C", 2, 4), 2)
    ring, axis = marks.whole("vertebrae_C1"), marks.whole("vertebrae_C2")
    return frame.at((ring.mean(axis=0) + axis.mean(axis=0)) / 2)


def cervicothoracic(marks: Landmarks, side: str, label: str) -> Frame:
    """C5 to T3; origin between the bodies of C7 and T1."""
    frame = row_frame(marks, (*levels("C", 5, 7), *levels("T", 1, 3)), 4)
    return frame.at(_between(marks, "vertebrae_C7", "vertebrae_T1"))


def thoracic(marks: Landmarks, side: str, label: str) -> Frame:
    """T1 to T12, which lean forwards by 8°; origin half-way."""
    return row_frame(marks, levels("T", 1, 12), 8, THORACIC_LEAN_DEG)


def thoracolumbar(marks: Landmarks, side: str, label: str) -> Frame:
    """T11 to L2; origin between the bodies of T12 and L1."""
    frame = row_frame(marks, (*levels("T", 11, 12), *levels("L", 1, 2)), 3)
    return frame.at(_between(marks, "vertebrae_T12", "vertebrae_L1"))


def lumbar(marks: Landmarks, side: str, label: str) -> Frame:
    """L1 to L5; origin half-way."""
    return row_frame(marks, levels("L", 1, 5), 4)


def lumbosacral(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the lumbar spine; origin between the body of L5 and the first sacral one."""
    own = vertebra(marks, "vertebrae_L5").center_mm
    return lumbar(marks, side, label).at((own + _sacral_top(marks, own)) / 2)


def one_vertebra(marks: Landmarks, side: str, label: str) -> Frame:
    """The vertebra asked for."""
    if not label:
        raise LandmarkError("This view is of one vertebra: name it, such as L4.")
    if label == "vertebrae_S1":
        raise LandmarkError("S1 is part of the sacrum: take the lumbosacral or the sacrum views.")
    return vertebra_frame(marks, label)


def pedicle(marks: Landmarks, side: str, label: str) -> Frame:
    """The vertebra asked for, turned so that a beam 15° off the midline runs along its pedicle on this side."""
    level = label.removeprefix("vertebrae_")
    frame = one_vertebra(marks, side, label)
    if level not in PEDICLE_DEG:
        raise LandmarkError(f"Pedicle views are there from T1 to L5, not for {level}.")
    outward = 1.0 if side == "left" else -1.0
    turn = np.deg2rad(outward * (_PEDICLE_NOMINAL_DEG - PEDICLE_DEG[level]))
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    turned = Frame(frame.origin_mm, frame.axes @ spin)
    # The pedicle joins the body at its back: half a body outwards, half a body behind its middle.
    reach = float(marks.voxels.depth(label)[1].max())
    return turned.at(frame.world([outward * reach, 1.1 * reach, 0.15 * reach]))


def _between(marks: Landmarks, upper: str, lower: str) -> FloatArray:
    return np.asarray((vertebra(marks, upper).center_mm + vertebra(marks, lower).center_mm) / 2)
