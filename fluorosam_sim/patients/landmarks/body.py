"""Landmarks of a labelled patient: centre, axes and ends of any structure, and sites, found when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluorosam_sim.anatomy import Structure, structure
from fluorosam_sim.anatomy.structures import AnatomyError
from fluorosam_sim.patients.landmarks.shape import FloatArray, Frame, principal_axes
from fluorosam_sim.patients.landmarks.voxels import LandmarkError, Voxels
from fluorosam_sim.patients.patient import Patient

# The bone that the proximal end of another one meets, or is nearest to: tells the ends apart in any pose.
_PROXIMAL_TO = {
    "femur": ("hip", "sacrum"), "tibia": ("femur", "patella"), "fibula": ("femur", "tibia"), "patella": ("femur",),
    "tarsal": ("tibia", "fibula"), "metatarsal": ("tarsal",), "phalanges_feet": ("metatarsal",),
    "humerus": ("scapula", "clavicula"), "ulna": ("humerus",), "radius": ("humerus",),
    "carpal": ("radius", "ulna"), "metacarpal": ("carpal",), "phalanges_hand": ("metacarpal",),
    "clavicula": ("sternum",),
}  # fmt: skip
_END_SHARE = 0.04


@dataclass(frozen=True, eq=False)
class Shape:
    """Where a structure lies.

    center_mm: (3,) centroid. axes: (3, 3) main axes as columns, longest first; the first runs from distal to proximal
    (towards the head where there is no such thing). size_mm: extent along each axis. proximal_mm, distal_mm: (3,) ends
    of the long axis. cut: the structure touches the edge of the volume. cut_proximal, cut_distal: it does so there.
    """

    center_mm: FloatArray
    axes: FloatArray
    size_mm: tuple[float, float, float]
    proximal_mm: FloatArray
    distal_mm: FloatArray
    cut: bool
    cut_proximal: bool
    cut_distal: bool


Site = Callable[["Landmarks", str, str], Frame]


class Landmarks:
    """Everything that is measured on one patient's labels, found when it is asked for. Made by ``landmarks``.

    Methods raise LandmarkError, in one sentence, for what the patient lacks or what the edge of the volume cuts.
    """

    def __init__(self, patient: Patient) -> None:
        self.name = patient.name
        self.voxels = Voxels(patient)
        self._shapes: dict[str, Shape] = {}
        self._found: dict[tuple[str, ...], object] = {}

    def has(self, *labels: str) -> bool:
        """Whether the patient has all of these leaf labels."""
        return all(self.voxels.has(label) for label in labels)

    def points(self, labels: str | Iterable[str]) -> FloatArray:
        """(N, 3) world mm of the voxels of one or several leaf labels; those that are missing are left out."""
        names = (labels,) if isinstance(labels, str) else tuple(labels)
        found = [self.voxels.points(name) for name in names if self.voxels.has(name)]
        if not found:
            raise LandmarkError(f"{self.name} has no {_plain(names)}.")
        return found[0] if len(found) == 1 else np.concatenate(found)

    def whole(self, label: str) -> FloatArray:
        """(N, 3) points of a leaf label that must not be cut by the edge of the volume."""
        points = self.points(label)
        if label in self.voxels.patient.cut:
            raise LandmarkError(f"The {_plain((label,))} of {self.name} is cut by the edge of the scan.")
        return points

    def shape(self, of: str | Structure) -> Shape:
        """Centre, axes, ends and cuts of a leaf label or of any structure of the vocabulary."""
        item = structure(of) if isinstance(of, str) and not self.voxels.has(of) else of
        key = item if isinstance(item, str) else item.key
        if key not in self._shapes:
            self._shapes[key] = self._shape((key,) if isinstance(item, str) else item.members)
        return self._shapes[key]

    def _shape(self, labels: tuple[str, ...]) -> Shape:
        points = self.points(labels)
        center = points.mean(axis=0)
        axes, _ = principal_axes(points)
        if axes[:, 0] @ self._proximal_sense(labels, points, axes[:, 0]) < 0:
            axes = axes * np.array([-1.0, 1.0, 1.0])
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        along = (points - center) @ axes
        low, high = along.min(axis=0), along.max(axis=0)
        extent = float(high[0] - low[0])
        ends = [
            points[along[:, 0] > high[0] - _END_SHARE * extent].mean(axis=0),
            points[along[:, 0] < low[0] + _END_SHARE * extent].mean(axis=0),
        ]
        edge = [self.voxels.edge_points(name) for name in labels if self.voxels.has(name)]
        touching = (np.concatenate(edge) - center) @ axes[:, 0]
        size = (high - low).tolist()
        return Shape(
            center, axes, (size[0], size[1], size[2]), ends[0], ends[1], len(touching) > 0,
            bool((touching > high[0] - 0.2 * extent).any()), bool((touching < low[0] + 0.2 * extent).any()),
        )  # fmt: skip

    def _proximal_sense(self, labels: tuple[str, ...], points: FloatArray, axis: FloatArray) -> FloatArray:
        """A vector that points to the proximal end."""
        stem, _, side = labels[0].rpartition("_")
        if len(labels) == 1 and stem in _PROXIMAL_TO:
            for neighbour in _PROXIMAL_TO[stem]:
                other = neighbour if neighbour in ("sternum", "sacrum") else f"{neighbour}_{side}"
                if self.voxels.has(other):
                    target = self.points(other)
                    along = points @ axis
                    ends = [points[np.argmax(along)], points[np.argmin(along)]]
                    near = [float(np.quantile(np.linalg.norm(target - end, axis=1), 0.05)) for end in ends]
                    return axis if near[0] < near[1] else -axis
        up = np.array([0.0, 0.0, 1.0])
        return up if abs(axis @ up) > 0.1 else np.array([-1.0, -1.0, 1.0])

    def keep(self, key: tuple[str, ...], make: Callable[[], object]) -> object:
        """The value of ``make``, called once for a key; errors are not kept."""
        if key not in self._found:
            self._found[key] = make()
        return self._found[key]

    def site(self, name: str, side: str | None = None, label: str | None = None) -> Frame:
        """The frame of a site of ``SITES``; side for paired ones, label (a vertebra) for "vertebra" and "pedicle"."""
        from fluorosam_sim.patients.landmarks.sites import SITES

        key = ("site", name, side or "", label or "")
        try:
            return self.keep(key, lambda: SITES[name](self, side or "", label or ""))  # type: ignore[return-value]
        except LandmarkError:
            raise
        except ValueError as error:
            raise LandmarkError(f"The {name.replace('_', ' ')} of {self.name} cannot be measured: {error}") from error


def _plain(labels: tuple[str, ...]) -> str:
    def name(label: str) -> str:
        try:
            return structure(label).name
        except AnatomyError:
            return label

    return " or ".join(map(name, labels[:3])) + (" …" if len(labels) > 3 else "")


@lru_cache(maxsize=4)
def landmarks(patient: Patient) -> Landmarks:
    """The landmarks of a patient; kept for the patients that were asked for last."""
    return Landmarks(patient)
