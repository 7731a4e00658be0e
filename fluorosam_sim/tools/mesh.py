"""Triangle meshes of solids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Mesh:
    """The closed surface of a solid.

    vertices_mm: (N, 3) float32. faces: (M, 3) int32, counter-clockwise seen from outside, every edge shared by exactly
    two faces that run along it in opposite directions.
    """

    vertices_mm: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]

    @property
    def bounds_mm(self) -> npt.NDArray[np.float64]:
        """(2, 3): lowest and highest coordinate."""
        return np.array([self.vertices_mm.min(axis=0), self.vertices_mm.max(axis=0)], np.float64)

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume; positive when the faces look outwards."""
        a, b, c = np.moveaxis(self.vertices_mm.astype(np.float64)[self.faces], 1, 0)
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)

    @property
    def watertight(self) -> bool:
        """Whether every directed edge occurs once and so does its opposite."""
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]).astype(np.int64)
        there = np.sort(edges[:, 0] * len(self.vertices_mm) + edges[:, 1])
        back = np.sort(edges[:, 1] * len(self.vertices_mm) + edges[:, 0])
        return bool(len(there) and (np.diff(there) > 0).all() and np.array_equal(there, back))

    def moved(self, transform: npt.NDArray[np.float64]) -> Mesh:
        """The mesh under a rigid transform (4, 4) in mm."""
        points = self.vertices_mm @ transform[:3, :3].T + transform[:3, 3]
        return Mesh(points.astype(np.float32), self.faces)
