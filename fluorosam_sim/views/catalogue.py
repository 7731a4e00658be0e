"""The catalogue: every named standard view, and those that are left out with the reason."""

from __future__ import annotations

from fluorosam_sim.views.limbs import LIMB_VIEWS
from fluorosam_sim.views.named import SERIES, NamedView, ViewError
from fluorosam_sim.views.trunk import TRUNK_VIEWS

VIEWS: tuple[NamedView, ...] = tuple(sorted((*TRUNK_VIEWS, *LIMB_VIEWS), key=lambda item: SERIES.index(item.series)))
"""All named views, in the order of the 17 series; within one series as in the textbooks."""

LEFT_OUT: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("axillary shoulder", ("axillary", "axillary shoulder", "axillary lateral shoulder", "axial shoulder"),
     "The axillary view needs the arm held away from the body: move the arm, or take the scapular Y view instead."),
    ("sunrise patella", ("sunrise", "skyline", "Merchant", "sunrise knee", "sunrise patella", "skyline patella"),
     "The sunrise view looks along the thigh and needs the knee bent: take the lateral view of the knee instead."),
    ("submentovertex skull", ("submentovertex", "SMV", "submentovertical", "basal skull"),
     "The submentovertex view needs the neck bent far back, which a C-arm cannot make up for: take Towne's instead."),
    ("Stryker notch shoulder", ("Stryker notch", "Stryker", "West Point", "Stryker shoulder", "West Point shoulder"),
     "Stryker's and the West Point view need the arm raised: take the Garth view of the shoulder instead."),
    ("flexion and extension spine", ("flexion cervical spine", "extension cervical spine", "flexion lumbar spine",
                                     "extension lumbar spine", "flexion extension"),
     "Flexion and extension views need the patient to bend: take the lateral view of the spine instead."),
    ("carpal tunnel wrist", ("carpal tunnel", "Gaynor Hart"),
     "The carpal tunnel view needs the hand bent back: take the lateral view of the wrist instead."),
    ("decubitus chest", ("decubitus chest", "lateral decubitus", "upright chest"),
     "Decubitus and upright views need the patient turned or stood up: take the AP view of a supine patient instead."),
)  # fmt: skip
"""(name, phrases, what to say) for views that only exist when a part of the body is held in a special way."""

_BY_NAME = {item.name.casefold(): item for item in VIEWS} | {item.key: item for item in VIEWS}


def view(key: str) -> NamedView:
    """The view with this key ("pelvis_inlet") or name ("pelvis inlet"); raises ViewError when there is none."""
    found = _BY_NAME.get(key.strip().casefold())
    if found is None:
        raise ViewError(f"There is no view {key[:80]!r}: `fluorosam views list` prints all {len(VIEWS)}.")
    return found
