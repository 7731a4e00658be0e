"""Instruments and implants put somewhere: what renderers take besides the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_sim.tools.materials import Material
from fluorosam_sim.tools.mesh import Mesh


class Piece(Protocol):
    """One closed solid of one material, in the tool's own millimetres (`tools.Part` is one)."""

    @property
    def mesh(self) -> Mesh:
        """Its surface."""
        ...

    @property
    def material(self) -> Material:
        """What it is made of."""
        ...


@dataclass(frozen=True, eq=False)
class PlacedTool:
    """A tool in the world.

    parts: pieces that do not overlap, each watertight with its faces outwards. pose_mm: (4, 4) rigid transform from the
    tool's millimetres to world millimetres. Raises ValueError for a transform that is not rigid, for a mesh that holds
    NaN, has holes or is inside out, and for a material without density.
    """

    name: str
    parts: Sequence[Piece]
    pose_mm: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        pose = np.asarray(self.pose_mm, float)
        if pose.shape != (4, 4) or not np.isfinite(pose).all():
            raise ValueError(f"The pose of {self.name} must be a (4, 4) matrix of finite numbers.")
        turn = pose[:3, :3]
        rigid = np.abs(turn @ turn.T - np.eye(3)).max() < 1e-4 and np.linalg.det(turn) > 0
        if not rigid or np.abs(pose[3] - (0, 0, 0, 1)).max() > 1e-9:
            raise ValueError(f"The pose of {self.name} must only turn and shift: it scales, shears or mirrors.")
        if not self.parts:
            raise ValueError(f"{self.name} has no parts.")
        for part in self.parts:
            fault = _fault(part.mesh)
            if fault:
                raise ValueError(f"The mesh of {self.name} {fault}.")
            if not 0 < part.material.density_gcm3 < 30:
                raise ValueError(f"{part.material.name} has no density: give it in g/cm³.")

    def vertices_mm(self, part: Piece) -> npt.NDArray[np.float64]:
        """(N, 3) vertices of one of the parts in the world."""
        pose = np.asarray(self.pose_mm, float)
        return np.asarray(part.mesh.vertices_mm.astype(np.float64) @ pose[:3, :3].T + pose[:3, 3])


@lru_cache(maxsize=1024)
def _fault(mesh: Mesh) -> str:
    """What is wrong with a mesh, "" when nothing is; checked once for each."""
    vertices, faces = mesh.vertices_mm, mesh.faces
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        return f"has the shapes {vertices.shape} and {faces.shape} instead of (N, 3) vertices and (M, 3) faces"
    if not np.isfinite(vertices).all():
        return "holds coordinates that are not numbers"
    if faces.min() < 0 or faces.max() >= len(vertices):
        return "has faces that name vertices it does not have"
    if not mesh.watertight:
        return "is not watertight: close its holes"
    if not mesh.volume_mm3 > 0:
        return "is inside out: turn its faces outwards"
    return ""
