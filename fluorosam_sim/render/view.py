"""A projection in the index units of a volume, with the axes in the order in which the ray casters walk them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.render.volume import Volume

FloatArray = npt.NDArray[np.float64]
_FAR_APART = 1.35  # voxels between samples along the central ray
# The trilinear volume along a ray is a sum over slices, each weighted by a triangle that reaches one slice to either
# side. Gauss's rule for that weight: one point takes the slice where the ray meets it (Joseph's method), two points are
# exact for cubics and cost twice as much.
_ONE_POINT, _TWO_POINTS = (0.0,), (-1 / math.sqrt(6), 1 / math.sqrt(6))


@dataclass(frozen=True, eq=False)
class View:
    """order: volume axes as (slice, a, b): slices lie across the beam, a is the axis whose neighbours are packed.

    source, origin, du, dv: (3,) in padded index units and that order; step_mm: (3, 3) world mm per index step, as rows.
    strides, sizes, occupied_strides: in that order. drifts: where on the ray a slice's density is sampled, in slices
    from where the ray meets it; the density is the mean over them.
    """

    order: tuple[int, int, int]
    source: FloatArray
    origin: FloatArray
    du: FloatArray
    dv: FloatArray
    step_mm: FloatArray
    strides: tuple[int, ...]
    sizes: tuple[int, ...]
    occupied_strides: tuple[int, ...]
    drifts: tuple[float, ...]

    def most_samples(self, min_path_mm: float) -> int:
        """How many samples make up more than min_path_mm on the ray with the shortest steps."""
        shortest = float(np.linalg.norm(self.step_mm[0]))  # along the slice axis; oblique steps are longer
        return int(min_path_mm / shortest) + 1


def indexed_view(volume: Volume, projection: Projection) -> View:
    """The projection seen from a volume. Raises ValueError for views that cannot be cast (see CpuRenderer.render)."""
    if projection.width < 1 or projection.height < 1:
        raise ValueError(f"The detector has no pixels ({projection.width} × {projection.height}).")
    vectors = np.array([projection.source_mm, projection.origin_mm, projection.du_mm, projection.dv_mm])
    if not np.isfinite(vectors).all():
        raise ValueError("The projection holds values that are not numbers.")
    if volume.density_at(projection.source_mm) > 0:
        raise ValueError("The X-ray source lies inside the patient's body: move the isocentre or the source.")
    to_index = np.linalg.inv(volume.affine)
    linear, offset = to_index[:3, :3], to_index[:3, 3] + 1.0  # + 1: the padding
    source, origin = linear @ projection.source_mm + offset, linear @ projection.origin_mm + offset
    du, dv = linear @ projection.du_mm, linear @ projection.dv_mm
    right, down = du * (projection.width - 1), dv * (projection.height - 1)
    beam = origin + right / 2 + down / 2 - source
    along = int(np.argmax(np.abs(beam)))
    corners = np.array([origin, origin + right, origin + down, origin + right + down])[:, along] - source[along]
    if corners.min() * corners.max() <= 0:
        raise ValueError("The view is too wide: its rays leave the source to both sides of the volume's axis.")
    pair = 2 if along != 2 else 0  # the axis whose neighbours are packed must lie across the beam
    order = (along, pair, 3 - along - pair)
    far_apart = float(np.linalg.norm(beam / beam[along])) > _FAR_APART
    return View(
        order,
        _ordered(source, order),
        _ordered(origin, order),
        _ordered(du, order),
        _ordered(dv, order),
        _ordered(volume.affine[:3, :3].T, order),
        tuple(volume.strides[axis] for axis in order),
        tuple(volume.sizes[axis] for axis in order),
        tuple(volume.occupied_strides[axis] for axis in order),
        _TWO_POINTS if far_apart else _ONE_POINT,
    )


def _ordered(rows: FloatArray, order: tuple[int, int, int]) -> FloatArray:
    return np.ascontiguousarray(rows[list(order)])
