"""The same sites measured a second way, so that the first can be checked: other voxels, other estimators.

Where ``landmarks`` fits sections, spheres and paired centres, this package takes planes of symmetry, supporting planes
of convex hulls, main axes of whole bones and widest distances. Nothing is shared but the labels and the definitions.
"""

from __future__ import annotations

from typing import cast

from fluorosam_sim.patients.landmarks import Frame, Landmarks
from fluorosam_sim.views.second_opinion.arm import ARM_SITES
from fluorosam_sim.views.second_opinion.leg import LEG_SITES
from fluorosam_sim.views.second_opinion.trunk import TRUNK_SITES

SITES = TRUNK_SITES | ARM_SITES | LEG_SITES


def second_opinion(marks: Landmarks, site: str, side: str | None, label: str | None) -> Frame:
    """The frame of a site of ``landmarks.SITES``, by other means. Raises ValueError where there is none."""
    key = ("second", site, side or "", label or "")
    return cast(Frame, marks.keep(key, lambda: SITES[site](marks, side or "", label or "")))
