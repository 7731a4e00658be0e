"""Second opinions of the shoulder, the arm and the hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.patients.landmarks.shape import (
    across,
    frame_head_back,
    frame_head_left,
    principal_axes,
    unit,
)
from fluorosam_sim.views.second_opinion.measure import (
    FloatArray,
    X,
    ball_center,
    box_middle,
    long_axis,
    sense_of,
    thinnest,
    widest,
)
from fluorosam_sim.views.second_opinion.trunk import chest_axes


def _blade(marks: Landmarks, side: str, joint: bool) -> Frame:
    """The plane through the joint, the lower corner and the inner border of the shoulder blade."""
    chest = chest_axes(marks)
    points = marks.points(f"scapula_{side}")
    head = _humeral_head(marks, side, "").origin_mm
    socket = points[np.argsort(np.linalg.norm(points - head, axis=1))[: len(points) // 30]].mean(axis=0)
    local = chest.local(points)
    corner = points[np.argsort(local[:, 2])[: len(points) // 60]].mean(axis=0)
    inner = points[np.argsort(local[:, 0] * sense_of(side))[: len(points) // 60]].mean(axis=0)
    normal = unit(np.cross(corner - socket, inner - socket))
    front = normal if normal @ chest.axes[:, 1] < 0 else -normal
    lateral = across(sense_of(side) * chest.axes[:, 0], front)
    up = across(chest.axes[:, 2], front)
    turn = np.deg2rad(40.0)
    left = sense_of(side) * (np.cos(turn) * across(lateral, up) - np.sin(turn) * front)
    frame = frame_head_left(head, up, left)
    return frame.at((head + socket) / 2 if joint else box_middle(frame, points))


def _humeral_head(marks: Landmarks, side: str, label: str) -> Frame:
    frame = chest_axes(marks)
    inward = -sense_of(side) * frame.axes[:, 0]
    return frame.at(ball_center(marks, f"humerus_{side}", long_axis(marks.points(f"humerus_{side}")), 45.0, inward))


def _collar(which: str) -> Callable[[Landmarks, str, str], Frame]:
    def ends(marks: Landmarks, side: str) -> tuple[FloatArray, FloatArray]:
        points = marks.points(f"clavicula_{side}")
        axis = long_axis(points, sense_of(side) * X)
        order = points[np.argsort(points @ axis)]
        count = max(len(points) // 25, 3)
        return order[:count].mean(axis=0), order[-count:].mean(axis=0)

    def find(marks: Landmarks, side: str, label: str) -> Frame:
        if which == "medial":
            origin = (ends(marks, "left")[0] + ends(marks, "right")[0]) / 2
        else:
            medial, lateral = ends(marks, side)
            origin = lateral if which == "lateral" else (medial + lateral) / 2
        return chest_axes(marks).at(origin)

    return find


def _humerus(marks: Landmarks, side: str, label: str, elbow: bool = False) -> Frame:
    points = marks.points(f"humerus_{side}")
    axis = long_axis(points)
    along = points @ axis
    end = points[along < along.min() + 22.0]
    wide, thick = widest(end, axis), np.cross(thinnest(end, axis), axis)
    width = unit(wide + np.sign(wide @ thick) * thick)
    radius, ulna = (marks.points(f"{bone}_{side}") for bone in ("radius", "ulna"))
    top = [bone[np.linalg.norm(bone - end.mean(axis=0), axis=1) < 45.0].mean(axis=0) for bone in (radius, ulna)]
    sense = sense_of(side) * (top[0] - top[1])
    frame = frame_head_left(points.mean(axis=0), axis, width if width @ sense > 0 else -width)
    if not elbow:
        return frame.at(box_middle(frame, points))
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
    axis = unit(long_axis(radius, near) + long_axis(ulna, near))
    low = [bone[bone @ axis < (bone @ axis).min() + 22.0].mean(axis=0) for bone in (radius, ulna)]
    frame = frame_head_left(both.mean(axis=0), axis, sense_of(side) * (low[0] - low[1]))
    return frame.at(box_middle(frame, both))


def _hand(wrist: bool) -> Callable[[Landmarks, str, str], Frame]:
    def find(marks: Landmarks, side: str, label: str) -> Frame:
        """The flat back of the metacarpals; head along the main axis of metacarpals and carpal bones together."""
        palm, carpal = marks.points(f"metacarpal_{side}"), marks.points(f"carpal_{side}")
        start = unit(carpal.mean(axis=0) - palm.mean(axis=0))
        forearm = _forearm(marks, side, label)
        normal = principal_axes(palm)[0][:, 2]
        back = normal if normal @ np.cross(start, forearm.axes[:, 0]) > 0 else -normal
        frame = frame_head_back(carpal.mean(axis=0), long_axis(np.concatenate([palm, carpal]), start), back)
        if wrist:
            return frame.at(box_middle(frame, carpal))
        parts = [f"{part}_{side}" for part in ("carpal", "metacarpal", "phalanges_hand")]
        return frame.at(box_middle(frame, marks.points(parts)))

    return find


ARM_SITES: dict[str, Callable[[Landmarks, str, str], Frame]] = {
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
}
