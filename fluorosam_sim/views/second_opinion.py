"""The same sites measured a second way, so that the first can be checked: other voxels, other estimators.

Where ``landmarks`` fits sections, spheres and paired centres, this module takes planes of symmetry, supporting planes
of convex hulls, main axes of whole bones and widest distances. Nothing is shared but the labels and the definitions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, cKDTree

from fluorosam_sim.anatomy import VERTEBRAE
from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.patients.landmarks.shape import (
    across,
    frame_head_back,
    frame_head_left,
    frame_left_head,
    mirror_normal,
    principal_axes,
    unit,
)
from fluorosam_sim.patients.landmarks.spine import CERVICAL_LEAN_DEG, PEDICLE_DEG, THORACIC_LEAN_DEG

FloatArray = npt.NDArray[np.float64]
_X, _Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def second_opinion(marks: Landmarks, site: str, side: str | None, label: str | None) -> Frame:
    """The frame of a site of ``landmarks.SITES``, by other means. Raises ValueError where there is none."""
    key = ("second", site, side or "", label or "")
    return cast(Frame, marks.keep(key, lambda: _SITES[site](marks, side or "", label or "")))


def _sense(side: str) -> float:
    return 1.0 if side == "left" else -1.0


def _long(points: FloatArray, like: FloatArray = _Z) -> FloatArray:
    axis = principal_axes(points)[0][:, 0]
    return axis if axis @ like > 0 else -axis


def _facet(points: FloatArray, toward: FloatArray, within_deg: float) -> FloatArray:
    """Outward unit normal of the largest flat side that a body's convex hull turns towards a direction."""
    hull = ConvexHull(points)
    normals = hull.equations[:, :3]
    corners = points[hull.simplices]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    facing = normals @ unit(toward) > np.cos(np.deg2rad(within_deg))
    best, most = unit(toward), 0.0
    for candidate in normals[facing][np.argsort(-area[facing])[:40]]:
        near = facing & (normals @ candidate > np.cos(np.deg2rad(6.0)))
        if area[near].sum() > most:
            most = float(area[near].sum())
            best = unit((normals[near] * area[near][:, None]).sum(axis=0))
    return best


def _widest(points: FloatArray, axis: FloatArray) -> FloatArray:
    """Unit vector between the two points that are farthest apart seen along an axis."""
    flat = points - np.outer(points @ axis, axis)
    corners = flat[np.unique(ConvexHull(flat @ _plane(axis)).vertices)]
    gaps = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    a, b = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    return unit(corners[a] - corners[b])


def _plane(axis: FloatArray) -> FloatArray:
    first = across(_X if abs(axis[0]) < 0.9 else _Z, axis)
    return np.column_stack([first, np.cross(axis, first)])


def _levels(letter: str, first: int, last: int) -> list[str]:
    return [f"vertebrae_{letter}{number}" for number in range(first, last + 1)]


# Spine and chest


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
    head = _long(bodies, bodies[0] - bodies[-1])
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
    start = frame_head_left(np.zeros(3), head, _X).axes
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
    turn = np.deg2rad(_sense(side) * (15.0 - PEDICLE_DEG[label.removeprefix("vertebrae_")]))
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    # The pedicle is what bridges body and arch, half a body's width to the side.
    local = frame.local(marks.points(label))
    beside = local[(local[:, 0] * _sense(side) > 6.0) & (local[:, 0] * _sense(side) < 22.0)]
    bridge = beside[(beside[:, 1] > 8.0) & (beside[:, 1] < 24.0)]
    return Frame(frame.world(np.median(bridge, axis=0)), frame.axes @ spin)


def _chest_axes(marks: Landmarks) -> Frame:
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
        frame = _chest_axes(marks)
        return frame.at(_middle(frame, marks.points([name.replace("*", side) for name in labels]), middle))

    return find


def _middle(frame: Frame, points: FloatArray, box: bool = True) -> FloatArray:
    if not box:
        return np.asarray(points.mean(axis=0))
    local = frame.local(points)
    return frame.world((np.quantile(local, 0.002, axis=0) + np.quantile(local, 0.998, axis=0)) / 2)


def _sternum(marks: Landmarks, side: str, label: str) -> Frame:
    points = marks.points("sternum")
    along = (points - points.mean(axis=0)) @ _long(points)
    ends = [points[along > along.max() - 6.0].mean(axis=0), points[along < along.min() + 6.0].mean(axis=0)]
    return _chest_axes(marks).at((ends[0] + ends[1]) / 2)


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
    return frame.at((_middle(frame, rings[0]) + _middle(frame, rings[1])) / 2)


def _skull(marks: Landmarks, side: str, label: str) -> Frame:
    """Left across the skull's plane of symmetry; back along the greatest length of the braincase, less its rise."""
    brain, bone = marks.points("brain"), marks.points("skull")
    axes = frame_head_left(brain.mean(axis=0), _Z, _X)
    _, left = mirror_normal(bone, axes)
    middle = brain.mean(axis=0)
    flat = bone[np.abs((bone - middle) @ left) < 12.0]
    case = flat[cKDTree(brain[::4]).query(flat)[0] < 12.0]
    long = _widest(case, left)
    forward = long if long @ (bone.mean(axis=0) - middle) > 0 else -long
    rise = np.deg2rad(_CASE_RISE_DEG)
    up = np.cross(left, -forward)
    return frame_left_head(_middle(axes, brain), left, np.cos(rise) * up + np.sin(rise) * forward)


# The greatest length of the braincase rises to the front against the line from the eye to the ear, in the mean.
_CASE_RISE_DEG = 23.0


def _face(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _skull(marks, side, label)
    return frame.at(frame.world([0.0, -55.0, -55.0]))


# Shoulder and arm


def _ball(marks: Landmarks, label: str, like: FloatArray, reach_mm: float, toward: FloatArray) -> FloatArray:
    """Centre of the largest ball inside the end of a bone that lies along ``like``."""
    voxels, depth = marks.voxels.depth(label)
    along = voxels @ like
    top = (along > along.max() - reach_mm) & ((voxels - np.median(voxels, axis=0)) @ toward > 0.0)
    deep = depth[top] > 0.93 * depth[top].max()
    return np.asarray(voxels[top][deep].mean(axis=0))


def _blade(marks: Landmarks, side: str, joint: bool) -> Frame:
    """The plane through the joint, the lower corner and the inner border of the shoulder blade."""
    chest = _chest_axes(marks)
    points = marks.points(f"scapula_{side}")
    head = _humeral_head(marks, side, "").origin_mm
    socket = points[np.argsort(np.linalg.norm(points - head, axis=1))[: len(points) // 30]].mean(axis=0)
    local = chest.local(points)
    corner = points[np.argsort(local[:, 2])[: len(points) // 60]].mean(axis=0)
    inner = points[np.argsort(local[:, 0] * _sense(side))[: len(points) // 60]].mean(axis=0)
    normal = unit(np.cross(corner - socket, inner - socket))
    front = normal if normal @ chest.axes[:, 1] < 0 else -normal
    lateral = across(_sense(side) * chest.axes[:, 0], front)
    up = across(chest.axes[:, 2], front)
    turn = np.deg2rad(40.0)
    left = _sense(side) * (np.cos(turn) * across(lateral, up) - np.sin(turn) * front)
    frame = frame_head_left(head, up, left)
    return frame.at((head + socket) / 2 if joint else _middle(frame, points))


def _humeral_head(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _chest_axes(marks)
    inward = -_sense(side) * frame.axes[:, 0]
    return frame.at(_ball(marks, f"humerus_{side}", _long(marks.points(f"humerus_{side}")), 45.0, inward))


def _collar(which: str) -> Callable[[Landmarks, str, str], Frame]:
    def ends(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
        points = marks.points(f"clavicula_{side}")
        axis = _long(points, _sense(side) * _X)
        order = points[np.argsort(points @ axis)]
        count = max(len(points) // 25, 3)
        return order[:count].mean(axis=0), order[-count:].mean(axis=0)

    def find(marks: Landmarks, side: str, label: str) -> Frame:
        if which == "medial":
            origin = (ends(marks, "left")[0] + ends(marks, "right")[0]) / 2
        else:
            medial, lateral = ends(marks, side)
            origin = lateral if which == "lateral" else (medial + lateral) / 2
        return _chest_axes(marks).at(origin)

    return find


def _humerus(marks: Landmarks, side: str, label: str, elbow: bool = False) -> Frame:
    points = marks.points(f"humerus_{side}")
    axis = _long(points)
    along = points @ axis
    end = points[along < along.min() + 22.0]
    width = _widest(end, axis)
    radius, ulna = (marks.points(f"{bone}_{side}") for bone in ("radius", "ulna"))
    top = [bone[np.linalg.norm(bone - end.mean(axis=0), axis=1) < 45.0].mean(axis=0) for bone in (radius, ulna)]
    sense = _sense(side) * (top[0] - top[1])
    frame = frame_head_left(points.mean(axis=0), axis, width if width @ sense > 0 else -width)
    if not elbow:
        return frame.at(_middle(frame, points))
    forearm = np.concatenate([radius, ulna])
    gap, nearest = cKDTree(forearm).query(end)
    close = gap <= np.quantile(gap, 0.1)
    return frame.at((end[close].mean(axis=0) + forearm[nearest[close]].mean(axis=0)) / 2)


def _elbow(marks: Landmarks, side: str, label: str) -> Frame:
    return _humerus(marks, side, label, elbow=True)


def _forearm(marks: Landmarks, side: str, label: str) -> Frame:
    radius, ulna = (marks.points(f"{bone}_{side}") for bone in ("radius", "ulna"))
    both = np.concatenate([radius, ulna])
    near = marks.points(f"humerus_{side}").mean(axis=0) - both.mean(axis=0)
    axis = unit(_long(radius, near) + _long(ulna, near))
    low = [bone[bone @ axis < (bone @ axis).min() + 22.0].mean(axis=0) for bone in (radius, ulna)]
    frame = frame_head_left(both.mean(axis=0), axis, _sense(side) * (low[0] - low[1]))
    return frame.at(_middle(frame, both))


def _hand(wrist: bool) -> Callable[[Landmarks, str, str], Frame]:
    def find(marks: Landmarks, side: str, label: str) -> Frame:
        """The flat back of the metacarpals; head from the metacarpals' heads to the carpal bones."""
        palm, carpal = marks.points(f"metacarpal_{side}"), marks.points(f"carpal_{side}")
        start = unit(carpal.mean(axis=0) - palm.mean(axis=0))
        along = palm @ start
        heads = palm[along < np.quantile(along, 0.2)].mean(axis=0)
        forearm = _forearm(marks, side, label)
        normal = principal_axes(palm)[0][:, 2]
        back = normal if normal @ np.cross(start, forearm.axes[:, 0]) > 0 else -normal
        frame = frame_head_back(carpal.mean(axis=0), carpal.mean(axis=0) - heads, back)
        if wrist:
            return frame.at(_middle(frame, carpal))
        parts = [f"{part}_{side}" for part in ("carpal", "metacarpal", "phalanges_hand")]
        return frame.at(_middle(frame, marks.points(parts)))

    return find


# Pelvis and leg


def _pelvis(marks: Landmarks, side: str = "", label: str = "") -> Frame:
    return cast(Frame, marks.keep(("second pelvis",), lambda: _find_pelvis(marks)))


def _find_pelvis(marks: Landmarks) -> Frame:
    """The plane on which the pelvis rests, laid on its front; left across its plane of symmetry."""
    halves = marks.points("hip_left"), marks.points("hip_right")
    both = np.concatenate(halves)
    start = frame_left_head(both.mean(axis=0), halves[0].mean(axis=0) - halves[1].mean(axis=0), _Z)
    front = _facet(both, -start.axes[:, 1], 22.0)
    left = mirror_normal(both, start, cell_mm=8.0)[1]
    frame = frame_left_head(both.mean(axis=0), left, np.cross(left, -front))
    return frame.at(_middle(frame, both))


def _hip_ball(marks: Landmarks, side: str) -> FloatArray:
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    return _ball(marks, f"femur_{side}", _long(bone, near), 60.0, across(near, _long(bone, near)))


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
    """The plane of the head and the main axis of the shaft; the neck from the ball to the bone's narrowest waist."""
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    axis = _long(bone, near)
    along = bone @ axis
    share = (along - along.min()) / np.ptp(along)
    shaft = bone[(share > 0.35) & (share < 0.75)]
    up = _long(shaft, axis)
    head = _hip_ball(marks, side)
    offset = (head - shaft.mean(axis=0)) - ((head - shaft.mean(axis=0)) @ up) * up
    outside = -unit(offset)
    front = unit(np.cross(up, outside))
    # The neck's waist in the plane of neck and shaft: of cuts at several angles, the one through the least bone.
    flat = bone[np.linalg.norm(bone - head, axis=1) < 75.0] - head
    best, least = 45.0, np.inf
    radius = float(cKDTree(marks.points(f"hip_{side}")).query(head)[0])
    for degrees in np.arange(25.0, 66.0, 1.0):
        neck = np.cos(np.deg2rad(degrees)) * outside - np.sin(np.deg2rad(degrees)) * up
        beside = np.cross(front, neck)
        ray = flat @ neck
        tube = flat[(ray > 1.15 * radius) & (ray < 1.65 * radius)]
        tube = tube[np.abs(tube @ beside) < 1.6 * radius]
        tilt = abs(float((tube @ beside).mean())) if len(tube) else np.inf
        if tilt < least:
            best, least = float(degrees), tilt
    neck = np.cos(np.deg2rad(best)) * outside - np.sin(np.deg2rad(best)) * up
    beside = across(up, neck)
    half = np.sqrt(0.5)
    return frame_head_left(head + 0.8 * radius * neck, half * (beside - neck), _sense(side) * half * (neck + beside))


def _femur_axes(marks: Landmarks, side: str) -> Frame:
    return cast(Frame, marks.keep(("second femur", side), lambda: _find_femur_axes(marks, side)))


def _find_femur_axes(marks: Landmarks, side: str) -> Frame:
    """Head along the main axis of the middle of the bone, left on the flat on which its condyles rest."""
    bone = marks.points(f"femur_{side}")
    near = marks.points(f"hip_{side}").mean(axis=0) - bone.mean(axis=0)
    axis = _long(bone, near)
    share = (bone @ axis - (bone @ axis).min()) / np.ptp(bone @ axis)
    up = _long(bone[(share > 0.35) & (share < 0.65)], axis)
    along = bone @ up
    end = bone[along < along.min() + 40.0]
    plane = _plane(up)
    corners = end @ plane
    hull = ConvexHull(corners)
    edges = corners[hull.simplices]
    normals = hull.equations[:, :2] @ plane.T
    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    behind = np.cross(up, _X)
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
    shin, thigh = marks.points(f"tibia_{side}"), marks.points(f"femur_{side}")
    left = _femur_axes(marks, side).axes[:, 0]
    up = _tibia_axis(marks, side)
    gap, nearest = cKDTree(shin).query(thigh)
    close = gap <= np.quantile(gap, 0.01)
    return frame_left_head((thigh[close].mean(axis=0) + shin[nearest[close]].mean(axis=0)) / 2, left, up)


def _notch(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _femur_axes(marks, side)
    thigh = frame.local(marks.points(f"femur_{side}"))
    end = thigh[thigh[:, 2] < thigh[:, 2].min() + 30.0]
    low, high = end.min(axis=0), end.max(axis=0)
    return frame.at(frame.world([(low[0] + high[0]) / 2, 0.3 * low[1] + 0.7 * high[1], low[2] + 17.0]))


def _patella(marks: Landmarks, side: str, label: str) -> Frame:
    frame = _knee(marks, side, label)
    return frame.at(_middle(frame, marks.points(f"patella_{side}")))


def _tibia_axis(marks: Landmarks, side: str) -> FloatArray:
    shin = marks.points(f"tibia_{side}")
    axis = _long(shin, marks.shape(f"tibia_{side}").axes[:, 0])
    share = (shin @ axis - (shin @ axis).min()) / np.ptp(shin @ axis)
    return _long(shin[(share > 0.15) & (share < 0.85)], axis)


def _tibia(marks: Landmarks, side: str, label: str) -> Frame:
    """Left across the direction in which the plateau is narrowest."""
    shin = marks.points(f"tibia_{side}")
    up = _tibia_axis(marks, side)
    along = shin @ up
    plane = _plane(up)
    flat = shin[(along > along.max() - 18.0) & (along < along.max() - 8.0)] @ plane
    corners = flat[ConvexHull(flat).vertices]
    turns = np.deg2rad(np.arange(0.0, 180.0, 0.5))
    rays = np.stack([np.cos(turns), np.sin(turns)])
    thin = plane @ rays[:, int(np.argmin(np.ptp(corners @ rays, axis=0)))]
    width = np.cross(thin, up)
    frame = frame_head_left(shin.mean(axis=0), up, width if width[0] > 0 else -width)
    return frame.at(_middle(frame, shin))


def _ankle(marks: Landmarks, side: str, label: str) -> Frame:
    """The malleoli as what reaches below the roof of the ankle, 20° turned inwards."""
    up = _tibia_axis(marks, side)
    shin, fibula = marks.points(f"tibia_{side}"), marks.points(f"fibula_{side}")
    inner = shin[shin @ up < (shin @ up).min() + 9.0]
    outer = fibula[fibula @ up < (fibula @ up).min() + 12.0]
    tips = inner.mean(axis=0), outer.mean(axis=0)
    line = across(tips[1] - tips[0], up)
    front = -np.cross(up, _sense(side) * line)
    turn = np.deg2rad(20.0)
    return frame_head_left((tips[0] + tips[1]) / 2, up, _sense(side) * (np.cos(turn) * line + np.sin(turn) * front))


def _foot_axes(marks: Landmarks, side: str) -> tuple[Frame, FloatArray]:
    """The plane on which heel and metatarsal heads stand; back along the foot's length."""
    rays, tarsal = marks.points(f"metatarsal_{side}"), marks.points(f"tarsal_{side}")
    both = np.concatenate([rays, tarsal])
    forward = _long(both, rays.mean(axis=0) - tarsal.mean(axis=0))
    shin = marks.points(f"tibia_{side}").mean(axis=0) - tarsal.mean(axis=0)
    sole = -_facet(both, -across(shin, forward), 40.0)
    heel = tarsal[np.argsort(tarsal @ forward)[: len(tarsal) // 33]].mean(axis=0)
    back = -across(forward, sole)
    left = np.cross(back, sole)
    return Frame(heel, np.column_stack([left, back, sole])), heel


def _foot(marks: Landmarks, side: str, label: str) -> Frame:
    frame, _ = _foot_axes(marks, side)
    return frame.at(_middle(frame, marks.points([f"{p}_{side}" for p in ("tarsal", "metatarsal", "phalanges_feet")])))


def _calcaneus(marks: Landmarks, side: str, label: str) -> Frame:
    frame, heel = _foot_axes(marks, side)
    return frame.at(heel - 30.0 * frame.axes[:, 1])


_RIBS = tuple(f"rib_*_{number}" for number in range(1, 13))
_LOBES = ("lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right", "lung_middle_lobe_right",
          "lung_lower_lobe_right")  # fmt: skip
_SITES: dict[str, Callable[[Landmarks, str, str], Frame]] = {
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
    "shoulder": _humeral_head,
    "glenohumeral": lambda marks, side, label: _blade(marks, side, joint=True),
    "glenohumeral_scapula": lambda marks, side, label: _blade(marks, side, joint=False),
    "acromioclavicular": _collar("lateral"),
    "clavicle": _collar("middle"),
    "sternoclavicular": _collar("medial"),
    "humerus": _humerus,
    "elbow": _elbow,
    "forearm": _forearm,
    "wrist": _hand(wrist=True),
    "hand": _hand(wrist=False),
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
