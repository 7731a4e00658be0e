"""Taking contrast medium out of vessels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from fluorosam_sim.patients.patient import Patient

_BONE_PREFIXES = ("vertebrae_", "rib_", "humerus_", "scapula_", "clavicula_", "femur_", "hip_")
_BONE_NAMES = frozenset({"sacrum", "skull", "sternum", "costal_cartilages"})
_BLOOD_HU = 50


def without_contrast(patient: Patient, threshold_hu: int = 180) -> Patient:
    """The patient with everything brighter than the threshold outside bone and cartilage set to blood (50 HU).

    Metal and calcifications outside labelled bone go, too: use it to vary training images, not to hide findings.
    """
    bone = [
        label
        for label, name in enumerate(patient.label_names)
        if name in _BONE_NAMES or name.startswith(_BONE_PREFIXES)
    ]
    # Segmented bone is a little small: keep two voxels around it, so that no cortex is taken for contrast.
    near_bone = ndimage.binary_dilation(np.isin(patient.labels, bone), iterations=2)
    hu = patient.hu.copy()
    hu[(hu > threshold_hu) & ~near_bone] = _BLOOD_HU
    return replace(patient, hu=hu)
