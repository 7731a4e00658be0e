"""Shoulder, collar bone, upper arm, elbow, forearm, wrist and hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.spatial import cKDTree

from fluorosam_sim.patients.landmarks import torso
from fluorosam_sim.patients.landmarks.lower_limb import outward
from fluorosam_sim.patients.landmarks.shape import (
    FloatArray,
    Frame,
    across,
    fit_sphere,
    flat_axis,
    frame_head_left,
    shaft_axis,
    unit,
)
from fluorosam_sim.patients.landmarks.voxels import LandmarkError

if TYPE_CHECKING:
    from fluorosam_sim.patients.landmarks.body import Landmarks

_SCAPULA_DEG = 40.0  # between the blade and the coronal plane


def humeral_head(marks: Landmarks, side: str) -> FloatArray:
    """(3,) centre of the humeral head."""
    return cast(FloatArray, marks.keep(("humeral head", side), lambda: _humeral_head(marks, side)))


def _humeral_head(marks: Landmarks, side: str) -> FloatArray:
    label = f"humerus_{side}"
    shape = marks.shape(label)
    if shape.cut_proximal:
        raise LandmarkError(f"The {side} humeral head of {marks.name} is cut by the edge of the scan.")
    voxels, depth = marks.voxels.depth(label)
    along = voxels @ shape.axes[:, 0]
    top = along > along.max() - 45.0
    seed, radius = voxels[top][np.argmax(depth[top])], float(depth[top].max())
    glenoid = marks.points(f"scapula_{side}")
    near, _ = cKDTree(glenoid).query(voxels[top])
    inward = voxels[top][near <= np.quantile(near, 0.03)].mean(axis=0) - seed
    ray = voxels - seed
    skin = top & (depth < 1.5 * max(marks.voxels.patient.spacing_mm))
    skin &= (ray @ unit(inward) > -0.1 * radius) & (np.linalg.norm(ray, axis=1) < 1.5 * radius)
    center, found = fit_sphere(voxels[skin])
    return center if np.linalg.norm(center - seed) < 12.0 and found < 40.0 else seed


def glenoid(marks: Landmarks, side: str) -> FloatArray:
    """(3,) middle of the shoulder blade's joint surface."""
    points = marks.points(f"scapula_{side}")
    gap = np.linalg.norm(points - humeral_head(marks, side), axis=1)
    return np.asarray(points[gap <= np.quantile(gap, 0.03)].mean(axis=0))


def _blade(marks: Landmarks, side: str) -> Frame:
    """Axes of the shoulder blade at 40° to the coronal plane; head as the chest's, as far as the blade allows.

    The blade's plane goes through the joint, the lower corner and the inner border where its spine begins (the plane
    of Wu et al., J. Biomech. 38 (2005) 981).
    """
    points = marks.whole(f"scapula_{side}")
    chest = torso.thorax(marks)
    joint = glenoid(marks, side)
    local = chest.local(points)
    corner = points[local[:, 2] < local[:, 2].min() + 6.0].mean(axis=0)
    inward = -outward(side) * local[:, 0]
    inner = points[inward > inward.max() - 4.0].mean(axis=0)
    normal = unit(np.cross(corner - joint, inner - joint))
    front = normal if normal @ chest.axes[:, 1] < 0 else -normal
    head = across(chest.axes[:, 2], front)
    lateral = across(across(outward(side) * chest.axes[:, 0], front), head)
    turn = np.deg2rad(_SCAPULA_DEG)
    left = outward(side) * (np.cos(turn) * lateral - np.sin(turn) * front)
    return frame_head_left(joint, head, left)


def glenohumeral(marks: Landmarks, side: str, label: str) -> Frame:
    """The shoulder blade, whose plane is 40° to the coronal one; origin in the joint."""
    frame = _blade(marks, side)
    return frame.at((frame.origin_mm + humeral_head(marks, side)) / 2)


def glenohumeral_scapula(marks: Landmarks, side: str, label: str) -> Frame:
    """The shoulder blade, whose plane is 40° to the coronal one; origin in its middle."""
    frame = _blade(marks, side)
    local = frame.local(marks.points(f"scapula_{side}"))
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def shoulder(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the humeral head."""
    return torso.thorax(marks).at(humeral_head(marks, side))


def acromioclavicular(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin in the lateral end of the collar bone."""
    return torso.thorax(marks).at(_collar_ends(marks, side)[1])


def _collar_ends(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
    """(medial, lateral) ends of the collar bone."""
    points = marks.whole(f"clavicula_{side}")
    local = torso.thorax(marks).local(points)[:, 0] * outward(side)
    return (
        points[local < local.min() + 6.0].mean(axis=0),
        points[local > local.max() - 6.0].mean(axis=0),
    )


def clavicle(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin half-way along the collar bone."""
    medial, lateral = _collar_ends(marks, side)
    return torso.thorax(marks).at((medial + lateral) / 2)


def sternoclavicular(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the chest; origin between the medial ends of both collar bones."""
    left, right = (_collar_ends(marks, name)[0] for name in ("left", "right"))
    return torso.thorax(marks).at((left + right) / 2)


def _shaft(marks: Landmarks, label: str) -> tuple[FloatArray, FloatArray]:
    return cast(
        tuple[FloatArray, FloatArray],
        marks.keep(("shaft", label), lambda: shaft_axis(marks.whole(label), marks.shape(label).axes[:, 0], 0.25, 0.75)),
    )


def _end(points: FloatArray, axis: FloatArray, depth_mm: float) -> FloatArray:
    """Points within depth_mm of the end that lies against a direction."""
    along = points @ axis
    return points[along < along.min() + depth_mm]


def _humerus_axes(marks: Landmarks, side: str) -> Frame:
    """Head along the shaft, left along the epicondyles; origin in their middle."""
    points = marks.whole(f"humerus_{side}")
    _, axis = _shaft(marks, f"humerus_{side}")
    end = _end(points, axis, 25.0)
    width = flat_axis(end, axis)
    sense = np.array([1.0, 0.0, 0.0])
    if marks.has(f"radius_{side}", f"ulna_{side}"):  # the radius meets the outer epicondyle, the ulna the inner one
        heads = [-_end(marks.points(f"{bone}_{side}"), -marks.shape(f"{bone}_{side}").axes[:, 0], 15.0).mean(axis=0)
                 for bone in ("ulna", "radius")]  # fmt: skip
        sense = outward(side) * (heads[0] - heads[1])
    return frame_head_left(end.mean(axis=0), axis, width if width @ sense > 0 else -width)


def humerus(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the shaft, left along the epicondyles; origin half-way."""
    frame = _humerus_axes(marks, side)
    local = frame.local(marks.points(f"humerus_{side}"))
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def elbow(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the humerus; origin between its epicondyles and the forearm."""
    frame = _humerus_axes(marks, side)
    names = (f"ulna_{side}", f"radius_{side}")
    marks.points(names[0]), marks.points(names[1])
    return frame.at(frame.world([0.0, 0.0, -8.0]))


def _wrist_ends(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
    """Distal ends (3,) of radius and ulna."""
    ends = []
    for bone in ("radius", "ulna"):
        points = marks.whole(f"{bone}_{side}")
        ends.append(_end(points, marks.shape(f"{bone}_{side}").axes[:, 0], 12.0).mean(axis=0))
    return ends[0], ends[1]


def forearm(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along both bones, left in the plane of their distal ends, as with the palm to the front; origin half-way."""
    radial, ulnar = _wrist_ends(marks, side)
    axis = unit(_shaft(marks, f"radius_{side}")[1] + _shaft(marks, f"ulna_{side}")[1])
    points = marks.points((f"radius_{side}", f"ulna_{side}"))
    frame = frame_head_left(points.mean(axis=0), axis, outward(side) * (radial - ulnar))
    local = frame.local(points)
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def _hand_axes(marks: Landmarks, side: str) -> Frame:
    """Head from the fingers' knuckles to the wrist, left across the metacarpals, as with the palm to the front."""
    wrist, palm = marks.whole(f"carpal_{side}"), marks.whole(f"metacarpal_{side}")
    axis = unit(wrist.mean(axis=0) - palm.mean(axis=0))
    along = palm @ axis
    knuckles = palm[along < np.quantile(along, 0.25)]  # the thumb's does not reach that far
    axis = unit(wrist.mean(axis=0) - knuckles.mean(axis=0))
    spread = flat_axis(palm, axis)
    radial, ulnar = _wrist_ends(marks, side)
    sense = outward(side) * (radial - ulnar)
    return frame_head_left(wrist.mean(axis=0), axis, spread if spread @ sense > 0 else -spread)


def wrist(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the hand; origin in the carpal bones."""
    return _hand_axes(marks, side)


def hand(marks: Landmarks, side: str, label: str) -> Frame:
    """Head from the knuckles to the wrist, left across the metacarpals; origin in the hand's middle."""
    frame = _hand_axes(marks, side)
    local = frame.local(marks.points((f"carpal_{side}", f"metacarpal_{side}", f"phalanges_hand_{side}")))
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))
