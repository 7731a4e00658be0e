"""How a part of the body lies, from the few structures of it that were seen: axes and origin, with their uncertainty.

What bodies have in common stands in for what was not seen. `fluorosam_sim.views.population` knows, for every site that
a named view is defined in, where the structures around it lie in its own axes in many bodies, and how that varies
together. The site's rotation and origin are those that explain all rays of the patient model best: generalised least
squares over lines of sight, the population's covariance being the noise of the anatomy. Rays that fit nothing else,
such as those of a mix-up of left and right, lose their weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from fluorosam_ros.control.centering import DEPTH_UNCERTAINTY_MM
from fluorosam_ros.control.patient_model import Axis, PatientModel, Ray
from fluorosam_sim.anatomy import APPENDICULAR
from fluorosam_sim.geometry import FloatArray, direction_from_angles
from fluorosam_sim.views.population import POINTS, population

SHADOW_MM = 12.0
"""How far the middle of a segmented shadow is from where the structure's centre projects to, standard deviation; with
the shipped segmenter's mix-ups of neighbours, more than `patient_model.RAY_MM`, which is of right masks."""

AXIS_RAD = 0.05
"""How far the middle line of a long bone's shadow is from the line between its ends, standard deviation."""

NEARBY_MM = 200.0
"""How far the site lies from what is seen around it, standard deviation; for what a single long bone leaves open."""

LYING_DEG = 8.0
"""How far a patient lies from where the population's bodies do, in every direction; standard deviation."""

_OWN_SHARE = 0.2
"""Of each point's variance, what it does not share with the others: few bodies tell too regular a story."""
_LEAST_MM = 8.0
_OUTLIER = 1.8
_ROUNDS = 15
_STILL = 1e-4
_PRESENT = 0.6

_INDEX = {name: at for at, name in enumerate(POINTS)}
_SHOWN = (
    "vertebrae", "sacrum", "rib", "sternum", "scapula", "clavicula", "skull", "brain", "hip", "lung", "heart",
    "humerus", "femur", *APPENDICULAR,
)  # fmt: skip


class SiteStatistics:
    """Where points lie in one site's axes. frame: its name in the population."""

    def __init__(self, frame: str) -> None:
        local, axes = population().local(frame)
        seen = np.isfinite(local).all(axis=2).mean(axis=0) >= _PRESENT
        self.usable = seen
        self.mean_mm = np.full((len(POINTS), 3), np.nan)
        self.mean_mm[seen] = np.nanmean(local[:, seen], axis=0)
        self.deviations_mm = np.nan_to_num(local - self.mean_mm)
        self.axes = np.asarray(Rotation.from_matrix(axes).mean().as_matrix())
        turns = Rotation.from_matrix(self.axes.T @ axes).as_rotvec()
        self.turn_covariance = turns.T @ turns / len(turns) + np.deg2rad(LYING_DEG) ** 2 * np.eye(3)

    @cached_property
    def spread_mm(self) -> FloatArray:
        """(len(POINTS),) standard deviation of every point in space."""
        return np.asarray(np.sqrt((self.deviations_mm**2).sum(axis=2).mean(axis=0)))

    def telling(self, most: int, reach_mm: float) -> tuple[str, ...]:
        """Labels that say most about the site's rotation among those within reach of its origin, best first.

        Bones, lungs, heart and brain only: other organs cast no shadow that one could rely on.
        """
        scores: dict[str, float] = {}
        for name, at in _INDEX.items():
            if self.usable[at] and name.startswith(_SHOWN):
                away = float(np.linalg.norm(self.mean_mm[at]))
                score = min(away, reach_mm) ** 2 / (self.spread_mm[at] ** 2 + 2 * SHADOW_MM**2) * (away <= reach_mm)
                label = name.partition(":")[0]
                scores[label] = max(scores.get(label, 0.0), score)
        ranked = sorted(scores, key=lambda label: -scores[label])
        return tuple(label for label in ranked[:most] if scores[label] > 0)


@lru_cache(maxsize=64)
def site_statistics(frame: str) -> SiteStatistics:
    """The statistics of a frame of the population, kept once made. Raises KeyError for a name that it does not have."""
    return SiteStatistics(frame)


@dataclass(frozen=True, eq=False)
class SiteFit:
    """How a site lies. axes: (3, 3), columns to its left, back and head. origin_mm: (3,) world.

    covariance: (6, 6) of a small rotation in the site's axes (rad) and of the origin (mm). structures: how many
    structures it rests on; views: from how many views.
    """

    axes: FloatArray
    origin_mm: FloatArray
    covariance: FloatArray
    structures: int
    views: int

    def direction(self, primary_deg: float, secondary_deg: float) -> FloatArray:
        """World direction (3,) to the detector of positioner angles that are meant in the site's axes."""
        return np.asarray(self.axes @ direction_from_angles(primary_deg, secondary_deg))

    def spread_deg(self, primary_deg: float, secondary_deg: float) -> float:
        """Standard deviation of that direction, degrees."""
        across = _skew(direction_from_angles(primary_deg, secondary_deg))
        return float(np.rad2deg(np.sqrt(np.trace(across @ self.covariance[:3, :3] @ across.T))))

    @property
    def spread_mm(self) -> float:
        """Standard deviation of the origin in the direction that is known least, mm."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[3:, 3:])[-1]))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Linear measurements of points: parts[p] (r, 3) times each point p gives value (r,), with a variance (r,)."""

    parts: dict[int, FloatArray]
    value: FloatArray
    variance: FloatArray


def fit_site(frame: str, model: PatientModel) -> SiteFit | None:
    """How a site lies as far as the model tells, or None when none of what is around it was seen.

    Raises KeyError for a frame that the population does not have.
    """
    known = site_statistics(frame)
    rays = {_INDEX[key]: found for key, found in model.rays().items() if _usable(known, key)}
    bones = {key: found for key, found in model.axes().items() if _usable(known, f"{key}:proximal")}
    parts = {_INDEX[key]: found for key, found in model.parts().items() if _usable(known, key)}
    lines = [ray for found in rays.values() for ray in found]
    lines += [axis.through for found in bones.values() for axis in found]
    lines += [part.through for found in parts.values() for part in found]
    if not lines:
        return None
    views = {tuple(np.round(ray.source_mm, 3)): ray for ray in lines}
    near, near_at = _nearby(list(views.values()))
    prior = np.linalg.inv(known.turn_covariance)
    whole = {at: [(ray, SHADOW_MM) for ray in found] for at, found in rays.items()}
    centers = whole | {at: [(part.through, part.spread_mm) for part in found] for at, found in parts.items()}
    axes, origin = known.axes, _start(known, known.axes, centers, bones)
    for round_ in range(_ROUNDS):
        rows = [_center(at, ray, spread) for at, found in centers.items() for ray, spread in found]
        rows += [row for key, found in bones.items() for axis in found for row in _bone(known, axes, origin, key, axis)]
        jacobian, residual, noise = _linear(known, axes, origin, rows, robust=round_ > 1)
        weight = np.linalg.solve(noise, np.column_stack([jacobian, residual]))
        information = jacobian.T @ weight[:, :6]
        information[:3, :3] += prior
        information[3:, 3:] += near
        gradient = jacobian.T @ weight[:, 6]
        gradient[:3] += prior @ Rotation.from_matrix(known.axes.T @ axes).as_rotvec()
        gradient[3:] += near @ origin - near_at
        step = -np.linalg.solve(information, gradient)
        turn = step[:3] * min(1.0, 0.5 / max(float(np.linalg.norm(step[:3])), 1e-9))
        axes = axes @ Rotation.from_rotvec(turn).as_matrix()
        origin = origin + step[3:]
        if round_ > 2 and np.linalg.norm(turn) < _STILL and np.linalg.norm(step[3:]) < 0.1:
            break
    return SiteFit(
        axes, origin, np.linalg.inv(information), len(centers) + len(bones.keys() - model.rays()), len(views)
    )


def _usable(known: SiteStatistics, name: str) -> bool:
    return name in _INDEX and bool(known.usable[_INDEX[name]])


def _nearby(rays: list[Ray]) -> tuple[FloatArray, FloatArray]:
    """Information (3, 3) on the origin, and that times its place (3,): around what one ray of each view met."""
    information, weighted = np.zeros((3, 3)), np.zeros(3)
    for ray in rays:
        along = np.outer(ray.direction, ray.direction) / DEPTH_UNCERTAINTY_MM**2
        weight = along + np.eye(3) / NEARBY_MM**2
        information += weight
        weighted += weight @ (ray.source_mm + ray.depth_mm * ray.direction)
    return information, weighted


def _start(
    known: SiteStatistics,
    axes: FloatArray,
    centers: dict[int, list[tuple[Ray, float]]],
    bones: dict[str, tuple[Axis, ...]],
) -> FloatArray:
    """An origin to begin with: what lies nearest to it was seen at the depth of the isocentre."""
    seen = [(at, ray) for at, found in centers.items() for ray, _ in found]
    seen += [(_INDEX[f"{key}:{end}"], axis.through) for key, found in bones.items() for axis in found
             for end in ("proximal", "distal")]  # fmt: skip
    at, ray = min(seen, key=lambda one: float(np.linalg.norm(known.mean_mm[one[0]])))
    return np.asarray(ray.source_mm + ray.depth_mm * ray.direction - axes @ known.mean_mm[at])


def _across(direction: FloatArray) -> FloatArray:
    """Two unit vectors (2, 3) across a direction."""
    return np.asarray(np.linalg.svd(direction[None])[2][1:])


def _center(at: int, ray: Ray, spread_mm: float = SHADOW_MM) -> _Rows:
    across = _across(ray.direction)
    return _Rows({at: across}, across @ ray.source_mm, np.full(2, spread_mm**2))


def _bone(known: SiteStatistics, axes: FloatArray, origin: FloatArray, key: str, axis: Axis) -> list[_Rows]:
    """The plane of a bone's axis, and each end in sight given to that end of the bone which is nearer to it now."""
    ends = [_INDEX[f"{key}:proximal"], _INDEX[f"{key}:distal"]]
    placed = origin + known.mean_mm[ends] @ axes.T
    bone = placed[1] - placed[0]
    length = float(np.linalg.norm(bone))
    off = axis.through.source_mm - placed[0]
    # Where along the bone the line of sight comes nearest to it.
    across = np.eye(3) - np.outer(axis.through.direction, axis.through.direction)
    share = float(np.clip((bone @ across @ off) / max(bone @ across @ bone, 1e-9), 0.0, 1.0))
    normal = axis.normal
    parts = {
        ends[0]: np.array([-normal / length, (1 - share) * normal]),
        ends[1]: np.array([normal / length, share * normal]),
    }
    rows = [_Rows(parts, np.array([0.0, normal @ axis.through.source_mm]), np.array([AXIS_RAD**2, SHADOW_MM**2]))]
    for ray in axis.ends:
        gaps = [np.linalg.norm(np.cross(ray.direction, end - ray.source_mm)) for end in placed]
        rows.append(_center(ends[int(np.argmin(gaps))], ray))
    return rows


def _linear(
    known: SiteStatistics, axes: FloatArray, origin: FloatArray, rows: list[_Rows], robust: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(jacobian (N, 6), residual (N,), covariance of the residual (N, N)) of measurements at a rotation and origin."""
    points = sorted({at for row in rows for at in row.parts})
    place = {at: n for n, at in enumerate(points)}
    sizes = [len(row.value) for row in rows]
    blocks = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    parts = np.zeros((sum(sizes), len(points), 3))
    for block, row in zip(blocks, rows, strict=True):
        for at, part in row.parts.items():
            parts[block, place[at]] = part
    mean = known.mean_mm[points]
    turned = parts @ axes
    residual = np.einsum("rpi,pi->r", turned, mean) + parts.sum(axis=1) @ origin
    residual -= np.concatenate([row.value for row in rows])
    jacobian = np.column_stack([
        -np.einsum("rpi,pij->rj", turned, np.array([_skew(one) for one in mean])), parts.sum(axis=1),
    ])  # fmt: skip
    deviations = known.deviations_mm[:, points]
    together = np.einsum("rpi,bpi->rb", turned, deviations)
    noise = (1 - _OWN_SHARE) * together @ together.T / max(len(deviations) - 1, 1)
    alone = np.einsum("bpi,bpj->pij", deviations, deviations) / max(len(deviations) - 1, 1)
    own = _OWN_SHARE * alone + _LEAST_MM**2 * np.eye(3)
    noise += np.einsum("rpi,pij,spj->rs", turned, own, turned)
    noise += np.diag(np.concatenate([row.variance for row in rows]))
    if robust:
        spread = np.diag(noise).copy()
        for block in blocks:
            far = float(np.sqrt(np.mean(residual[block] ** 2 / spread[block]))) / _OUTLIER
            noise[block, block] += spread[block] * max(0.0, far**2 - 1.0)
    return jacobian, residual, noise


def _skew(v: npt.ArrayLike) -> FloatArray:
    x, y, z = np.asarray(v, float)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
