"""A named view on one patient and one C-arm: where to put the C-arm and how far to open the field."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fluorosam_sim import anatomy
from fluorosam_sim.anatomy import Structure
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation, LimitError
from fluorosam_sim.geometry import angles_from_direction
from fluorosam_sim.patients.landmarks import LandmarkError, landmarks
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.views.named import NamedView, ViewError

_TISSUE_HU = -500
_REACH_MM, _STEP_MM = 1000.0, 4.0

FloatArray = npt.NDArray[np.float64]

UNBOUNDED = CArmConfig(
    "unbounded",
    1200.0,
    750.0,
    (400.0, 400.0),
    (512, 512),
    primary_limits_deg=(-180.0, 180.0),
    secondary_limits_deg=(-90.0, 90.0),
    isocenter_limits_mm=((-600.0, 600.0), (-600.0, 600.0), (-1200.0, 1200.0)),
)
"""A source and detector that reach everywhere, as a radiography room's do by moving the patient, too."""


@dataclass(frozen=True, eq=False)
class ViewSolution:
    """A named view found on a patient.

    view: what was asked for; structure: the vertebra, or None. config: the C-arm it was found for. pose: where to put
    it. target_mm: (3,) world point on the central ray, the isocentre. direction: (3,) unit vector to the detector.
    field_mm: width and height of the field at the isocentre. reversed: the beam runs the other way round than in the
    definition, so that the picture is mirrored.
    """

    view: NamedView
    structure: Structure | None
    config: CArmConfig
    pose: CArmPose
    target_mm: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64]
    field_mm: float
    reversed: bool

    @property
    def structures(self) -> tuple[str, ...]:
        """Leaf labels that the view is taken for."""
        return (self.structure.key,) if self.structure is not None else self.view.structures

    @property
    def collimation(self) -> Collimation:
        """The field on this C-arm's detector, at most all of it and at least its smallest opening."""
        half = self.field_mm * self.config.magnification / 2
        least = self.config.minimum_opening_mm / 2
        wide, high = (max(min(half, side / 2), least) for side in self.config.detector_mm)
        return Collimation(-wide, -high, wide, high)

    def framed(self, size_px: tuple[int, int] | None = None) -> CArmConfig:
        """The C-arm with its detector cut to the view's field and at the view's distance, as for a radiograph.

        The detector stays as far from the isocentre as it is; size_px: (width, height), default: the detector's.
        """
        behind = self.config.sdd_mm - self.config.sod_mm
        sod = self.view.sdd_mm - behind
        side = self.field_mm * self.view.sdd_mm / sod
        return replace(
            self.config,
            sdd_mm=self.view.sdd_mm,
            sod_mm=sod,
            detector_mm=(side, side),
            detector_px=size_px or (self.config.detector_px[1], self.config.detector_px[1]),
        )


def solve(
    view: NamedView, patient: Patient, config: CArmConfig, structure: Structure | str | None = None
) -> ViewSolution:
    """Finds a named view on a patient.

    structure: the vertebra, for views that ask for one. Views whose reverse shows the same (``view.either_way``) are
    taken the other way round where the first way is out of the C-arm's reach or puts the detector into the body.
    Raises ViewError, in one sentence, when something is missing, cut by the edge of the scan or out of reach.
    """
    vertebra = _vertebra(view, structure)
    marks = landmarks(patient)
    missing = [label for label in view.needs if not marks.has(label)]
    if missing:
        raise ViewError(f"The view {view.name} needs the {_names(missing)}, which {patient.name} does not have.")
    label = vertebra.key if vertebra else None
    if label is not None and not marks.has(label):
        raise ViewError(f"The view {view.name} needs the {_names([label])}, which {patient.name} does not have.")
    try:
        frame = marks.site(view.site, view.side, label)
    except LandmarkError as error:
        raise ViewError(f"The view {view.name} cannot be found: {error}") from error
    direction = frame.direction(view.nominal_primary_deg, view.nominal_secondary_deg)
    target = frame.origin_mm
    reasons = []
    for sign in (1.0, -1.0) if view.either_way else (1.0,):
        primary, secondary = angles_from_direction(sign * direction)
        pose = CArmPose(primary, secondary, (float(target[0]), float(target[1]), float(target[2])))
        try:
            config.check_pose(pose)
            check_clear(patient, config, pose)
        except LimitError as error:
            reasons.append(str(error))
            continue
        return ViewSolution(view, vertebra, config, pose, target, sign * direction, view.field_mm, sign < 0)
    raise ViewError(f"The view {view.name} is out of the C-arm's reach: {reasons[0][0].lower()}{reasons[0][1:]}")


def _vertebra(view: NamedView, given: Structure | str | None) -> Structure | None:
    if not view.vertebral:
        return None
    item = anatomy.structure(given) if isinstance(given, str) else given
    if item is None or not item.key.startswith("vertebrae_"):
        raise ViewError(f"The view {view.name} is of one vertebra: say which, such as L4.")
    return item


def check_clear(patient: Patient, config: CArmConfig, pose: CArmPose) -> None:
    """Raises LimitError when the tube or the detector's middle would be inside the body."""
    projection = config.projection(pose)
    toward = np.asarray(pose.isocenter_mm) - projection.source_mm
    detector = projection.source_mm + toward * config.magnification
    inside = _in_tissue(patient, np.stack([projection.source_mm, detector]))
    for name, hit in zip(("tube", "detector"), inside, strict=True):
        if hit:
            raise LimitError(f"The {name} would be inside the patient's body.")


def tissue_mm(patient: Patient, point_mm: FloatArray, direction: FloatArray) -> float:
    """How much tissue a line through a point (3,) along a unit vector (3,) passes within a metre to either side."""
    along = np.arange(-_REACH_MM, _REACH_MM, _STEP_MM)[:, None]
    return float(_in_tissue(patient, point_mm + along * direction).sum() * _STEP_MM)


def _in_tissue(patient: Patient, points: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) which of some world points (N, 3) lie in the body."""
    inverse = np.linalg.inv(patient.affine)
    voxels = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    found = ((voxels >= 0) & (voxels < patient.hu.shape)).all(axis=1)
    found[found] = patient.hu[tuple(voxels[found].T)] > _TISSUE_HU
    return found


def _names(labels: list[str]) -> str:
    names = [anatomy.structure(label).name for label in labels]
    return " and the ".join(names[:3]) + (" and others" if len(names) > 3 else "")
