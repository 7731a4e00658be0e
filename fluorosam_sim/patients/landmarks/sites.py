"""The sites by name: parts of the body with an origin and axes, in which views and tools are placed."""

from __future__ import annotations

from collections.abc import Mapping

from fluorosam_sim.patients.landmarks import lower_limb, spine, torso, upper_limb
from fluorosam_sim.patients.landmarks.body import Site

SITES: Mapping[str, Site] = {
    site.__name__: site
    for site in (
        torso.chest, torso.ribs_upper, torso.ribs_lower, torso.ribs_axillary, torso.sternum, torso.abdomen,
        torso.skull, torso.skull_face,
        spine.cervical, spine.odontoid, spine.cervicothoracic, spine.thoracic, spine.thoracolumbar, spine.lumbar,
        spine.lumbosacral, spine.pedicle,
        upper_limb.shoulder, upper_limb.glenohumeral, upper_limb.glenohumeral_scapula, upper_limb.acromioclavicular,
        upper_limb.clavicle, upper_limb.sternoclavicular, upper_limb.humerus, upper_limb.elbow, upper_limb.forearm,
        upper_limb.wrist, upper_limb.hand,
        lower_limb.pelvis, lower_limb.acetabulum, lower_limb.teardrop, lower_limb.sacrum, lower_limb.sacroiliac,
        lower_limb.sacroiliac_joint, lower_limb.hip, lower_limb.femur_proximal, lower_limb.femur_shaft,
        lower_limb.femur_distal, lower_limb.knee, lower_limb.knee_notch, lower_limb.patella, lower_limb.tibia,
        lower_limb.ankle, lower_limb.foot, lower_limb.calcaneus,
    )
} | {"vertebra": spine.one_vertebra}  # fmt: skip
"""Site by name; each one's docstring says how it is defined."""
