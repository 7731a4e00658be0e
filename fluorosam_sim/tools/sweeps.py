"""Solids along curves: tubes, wires, blades and threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from manifold3d import triangulate

from fluorosam_sim.tools.shapes import Solid, closed, segments

FloatArray = npt.NDArray[np.float64]


def smooth(points: npt.ArrayLike, count: int) -> FloatArray:
    """(count, 3) points of a smooth curve through some (N, 3), evenly spaced along it."""
    knots = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    from scipy.interpolate import CubicSpline  # takes a fifth of a second, which only building a tool is worth

    spline = CubicSpline(along, knots, bc_type="natural")
    fine = spline(np.linspace(0.0, along[-1], 20 * count))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    even = np.linspace(0.0, length[-1], count)
    return np.column_stack([np.interp(even, length, column) for column in fine.T])


def arc(radius: float, start_deg: float, end_deg: float, count: int = 24) -> FloatArray:
    """(count, 3) points of a circle around the origin in the xz plane; 0° is +x and 90° is +z."""
    angle = np.deg2rad(np.linspace(start_deg, end_deg, count))
    return np.column_stack([radius * np.cos(angle), np.zeros(count), radius * np.sin(angle)])


def helix(radius: float, pitch: float, turns: float, per_turn: int = 18) -> FloatArray:
    """(N, 3) points of a helix about z that starts at (radius, 0, 0)."""
    angle = 2 * np.pi * np.linspace(0.0, turns, max(round(turns * per_turn), 2) + 1)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), pitch * angle / (2 * np.pi)])


def tube(path: npt.ArrayLike, outer: npt.ArrayLike, inner: float = 0.0, corners: int | None = None) -> Solid:
    """A round wire along a path (S, 3), or with inner > 0 a tube open at both ends.

    outer: one radius, or one for every point (0 is not allowed; a tip is a small radius).
    """
    curve = np.asarray(path, float)
    radii = np.broadcast_to(np.asarray(outer, float), len(curve))
    count = corners or segments(float(radii.max()))
    circle = _circle(count)
    wall = _rows(curve, circle, np.column_stack([radii, radii]))
    if inner <= 0:
        return _capped(wall, _fan(count))
    lumen = _rows(curve, circle, np.full((len(curve), 2), inner))
    rows = len(curve)
    outside, inside = _wall(rows, count, 0), _wall(rows, count, rows * count)[:, ::-1]
    here, there = np.arange(count), np.roll(np.arange(count), -1)
    ends = []
    for first, flip in ((0, False), ((rows - 1) * count, True)):
        a, b = first + here, first + there
        c, d = rows * count + first + here, rows * count + first + there
        faces = np.concatenate([np.column_stack([a, d, b]), np.column_stack([a, c, d])])
        ends.append(faces[:, ::-1] if flip else faces)
    vertices = np.concatenate([wall.reshape(-1, 3), lumen.reshape(-1, 3)])
    return closed(vertices, np.concatenate([outside, inside, *ends]))


def loop(path: npt.ArrayLike, radius: float, corners: int | None = None) -> Solid:
    """A wire along a closed path (S, 3) whose last point is not its first."""
    curve = np.asarray(path, float)
    count = corners or segments(radius)
    centre = curve.mean(axis=0)
    tangents = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    outward = curve - centre
    outward -= (outward * tangents).sum(axis=1, keepdims=True) * tangents
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    side = np.cross(tangents, outward)
    ring = _circle(count) * radius
    rows = curve[:, None] + ring[None, :, :1] * outward[:, None] + ring[None, :, 1:] * side[:, None]
    size, n = len(curve), count
    i, j = np.meshgrid(np.arange(size), np.arange(n), indexing="ij")
    a, b = i * n + j, i * n + (j + 1) % n
    c, d = ((i + 1) % size) * n + j, ((i + 1) % size) * n + (j + 1) % n
    faces = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    return closed(rows.reshape(-1, 3), faces)


def sweep(
    path: npt.ArrayLike, outline: npt.ArrayLike, scale: npt.ArrayLike = 1.0, up: npt.ArrayLike = (0.0, 1.0, 0.0)
) -> Solid:
    """A cross-section carried along a path (S, 3).

    outline: (K, 2) corners, counter-clockwise; its first axis lies across the path and `up`, its second along `up` as
    near as the path allows. scale: one factor, (S,) along the path, or (S, 2) for both axes apart.
    """
    curve, section = np.asarray(path, float), np.asarray(outline, float)
    factors = np.asarray(scale, float)
    if factors.ndim < 2:
        factors = np.repeat(np.broadcast_to(factors, len(curve))[:, None], 2, axis=1)
    rows = _rows(curve, section, factors, np.asarray(up, float))
    return _capped(rows, np.asarray(triangulate([section]), np.int64))


def strip(width: float, thickness: float) -> FloatArray:
    """(12, 2) outline of a flat bar with rounded edges, its width along the first axis."""
    w, t = width / 2, thickness / 2
    r = 0.7 * min(w, t)
    bend = np.deg2rad([0.0, 45.0, 90.0])
    corner = r * np.column_stack([np.cos(bend), np.sin(bend)]) + (w - r, t - r)
    flip = np.array([-1.0, 1.0])
    return np.concatenate([corner, (corner * flip)[::-1], -corner, (corner * -flip)[::-1]])


def oval(width: float, thickness: float, corners: int = 14) -> FloatArray:
    """(corners, 2) outline of an ellipse, its width along the first axis."""
    return _circle(corners) * (width / 2, thickness / 2)


def thread(
    core: float, outer: float, pitch: float, z0: float, z1: float, crest: float = 0.12, corners: int = 0
) -> Solid:
    """A helically threaded rod from z0 to z1 that runs out to its core radius within one turn at both ends.

    core, outer: radii at root and crest. crest: part of the pitch that is flat on top (the root takes twice as much).
    corners: of the polygon that stands for its circle; 0 chooses 12 to 20 by the radius.
    """
    count = corners or int(np.clip(segments(outer), 12, 20 if z1 - z0 < 20 * pitch else 16))
    flank = (1.0 - 3.0 * crest) / 2
    places = np.array([0.0, 2 * crest, 2 * crest + flank, 3 * crest + flank])
    heights = np.array([0.0, 0.0, 1.0, 1.0])
    turns = int(np.ceil((z1 - z0) / pitch)) + 2
    steps = (np.arange(turns)[:, None] + places).ravel() - 1.0
    high = np.tile(heights, turns)
    angle = 2 * np.pi * np.arange(count) / count
    z = z0 + pitch * (steps[:, None] + angle / (2 * np.pi))
    # The groove ends where the rod does: both ends are rings of the core's radius.
    runout = np.clip(np.minimum(z - z0, z1 - z) / pitch, 0.0, 1.0)
    radius = core + (outer - core) * high[:, None] * runout
    z = np.clip(z, z0, z1)
    rows = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
    first, last = rows[:1].copy(), rows[-1:].copy()
    for ring, height in ((first, z0), (last, z1)):
        ring[..., 0], ring[..., 1], ring[..., 2] = core * np.cos(angle), core * np.sin(angle), height
    rows = _strictly_rising(np.concatenate([first, rows, last]), z0, z1)
    return closed(rows.reshape(-1, 3), _helical_wall(len(rows), count, len(places)))


def _helical_wall(rows: int, count: int, shift: int) -> npt.NDArray[np.int64]:
    """Faces of a rod whose last column meets its first one `shift` rows further up, as every thread does."""
    wall = _wall(rows, count, 0).reshape(2, rows - 1, count, 3)[:, :, :-1].reshape(-1, 3)
    last = np.arange(rows) * count + count - 1
    first = np.arange(rows) * count
    a, c, b, d = last[: -shift - 1], last[1:-shift], first[shift:-1], first[shift + 1 :]
    seam = [np.column_stack([a, b, d]), np.column_stack([a, d, c])]
    low, high = first[: shift + 1], last[-shift - 1 :]
    seam.append(np.column_stack([np.full(shift, last[0]), low[:-1], low[1:]]))
    seam.append(np.column_stack([high[:-1], np.full(shift, first[-1]), high[1:]]))
    cap = _fan(count)
    return np.concatenate([wall, *seam, cap[:, ::-1], cap + (rows - 1) * count])


def _strictly_rising(rows: FloatArray, z0: float, z1: float) -> FloatArray:
    """Rows of a rod whose points along each column are a hair apart, so that clipped ends enclose no empty faces."""
    hair = 1e-4
    count = len(rows)
    least = z0 + hair * np.arange(count)[:, None]
    most = z1 - hair * np.arange(count)[::-1][:, None]
    rows[..., 2] = np.clip(rows[..., 2], least, most)
    return rows


def _circle(count: int) -> FloatArray:
    angle = 2 * np.pi * np.arange(count) / count
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _fan(count: int) -> npt.NDArray[np.int64]:
    middle = np.arange(1, count - 1)
    return np.column_stack([np.zeros_like(middle), middle, middle + 1])


def _wall(rows: int, count: int, first: int) -> npt.NDArray[np.int64]:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(count), indexing="ij")
    a, b = first + i * count + j, first + i * count + (j + 1) % count
    c, d = a + count, b + count
    return np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])


def _capped(rows: FloatArray, cap: npt.NDArray[np.int64]) -> Solid:
    """Rings of points (S, K, 3), each counter-clockwise around the way to the next, closed by a cap at either end."""
    size, count = rows.shape[:2]
    last = (size - 1) * count
    return closed(rows.reshape(-1, 3), np.concatenate([_wall(size, count, 0), cap[:, ::-1], cap + last]))


def _rows(curve: FloatArray, section: FloatArray, factors: FloatArray, up: FloatArray | None = None) -> FloatArray:
    """The section (K, 2) at every point of a curve (S, 3): (S, K, 3). Without `up` the frame is carried along."""
    tangents = np.gradient(curve, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    across = np.empty_like(curve)
    if up is None:
        normal = np.eye(3)[np.argmin(np.abs(tangents[0]))]
        for i, tangent in enumerate(tangents):
            normal = normal - (normal @ tangent) * tangent
            normal /= np.linalg.norm(normal)
            across[i] = normal
    else:
        across = np.cross(up, tangents)
        across /= np.linalg.norm(across, axis=1, keepdims=True)
    upward = np.cross(tangents, across)
    points = section[None] * factors[:, None]
    return np.asarray(curve[:, None] + points[..., :1] * across[:, None] + points[..., 1:] * upward[:, None])
