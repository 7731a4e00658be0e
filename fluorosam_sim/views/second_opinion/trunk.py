"""Second opinions of spine, chest, abdomen and skull."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from scipy.spatial import cKDTree

from fluorosam_sim.anatomy import VERTEBRAE
from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.patients.landmarks.shape import (
    across,
    frame_head_back,
    frame_head_left,
    frame_left_head,
    mirror_normal,
)
from fluorosam_sim.patients.landmarks.spine import CERVICAL_LEAN_DEG, PEDICLE_DEG, THORACIC_LEAN_DEG
from fluorosam_sim.views.second_opinion.measure import (
    FloatArray,
    X,
    Z,
    box_middle,
    long_axis,
    sense_of,
    widest,
)


def _levels(letter: str, first: int, last: int) -> list[str]:
    return [f"vertebrae_{letter}{number}" for number in range(first, last + 1)]


def _spine(*labels: str, lean_deg: float = 0.0) -> Callable[[Landmarks, str, str], Frame]:
    """Head axis along the fronts of whole vertebrae, left axis across their plane of symmetry; origin in the bodies."""

    def find(marks: Landmarks, side: str, label: str) -> Frame:
        return _row(marks, labels, lean_deg)

    return find


def _row(marks: Landmarks, labels: tuple[str, ...], lean_deg: float = 0.0) -> Frame:
    return cast(Frame, marks.keep(("second row", *labels), lambda: _find_row(marks, labels, lean_deg)))


def _find_row(marks: Landmarks, labels: tuple[str, ...], lean_deg: float) -> Frame:
    whole = [label for label in labels if marks.has(label) and not marks.shape(label).cut]
    bodies = np.array([_front(marks, label) for label in whole])
    head = long_axis(bodies, bodies[0] - bodies[-1])
    left = sum((_mirror(marks, label, head) for label in whole), np.zeros(3))
    back = np.cross(head, across(left, head))
    lean = np.deg2rad(lean_deg)
    return frame_head_back(bodies.mean(axis=0), np.cos(lean) * head + np.sin(lean) * back, back)


def _front(marks: Landmarks, label: str) -> FloatArray:
    """Middle of the box around the part of a vertebra that lies before its spinal canal."""
    points = marks.points(label)
    local = points - points.mean(axis=0)
    low = np.quantile(local[:, 1], 0.005)
    depth = {"C": 14.0, "T": 24.0, "L": 32.0, "S": 28.0}[label.removeprefix("vertebrae_")[0]]
    body = points[local[:, 1] < low + depth]
    middle = np.median(body, axis=0)
    near = body[np.abs(body[:, 0] - middle[0]) < 18.0]
    return np.asarray((np.quantile(near, 0.02, axis=0) + np.quantile(near, 0.98, axis=0)) / 2)


def _mirror(marks: Landmarks, label: str, head: FloatArray) -> FloatArray:
    key = ("second mirror", label, *(f"{v:.3f}" for v in head))
    return cast(FloatArray, marks.keep(key, lambda: _find_mirror(marks, label, head)))


def _find_mirror(marks: Landmarks, label: str, head: FloatArray) -> FloatArray:
    """Unit normal to the left of a vertebra's plane of symmetry: where its mirror image fits itself best."""
    points = marks.points(label)
    points = points[:: max(1, len(points) // 1200)] - points.mean(axis=0)
    tree = cKDTree(points)
    start = frame_head_left(np.zeros(3), head, X).axes
    turns = np.deg2rad(np.arange(-30.0, 31.0, 3.0))
    normals = np.cos(turns)[:, None] * start[:, 0] + np.sin(turns)[:, None] * start[:, 1]
    misfit = np.array([tree.query(points - 2 * np.outer(points @ n, n))[0].mean() for n in normals])
    at = int(np.clip(np.argmin(misfit), 1, len(turns) - 2))
    low, mid, high = misfit[at - 1 : at + 2]
    bend = low - 2 * mid + high
    turn = turns[at] + (0.5 * (low - high) / bend * (turns[1] - turns[0]) if bend > 1e-9 else 0.0)
    return np.asarray(np.cos(turn) * start[:, 0] + np.sin(turn) * start[:, 1])


def _between(labels: tuple[str, str], row: tuple[str, ...]) -> Callable[[Landmarks, str, str], Frame]:
    def find(marks: Landmarks, side: str, label: str) -> Frame:
        return _row(marks, row).at((_front(marks, labels[0]) + _front(marks, labels[1])) / 2)

    return find


def _vertebra(marks: Landmarks, side: str, label: str) -> Frame:
    at = VERTEBRAE.index(label.removeprefix("vertebrae_"))
    row = [f"vertebrae_{level}" for level in VERTEBRAE[max(at - 1, 0) : at + 2] if level != "S1"]
    frame = _row(marks, tuple(row))
    head = frame.axes[:, 2]
    return frame_head_left(_front(marks, label), head, _mirror(marks, label, head))


def _pedicle(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _vertebra(marks, side, label)
    turn = np.deg2rad(sense_of(side) * (15.0 - PEDICLE_DEG[label.removeprefix("vertebrae_")]))
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    # The pedicle is what bridges body and arch, half a body's width to the side.
    local = frame.local(marks.points(label))
    beside = local[(local[:, 0] * sense_of(side) > 6.0) & (local[:, 0] * sense_of(side) < 22.0)]
    bridge = beside[(beside[:, 1] > 8.0) & (beside[:, 1] < 24.0)]
    return Frame(frame.world(np.median(bridge, axis=0)), frame.axes @ spin)


def chest_axes(marks: Landmarks) -> Frame:
    return cast(Frame, marks.keep(("second chest",), lambda: _find_chest_axes(marks)))


def _find_chest_axes(marks: Landmarks) -> Frame:
    """Head along the thoracic vertebrae's fronts, back from the breastbone to them."""
    row = _row(marks, tuple(_levels("T", 2, 11)), THORACIC_LEAN_DEG)
    bone = marks.points("sternum")
    behind = [_front(marks, label) for label in _levels("T", 3, 8)]
    return frame_head_back(row.origin_mm, row.axes[:, 2], np.mean(behind, axis=0) - bone.mean(axis=0))


def _chest_at(*labels: str, middle: bool = True) -> Callable[[Landmarks, str, str], Frame]:
    """Chest axes; origin in the middle of the box around labels, or at their centroid."""

    def find(marks: Landmarks, side: str, label: str) -> Frame:
        frame = chest_axes(marks)
        return frame.at(box_middle(frame, marks.points([name.replace("*", side) for name in labels]), middle))

    return find


def _sternum(marks: Landmarks, side: str, label: str) -> Frame:
    points = marks.points("sternum")
    along = (points - points.mean(axis=0)) @ long_axis(points)
    ends = [points[along > along.max() - 6.0].mean(axis=0), points[along < along.min() + 6.0].mean(axis=0)]
    return chest_axes(marks).at((ends[0] + ends[1]) / 2)


def _abdomen(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _row(marks, tuple(_levels("L", 1, 5)))
    return frame.at(_front(marks, "vertebrae_L3") - 45.0 * frame.axes[:, 1])


def _lumbosacral(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _row(marks, tuple(_levels("L", 1, 5)))
    upper = _front(marks, "vertebrae_L5")
    sacral = marks.points("vertebrae_S1")
    near = sacral[cKDTree(marks.points("vertebrae_L5")).query(sacral)[0] < 14.0]
    return frame.at((upper + near.mean(axis=0)) / 2)


def _odontoid(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _row(marks, tuple(_levels("C", 2, 4)))
    rings = marks.points(("vertebrae_C1",)), marks.points(("vertebrae_C2",))
    return frame.at((box_middle(frame, rings[0]) + box_middle(frame, rings[1])) / 2)


def _skull(marks: Landmarks, side: str, label: str) -> Frame:
    """Left across the skull's plane of symmetry; back along the greatest length of the braincase, less its rise."""
    brain, bone = marks.points("brain"), marks.points("skull")
    axes = frame_head_left(brain.mean(axis=0), Z, X)
    _, left = mirror_normal(bone, axes)
    middle = brain.mean(axis=0)
    flat = bone[np.abs((bone - middle) @ left) < 12.0]
    case = flat[cKDTree(brain[::4]).query(flat)[0] < 12.0]
    long = widest(case, left)
    forward = long if long @ (bone.mean(axis=0) - middle) > 0 else -long
    rise = np.deg2rad(_CASE_RISE_DEG)
    up = np.cross(left, -forward)
    return frame_left_head(box_middle(axes, brain), left, np.cos(rise) * up + np.sin(rise) * forward)


# The greatest length of the braincase rises to the front against the line from the eye to the ear, in the mean.
_CASE_RISE_DEG = 20.5


def _face(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _skull(marks, side, label)
    return frame.at(frame.world([0.0, -55.0, -55.0]))


_RIBS = tuple(f"rib_*_{number}" for number in range(1, 13))
_LOBES = ("lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right", "lung_middle_lobe_right",
          "lung_lower_lobe_right")  # fmt: skip
TRUNK_SITES: dict[str, Callable[[Landmarks, str, str], Frame]] = {
    "chest": _chest_at(*_LOBES),
    "ribs_upper": _chest_at(*_RIBS[:7]),
    "ribs_lower": _chest_at(*_RIBS[7:]),
    "ribs_axillary": _chest_at(*_RIBS[2:9]),
    "sternum": _sternum,
    "abdomen": _abdomen,
    "skull": _skull,
    "skull_face": _face,
    "cervical": _spine(*_levels("C", 3, 7), lean_deg=CERVICAL_LEAN_DEG),
    "odontoid": _odontoid,
    "cervicothoracic": _between(("vertebrae_C7", "vertebrae_T1"), (*_levels("C", 5, 7), *_levels("T", 1, 3))),
    "thoracic": _spine(*_levels("T", 1, 12), lean_deg=THORACIC_LEAN_DEG),
    "thoracolumbar": _between(("vertebrae_T12", "vertebrae_L1"), (*_levels("T", 11, 12), *_levels("L", 1, 2))),
    "lumbar": _spine(*_levels("L", 1, 5)),
    "lumbosacral": _lumbosacral,
    "vertebra": _vertebra,
    "pedicle": _pedicle,
}
