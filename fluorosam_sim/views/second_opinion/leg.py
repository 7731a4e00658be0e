"""Second opinions of the pelvis, the leg and the foot."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.patients.landmarks.shape import (
    across,
    frame_head_back,
    frame_head_left,
    frame_left_head,
    symmetry_normal,
    unit,
)
from fluorosam_sim.views.second_opinion.measure import (
    FloatArray,
    X,
    Z,
    ball_center,
    box_middle,
    facet,
    long_axis,
    plane_across,
    sense_of,
    thinnest,
)

_SQUARE = np.cos(np.deg2rad(8.0))


def _pelvis(marks: Landmarks, side: str = "", label: str = "") -> Frame:
    return cast(Frame, marks.keep(("second pelvis",), lambda: _find_pelvis(marks)))


def _find_pelvis(marks: Landmarks) -> Frame:
    """The plane on which the pelvis rests, laid on its front; left across its plane of symmetry."""
    halves = marks.points("hip_left"), marks.points("hip_right")
    both = np.concatenate(halves)
    start = frame_left_head(both.mean(axis=0), halves[0].mean(axis=0) - halves[1].mean(axis=0), Z)
    front = facet(both, -start.axes[:, 1], 22.0)
    left = symmetry_normal(both, start.axes[:, 0])
    frame = frame_left_head(both.mean(axis=0), left, np.cross(left, -front))
    return frame.at(box_middle(frame, both))


def _hip_ball(marks: Landmarks, side: str) -> FloatArray:
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    return ball_center(marks, f"femur_{side}", long_axis(bone, near), 60.0, across(near, long_axis(bone, near)))


def _acetabulum(marks: Landmarks, side: str, label: str) -> Frame:
    return _pelvis(marks).at(_hip_ball(marks, side))


def _teardrop(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _acetabulum(marks, side, label)
    radius = float(cKDTree(marks.points(f"hip_{side}")).query(frame.origin_mm)[0])
    return frame.at(frame.world([0.0, 0.0, radius + 18.0]))


def _sacrum(marks: Landmarks, side: str, label: str) -> Frame:
    names = [name for name in ("sacrum", "vertebrae_S1") if marks.has(name)]
    return _pelvis(marks).at(marks.points(names).mean(axis=0))


def _joint(marks: Landmarks, side: str, label: str) -> Frame:
    sacrum = marks.points([name for name in ("sacrum", "vertebrae_S1") if marks.has(name)])
    gap, _ = cKDTree(marks.points(f"hip_{side}")).query(sacrum)
    return _pelvis(marks).at(sacrum[gap <= np.quantile(gap, 0.03)].mean(axis=0))


def _joints(marks: Landmarks, side: str, label: str) -> Frame:
    left, right = _joint(marks, "left", label), _joint(marks, "right", label)
    return left.at((left.origin_mm + right.origin_mm) / 2)


def _hip(marks: Landmarks, side: str, label: str) -> Frame:
    """The main axis of the shaft, and the neck from the ball in the head to the neck's narrowest cuts."""
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    axis = long_axis(bone, near)
    along = bone @ axis
    share = (along - along.min()) / np.ptp(along)
    shaft = bone[(share > 0.3) & (share < 0.7)]  # above it the trochanters begin
    up = long_axis(shaft, axis)
    head = _hip_ball(marks, side)
    radius = float(cKDTree(marks.points(f"hip_{side}")).query(head)[0])
    outside = -across(head - shaft.mean(axis=0), up)
    neck = _neck(bone[np.linalg.norm(bone - head, axis=1) < 2.2 * radius] - head, radius, outside, up)
    beside = across(up, neck)
    half = np.sqrt(0.5)
    return frame_head_left(head + 0.8 * radius * neck, half * (beside - neck), sense_of(side) * half * (neck + beside))


def _neck(local: FloatArray, radius: float, outside: FloatArray, up: FloatArray) -> FloatArray:
    """Unit vector from the ball's centre, which points (N, 3) are relative to, to the middle of the narrowest cuts."""
    front = np.cross(up, outside)
    cuts = []
    for tilt in np.deg2rad(np.arange(15.0, 66.0, 5.0)):
        for turn in np.deg2rad(np.arange(-25.0, 26.0, 5.0)):
            flat = np.cos(tilt) * outside - np.sin(tilt) * up
            normal = np.cos(turn) * flat + np.sin(turn) * front
            depth = local @ normal
            beside = np.linalg.norm(local - depth[:, None] * normal, axis=1)
            for distance in np.arange(1.2, 1.7, 0.1) * radius:
                cut = local[(np.abs(depth - distance) < 2.0) & (beside < 1.4 * radius)]
                if len(cut) < 20:
                    continue
                middle = cut.mean(axis=0)
                if unit(middle) @ normal > _SQUARE:  # a cut across the neck, not one that grazes it
                    cuts.append((len(cut), *unit(middle)))
    if not cuts:
        raise ValueError("The femur has no neck.")
    rows = np.array(cuts)
    narrow = rows[np.argsort(rows[:, 0])[: max(len(rows) // 10, 3)]]
    return unit(narrow[:, 1:].mean(axis=0))


def _femur_axes(marks: Landmarks, side: str) -> Frame:
    return cast(Frame, marks.keep(("second femur", side), lambda: _find_femur_axes(marks, side)))


def _find_femur_axes(marks: Landmarks, side: str) -> Frame:
    """Head along the main axis of the middle of the bone, left on the flat on which its condyles rest."""
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    axis = long_axis(bone, near)
    share = (bone @ axis - (bone @ axis).min()) / np.ptp(bone @ axis)
    up = long_axis(bone[(share > 0.35) & (share < 0.65)], axis)
    along = bone @ up
    end = bone[along < along.min() + 40.0]
    plane = plane_across(up)
    corners = end @ plane
    hull = ConvexHull(corners)
    edges = corners[hull.simplices]
    normals = hull.equations[:, :2] @ plane.T
    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    behind = np.cross(up, X)
    length = np.where(normals @ behind > 0.7, length, 0.0)
    back = normals[int(np.argmax(length))]
    return frame_head_back(bone.mean(axis=0), up, back)


def _femur_part(share: float) -> Callable[[Landmarks, str, str], Frame]:
    def find(marks: Landmarks, side: str, label: str) -> Frame:
        frame = _femur_axes(marks, side)
        local = frame.local(marks.points(f"femur_{side}"))
        height = local[:, 2].min() + share * np.ptp(local[:, 2])
        slab = local[np.abs(local[:, 2] - height) < 6.0]
        return frame.at(frame.world([*(slab.min(axis=0) + slab.max(axis=0))[:2] / 2, height]))

    return find


def _knee(marks: Landmarks, side: str, label: str) -> Frame:
    """Origin half-way between the places where the inner and the outer condyle are nearest to the tibia."""
    shin, thigh = marks.points(f"tibia_{side}"), marks.points(f"femur_{side}")
    left = _femur_axes(marks, side).axes[:, 0]
    gap, nearest = cKDTree(shin).query(thigh)
    across_mm = thigh @ left
    end = gap < 30.0
    middle = (across_mm[end].min() + across_mm[end].max()) / 2
    touching = []
    for half in (end & (across_mm > middle), end & (across_mm <= middle)):
        close = half & (gap <= np.quantile(gap[half], 0.02))
        touching.append((thigh[close].mean(axis=0) + shin[nearest[close]].mean(axis=0)) / 2)
    return frame_left_head((touching[0] + touching[1]) / 2, left, _tibia_axis(marks, side))


def _notch(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _femur_axes(marks, side)
    thigh = frame.local(marks.points(f"femur_{side}"))
    end = thigh[thigh[:, 2] < thigh[:, 2].min() + 30.0]
    low, high = end.min(axis=0), end.max(axis=0)
    return frame.at(frame.world([(low[0] + high[0]) / 2, 0.3 * low[1] + 0.7 * high[1], low[2] + 17.0]))


def _patella(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _knee(marks, side, label)
    return frame.at(box_middle(frame, marks.points(f"patella_{side}")))


def _tibia_axis(marks: Landmarks, side: str) -> FloatArray:
    shin = marks.points(f"tibia_{side}")
    axis = long_axis(shin, marks.shape(f"tibia_{side}").axes[:, 0])
    share = (shin @ axis - (shin @ axis).min()) / np.ptp(shin @ axis)
    return long_axis(shin[(share > 0.15) & (share < 0.85)], axis)


def _tibia(marks: Landmarks, side: str, label: str) -> Frame:
    """Left across the direction in which the plateau is narrowest."""
    shin = marks.points(f"tibia_{side}")
    up = _tibia_axis(marks, side)
    along = shin @ up
    thin = thinnest(shin[(along > along.max() - 18.0) & (along < along.max() - 8.0)], up)
    width = np.cross(thin, up)
    frame = frame_head_left(shin.mean(axis=0), up, width if width[0] > 0 else -width)
    return frame.at(box_middle(frame, shin))


def _ankle(marks: Landmarks, side: str, label: str) -> Frame:
    """The line between the outer faces of the malleoli, 20° turned inwards."""
    up = _tibia_axis(marks, side)
    ends = []
    for bone in ("tibia", "fibula"):
        points = marks.points(f"{bone}_{side}")
        ends.append(points[points @ up < (points @ up).min() + 14.0])
    line = across(ends[1].mean(axis=0) - ends[0].mean(axis=0), up)
    inner, outer = (
        end[end @ sense < (end @ sense).min() + 12.0] for end, sense in zip(ends, (line, -line), strict=True)
    )
    line = across(outer.mean(axis=0) - inner.mean(axis=0), up)
    front = -np.cross(up, sense_of(side) * line)
    turn = np.deg2rad(20.0)
    left = sense_of(side) * (np.cos(turn) * line + np.sin(turn) * front)
    return frame_head_left((inner.mean(axis=0) + outer.mean(axis=0)) / 2, up, left)


def _foot_axes(marks: Landmarks, side: str) -> tuple[Frame, FloatArray]:
    """The plane on which heel and metatarsal heads stand; back along the foot's length."""
    rays, tarsal = marks.points(f"metatarsal_{side}"), marks.points(f"tarsal_{side}")
    both = np.concatenate([rays, tarsal])
    forward = long_axis(both, rays.mean(axis=0) - tarsal.mean(axis=0))
    shin = marks.points(f"tibia_{side}").mean(axis=0) - tarsal.mean(axis=0)
    sole = -facet(both, -across(shin, forward), 40.0)
    heel = tarsal[np.argsort(tarsal @ forward)[: len(tarsal) // 33]].mean(axis=0)
    back = -across(forward, sole)
    left = np.cross(back, sole)
    return Frame(heel, np.column_stack([left, back, sole])), heel


def _foot(marks: Landmarks, side: str, label: str) -> Frame:
    frame, _ = _foot_axes(marks, side)
    return frame.at(
        box_middle(frame, marks.points([f"{p}_{side}" for p in ("tarsal", "metatarsal", "phalanges_feet")]))
    )


def _calcaneus(marks: Landmarks, side: str, label: str) -> Frame:
    frame, heel = _foot_axes(marks, side)
    return frame.at(heel - 30.0 * frame.axes[:, 1])


LEG_SITES: dict[str, Callable[[Landmarks, str, str], Frame]] = {
    "pelvis": _pelvis,
    "acetabulum": _acetabulum,
    "teardrop": _teardrop,
    "sacrum": _sacrum,
    "sacroiliac": _joints,
    "sacroiliac_joint": _joint,
    "hip": _hip,
    "femur_proximal": _femur_part(0.75),
    "femur_shaft": _femur_part(0.5),
    "femur_distal": _femur_part(0.25),
    "knee": _knee,
    "knee_notch": _notch,
    "patella": _patella,
    "tibia": _tibia,
    "ankle": _ankle,
    "foot": _foot,
    "calcaneus": _calcaneus,
}
