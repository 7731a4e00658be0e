"""What a named standard view is, and what came of looking for one in a text."""

from __future__ import annotations

from dataclasses import dataclass

from fluorosam_sim.anatomy import Side, Structure

SERIES = (
    "chest", "abdomen", "shoulder", "clavicle", "humerus", "elbow", "forearm", "hand", "pelvis", "femur",
    "sacroiliac joint", "knee", "tibia/fibula", "ankle", "foot", "skull", "spine",
)  # fmt: skip
"""The 17 series of general radiography that FluoroSeg's views come from."""


class ViewError(ValueError):
    """A view that cannot be had of this patient on this C-arm; the message says why, in one sentence."""


@dataclass(frozen=True)
class NamedView:
    """A standard view, defined on the patient's own anatomy.

    The direction is given by DICOM positioner angles in the axes of a *site*, a part of the body with an origin (the
    target) and axes to the patient's left, back and head (``fluorosam_sim.patients.landmarks``). In a supine patient
    in the anatomical position these axes are the world's, so that the angles are the nominal ones of the textbook.

    Attributes:
        key: stable identifier ("pelvis_inlet", "knee_lateral_left").
        name: plain English ("pelvis inlet", "left knee lateral").
        series: one of ``SERIES``.
        side: side of the body part, or None.
        site: name of the site, in ``landmarks.SITES``.
        nominal_primary_deg, nominal_secondary_deg: direction to the detector in the site's axes; + is LAO, CRAN.
        field_mm: width and height of the field at the isocentre.
        sdd_mm: usual distance from source to detector.
        structures: leaf labels that the view is taken for; empty where they follow from the vertebra asked for.
        needs: leaf labels without which the view cannot be found.
        vertebral: whether a vertebra has to be named with it.
        either_way: the reverse direction gives the same picture, mirrored; taken where the first is out of reach.
        phrases: how people say it, without the vertebra.
        source: where the definition is from.
    """

    key: str
    name: str
    series: str
    side: Side | None
    site: str
    nominal_primary_deg: float
    nominal_secondary_deg: float
    field_mm: float
    sdd_mm: float
    structures: tuple[str, ...]
    needs: tuple[str, ...]
    vertebral: bool
    either_way: bool
    phrases: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ViewMatch:
    """What views a text names.

    views: none when it names no view; several when it is ambiguous, as without a side. structure: the vertebra named
    for a vertebral view, or None. rest: words that are not part of the view's name, normalised, "" for none.
    refusal: why a view that people ask for is not in the catalogue, in one sentence, or "".
    """

    views: tuple[NamedView, ...] = ()
    structure: Structure | None = None
    rest: str = ""
    refusal: str = ""
