"""The body's surface: trunk outlines, limbs as round cones along the bones, and a margin around every bone."""

# ruff: noqa: RUF005 - lists are added to arrays here, not joined
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from fluorosam_sim.patients.synthetic.anatomy_frame import TRUNK_STEP_MM, Frame, Trunk
from fluorosam_sim.patients.synthetic.bones import Points
from fluorosam_sim.patients.synthetic.fields import COARSE_MM, Field, add_points, add_polar, add_tube
from fluorosam_sim.patients.synthetic.thorax import ANGLES
from fluorosam_sim.patients.synthetic.traits import SIDES, Traits

_BONE_MARGIN_MM = 9.0


@dataclass(frozen=True, eq=False)
class Soft:
    """Coarse fields (k, j, i). skin: depth under the surface. fat: thickness of the fat. cavity: depth in the trunk.

    low: (3,) mm, centre of voxel (0, 0, 0).
    """

    skin: Field
    fat: Field
    cavity: Field
    low: Points


def soft_fields(frame: Frame) -> Soft:
    """The body's shape, cut to just around it."""
    traits = frame.traits
    points = np.vstack([np.vstack([b.vertices, b.vertices[b.faces].mean(axis=1)]) for b in frame.bones])
    trunk = frame.trunk
    rim = np.column_stack([trunk.centers, trunk.z])
    low = np.floor(np.minimum(points.min(axis=0) - 60, rim.min(axis=0) - [*[trunk.radii.max() + 50] * 2, 0]))
    high = np.ceil(np.maximum(points.max(axis=0) + 60, rim.max(axis=0) + [*[trunk.radii.max() + 50] * 2, 0]))
    # The volume's centre is the world's origin, where the table and the C-arm are: the midline belongs there, wherever
    # the arms lie.
    high[0] = max(high[0], -low[0])
    low[0] = -high[0]
    shape = tuple(int(n) for n in np.ceil((high - low) / COARSE_MM)[::-1] + 1)
    skin = np.full(shape, -40.0, np.float32)
    add_points(skin, low, COARSE_MM, np.round(points, 3), _BONE_MARGIN_MM)
    fat = np.full(shape, 2.0, np.float32)
    cavity = np.full(shape, -50.0, np.float32)
    base = fat_mm(traits)
    _add_trunk(skin, fat, cavity, low, frame.trunk, traits)
    for path, radii, layer, blend in _limbs(frame, base):
        add_tube(skin, fat, low, COARSE_MM, np.round(path, 3), np.asarray(radii, float), layer, blend)
    skin = ndimage.gaussian_filter(skin, 0.9)
    fat = ndimage.gaussian_filter(fat, 2.0)
    cavity = ndimage.gaussian_filter(cavity, 1.0)
    inside = skin > -COARSE_MM
    *box, across = (
        slice(max(int(w.min()) - 1, 0), int(w.max()) + 2)
        for w in (np.flatnonzero(inside.any(axis=o)) for o in ((1, 2), (0, 2), (0, 1)))
    )
    aside = min(across.start, inside.shape[2] - across.stop)
    box.append(slice(aside, inside.shape[2] - aside))
    start = np.array([s.start for s in box[::-1]])
    cut = [np.ascontiguousarray(f[tuple(box)]) for f in (skin, fat, cavity)]
    return Soft(cut[0], cut[1], cut[2], low + start * COARSE_MM)


def fat_mm(traits: Traits) -> float:
    """Typical thickness of the subcutaneous fat of the trunk."""
    return max(5.0, 7.0 + 1.2 * (traits.bmi - 19) + (4.0 if traits.sex == "female" else 0.0))


def _add_trunk(skin: Field, fat: Field, cavity: Field, low: Points, trunk: Trunk, traits: Traits) -> None:
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    back, front, side = np.clip(np.sin(angle), 0, 1), np.clip(-np.sin(angle), 0, 1), np.abs(np.cos(angle))
    source = trunk.source_z[:, None]
    chest = np.clip((source + 110) / 60, 0, 1)  # 1 in the chest, 0 below the ribs
    pelvis = np.clip((trunk.z[0] + 260 - trunk.z) / 120, 0, 1)[:, None] * (1 - chest)
    abdomen = 1 - chest - pelvis
    base = fat_mm(traits)
    muscle = chest * (9 + 9 * back + 8 * side + 5 * front * np.clip((source - 20) / 50, 0, 1))
    seat = np.exp(-(((trunk.z - trunk.z[0] - 70) / 75) ** 2))[:, None]
    muscle = muscle + abdomen * (11 + 6 * back) + pelvis * (10 + (8 + 23 * seat) * back + (4 + 12 * seat) * side)
    layer = base * (chest * 0.65 + abdomen * (1.0 + 0.35 * front) + pelvis * (0.95 + 0.5 * back + 0.2 * side))
    if traits.sex == "female":
        breast = np.exp(-(((source - 10) / 45) ** 2)) * sum(
            np.exp(-(((angle - np.deg2rad(270 + turn)) / 0.38) ** 2)) for turn in (-40, 40)
        )
        layer = layer + breast * (14 + 1.6 * max(traits.bmi - 19, 0))
    layer = np.maximum(layer, 3.0)
    # Iliacus and the pelvic floor lie between the bones' outline and the bowel.
    inner = trunk.radii - pelvis * (6 + 14 * back + 16 * side)
    add_polar(
        skin, fat, cavity, low, COARSE_MM, float(trunk.z[0]), TRUNK_STEP_MM, trunk.centers,
        trunk.radii + muscle + layer, inner, layer,
    )  # fmt: skip


def _limbs(frame: Frame, base: float) -> list[tuple[Points, list[float], float, float]]:
    """(path, radii, thickness of fat, blend) of every round part."""
    traits = frame.traits
    girth = traits.femur_mm / 455 * (1 + 0.011 * (traits.bmi - 24))
    tubes: list[tuple[Points, list[float], float, float]] = []

    def add(points: list[Points], radii: list[float], layer: float, blend: float = 22.0, factor: float = girth) -> None:
        tubes.append((np.stack(points), [r * factor for r in radii], layer, blend))

    for side in SIDES:
        inward = np.array([-12.0 if side == "left" else 12.0, 0, 0])
        leg = frame.lower.legs[side]
        along = leg.knee - leg.hip
        rear = np.array([0, 16.0, 0])
        thigh = [
            leg.hip + inward * 0.3 + rear,
            leg.hip + along * 0.3 + inward * 1.6 + rear,
            leg.hip + along * 0.65 + inward + rear * 0.7,
            leg.knee,
        ]
        add(thigh, [82, 82, 67, 50], 0.75 * base, 30.0)
        shin = leg.ankle - leg.knee
        add(
            [leg.knee, leg.knee + shin * 0.28 + rear * 1.1, leg.knee + shin * 0.6 + rear * 0.8, leg.ankle],
            [50, 55, 42, 33], 0.4 * base,
        )  # fmt: skip
        foot = leg.toe - leg.ankle
        add([leg.ankle, leg.ankle + foot * 0.45, leg.ankle + foot * 0.78], [30, 26, 15], 3.0, 15.0)
        arm = frame.arms[side]
        upper, lower = arm.elbow - arm.shoulder, arm.wrist - arm.elbow
        add([arm.shoulder, arm.shoulder + upper * 0.35, arm.elbow], [50, 45, 38], 0.5 * base, 25.0)
        add([arm.elbow, arm.elbow + lower * 0.25, arm.wrist], [38, 42, 26], 0.35 * base, 15.0)
        palm = arm.fingertip - arm.wrist
        add([arm.wrist, arm.wrist + palm * 0.45], [22, 21], 2.0, 12.0)
        # Trapezius and shoulder cap, chest wall to shoulder.
        neck = frame.c7 + [0, 8.0, 18.0]
        add([neck - inward, arm.shoulder + [0, 8.0, 14.0]], [38, 34], 0.5 * base, 30.0, 1.0)
        flank = np.array([arm.shoulder[0] * 0.55, arm.shoulder[1] + 5, arm.shoulder[2] - 60])
        add([arm.shoulder, flank], [46, 52], 0.6 * base, 30.0, 1.0)
    head = frame.head
    size = traits.head_size
    stout = 1 + 0.01 * (traits.bmi - 24) + (0.05 if traits.sex == "male" else -0.04)
    jaw = head.point(np.array([0, -40.0, 478.0]))
    add(
        [frame.c7 + [0, 2.0, -8.0], head.point(np.array([0, 5.0, 462.0])), head.point(np.array([0, 10.0, 505.0]))],
        [56, 51, 54],
        0.45 * base,
        25.0,
        stout,
    )
    add([frame.c7 + [0, -22.0, 0.0], jaw + [0, 14.0, 0]], [34, 27], 5.0, 25.0, stout)
    for points, radii in (
        (((0, -32, 560), (0, -40, 500), (0, -45, 474)), (56, 45, 34)),
        (((0, -84, 560), (0, -103, 537)), (8, 12)),
        (((-30, -45, 520), (30, -45, 520)), (33, 33)),
        (((66, 8, 545), (74, 14, 545)), (12, 14)),
        (((-66, 8, 545), (-74, 14, 545)), (12, 14)),
    ):
        add([head.point(np.array(p, float)) for p in points], list(radii), 3.0, 14.0, size)
    return tubes
