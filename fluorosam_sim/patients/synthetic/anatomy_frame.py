"""A patient's skeleton put together, and the landmarks that soft tissue hangs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from fluorosam_sim.patients.synthetic.bones import Bone, Points
from fluorosam_sim.patients.synthetic.fields import hull_radii
from fluorosam_sim.patients.synthetic.lower_body import LowerBody, lower_body
from fluorosam_sim.patients.synthetic.thorax import ANGLES, Bend, Reference, bend
from fluorosam_sim.patients.synthetic.traits import Side, Traits
from fluorosam_sim.patients.synthetic.upper_body import Arm, Head, arms, head_and_neck

LUMBAR = ("L2", "L3", "L4", "L5")
# Distance between the centres of neighbouring lumbar bodies, and from L5's to the sacrum, in the reference (mm).
_PITCH_MM = (31.0, 32.0, 33.0, 33.5)
_LAST_MM = 19.5
TRUNK_STEP_MM = 5.0


@dataclass(frozen=True, eq=False)
class Vertebra:
    """A lumbar vertebra to be copied from L1: centre of its body, direction down the spine, size factors (x, y, z)."""

    level: str
    center: Points
    down: Points
    size: Points


@dataclass(frozen=True, eq=False)
class Trunk:
    """Polar outline of what lies inside the chest wall, the abdominal wall and the pelvis.

    z: (rows,) mm, even steps. centers: (rows, 2). radii: (rows, ANGLES) mm. source_z: the reference height of each row.
    """

    z: Points
    centers: Points
    radii: Points
    source_z: Points

    def depth(self, points: Points) -> Points:
        """How deep points (N, 3) lie inside the outline, mm; negative outside; the end rows count beyond the ends."""
        row = np.clip((points[:, 2] - self.z[0]) / TRUNK_STEP_MM, 0, len(self.z) - 1).round().astype(int)
        local = points[:, :2] - self.centers[row]
        angle = np.arctan2(local[:, 1], local[:, 0]) % (2 * np.pi) / (2 * np.pi) * ANGLES
        return np.asarray(self.radii[row, angle.astype(int) % ANGLES] - np.hypot(local[:, 0], local[:, 1]))


@dataclass(frozen=True, eq=False)
class Frame:
    """Everything that soft tissue needs to know about a skeleton."""

    traits: Traits
    bend: Bend
    trunk: Trunk
    lower: LowerBody
    head: Head
    arms: dict[Side, Arm]
    lumbar: tuple[Vertebra, ...]
    endplate: Points
    c7: Points

    @property
    def bones(self) -> list[Bone]:
        """All bones that are meshes."""
        parts = [*self.lower.pelvis, *self.head.bones]
        for leg in self.lower.legs.values():
            parts += leg.bones
        for arm in self.arms.values():
            parts += [*arm.girdle, *arm.bones]
        return parts

    def place(self, *points: tuple[float, float, float]) -> Points:
        """Patient points (N, 3) of reference points."""
        return self.bend.to_patient(np.array(points, float))

    def body(self, level: str) -> Points:
        """Centre of a lumbar body L2 to L5."""
        return next(v.center for v in self.lumbar if v.level == level)


def frame(traits: Traits, reference: Reference) -> Frame:
    """The skeleton of a patient around the bent reference."""
    shape = bend(traits)
    last, before = shape.to_patient(np.stack([reference.bodies["L1"], reference.bodies["T12"]]))
    lower = lower_body(traits)
    down = last - before
    vertebrae, endplate = _lumbar(traits, last, down / np.linalg.norm(down), -lower.endplate_normal)
    lower = lower.moved(endplate)
    trunk = _trunk(traits, reference, shape, lower)
    t1, t2 = shape.to_patient(np.stack([reference.bodies["T1"], reference.bodies["T2"]]))
    c7 = t1 + (t1 - t2) * 1.12
    head = head_and_neck(traits, c7)
    joint = reference.sternoclavicular
    joints = shape.to_patient(np.stack([joint, joint * [-1, 1, 1]]))

    def clearance(points: Points) -> tuple[float, Points]:
        # The outline is convex and holds the deep back muscles: the blade may dip into it, not into the ribs.
        depth = trunk.depth(points) - 5.0
        way = np.array([0.35 * np.sign(points[:, 0].mean()), 0.94, 0.0])
        return float(np.quantile(depth, 0.97)), way

    limbs = arms(traits, {"left": joints[0], "right": joints[1]}, clearance)
    return Frame(traits, shape, trunk, lower, head, limbs, vertebrae, endplate, c7)


def _lumbar(traits: Traits, start: Points, down: Points, end_down: Points) -> tuple[tuple[Vertebra, ...], Points]:
    """L2 to L5 along a smooth curve from L1's body, and where the sacrum's endplate is."""
    size = traits.thorax_height
    pitches = np.array([*_PITCH_MM, _LAST_MM]) * size
    total = float(pitches.sum())
    # L1 of the reference leans forward more than in a straight-lying adult: start halfway to the vertical.
    tangent = down + np.array([0, 0, -1.0])
    tangent /= np.linalg.norm(tangent)
    t = np.linspace(0, 1, 400)[:, None]
    drop = total
    for _ in range(6):
        end = start + np.array([-start[0], 4.0 + traits.lordosis_mm, -drop])
        pull = total * 0.9
        curve = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * pull * tangent
        curve = curve + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * pull * end_down
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        drop *= total / float(length[-1])
    vertebrae = []
    for number, (level, at) in enumerate(zip(LUMBAR, np.cumsum(pitches)[:4], strict=True)):
        center = np.array([np.interp(at, length, curve[:, axis]) for axis in range(3)])
        ahead = np.array([np.interp(at + 4, length, curve[:, axis]) for axis in range(3)])
        direction = (ahead - center) / np.linalg.norm(ahead - center)
        grow = 1.0 + 0.035 * (number + 1)
        factors = np.array([grow * traits.thorax_breadth, grow * traits.thorax_depth, size * (1 + 0.02 * (number + 1))])
        vertebrae.append(Vertebra(level, center, direction, factors))
    return tuple(vertebrae), np.asarray(curve[-1])


def _trunk(traits: Traits, reference: Reference, shape: Bend, lower: LowerBody) -> Trunk:
    hip = (lower.legs["left"].hip + lower.legs["right"].hip) / 2
    pelvis = np.vstack([bone.vertices for bone in lower.pelvis])
    bottom = hip[2] - 62.0
    top = float(np.interp(160.0, shape.source_z, shape.heights))
    z = np.arange(bottom, top, TRUNK_STEP_MM)
    rows = shape.rows(z)
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    centers = np.zeros((len(z), 2))
    radii = np.zeros((len(z), ANGLES))
    real = np.zeros((len(z), ANGLES))
    known = np.zeros(len(z), bool)
    # Above the anterior spines the pelvis' own outline lacks the belly.
    crest = float(hip[2]) + 72.0 * lower.scale
    belly = 1 + np.clip(traits.bmi - 23, -3, 14) * 0.012 * np.clip(-np.sin(angle), 0, 1)
    for row, height in enumerate(z):
        source = rows[row, 0]
        if source >= -158.0:
            nearest = int(np.argmin(np.abs(reference.outline_z - source)))
            radius = reference.outline[nearest]
            x = (radius * np.cos(angle) - rows[row, 2]) / rows[row, 1]
            y = (reference.center_y + radius * np.sin(angle) - rows[row, 4]) / rows[row, 3]
            centers[row] = -rows[row, 2] / rows[row, 1], (reference.center_y - rows[row, 4]) / rows[row, 3]
            own = np.arctan2(y - centers[row, 1], x - centers[row, 0]) % (2 * np.pi)
            order = np.argsort(own)
            distance = np.hypot(x - centers[row, 0], y - centers[row, 1])
            real[row] = np.interp(angle, own[order], distance[order], period=2 * np.pi)
            # Below the ribs the outline of the labelled organs is no abdominal wall: interpolate across.
            known[row] = source >= -122.0
            radii[row] = real[row] * (belly if source < -70 else 1)
        elif height < crest:
            near = pelvis[np.abs(pelvis[:, 2] - height) < 7]
            if len(near) < 8:  # below the sitting bones
                continue
            centers[row] = hip[0], (near[:, 1].min() + near[:, 1].max()) / 2
            radii[row] = hull_radii(near[:, :2], centers[row], ANGLES)
            known[row] = True
    for table in (centers, radii):
        for column in range(table.shape[1]):
            table[:, column] = np.interp(z, z[known], table[known, column])
    # The belly between the ribs and the iliac crests.
    radii[~known] *= belly
    kernel = np.hanning(11)[1:-1] / np.hanning(11).sum()
    for table in (centers, radii):
        for column in range(table.shape[1]):
            padded = np.pad(table[:, column], len(kernel) // 2, mode="edge")
            table[:, column] = np.convolve(padded, kernel, mode="valid")
    # What the CT holds stays inside, and the belly runs on smoothly below the scan's edge.
    wide = np.maximum(radii, real)
    envelope = ndimage.gaussian_filter1d(ndimage.maximum_filter1d(wide, 9, axis=0, mode="nearest"), 4.0, axis=0)
    below = np.clip((-60.0 - rows[:, :1]) / 40.0, 0, 1) * np.clip((z[:, None] - hip[2] - 30.0) / 60.0, 0, 1)
    radii = np.maximum(wide, wide * (1 - below) + np.maximum(wide, envelope) * below)
    return Trunk(z, centers, radii, rows[:, 0])
