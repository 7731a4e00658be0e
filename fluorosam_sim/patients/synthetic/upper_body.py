"""Head, neck, shoulder girdles and arms."""

# ruff: noqa: RUF005 - lists are added to arrays here, not joined
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from fluorosam_sim.patients.synthetic.bones import Bone, Points, aligning, moved, placed, rotation, tables
from fluorosam_sim.patients.synthetic.traits import SIDES, Side, Traits

# Places in the baked groups' own frames (mm): head and neck; right arm relative to the sternal end of the clavicle.
_C7 = np.array([0.0, 16.0, 419.0])
_C1 = np.array([0.0, 8.0, 502.0])
_SHOULDER = np.array([-144.5, 23.9, -13.9])
_ELBOW = _SHOULDER + [12.3, -6.1, -290.4]
_WRIST = _ELBOW + [-45.0, -18.4, -253.5]
_END_MM = 8.0
_ARM_MATERIALS = {"humerus": "humerus", "ulna": "forearm", "radius": "forearm", "carpal": "carpal"}


@dataclass(frozen=True, eq=False)
class Head:
    """Skull, jaw and C1 to C7. to_world: (3, 3) and shift (3,) from the baked head's frame, which the skull obeys."""

    bones: list[Bone]
    turn: Points
    shift: Points

    def point(self, at: Points) -> Points:
        """World place of a point of the baked head's frame."""
        return np.asarray(self.turn @ at + self.shift)


def head_and_neck(traits: Traits, c7: Points) -> Head:
    """The neck bent evenly over its joints, with C7's body at c7."""
    size = traits.head_size
    turn, pivot, place = np.eye(3), _C7, c7
    bones: list[Bone] = []
    step = rotation("z", traits.neck_turn / 7) @ rotation("y", traits.neck_tilt / 7)
    step = step @ rotation("x", traits.neck_flexion / 7)
    for level in range(7, 0, -1):
        bone = placed(f"vertebrae_C{level}", f"vertebrae_C{level}", "cervical")
        low, high = float(bone.vertices[:, 2].min()), float(bone.vertices[:, 2].max())
        bone = replace(bone, ends=(np.array([0, 15.0, high]), np.array([0, 15.0, low])))
        shift = place - size * turn @ pivot
        bones.append(bone.scaled(size).moved(turn, shift=shift))
        # The joint above is a seventh of the way to the head; the next vertebra turns about it.
        joint = _C7 + (_C1 - _C7) * (8 - level) / 7
        place = size * turn @ joint + shift
        turn, pivot = turn @ step, joint
    shift = place - size * turn @ pivot
    for name, leaf, material in (("skull", "skull", "skull"), ("jaw", "skull", "mandible")):
        bones.append(placed(name, leaf, material).scaled(size).moved(turn, shift=shift))
    return Head(bones, size * turn, shift)


@dataclass(frozen=True, eq=False)
class Arm:
    """A posed arm with its shoulder girdle. shoulder, elbow, wrist, fingertip: mm."""

    girdle: list[Bone]
    bones: list[Bone]
    shoulder: Points
    elbow: Points
    wrist: Points
    fingertip: Points


def arms(
    traits: Traits, joints: dict[Side, Points], clearance: Callable[[Points], tuple[float, Points]]
) -> dict[Side, Arm]:
    """Both arms, hung at the sternoclavicular joints.

    clearance: for points (N, 3), how far (mm) the deepest lies inside the rib cage and which way out is.
    """
    scale = traits.height_mm / 1720 * (1.0 if traits.sex == "male" else 0.985)
    return {side: _arm(traits, side, joints[side], clearance, scale) for side in SIDES}


def _arm(
    traits: Traits, side: Side, joint: Points, clearance: Callable[[Points], tuple[float, Points]], scale: float
) -> Arm:
    outward = 1.0 if side == "left" else -1.0
    flip = np.array([-outward, 1.0, 1.0])
    angles = traits.angles(side)

    def own(name: str, leaf: str, material: str) -> Bone:
        bone = placed(name, f"{leaf}_right", material)
        return (bone.mirrored() if side == "left" else bone).scaled(scale)

    scapula = own("scapula", "scapula", "scapula").moved(shift=joint)
    start = scapula.vertices.mean(axis=0)
    for _ in range(6):
        depth, way = clearance(scapula.vertices)
        if depth <= 0:
            break
        scapula = scapula.moved(shift=way * (depth + 0.5))
    pushed = scapula.vertices.mean(axis=0) - start
    clavicle = own("clavicula", "clavicula", "clavicula")
    tip = clavicle.vertices[np.argmin(clavicle.vertices[:, 0] * -outward)]
    goal = tip + pushed
    stretch = float(np.linalg.norm(goal) / np.linalg.norm(tip))
    clavicle = clavicle.scaled(stretch).moved(aligning(tip, goal), shift=joint)

    shoulder, elbow, wrist = (joint + pushed + scale * flip * at for at in (_SHOULDER, _ELBOW, _WRIST))
    hand = [
        own(name, leaf, _ARM_MATERIALS.get(leaf, "tubular")).moved(shift=joint + pushed) for name, leaf in _hand_names()
    ]
    hand = [bone if "carpal_" in bone.leaf and "meta" not in bone.leaf else _along(bone, wrist) for bone in hand]
    fingertip = min((bone.vertices[np.argmin(bone.vertices[:, 2])] for bone in hand), key=lambda p: float(p[2]))
    forearm = [own(name, name, "forearm").moved(shift=joint + pushed) for name in ("ulna", "radius")]
    humerus = own("humerus", "humerus", "humerus").moved(shift=joint + pushed)

    ulna, radius = forearm
    pivot = _level(radius, 1.0)
    axis = pivot - _level(ulna, 0.0)  # the forearm turns about the line from the radial head to the head of the ulna
    supinated = Rotation.from_rotvec(axis / np.linalg.norm(axis) * outward * angles.supination, degrees=True)
    moves = (
        (supinated.as_matrix(), pivot),
        (rotation("x", -angles.elbow_flexion), elbow),
        (
            rotation("y", -outward * angles.shoulder_abduction)
            @ rotation("x", -angles.shoulder_flexion)
            @ rotation("z", outward * angles.shoulder_rotation),
            shoulder,
        ),
    )

    def posed(bones: list[Bone], first: int) -> list[Bone]:
        """Bones moved by the joints from a number on: 0 forearm's turn, 1 elbow, 2 shoulder."""
        for turn, about in moves[first:]:
            bones = moved(bones, turn, about)
        return bones

    free = [*posed([humerus], 2), *posed([ulna], 1), *posed([radius, *hand], 0)]

    def follow(point: Points, first: int) -> Points:
        for turn, about in moves[first:]:
            point = turn @ (point - about) + about
        return np.asarray(point)

    return Arm([scapula, clavicle], free, shoulder, follow(elbow, 2), follow(wrist, 0), follow(fingertip, 0))


def _level(bone: Bone, share: float) -> Points:
    """Middle of a hanging bone's end: 1 its upper one, 0 its lower one."""
    z = bone.vertices[:, 2]
    end = float(z.min() + share * (z.max() - z.min()))
    return np.asarray(bone.vertices[np.abs(z - end) < _END_MM].mean(axis=0))


def _along(bone: Bone, wrist: Points) -> Bone:
    """A finger bone whose axis runs away from the wrist."""
    distance = np.linalg.norm(bone.vertices - wrist, axis=1)
    return replace(bone, ends=(bone.vertices[np.argmin(distance)], bone.vertices[np.argmax(distance)]))


def _hand_names() -> list[tuple[str, str]]:
    names = [key.removeprefix("mm_").removesuffix("_vertices") for key in tables() if key.endswith("_vertices")]
    return [
        (name, name.split("__")[0])
        for name in names
        if name.split("__")[0] in ("carpal", "metacarpal", "phalanges_hand")
    ]
