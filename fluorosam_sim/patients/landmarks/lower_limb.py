"""Pelvis, hip, femur, knee, leg, ankle and foot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from fluorosam_sim.patients.landmarks.shape import (
    FloatArray,
    Frame,
    across,
    fit_sphere,
    flat_axis,
    frame_head_left,
    frame_left_head,
    shaft_axis,
    unit,
)
from fluorosam_sim.patients.landmarks.voxels import LandmarkError

if TYPE_CHECKING:
    from fluorosam_sim.patients.landmarks.body import Landmarks

_HALF = np.sqrt(0.5)
_MALLEOLI_DEG = 20.0  # the axis of the malleoli is turned outwards by this much: AP and mortise view differ by it
_TEARDROP_ABOVE_MM = 18.0
_HALF_JOINT_SPACE_MM = 2.0


def outward(side: str) -> float:
    """+1 where the side's lateral is the left, −1 where it is the right."""
    return 1.0 if side == "left" else -1.0


# Pelvis


def pelvis(marks: Landmarks, side: str, label: str) -> Frame:
    """The anterior pelvic plane: through both anterior superior iliac spines and the pubic tubercles."""
    return cast(Frame, marks.keep(("pelvis",), lambda: _pelvis(marks)))


def _pelvis(marks: Landmarks) -> Frame:
    halves = [marks.whole("hip_left"), marks.whole("hip_right")]
    both = np.concatenate(halves)
    across_mm = halves[0].mean(axis=0) - halves[1].mean(axis=0)
    frame = frame_left_head(both.mean(axis=0), across_mm, [0.0, 0.0, 1.0])
    for _ in range(4):
        spines, tubercles = [], []
        for half in halves:
            local = frame.local(half)
            middle = (local[:, 2].min() + local[:, 2].max()) / 2
            spines.append(_foremost(half, local, local[:, 2] > middle))
            tubercles.append(_foremost(half, local, local[:, 2] < middle - 15.0))
        left = unit(spines[0] - spines[1]) + unit(across_mm)
        frame = frame_left_head(frame.origin_mm, left, (spines[0] + spines[1]) - (tubercles[0] + tubercles[1]))
    local = frame.local(both)
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def _foremost(points: FloatArray, local: FloatArray, where: np.ndarray) -> FloatArray:
    depth = np.where(where, local[:, 1], np.inf)
    return np.asarray(points[np.argsort(depth)[:12]].mean(axis=0))


def acetabulum(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the pelvis; origin in the femoral head."""
    return pelvis(marks, side, label).at(femur(marks, side).head_mm)


def teardrop(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the pelvis; origin above the acetabulum, where the corridor from the iliac spine to the back begins."""
    frame = acetabulum(marks, side, label)
    return frame.at(frame.world([0.0, 0.0, femur(marks, side).head_radius_mm + _TEARDROP_ABOVE_MM]))


def sacrum(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the pelvis; origin in the sacrum."""
    names = [name for name in ("sacrum", "vertebrae_S1") if marks.has(name)]
    marks.whole("sacrum")
    return pelvis(marks, side, label).at(marks.points(names).mean(axis=0))


def sacroiliac_joint(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the pelvis; origin in the joint of one side."""
    bone = marks.whole(f"hip_{side}")
    names = [name for name in ("sacrum", "vertebrae_S1") if marks.has(name)]
    marks.whole("sacrum")
    gap, _ = cKDTree(marks.points(names)).query(bone, distance_upper_bound=40.0)
    return pelvis(marks, side, label).at(bone[gap <= np.quantile(gap, 0.02)].mean(axis=0))


def sacroiliac(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the pelvis; origin half-way between both sacroiliac joints."""
    left, right = (sacroiliac_joint(marks, name, label) for name in ("left", "right"))
    return left.at((left.origin_mm + right.origin_mm) / 2)


# Femur


@dataclass(frozen=True, eq=False)
class Femur:
    """head_mm, head_radius_mm: sphere of the head. neck: unit vector from the head into the neck. shaft_mm, shaft: a
    point on the shaft's axis and its unit direction to the hip."""

    head_mm: FloatArray
    head_radius_mm: float
    neck: FloatArray
    shaft_mm: FloatArray
    shaft: FloatArray


def femur(marks: Landmarks, side: str) -> Femur:
    """The proximal femur of a side; its distal part may be cut by the edge of the volume."""
    return cast(Femur, marks.keep(("femur", side), lambda: _femur(marks, side)))


def _femur(marks: Landmarks, side: str) -> Femur:
    label = f"femur_{side}"
    shape, points = marks.shape(label), marks.points(label)
    if shape.cut_proximal:
        raise LandmarkError(f"The {side} femoral head of {marks.name} is cut by the edge of the scan.")
    if shape.size_mm[0] < 120.0:
        raise LandmarkError(f"The scan of {marks.name} shows too little of the {side} femur to find its shaft.")
    along = points @ shape.axes[:, 0]
    top = float(along.max())
    # A whole femur has its own middle as shaft; of a cut one, what lies well below the trochanters.
    shaft = points[along < top - 110.0] if shape.cut_distal else points
    start, stop = (0.1, 0.95) if shape.cut_distal else (0.3, 0.7)
    point, axis = shaft_axis(shaft, shape.axes[:, 0], start, stop)
    voxels, depth = marks.voxels.depth(label)
    off = voxels - point
    radial = off - np.outer(off @ axis, axis)
    inward = np.array([-outward(side), 0.0, 0.0])
    if marks.has(f"hip_{side}"):
        top_mm = point + axis * float((off @ axis).max())
        inward = marks.points(f"hip_{side}").mean(axis=0) - top_mm
    toward = across(inward, axis)
    height = off @ axis
    medial = (radial @ toward > 12.0) & (height > height.max() - 70.0)
    seed = voxels[medial][np.argmax(depth[medial])]
    radius = float(depth[medial].max())
    for _ in range(2):  # the skin of the head: what is shallow, and away from the neck
        ray = voxels - seed
        distance = np.linalg.norm(ray, axis=1)
        inside = toward * 1.0 + axis * 0.6
        skin = (depth < 1.5 * max(marks.voxels.patient.spacing_mm)) & (np.abs(distance - radius) < 0.35 * radius)
        center, found = fit_sphere(voxels[skin & (ray @ inside > 0.0)])
        seed, radius = center, found + 0.5 * float(np.mean(marks.voxels.patient.spacing_mm))
    distance = np.linalg.norm(voxels - seed, axis=1)
    shell = voxels[(distance > 1.15 * radius) & (distance < 1.65 * radius) & (radial @ toward > 0.0)]
    if len(shell) < 20:
        raise LandmarkError(f"The neck of the {side} femur of {marks.name} is not to be found.")
    return Femur(seed, radius, unit(shell.mean(axis=0) - seed), point, axis)


def hip(marks: Landmarks, side: str, label: str) -> Frame:
    """The plane of femoral neck and shaft, with the neck at 45°; origin between the head and the neck's base."""
    bone = femur(marks, side)
    beside = across(bone.shaft, bone.neck)
    left = outward(side) * _HALF * (bone.neck + beside)
    origin = bone.head_mm + 0.8 * bone.head_radius_mm * bone.neck
    return frame_head_left(origin, _HALF * (beside - bone.neck), left)


def _condyles(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
    """Hindmost points (3,) of both condyles of a femur: the one on the left, the one on the right."""
    return cast(tuple[FloatArray, FloatArray], marks.keep(("condyles", side), lambda: _find_condyles(marks, side)))


def _find_condyles(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
    bone = femur(marks, side)
    points = marks.whole(f"femur_{side}")
    along = points @ bone.shaft
    end = points[along < along.min() + 45.0]
    left = flat_axis(points[along < along.min() + 30.0], bone.shaft)
    left = left if left[0] > 0 else -left
    for _ in range(4):
        frame = frame_head_left(end.mean(axis=0), bone.shaft, left)
        local = frame.local(end)
        middle = np.median(local[:, 0])
        hind = [
            end[side_of][np.argsort(-local[side_of, 1])[:25]].mean(axis=0)
            for side_of in (local[:, 0] > middle + 6.0, local[:, 0] < middle - 6.0)
        ]
        left = hind[0] - hind[1]
    return hind[0], hind[1]


def _femur_axes(marks: Landmarks, side: str) -> Frame:
    """Head along the shaft, left along the back of the condyles."""
    left, right = _condyles(marks, side)
    bone = femur(marks, side)
    return frame_head_left(bone.shaft_mm, bone.shaft, left - right)


def _femur_part(marks: Landmarks, side: str, share: float) -> Frame:
    frame = _femur_axes(marks, side)
    along = frame.local(marks.points(f"femur_{side}"))[:, 2]
    height = along.min() + share * np.ptp(along)
    local = frame.local(marks.points(f"femur_{side}"))
    near = local[np.abs(local[:, 2] - height) < 10.0].mean(axis=0)
    return frame.at(frame.world([near[0], near[1], height]))


def femur_proximal(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the shaft, left along the back of the condyles; origin a quarter of its length from the hip."""
    return _femur_part(marks, side, 0.75)


def femur_shaft(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the shaft, left along the back of the condyles; origin half-way."""
    return _femur_part(marks, side, 0.5)


def femur_distal(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the shaft, left along the back of the condyles; origin a quarter of its length from the knee."""
    return _femur_part(marks, side, 0.25)


# Knee and leg


def _leg_shaft(marks: Landmarks, label: str) -> tuple[FloatArray, FloatArray]:
    """(point, unit direction to the body) of the axis of a long bone's middle half."""
    return cast(
        tuple[FloatArray, FloatArray],
        marks.keep(("shaft", label), lambda: shaft_axis(marks.whole(label), marks.shape(label).axes[:, 0], 0.25, 0.75)),
    )


def _joint_line(marks: Landmarks, side: str) -> FloatArray:
    """Half-way between what both condyles stand on, in the joint space.

    Condyle by condyle: seen along the shaft, which leans outwards, the inner one alone is the lowest part of the femur.
    """
    bone = femur(marks, side)
    points = marks.whole(f"femur_{side}")
    along = points @ bone.shaft
    end = points[along < along.min() + 30.0]
    sideways = end @ _femur_axes(marks, side).axes[:, 0]
    middle = (sideways.min() + sideways.max()) / 2
    up = _leg_shaft(marks, f"tibia_{side}")[1]
    treads = [_lowest(end[half], up) for half in (sideways > middle + 6.0, sideways < middle - 6.0)]
    return np.asarray((treads[0] + treads[1]) / 2 - _HALF_JOINT_SPACE_MM * up)


def knee(marks: Landmarks, side: str, label: str) -> Frame:
    """Left along the back of the femoral condyles, head along the tibia; origin in the joint line."""
    left = _femur_axes(marks, side).axes[:, 0]
    return frame_left_head(_joint_line(marks, side), left, _leg_shaft(marks, f"tibia_{side}")[1])


def knee_notch(marks: Landmarks, side: str, label: str) -> Frame:
    """Left along the back of the femoral condyles, head along the femur; origin between the condyles."""
    frame = _femur_axes(marks, side)
    left, right = _condyles(marks, side)
    joint = frame.local([_joint_line(marks, side)])[0]
    back = frame.local([(left + right) / 2])[0]
    return frame.at(frame.world([joint[0], 0.5 * (joint[1] + back[1]), joint[2] + 12.0]))


def patella(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the knee; origin in the kneecap."""
    return knee(marks, side, label).at(marks.whole(f"patella_{side}").mean(axis=0))


def tibia(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the tibial shaft, left along the plateau's back margin; origin half-way between knee and ankle."""
    points = marks.whole(f"tibia_{side}")
    _, axis = _leg_shaft(marks, f"tibia_{side}")
    along = points @ axis
    plateau = points[(along > along.max() - 18.0) & (along < along.max() - 8.0)]
    sense = np.array([1.0, 0.0, 0.0])
    if marks.has(f"femur_{side}"):
        left, right = _condyles(marks, side)
        sense = left - right
    back = _back_margin(plateau, axis, np.cross(axis, across(sense, axis)))
    frame = frame_head_left(points.mean(axis=0), axis, np.cross(back, axis))
    local = frame.local(points)
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def _back_margin(points: FloatArray, axis: FloatArray, behind: FloatArray) -> FloatArray:
    """Unit normal (3,) of the longest straight stretch of an outline seen along an axis, among those turned back."""
    first = unit(behind)
    plane = np.column_stack([first, np.cross(axis, first)])
    flat = points @ plane
    hull = ConvexHull(flat)
    edges = flat[hull.simplices]
    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    length = np.where(hull.equations[:, 0] > 0.8, length, 0.0)
    return np.asarray(plane @ hull.equations[int(np.argmax(length)), :2])


def _malleoli(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
    """Tips (3,) of the medial and the lateral malleolus."""
    _, axis = _leg_shaft(marks, f"tibia_{side}")
    tips = []
    for label in (f"tibia_{side}", f"fibula_{side}"):
        points = marks.whole(label)
        along = points @ axis
        tips.append(points[along < along.min() + 6.0].mean(axis=0))
    return tips[0], tips[1]


def ankle(marks: Landmarks, side: str, label: str) -> Frame:
    """Head along the tibia, left 20° inwards of the malleoli's axis; origin between the malleoli."""
    medial, lateral = _malleoli(marks, side)
    _, axis = _leg_shaft(marks, f"tibia_{side}")
    line = across(lateral - medial, axis)
    front = -np.cross(axis, outward(side) * line)
    turn = np.deg2rad(_MALLEOLI_DEG)
    left = outward(side) * (np.cos(turn) * line + np.sin(turn) * front)
    return frame_head_left((medial + lateral) / 2, axis, left)


def _foot(marks: Landmarks, side: str) -> tuple[Frame, FloatArray]:
    """(axes of a foot at a right angle to the leg, heel point (3,)): it stands on the heel and the metatarsal heads."""
    tarsal, rays = marks.whole(f"tarsal_{side}"), marks.whole(f"metatarsal_{side}")
    away = np.linalg.norm(tarsal - rays.mean(axis=0), axis=1)
    heel = tarsal[away > np.quantile(away, 0.97)].mean(axis=0)
    along = rays @ unit(rays.mean(axis=0) - heel)
    heads = rays[along > np.quantile(along, 0.75)]
    hind = tarsal[away > np.quantile(away, 0.6)]
    up = unit(marks.points(f"tibia_{side}").mean(axis=0) - tarsal.mean(axis=0))
    forward = unit(heads.mean(axis=0) - heel)
    for _ in range(4):
        left = unit(np.cross(-forward, across(up, forward)))
        beside = (heads - heads.mean(axis=0)) @ left
        treads = [_lowest(part, up) for part in (hind, heads[beside > 8.0], heads[beside < -8.0])]
        forward = unit((treads[1] + treads[2]) / 2 - treads[0])
        up = unit(np.cross(across(treads[1] - treads[2], forward), -forward))
    # The second metatarsal's direction, nearly: from the heel to the middle of all heads, along the sole.
    back = -across(heads.mean(axis=0) - heel, up)
    return Frame(heel, np.column_stack([np.cross(back, up), back, up])), heel


def _lowest(points: FloatArray, up: FloatArray) -> FloatArray:
    return np.asarray(points[np.argsort(points @ up)[: max(len(points) // 40, 3)]].mean(axis=0))


def foot(marks: Landmarks, side: str, label: str) -> Frame:
    """Head off the plane of heel and metatarsal heads, back along it to the heel; origin in the foot's middle."""
    frame, _ = _foot(marks, side)
    points = marks.points((f"tarsal_{side}", f"metatarsal_{side}", f"phalanges_feet_{side}"))
    local = frame.local(points)
    return frame.at(frame.world((local.min(axis=0) + local.max(axis=0)) / 2))


def calcaneus(marks: Landmarks, side: str, label: str) -> Frame:
    """Axes of the foot; origin 30 mm before the heel's back."""
    frame, heel = _foot(marks, side)
    return frame.at(heel - 30.0 * frame.axes[:, 1])
