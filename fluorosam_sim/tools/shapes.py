"""Solids that instruments are made of; every one is closed, and so is whatever is joined or cut from them.

Millimetres throughout. Unless it says otherwise a solid stands on the z axis. `Solid` is manifold3d's Manifold: `+`
joins, `-` cuts, `^` intersects, `.translate`, `.rotate` (degrees about x, then y, then z) and `.mirror` move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from manifold3d import CrossSection, Manifold, OpType
from manifold3d import Mesh as RawMesh

from fluorosam_sim.tools.mesh import Mesh

Solid: TypeAlias = Manifold
Outline: TypeAlias = CrossSection
Points = Sequence[tuple[float, float]]
Vector = tuple[float, float, float]

_CHORD_MM = 0.04  # how far a chord may lie inside the circle it stands for


def segments(radius_mm: float) -> int:
    """Corners of the polygon that stands for a circle: a multiple of four from 12 to 64."""
    angle = np.arccos(1 - min(_CHORD_MM / max(radius_mm, 1e-6), 1.0))
    return int(np.clip(4 * np.ceil(np.pi / angle / 4), 12, 64))


def box(x: float, y: float, z: float, center: Vector = (0.0, 0.0, 0.0)) -> Solid:
    """A box of these edge lengths around a point."""
    return Manifold.cube((x, y, z), True).translate(center)


def cylinder(radius: float, z0: float, z1: float, top_radius: float | None = None) -> Solid:
    """A cylinder, or a cone frustum whose radius at z1 is another."""
    top = radius if top_radius is None else top_radius
    return Manifold.cylinder(z1 - z0, radius, top, segments(max(radius, top))).translate((0, 0, z0))


def ring(outer: float, inner: float, z0: float, z1: float) -> Solid:
    """A pipe's piece: a cylinder with a hole through it. Raises ValueError unless 0 < inner < outer."""
    if not 0 < inner < outer:
        raise ValueError(f"A ring's hole must be narrower than the ring ({inner:g} and {outer:g} mm).")
    n = segments(outer)
    return (Outline.circle(outer, n) - Outline.circle(inner, n)).extrude(z1 - z0).translate((0, 0, z0))


def sphere(radius: float, center: Vector = (0.0, 0.0, 0.0)) -> Solid:
    """A ball."""
    return Manifold.sphere(radius, segments(radius)).translate(center)


def ellipsoid(a: float, b: float, c: float, center: Vector = (0.0, 0.0, 0.0)) -> Solid:
    """Half axes a, b, c along x, y, z."""
    return Manifold.sphere(1.0, segments(max(a, b, c))).scale((a, b, c)).translate(center)


def revolved(profile: Points, degrees: float = 360.0) -> Solid:
    """A closed polygon of (radius, z) turned about the z axis."""
    return _outline(profile).revolve(segments(max(r for r, _ in profile)), degrees)


def torus(radius: float, wire: float, degrees: float = 360.0) -> Solid:
    """A ring of round wire of radius `wire` in the xy plane; an arc from +x when degrees are below 360."""
    n = segments(wire)
    return Outline.circle(wire, n).translate((radius, 0)).revolve(segments(radius), degrees)


def hexagon(across_flats: float) -> Outline:
    """A regular hexagon by its spanner width."""
    return Outline.circle(across_flats / np.sqrt(3), 6)


def rectangle(width: float, height: float, corner: float = 0.0) -> Outline:
    """A rectangle around the origin with rounded corners."""
    if corner <= 0:
        return Outline.square((width, height), True)
    corner = min(corner, width / 2 - 1e-3, height / 2 - 1e-3)
    return Outline.square((width - 2 * corner, height - 2 * corner), True).offset(
        corner, circular_segments=segments(corner)
    )


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> Outline:
    """A disc around (x, y)."""
    return Outline.circle(radius, segments(radius)).translate((x, y))


def polygon(points: Points) -> Outline:
    """A polygon in either order of its corners."""
    return _outline(points)


def stroke(points: Points, width: float) -> Outline:
    """The area within width / 2 of a broken line."""
    n = segments(width / 2)
    spots = [Outline.circle(width / 2, n).translate(p) for p in points]
    pieces = [Outline.batch_hull([a, b]) for a, b in pairwise(spots)] or spots
    return Outline.batch_boolean(pieces, OpType.Add)


def without(outline: Outline, holes: Iterable[Outline]) -> Outline:
    """An outline without what lies in any of the others."""
    return outline - Outline.batch_boolean(list(holes), OpType.Add)


def prism(outline: Outline, z0: float, z1: float) -> Solid:
    """An outline extruded along z."""
    return outline.extrude(z1 - z0).translate((0, 0, z0))


def twisted(outline: Outline, z0: float, z1: float, degrees: float) -> Solid:
    """An outline extruded along z while it turns by an angle."""
    steps = max(int(abs(degrees) / 12), 1)
    return outline.extrude(z1 - z0, steps, degrees).translate((0, 0, z0))


def loft(slices: Sequence[tuple[float, Outline]]) -> Solid:
    """A body whose convex cross-section at each height z is given, z rising; in between it is their hull."""
    thin = 1e-3
    slabs = [outline.extrude(thin).translate((0, 0, z)) for z, outline in slices]
    return union([hull(a, b) for a, b in pairwise(slabs)])


def hull(*solids: Solid) -> Solid:
    """The convex hull of some solids."""
    return Manifold.batch_hull(list(solids))


def union(solids: Iterable[Solid]) -> Solid:
    """All of them as one solid; what overlaps counts once."""
    return Manifold.batch_boolean(list(solids), OpType.Add)


def cut(solid: Solid, away: Iterable[Solid]) -> Solid:
    """A solid without what lies in any of the others."""
    return solid - union(away)


def aligned(solid: Solid, direction: npt.ArrayLike, at: npt.ArrayLike = (0.0, 0.0, 0.0)) -> Solid:
    """A solid turned so that its z axis lies along a direction, then moved."""
    z = np.asarray(direction, float)
    z = z / np.linalg.norm(z)
    helper = np.eye(3)[np.argmin(np.abs(z))]
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return solid.transform(np.column_stack([x, np.cross(z, x), z, np.asarray(at, float)]))


def closed(vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> Solid:
    """A solid from a closed surface, vertices (N, 3) and faces (M, 3). Raises ValueError when it is not one."""
    solid = Manifold(RawMesh(vertices.astype(np.float32), np.ascontiguousarray(faces, np.uint32)))
    if solid.is_empty():
        raise ValueError(f"These faces enclose no solid ({solid.status()}).")
    return solid


def meshed(solid: Solid) -> Mesh:
    """The surface of a solid. Raises ValueError for an empty one."""
    raw = solid.to_mesh()
    if len(raw.tri_verts) == 0:
        raise ValueError("The solid is empty.")
    return Mesh(np.array(raw.vert_properties[:, :3], np.float32), np.array(raw.tri_verts, np.int32))


def _outline(points: Points) -> Outline:
    corners = np.asarray(points, float)
    x, y = corners.T
    if np.dot(x, np.roll(y, -1)) < np.dot(y, np.roll(x, -1)):
        corners = corners[::-1]
    return Outline([corners])
