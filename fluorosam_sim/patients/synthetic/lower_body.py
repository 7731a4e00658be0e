"""Pelvis, legs and feet: sampled from the shape model, re-seated at every joint, posed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fluorosam_sim.patients.synthetic.bones import (
    Bone,
    Points,
    aligning,
    concentric,
    mean_vertices,
    moved,
    placed,
    rotation,
    shaped,
    sphere,
    surface_samples,
    tables,
    unposed,
)
from fluorosam_sim.patients.synthetic.traits import SIDES, LimbAngles, Side, Traits

# Landmarks of the shape model's mean, in its own frame (mm).
_ENDPLATE = np.array([38.0, 24.0, 1318.0])  # centre of the upper endplate of S1
_ENDPLATE_NORMAL = np.array([0.0, -0.67, 0.742])
_HEAD = np.array([114.2, 0.2, 1203.9])
_SOCKET = np.array([114.3, -1.3, 1199.0])
_HEAD_RADIUS = 22.9
SOCKET_RADIUS_MM = _HEAD_RADIUS + 3.0  # with the cartilage between
_KNEE_GAP_MM = 5.0
_ANKLE_GAP_MM = 2.5


@dataclass(frozen=True, eq=False)
class Leg:
    """A posed leg. hip, knee, ankle: joint centres in mm. toe: tip of the foot."""

    bones: list[Bone]
    hip: Points
    knee: Points
    ankle: Points
    toe: Points


@dataclass(frozen=True, eq=False)
class LowerBody:
    """Pelvis and legs in a frame whose origin is the centre of the upper endplate of S1.

    scale: size relative to the shape model.
    """

    pelvis: list[Bone]
    legs: dict[Side, Leg]
    endplate_normal: Points
    scale: float

    def moved(self, shift: Points) -> LowerBody:
        """Shifted as a whole."""
        legs = {
            side: Leg(moved(g.bones, shift=shift), g.hip + shift, g.knee + shift, g.ankle + shift, g.toe + shift)
            for side, g in self.legs.items()
        }
        return LowerBody(moved(self.pelvis, shift=shift), legs, self.endplate_normal, self.scale)


def lower_body(traits: Traits) -> LowerBody:
    """Everything below the lumbar spine."""
    modes = traits.modes
    names = ("hip_right", "sacrum", "hip_left")
    pelvis = [shaped(name, name, "sacrum" if name == "sacrum" else "hip", modes) for name in names]
    pelvis = unposed(pelvis, [mean_vertices(name) for name in names])
    leg, scale = _left_leg(traits)

    # Level the pelvis: the line between the two hip bones runs from right to left.
    left, right = pelvis[2].vertices.mean(axis=0), pelvis[0].vertices.mean(axis=0)
    turn = aligning(left - right, np.array([1.0, 0, 0]))
    pelvis = moved(pelvis, turn, _ENDPLATE, -_ENDPLATE)
    middle = (pelvis[0].vertices[:, 0].min() + pelvis[2].vertices[:, 0].max()) / 2
    pelvis = moved(pelvis, shift=np.array([-middle, 0, 0]))
    breadth = scale * (1.0 if traits.sex == "male" else 1.035)
    pelvis = [bone.scaled(np.array([breadth, scale, scale])) for bone in pelvis]

    legs: dict[Side, Leg] = {}
    guess = turn @ (_SOCKET - _ENDPLATE) * scale
    for side, hip in zip(SIDES, (pelvis[2], pelvis[0]), strict=True):
        start = guess * np.array([1.0 if side == "left" else -1.0, 1, 1])
        wall, areas = surface_samples(hip)
        center = socket_center(wall, start, SOCKET_RADIUS_MM * scale, float(np.sign(start[0])), areas)
        own = leg if side == "left" else _mirrored(leg)
        legs[side] = _posed(own, side, traits.angles(side), center, scale)
    pelvis = [part for bone in pelvis for part in (_first_sacral(bone, scale) if bone.leaf == "sacrum" else [bone])]
    return LowerBody(pelvis, legs, turn @ _ENDPLATE_NORMAL, scale)


def _first_sacral(sacrum: Bone, scale: float) -> list[Bone]:
    """S1 and the rest of the sacrum, cut below the first foramina."""
    normal = _ENDPLATE_NORMAL / np.linalg.norm(_ENDPLATE_NORMAL)
    level = -30.0 * scale * normal
    return [
        replace(sacrum, clip=(level, -normal)),
        replace(sacrum, leaf="vertebrae_S1", clip=(level, normal)),
    ]


def socket_center(wall: Points, start: Points, radius: float, outward: float, areas: Points | None = None) -> Points:
    """Centre of the acetabulum: the sphere of this radius nearest to the points (N, 3) of its wall around `start`.

    outward: 1 for the left hip, −1 for the right. areas: (N,) weights of the points, even when None. The radius is
    given, because roof and fossa together are no good sphere.
    """
    center = start
    for tolerance in (6.0, 5.0, 4.0, *(3.5,) * 12):
        local = wall - center
        # Only the roof and the floor: the rims and the pubic branch pass through the sphere, too.
        facing = local @ np.array([-0.8 * outward, 0, 0.6]) > -0.1 * radius
        near = facing & (np.abs(np.linalg.norm(local, axis=1) - radius) < tolerance)
        if np.count_nonzero(near) < 30:
            break
        center = concentric(wall[near], center, radius, None if areas is None else areas[near])
    return center


def _left_leg(traits: Traits) -> tuple[list[Bone], float]:
    """Left femur, patella, tibia, fibula hanging straight from the hip's centre at the origin, and their scale."""
    parts = {
        name: unposed([shaped(name, f"{name}_left", name, traits.modes)], [mean_vertices(name)])[0]
        for name in ("femur", "patella", "tibia", "fibula")
    }
    femur = parts["femur"].vertices
    mean = mean_vertices("femur")
    ball = (np.abs(np.linalg.norm(mean - _HEAD, axis=1) - _HEAD_RADIUS) < 1.6) & ((mean - _HEAD) @ [-0.7, 0, 0.7] > -5)
    head, _ = sphere(femur[ball])
    scale = traits.femur_mm / float(np.ptp(femur[:, 2]) * 1.03)  # the shape model's femur leans by 14°

    bones = [bone.moved(shift=-head).scaled(scale) for bone in parts.values()]
    femur_bone, patella, tibia, fibula = bones
    # Straighten: ankle below the hip, kneecap straight in front.
    foot = tibia.vertices[tibia.vertices[:, 2] < tibia.vertices[:, 2].min() + 20].mean(axis=0)
    turn = aligning(foot, np.array([0, 0, -1.0]))
    low = mean[:, 2] < mean[:, 2].min() + 42
    forward = turn @ (patella.vertices.mean(axis=0) - femur_bone.vertices[low].mean(axis=0))
    turn = rotation("z", float(np.rad2deg(np.arctan2(-forward[0], -forward[1])))) @ turn
    femur_bone, patella, tibia, fibula = moved([femur_bone, patella, tibia, fibula], turn)

    # The knee's own gap: shift and tilt the lower leg until both compartments are as wide.
    medial_gap, lateral_gap = _gaps(femur_bone, tibia)
    knee = _knee_center(femur_bone)
    tilt = float(np.clip(np.rad2deg((lateral_gap - medial_gap) / 45.0), -6, 6))
    lower = moved([tibia, fibula], rotation("y", -tilt), knee)
    rise = float(np.mean(_gaps(femur_bone, lower[0]))) - _KNEE_GAP_MM * scale
    lower = moved(lower, shift=np.array([0, 0, rise]))
    # The patella lies in the groove of the trochlea with 4 mm of cartilage between them.
    middle = patella.vertices.mean(axis=0)
    offset = np.abs(femur_bone.vertices[:, [0, 2]] - middle[[0, 2]])
    groove = femur_bone.vertices[(offset[:, 0] < 9) & (offset[:, 1] < 16)]
    behind = patella.vertices[:, 1].max()
    patella = patella.moved(shift=np.array([0, float(groove[:, 1].min()) - behind - 4.0 * scale, 0]))
    ends = _shaft_ends(femur_bone)
    return [replace(femur_bone, ends=ends), patella, *lower], scale


def _shaft_ends(bone: Bone) -> tuple[Points, Points]:
    z = bone.vertices[:, 2]
    top, bottom = bone.vertices[z > z.max() - 12].mean(axis=0), bone.vertices[z < z.min() + 12].mean(axis=0)
    return np.array([top[0], top[1], z.max()]), np.array([bottom[0], bottom[1], z.min()])


def _knee_center(femur: Bone) -> Points:
    low = femur.vertices[:, 2].min()
    condyles = femur.vertices[femur.vertices[:, 2] < low + 40]
    return np.array([condyles[:, 0].mean(), condyles[:, 1].mean() + 3, low + 22])


def _gaps(femur: Bone, tibia: Bone, cell: float = 4.0) -> tuple[float, float]:
    """Smallest height (mm) between condyle and plateau in the medial and the lateral compartment of a left knee."""
    lower = femur.vertices[femur.vertices[:, 2] < femur.vertices[:, 2].min() + 45]
    upper = tibia.vertices[tibia.vertices[:, 2] > tibia.vertices[:, 2].max() - 30]
    middle = (lower[:, 0].min() + lower[:, 0].max()) / 2
    gaps = {True: [30.0], False: [30.0]}
    floor: dict[tuple[int, int], float] = {}
    for x, y, z in upper:
        key = (int(x // cell), int(y // cell))
        floor[key] = max(floor.get(key, -np.inf), z)
    for x, y, z in lower:
        key = (int(x // cell), int(y // cell))
        if key in floor and abs(x - middle) > 9:  # the notch and the eminence do not touch
            gaps[bool(x < middle)].append(z - floor[key])
    return float(min(gaps[True])), float(min(gaps[False]))


def _mirrored(bones: list[Bone]) -> list[Bone]:
    return [bone.mirrored() for bone in bones]


def _posed(bones: list[Bone], side: Side, angles: LimbAngles, hip: Points, scale: float) -> Leg:
    """A straight leg of that side hung at the hip and bent at hip, knee and ankle."""
    outward = 1.0 if side == "left" else -1.0
    femur, patella, tibia, fibula = bones
    knee = _knee_center(femur)
    low = tibia.vertices[:, 2].min()
    plafond = tibia.vertices[(tibia.vertices[:, 2] > low + 13) & (tibia.vertices[:, 2] < low + 32)].mean(axis=0)
    ankle = np.array([plafond[0], plafond[1], low + 11 * scale - (_ANKLE_GAP_MM + 14) * scale])
    foot = [bone.scaled(scale * 1.02) for bone in _right_foot()]
    if side == "left":
        foot = _mirrored(foot)
    foot = moved(foot, rotation("x", angles.ankle_plantarflexion), np.zeros(3), ankle)
    toe = min((bone.vertices[np.argmin(bone.vertices[:, 1])] for bone in foot), key=lambda p: float(p[1]))

    bend = rotation("x", angles.knee_flexion)
    lower = moved([tibia, fibula, *foot], bend, knee)
    patella = patella.moved(rotation("x", angles.knee_flexion * 0.6), knee)
    turn = (
        rotation("y", -outward * angles.hip_abduction)
        @ rotation("x", -angles.hip_flexion)
        @ rotation("z", outward * angles.hip_rotation)
    )
    whole = moved([femur, patella, *lower], turn, np.zeros(3), hip)

    def follow(point: Points, bent: bool) -> Points:
        return np.asarray(turn @ (bend @ (point - knee) + knee if bent else point) + hip)

    return Leg(whole, hip, follow(knee, False), follow(ankle, True), follow(toe, True))


def _right_foot() -> list[Bone]:
    """Talus at the origin, the other bones of the right foot around it."""
    bones = []
    for key in tables():
        if not key.endswith("_vertices"):
            continue
        name = key.removeprefix("mm_").removesuffix("_vertices")
        stem = name.split("__")[0]
        if stem in ("tarsal", "metatarsal", "phalanges_feet"):
            bone = placed(name, f"{stem}_right", "tarsal" if stem == "tarsal" else "tubular")
            y = bone.vertices[:, 1]
            bones.append(replace(bone, ends=(bone.vertices[np.argmax(y)], bone.vertices[np.argmin(y)])))
    return bones
