"""Views as people take them: named ones a little off, random ones, collimated and zoomed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose, Collimation, LimitError
from fluorosam_sim.geometry import angles_from_direction, view_axes
from fluorosam_sim.patients.landmarks import landmarks
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.views.catalogue import VIEWS
from fluorosam_sim.views.named import NamedView, ViewError
from fluorosam_sim.views.sampler import is_held_out
from fluorosam_sim.views.solve import UNBOUNDED, ViewSolution, check_clear, solve, tissue_mm

# Two people's standard views of one patient differ by 7.6° in the median (Mandelka et al. 2022): 5.4° for each about
# the true view, which a Rayleigh distribution has with 4.6° along both axes.
ANGLE_SPREAD_DEG = 4.6
TARGET_SPREAD_MM = 8.0
FIELD_SPREAD = 0.10
WIDEST_OFF_ANTERIOR_DEG = 60.0
WIDEST_OFF_LATERAL_DEG = 35.0
_FIELD_LIMITS_MM = (100.0, 430.0)
_TRIES = 200
_COLLIMATED_SHARE = 0.35
_LEAST_OPEN = 0.4
_ARM_SERIES = ("humerus", "elbow", "forearm", "hand")
_THICKEST_ARM_MM = 130.0


@dataclass(frozen=True)
class SampledView:
    """A view for a data set.

    view: the named view it is near, or None for a random one. label: the vertebra of a vertebral view, or the organ
    that a random one aims at. config, pose: geometry; the detector is the field. collimation: opening on it.
    """

    view: NamedView | None
    label: str | None
    config: CArmConfig
    pose: CArmPose
    collimation: Collimation


def vary(solution: ViewSolution, rng: np.random.Generator) -> ViewSolution:
    """The same view as another hand would take it: turned, shifted across the beam, opened more or less.

    Stays within the limits of the solution's C-arm; where chance leads out of them again and again, nothing changes.
    """
    right, down, _ = view_axes(solution.pose.primary_deg, solution.pose.secondary_deg)
    for _ in range(_TRIES):
        turn = np.tan(np.deg2rad(rng.normal(0.0, ANGLE_SPREAD_DEG, 2)))
        direction = solution.direction + turn[0] * right + turn[1] * down
        direction = direction / np.linalg.norm(direction)
        shift = rng.normal(0.0, TARGET_SPREAD_MM, 2)
        target = solution.target_mm + shift[0] * right + shift[1] * down
        field = float(np.clip(solution.field_mm * np.exp(rng.normal(0.0, FIELD_SPREAD)), *_FIELD_LIMITS_MM))
        primary, secondary = angles_from_direction(direction)
        pose = CArmPose(primary, secondary, (float(target[0]), float(target[1]), float(target[2])))
        try:
            solution.config.check_pose(pose)
        except LimitError:
            continue
        return replace(solution, pose=pose, target_mm=target, direction=direction, field_mm=field)
    return solution


def sample_view(
    patient: Patient,
    rng: np.random.Generator,
    *,
    named_share: float = 0.6,
    lateral_share: float = 0.0,
    held_out: bool | None = None,
    size_px: int = 512,
) -> SampledView:
    """A view of a patient for a data set, from the state of rng alone.

    With the probability named_share a named view of those that this patient has, varied; otherwise a random one: an
    organ, drawn with the cube root of its volume as weight, seen from within 60° of anterior. lateral_share: of the
    random ones, the share that is seen from within 35° of either side instead. About a third of all are collimated
    further. held_out: only directions that are (True) or are not (False) kept from training
    (``is_held_out``); None: any. size_px: width and height of the images.
    Raises ViewError when the patient has nothing to look at.
    """
    choices = _choices(patient)
    draws = [choices.named, choices.random]
    if rng.random() >= named_share:
        anywhere = choices.lateral if lateral_share and rng.random() < lateral_share else choices.random
        draws = [anywhere, choices.named]
    for draw in draws:
        for _ in range(_TRIES):
            found = draw(rng)
            if found is None:
                continue
            if held_out is not None and is_held_out(found.pose.primary_deg, found.pose.secondary_deg) != held_out:
                continue
            config = replace(found.config, detector_px=(size_px, size_px))
            return replace(found, config=config, collimation=_opening(config, rng))
    raise ViewError(f"No view of {patient.name} was found: it has too few labels.")


@lru_cache(maxsize=4)
def _choices(patient: Patient) -> _Choices:
    return _Choices(patient)


class _Choices:
    """What there is to look at in one patient; solved views are kept."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._solved: dict[tuple[str, str | None], ViewSolution | None] = {}
        marks = landmarks(patient)
        self._labels = [label for label in LABELS if marks.has(label)]
        volume = np.array([len(marks.points(label)) for label in self._labels], float)
        weight = np.cbrt(volume)
        self._weight = weight / weight.sum() if len(weight) else weight
        self._levels = [label for label in self._labels if label.startswith("vertebrae_")]

    def named(self, rng: np.random.Generator) -> SampledView | None:
        """A named view, varied; None when the one that was drawn is not to be had."""
        view = VIEWS[rng.integers(len(VIEWS))]
        level = self._levels[rng.integers(len(self._levels))] if view.vertebral and self._levels else None
        key = (view.key, level)
        if key not in self._solved:
            try:
                self._solved[key] = self._solution(view, level)
            except ViewError:
                self._solved[key] = None
        solution = self._solved[key]
        if solution is None:
            return None

        found = vary(solution, rng)
        config = found.framed()
        return SampledView(view, level, config, found.pose, config.open_field)

    def _solution(self, view: NamedView, level: str | None) -> ViewSolution | None:
        """None where the trunk lies in the way of an arm: people turn the arm then, which our patients cannot."""
        solution = solve(view, self._patient, UNBOUNDED, level)
        if view.series not in _ARM_SERIES:
            return solution
        down = view_axes(solution.pose.primary_deg, solution.pose.secondary_deg)[1]
        points = [solution.target_mm + share * solution.field_mm * down for share in (-0.25, 0.0, 0.25)]
        tissue = max(tissue_mm(self._patient, point, solution.direction) for point in points)
        return solution if tissue <= _THICKEST_ARM_MM else None

    def random(self, rng: np.random.Generator) -> SampledView | None:
        """A random view; None when the tube or the detector would be inside the body."""
        return self._towards(_near_anterior, rng)

    def lateral(self, rng: np.random.Generator) -> SampledView | None:
        """The same from about the patient's left or right."""
        return self._towards(_near_lateral, rng)

    def _towards(self, direction: Callable[[np.random.Generator], Any], rng: np.random.Generator) -> SampledView | None:
        if not self._labels:
            return None
        label = self._labels[rng.choice(len(self._labels), p=self._weight)]
        points = landmarks(self._patient).points(label)
        target = points[rng.integers(len(points))] + rng.normal(0.0, 15.0, 3)
        primary, secondary = angles_from_direction(direction(rng))
        pose = CArmPose(primary, secondary, (float(target[0]), float(target[1]), float(target[2])))
        base = list(VENDORS.values())[rng.integers(len(VENDORS))]
        field = float(np.clip(rng.lognormal(np.log(230.0), 0.3), *_FIELD_LIMITS_MM))
        side = field * base.magnification
        config = replace(base, name="random", detector_mm=(side, side))
        try:
            check_clear(self._patient, config, pose)
        except LimitError:
            return None
        return SampledView(None, label, config, pose, config.open_field)


def _near_anterior(rng: np.random.Generator, within_deg: float = WIDEST_OFF_ANTERIOR_DEG) -> npt.NDArray[np.float64]:
    """Unit vector (3,), evenly spread over the cap around the anterior direction."""
    cosine = rng.uniform(np.cos(np.deg2rad(within_deg)), 1.0)
    around = rng.uniform(0.0, 2 * np.pi)
    sine = np.sqrt(1.0 - cosine**2)
    return np.array([sine * np.cos(around), -cosine, sine * np.sin(around)])


def _near_lateral(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Unit vector (3,), evenly spread over the caps around the patient's left and right."""
    across, anterior, along = _near_anterior(rng, WIDEST_OFF_LATERAL_DEG)
    return np.array([rng.choice((-1.0, 1.0)) * -anterior, across, along])


def _opening(config: CArmConfig, rng: np.random.Generator) -> Collimation:
    """The whole field, or, for about a third, a rectangle in it that is off the middle by a little."""
    if rng.random() >= _COLLIMATED_SHARE:
        return config.open_field
    edges = []
    for side in config.detector_mm:
        open_mm = side * rng.uniform(_LEAST_OPEN, 0.95)
        middle = rng.uniform(-0.5, 0.5) * (side - open_mm) * 0.6
        edges.append((middle - open_mm / 2, middle + open_mm / 2))
    (left, right), (top, bottom) = edges
    return Collimation(left, top, right, bottom)
