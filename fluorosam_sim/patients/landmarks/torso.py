"""Chest, abdomen, shoulder blades' surroundings and skull."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

import numpy as np

from fluorosam_sim.anatomy import structure
from fluorosam_sim.patients.landmarks import spine
from fluorosam_sim.patients.landmarks.shape import (
    FloatArray,
    Frame,
    flat_axis,
    frame_head_left,
    frame_left_head,
    mirror_normal,
)
from fluorosam_sim.patients.landmarks.voxels import LandmarkError

if TYPE_CHECKING:
    from fluorosam_sim.patients.landmarks.body import Landmarks

_ABDOMEN_BEFORE_L3_MM = 45.0
# The brain's long axis rises by this much to the front against the line from the eye to the ear.
_BRAIN_RISE_DEG = 21.0
_FACE_MM = (-55.0, -55.0)  # forward of and below the middle of the brain: half-way between orbits and upper teeth


def thorax(marks: Landmarks) -> Frame:
    """Axes of the chest: head along the thoracic spine, left from the right ribs to the left ones."""
    return cast(Frame, marks.keep(("thorax",), lambda: _thorax(marks)))


def _thorax(marks: Landmarks) -> Frame:
    line = spine.row_frame(marks, spine.levels("T", 2, 11), 6, spine.THORACIC_LEAN_DEG)
    cut = marks.voxels.patient.cut
    pairs = [(f"rib_left_{n}", f"rib_right_{n}") for n in range(2, 11)]
    whole = [pair for pair in pairs if marks.has(*pair) and not cut & set(pair)]
    if len(whole) < 3:
        raise LandmarkError(f"{marks.name} has no three whole pairs of ribs to tell the chest's left from its right.")
    gaps = np.array([marks.points(left).mean(axis=0) - marks.points(right).mean(axis=0) for left, right in whole])
    return frame_head_left(line.origin_mm, line.axes[:, 2], gaps.sum(axis=0))


def _box_center(frame: Frame, points: FloatArray) -> FloatArray:
    """Middle of the box around points, in the frame's axes; the outermost thousandth does not count."""
    local = frame.local(points)
    return frame.world((np.quantile(local, 0.001, axis=0) + np.quantile(local, 0.999, axis=0)) / 2)


def chest(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the middle of both lungs' box."""
    frame = thorax(marks)
    for lobe in structure("lungs").members:
        marks.whole(lobe)
    return frame.at(_box_center(frame, marks.points(structure("lungs").members)))


def _ribs(marks: Landmarks, side: str, first: int, last: int) -> Frame:
    frame = thorax(marks)
    points = np.concatenate([marks.whole(f"rib_{side}_{number}") for number in range(first, last + 1)])
    return frame.at(_box_center(frame, points))


def ribs_upper(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the middle of ribs 1 to 7 of a side."""
    return _ribs(marks, side, 1, 7)


def ribs_lower(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the middle of ribs 8 to 12 of a side."""
    return _ribs(marks, side, 8, 12)


def ribs_axillary(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the middle of ribs 3 to 9 of a side."""
    return _ribs(marks, side, 3, 9)


def sternum(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the middle of the sternum's box."""
    frame = thorax(marks)
    return frame.at(_box_center(frame, marks.whole("sternum")))


def abdomen(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the lumbar spine; origin before L3."""
    frame = spine.lumbar(marks, side, label)
    body = spine.vertebra(marks, "vertebrae_L3").center_mm
    return frame.at(body - _ABDOMEN_BEFORE_L3_MM * frame.axes[:, 1])


def skull(marks: Landmarks, side: str, label: str) -> Frame:
    """Left across the plane between the halves of the skull, back along the eye-ear line; origin in the brain."""
    return cast(Frame, marks.keep(("skull",), lambda: _skull(marks)))


def _skull(marks: Landmarks) -> Frame:
    bone, brain = marks.whole("skull"), marks.whole("brain")
    middle = brain.mean(axis=0)
    start = frame_head_left(middle, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
    if marks.has("vertebrae_C1", "vertebrae_C2"):
        with contextlib.suppress(ValueError):  # the neck only turns the search in; a cut one is no harm
            start = spine.odontoid(marks, "", "").at(middle)
    _, left = mirror_normal(np.concatenate([bone, brain]), start)
    long = flat_axis(brain, left)
    face = bone.mean(axis=0) - middle  # the vault surrounds the brain, the rest of the skull is face
    forward = long if long @ face > 0 else -long
    up = np.cross(left, -forward)
    tilt = np.deg2rad(_BRAIN_RISE_DEG)
    return frame_left_head(middle, left, np.cos(tilt) * up + np.sin(tilt) * forward)


def skull_face(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the skull; origin in the middle of the face."""
    frame = skull(marks, side, label)
    forward, below = _FACE_MM
    return frame.at(frame.world([0.0, forward, below]))
