"""Bones as closed meshes, and what a bone is made of from its surface inwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
_TABLE = Path(__file__).parents[1] / "data" / "skeleton.npz"


@dataclass(frozen=True)
class Material:
    """CT numbers of a bone along its length, from the proximal (0) to the distal end (1).

    at: knots. cortex_mm: thickness of the compact shell. cortex_hu: the shell. inside_hu: spongy bone or marrow.
    """

    at: tuple[float, ...]
    cortex_mm: tuple[float, ...]
    cortex_hu: tuple[float, ...]
    inside_hu: tuple[float, ...]

    def table(self, samples: int = 64) -> npt.NDArray[np.float32]:
        """(samples, 3) float32: thickness, shell and inside at even steps along the bone."""
        steps = np.linspace(0, 1, samples)
        columns = [np.interp(steps, self.at, values) for values in (self.cortex_mm, self.cortex_hu, self.inside_hu)]
        return np.stack(columns, axis=1).astype(np.float32)


def _even(cortex_mm: float, cortex_hu: float, inside_hu: float) -> Material:
    return Material((0.0, 1.0), (cortex_mm,) * 2, (cortex_hu,) * 2, (inside_hu,) * 2)


# Thickness after published cortical measurements (see docs/patients.md), CT numbers as in clinical CT.
MATERIALS: dict[str, Material] = {
    "hip": _even(1.9, 1050, 150),
    "sacrum": _even(1.4, 850, 160),
    "femur": Material(
        (0, 0.1, 0.18, 0.3, 0.5, 0.8, 0.9, 1),
        (1.2, 1.6, 2.8, 5.2, 6.2, 3.2, 1.4, 1.0),
        (750, 1000, 1400, 1600, 1600, 1600, 1000, 800),
        (320, 230, 100, -20, -20, -20, 140, 230),
    ),
    "patella": _even(1.6, 1000, 300),
    "tibia": Material(
        (0, 0.08, 0.2, 0.35, 0.5, 0.75, 0.92, 1),
        (1.1, 1.4, 2.6, 4.6, 5.2, 4.0, 1.7, 1.2),
        (750, 950, 1450, 1600, 1600, 1600, 1000, 800),
        (240, 190, 60, -20, -20, -20, 150, 260),
    ),
    "fibula": Material(
        (0, 0.12, 0.5, 0.88, 1), (0.9, 1.8, 2.8, 1.8, 1.1), (750, 1300, 1500, 1300, 800), (180, 60, 0, 80, 220)
    ),
    "humerus": Material(
        (0, 0.12, 0.22, 0.4, 0.6, 0.85, 0.93, 1),
        (1.0, 1.3, 2.6, 4.0, 4.0, 2.8, 1.6, 1.2),
        (700, 900, 1400, 1550, 1550, 1500, 1100, 850),
        (190, 130, 20, -20, -20, 0, 120, 220),
    ),
    "forearm": Material(
        (0, 0.1, 0.25, 0.5, 0.8, 0.93, 1), (1.1, 1.5, 2.4, 3.0, 2.2, 1.1, 1.0), (850, 1100, 1500, 1600, 1450, 900, 800),
        (260, 150, 0, -20, 20, 180, 260),
    ),
    "clavicula": _even(1.8, 1150, 140),
    "scapula": _even(1.2, 950, 120),
    "cervical": _even(1.1, 850, 210),
    "carpal": _even(0.8, 900, 300),
    "tarsal": _even(1.0, 850, 240),
    "tubular": Material(
        (0, 0.15, 0.3, 0.5, 0.7, 0.85, 1),
        (0.6, 0.9, 1.5, 1.8, 1.4, 0.9, 0.6),
        (850, 1100, 1450, 1500, 1450, 1100, 850),
        (280, 200, 60, 20, 60, 200, 280),
    ),
    "mandible": _even(2.2, 1350, 260),
    "skull": _even(1.6, 1250, 480),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Bone:
    """A closed mesh of a leaf label. vertices (N, 3) mm, faces (M, 3).

    ends: proximal and distal point of its axis, for materials that change along it. clip: (point, direction): only
    what lies on the direction's side of that plane belongs to it.
    """

    leaf: str
    material: str
    vertices: Points
    faces: npt.NDArray[np.int64]
    ends: tuple[Points, Points]
    clip: tuple[Points, Points] | None = None

    def moved(self, rotation: Points | None = None, about: Points | None = None, shift: Points | None = None) -> Bone:
        """Turned by a rotation matrix about a point, then shifted."""
        turn = np.eye(3) if rotation is None else rotation
        pivot = np.zeros(3) if about is None else about
        offset = pivot + (0 if shift is None else shift)

        def move(points: Points) -> Points:
            return np.asarray((points - pivot) @ turn.T + offset)

        clip = None if self.clip is None else (move(self.clip[0]), np.asarray(turn @ self.clip[1]))
        return replace(self, vertices=move(self.vertices), ends=(move(self.ends[0]), move(self.ends[1])), clip=clip)

    def scaled(self, factor: float | Points, about: Points | None = None) -> Bone:
        """Stretched about a point, by one factor or one for each axis."""
        pivot = np.zeros(3) if about is None else about
        ends = (pivot + (self.ends[0] - pivot) * factor, pivot + (self.ends[1] - pivot) * factor)
        return replace(self, vertices=pivot + (self.vertices - pivot) * factor, ends=ends)

    def mirrored(self) -> Bone:
        """The bone of the other side: x turned round, left and right swapped in the name."""
        swap = {"left": "right", "right": "left"}
        stem, _, side = self.leaf.rpartition("_")
        flip = np.array([-1.0, 1.0, 1.0])
        return replace(
            self,
            leaf=f"{stem}_{swap[side]}" if side in swap else self.leaf,
            vertices=self.vertices * flip,
            faces=self.faces[:, ::-1],
            ends=(self.ends[0] * flip, self.ends[1] * flip),
        )


def moved(
    bones: Iterable[Bone], rotation: Points | None = None, about: Points | None = None, shift: Points | None = None
) -> list[Bone]:
    """Several bones moved as one."""
    return [bone.moved(rotation, about, shift) for bone in bones]


def rotation(axis: str, degrees: float) -> Points:
    """(3, 3) right-handed rotation about a world axis."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x, y = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[x, x] = matrix[y, y] = c
    matrix[x, y], matrix[y, x] = -s, s
    return matrix


def aligning(source: Points, target: Points) -> Points:
    """(3, 3) shortest rotation that turns one direction into another."""
    a, b = source / np.linalg.norm(source), target / np.linalg.norm(target)
    cross, cosine = np.cross(a, b), float(a @ b)
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + cosine))


def sphere(points: Points) -> tuple[Points, float]:
    """Centre (3,) and radius of the sphere nearest to points (N, 3), by linear least squares."""
    offset = points.mean(axis=0)
    local = points - offset
    matrix = np.column_stack([2 * local, np.ones(len(local))])
    solution = np.linalg.lstsq(matrix, (local**2).sum(axis=1), rcond=None)[0]
    return np.asarray(solution[:3] + offset), float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def concentric(points: Points, start: Points, radius: float, weights: Points | None = None) -> Points:
    """Centre (3,) of the sphere of a known radius nearest to points (N, 3), found from a start inside."""
    center = start
    for _ in range(40):
        away = points - center
        miss = away - radius * away / np.linalg.norm(away, axis=1, keepdims=True)
        center = center + np.average(miss, axis=0, weights=weights) * 1.5
    return np.asarray(center)


def surface_samples(bone: Bone) -> tuple[Points, Points]:
    """Centres (M, 3) and areas (M,) of a bone's faces."""
    a, b, c = (bone.vertices[bone.faces[:, corner]] for corner in range(3))
    return (a + b + c) / 3, np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


@lru_cache(maxsize=1)
def tables() -> dict[str, npt.NDArray[np.generic]]:
    """The baked meshes (see scripts/bake_skeleton.py)."""
    with np.load(_TABLE) as file:
        return {name: file[name] for name in file.files}


def placed(name: str, leaf: str, material: str) -> Bone:
    """A baked bone of the right side or the midline, at its place in its group's frame; its axis runs along z."""
    data = tables()
    vertices = np.asarray(data[f"mm_{name}_vertices"], np.float64)
    top, bottom = vertices[np.argmax(vertices[:, 2])], vertices[np.argmin(vertices[:, 2])]
    return Bone(leaf, material, vertices, np.asarray(data[f"mm_{name}_faces"], np.int64), (top, bottom))


def shaped(name: str, leaf: str, material: str, modes: tuple[float, ...]) -> Bone:
    """A bone of the shape model for these coordinates, where the model has it (modes carry pose, too)."""
    data = tables()
    mean = np.asarray(data[f"llp_{name}_mean"], np.float64)
    directions = np.asarray(data[f"llp_{name}_modes"], np.float64)
    vertices = mean.copy()
    for amount, direction in zip(modes, directions, strict=True):
        vertices += amount * direction
    top, bottom = vertices[np.argmax(vertices[:, 2])], vertices[np.argmin(vertices[:, 2])]
    return Bone(leaf, material, vertices, np.asarray(data[f"llp_{name}_faces"], np.int64), (top, bottom))


def mean_vertices(name: str) -> Points:
    """(N, 3) mean vertices of a bone of the shape model."""
    return np.asarray(tables()[f"llp_{name}_mean"], np.float64)


def unposed(bones: list[Bone], means: list[Points]) -> list[Bone]:
    """The bones turned and shifted as one so that they lie best on their means: keeps shape, drops pose."""
    moving = np.vstack([bone.vertices for bone in bones])
    fixed = np.vstack(means)
    a, b = moving.mean(axis=0), fixed.mean(axis=0)
    u, _, vt = np.linalg.svd((moving - a).T @ (fixed - b))
    flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))])
    turn = (u @ flip @ vt).T
    return [bone.moved(turn, a, b - a) for bone in bones]
