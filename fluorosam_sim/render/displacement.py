"""A body that has moved, as renderers take it: a smooth field of displacements, and how it bends rays.

The volume stays as it is. Where the straight ray is at x, the tissue that has come there is at x + u(x) in the body at
rest: seen from there the ray is a curve. For every slice of the volume the place where this curve crosses it is found,
on a lattice of pixels and slices of about 10 mm; the ray caster interpolates between. Densities and labels are read at
the same places, so masks belong to the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt

from fluorosam_sim.render.view import View
from fluorosam_sim.render.volume import Volume

Float32Array = npt.NDArray[np.float32]
_CELL_MM = 10.0  # between nodes of the lattice, in the body
_LARGEST_SHIFT = 4  # 16 pixels: the height of the ray caster's tiles
_ROUNDS = 4  # of the search for the crossing: each leaves the field's slope (below a half) of the error


@dataclass(frozen=True, eq=False)
class Displacement:
    """Where the tissue that is now at a world point was in the body at rest: x + vectors_mm(x).

    vectors_mm: (i, j, k, 3) float32 on a grid, between whose nodes it is linear; zero outside, so its outermost nodes
    should be. affine: (4, 4) from grid index to world mm.
    """

    vectors_mm: Float32Array
    affine: npt.NDArray[np.float64]

    @property
    def is_rest(self) -> bool:
        """Whether nothing has moved."""
        return not self.vectors_mm.any()


@dataclass(frozen=True, eq=False)
class Bends:
    """nodes: (layers, rows, columns, 3) float32 in the view's axes.

    Of a slice's crossing: its offset along a and b from where the straight ray crosses the slice, and how many slices
    further along the straight ray that point of it lies. slab: slices between layers. cell_shift: 2 to its power pixels
    between rows and columns.
    """

    nodes: Float32Array
    slab: int
    cell_shift: int


def bend_rays(volume: Volume, view: View, height: int, width: int, displacement: Displacement) -> Bends:
    """How the rays of a view are bent."""
    step_mm = np.linalg.norm(view.step_mm, axis=1)
    # Pixels at the volume's middle: as far from the source as its centre is.
    centre = (np.array(view.sizes) - 1) / 2
    reach = abs(centre[0] - view.source[0]) / abs(
        view.origin[0] + view.du[0] * width / 2 + view.dv[0] * height / 2 - view.source[0]
    )
    pixel_mm = float(np.linalg.norm(view.du @ view.step_mm)) * float(reach)
    cell_shift = int(np.clip(math.log2(max(_CELL_MM / max(pixel_mm, 1e-6), 1.0)), 0, _LARGEST_SHIFT))
    slab = max(int(_CELL_MM / float(step_mm[0])), 1)
    cell = 1 << cell_shift
    layers = max(-(-(view.sizes[0] - 1) // slab), 1) + 1
    nodes = np.zeros((layers, -(-height // cell) + 1, -(-width // cell) + 1, 3), np.float32)
    # World mm → the view's index units, and the view's padded index → grid index.
    order = list(view.order)
    to_index = np.linalg.inv(volume.affine)[:3, :3][order]
    vectors = np.ascontiguousarray(displacement.vectors_mm.reshape(-1, 3) @ to_index.T.astype(np.float32))
    to_grid = np.linalg.inv(displacement.affine)
    linear = (to_grid[:3, :3] @ volume.affine[:3, :3])[:, order]
    offset = to_grid[:3, :3] @ (volume.affine[:3, 3] - volume.affine[:3, :3].sum(axis=1)) + to_grid[:3, 3]
    _find_crossings(
        vectors.reshape(displacement.vectors_mm.shape),
        np.ascontiguousarray(linear),
        offset,
        view.source,
        view.origin,
        view.du * cell,
        view.dv * cell,
        slab,
        nodes,
    )
    return Bends(nodes, slab, cell_shift)


@nb.njit(nogil=True, error_model="numpy", cache=True)
def _sample(vectors, linear, offset, s, a, b, out):  # type: ignore[no-untyped-def]
    """Writes the displacement at one point into out (3,): trilinear, zero outside the grid."""
    x = linear[0, 0] * s + linear[0, 1] * a + linear[0, 2] * b + offset[0]
    y = linear[1, 0] * s + linear[1, 1] * a + linear[1, 2] * b + offset[1]
    z = linear[2, 0] * s + linear[2, 1] * a + linear[2, 2] * b + offset[2]
    out[0] = out[1] = out[2] = 0.0
    if not (0 <= x < vectors.shape[0] - 1 and 0 <= y < vectors.shape[1] - 1 and 0 <= z < vectors.shape[2] - 1):
        return
    i, j, k = int(x), int(y), int(z)
    fx, fy, fz = x - i, y - j, z - k
    for di in range(2):
        for dj in range(2):
            for dk in range(2):
                weight = (fx if di else 1 - fx) * (fy if dj else 1 - fy) * (fz if dk else 1 - fz)
                for axis in range(3):
                    out[axis] += weight * vectors[i + di, j + dj, k + dk, axis]


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _find_crossings(vectors, linear, offset, source, origin, du, dv, slab, nodes):  # type: ignore[no-untyped-def]
    """Fills the nodes; see Bends. du, dv: from node to node."""
    for row in nb.prange(nodes.shape[1]):
        here = np.empty(3)
        for col in range(nodes.shape[2]):
            ds = origin[0] + col * du[0] + row * dv[0] - source[0]
            a = (origin[1] + col * du[1] + row * dv[1] - source[1]) / ds
            b = (origin[2] + col * du[2] + row * dv[2] - source[2]) / ds
            for layer in range(nodes.shape[0]):
                slice_t = layer * slab - source[0]
                t = slice_t
                for _ in range(_ROUNDS):
                    _sample(vectors, linear, offset, source[0] + t, source[1] + t * a, source[2] + t * b, here)
                    if here[0] == 0:
                        t = slice_t
                        break
                    t = slice_t - here[0]
                _sample(vectors, linear, offset, source[0] + t, source[1] + t * a, source[2] + t * b, here)
                nodes[layer, row, col, 0] = (t - slice_t) * a + here[1]
                nodes[layer, row, col, 1] = (t - slice_t) * b + here[2]
                nodes[layer, row, col, 2] = t - slice_t
