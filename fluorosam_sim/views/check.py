"""How far each view, as it was found, is from its definition measured a second way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fluorosam_sim.patients.landmarks import Landmarks
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.views.named import NamedView, ViewError
from fluorosam_sim.views.second_opinion import second_opinion
from fluorosam_sim.views.solve import UNBOUNDED, solve

ANGLE_LIMIT_DEG = 5.0
OFFSET_LIMIT_MM = 10.0
LEVEL = "vertebrae_L3"
"""The vertebra that vertebral views are checked on."""


@dataclass(frozen=True)
class Deviation:
    """One view on one patient.

    angle_deg: between the beam and the defined direction. offset_mm: of the defined target from the middle of the
    image, measured at the isocentre. Both None, with the reason in ``problem``, where the view could not be had.
    """

    view: str
    patient: str
    angle_deg: float | None
    offset_mm: float | None
    problem: str = ""

    @property
    def within(self) -> bool:
        """Whether the view is there and within both limits."""
        if self.angle_deg is None or self.offset_mm is None:
            return False
        return self.angle_deg <= ANGLE_LIMIT_DEG and self.offset_mm <= OFFSET_LIMIT_MM


def check_view(view: NamedView, patient: Patient) -> Deviation:
    """Solves a view with the C-arm's reach left aside, and measures the geometry it leads to against a second opinion.

    The second opinion comes from the labels by other estimators (``second_opinion``); its target is projected
    into the image, and its direction compared with the central ray of that image.
    """
    level = LEVEL if view.vertebral else None
    try:
        found = solve(view, patient, UNBOUNDED, level)
    except ViewError as error:
        return Deviation(view.key, patient.name, None, None, str(error))
    try:
        frame = second_opinion(_fresh(patient), view.site, view.side, level)
    except ValueError as error:
        return Deviation(view.key, patient.name, None, None, f"No second opinion: {error}")
    config = found.framed()
    projection = config.projection(found.pose)
    middle = (np.array([projection.width, projection.height]) - 1) / 2
    ray = projection.rays([middle])[0]
    wanted = frame.direction(view.nominal_primary_deg, view.nominal_secondary_deg)
    sign = -1.0 if found.reversed else 1.0
    angle = float(np.rad2deg(np.arccos(np.clip(sign * wanted @ ray, -1.0, 1.0))))
    pixels = projection.project([frame.origin_mm])[0] - middle
    offset = float(np.linalg.norm(pixels)) * config.pixel_mm / config.magnification
    return Deviation(view.key, patient.name, round(angle, 2), round(offset, 2))


_SECOND: dict[str, tuple[Patient, Landmarks]] = {}


def _fresh(patient: Patient) -> Landmarks:
    """Landmarks of their own, so that nothing that ``solve`` measured is looked up again."""
    kept = _SECOND.get("last")
    if kept is None or kept[0] is not patient:
        kept = _SECOND["last"] = (patient, Landmarks(patient))
    return kept[1]


@dataclass(frozen=True)
class ViewSummary:
    """A view over patients: medians and worst values, how many had it, how many of them within the limits."""

    view: str
    patients: int
    found: int
    within: int
    angle_deg: float | None
    worst_angle_deg: float | None
    offset_mm: float | None
    worst_offset_mm: float | None


def summarise(rows: Iterable[Deviation]) -> list[ViewSummary]:
    """One line a view, in the order in which views first occur."""
    by_view: dict[str, list[Deviation]] = {}
    for row in rows:
        by_view.setdefault(row.view, []).append(row)
    result = []
    for key, group in by_view.items():
        angles = np.array([row.angle_deg for row in group if row.angle_deg is not None])
        offsets = np.array([row.offset_mm for row in group if row.offset_mm is not None])
        some = len(angles) > 0
        result.append(
            ViewSummary(
                key,
                len(group),
                len(angles),
                sum(row.within for row in group),
                round(float(np.median(angles)), 2) if some else None,
                round(float(angles.max()), 2) if some else None,
                round(float(np.median(offsets)), 2) if some else None,
                round(float(offsets.max()), 2) if some else None,
            )
        )
    return result
