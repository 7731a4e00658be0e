"""Surfaces of labelled structures as closed triangle meshes, by surface nets on the labels' own grid."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim.patients.patient import Patient, PatientError
from fluorosam_sim.tools.mesh import Mesh

_SMOOTH_VOXELS = 0.8  # takes the voxels' steps away; structures of one voxel survive
_CORNERS = list(itertools.product((0, 1), repeat=3))
_EDGES = [
    (a, b) for a, b in itertools.combinations(_CORNERS, 2) if sum(abs(x - y) for x, y in zip(a, b, strict=True)) == 1
]


def structure_mesh(patient: Patient, names: str | Iterable[str], smooth: bool = True) -> Mesh:
    """Closed surface in world mm of the union of some leaf labels, faces outwards.

    It runs half a voxel around the outermost voxel centres; where the scan cuts a structure off, it is closed there.
    smooth: rounds the steps between voxels, to within a voxel. Where two parts of a structure touch along an edge only,
    four faces share it (Mesh.watertight is then False, the surface closed all the same). Raises PatientError when the
    patient has no voxel of these labels.
    """
    wanted = {names} if isinstance(names, str) else set(names)
    chosen = np.array([bool(name) and name in wanted for name in patient.label_names])[patient.labels]
    spans = [np.flatnonzero(chosen.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    if not len(spans[0]):
        raise PatientError(f"{patient.name} has no {' or '.join(sorted(wanted))}.")
    box = tuple(slice(int(found[0]), int(found[-1]) + 1) for found in spans)
    pad = 3  # room for the smoothing, so that the surface closes
    field = np.pad(chosen[box], pad).astype(np.float32)
    if smooth:
        # Half of the sharp mask stays, so that every voxel keeps its side and thin plates do not vanish.
        field = 0.5 * field + 0.5 * ndimage.gaussian_filter(field, _SMOOTH_VOXELS)
    vertices, faces = _surface_nets(field - 0.5)
    index = vertices - pad + [side.start for side in box]
    linear, offset = patient.affine[:3, :3], patient.affine[:3, 3]
    if np.linalg.det(linear) < 0:
        faces = faces[:, ::-1]
    return Mesh(np.ascontiguousarray(index @ linear.T + offset, np.float32), np.ascontiguousarray(faces, np.int32))


def write_stl(mesh: Mesh, path: Path) -> None:
    """Writes a mesh as binary STL, millimetres."""
    corners = mesh.vertices_mm[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    record = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    record["normal"], record["corners"] = normals, corners
    path.write_bytes(b"fluorosam, world millimetres".ljust(80) + struct.pack("<I", len(record)) + record.tobytes())


def _surface_nets(field: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Vertices (N, 3) in index units and triangles (M, 3) around where a field is above 0 (Gibson, MICCAI 1998).

    One vertex in every cell of eight neighbours that the surface passes through, in the mean of its crossings of the
    cell's edges; two triangles across every edge of the grid that it crosses. The field's border must be below 0.
    """
    inside = field > 0
    cells = tuple(n - 1 for n in field.shape)

    def corner(values: npt.NDArray[np.generic], at: tuple[int, ...]) -> npt.NDArray[np.generic]:
        return values[tuple(slice(start, start + n) for start, n in zip(at, cells, strict=True))]

    count = sum(corner(inside, at).astype(np.int8) for at in _CORNERS)
    active = np.asarray((count > 0) & (count < 8))
    where = np.argwhere(active)
    number = np.full(cells, -1, np.intp)
    number[active] = np.arange(len(where))
    total, crossings = np.zeros((len(where), 3)), np.zeros(len(where))
    for a, b in _EDGES:
        va, vb = (field[tuple((where + at).T)].astype(float) for at in (a, b))
        crossed = (va > 0) != (vb > 0)
        share = np.where(crossed, va / np.where(crossed, va - vb, 1.0), 0.0)
        point = np.array(a) + share[:, None] * (np.array(b) - np.array(a))
        total += point * crossed[:, None]
        crossings += crossed
    vertices = where + total / crossings[:, None]
    triangles = []
    for axis in range(3):
        first, second = (n for n in range(3) if n != axis)
        step = np.eye(3, dtype=int)
        low = inside[tuple(slice(0, -1) if n == axis else slice(None) for n in range(3))]
        high = inside[tuple(slice(1, None) if n == axis else slice(None) for n in range(3))]
        edges = np.argwhere(low != high)
        leaving = low[tuple(edges.T)]
        around = [
            number[tuple((edges - u * step[first] - v * step[second]).T)] for u, v in ((1, 1), (0, 1), (0, 0), (1, 0))
        ]
        # (first, second, axis) is a right-handed triple for x and z, a left-handed one for y.
        turned = leaving if axis != 1 else ~leaving
        quads = np.where(turned[:, None], np.column_stack(around), np.column_stack(around[::-1]))
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    return vertices, np.vstack(triangles)
