"""Taking contrast medium out of vessels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.patient import Patient

_BONE_PREFIXES = ("vertebrae_", "rib_", "humerus_", "scapula_", "clavicula_", "femur_", "hip_")
_BONE_NAMES = frozenset({"sacrum", "skull", "sternum", "costal_cartilages"})
_BLOOD_HU = 50


def without_contrast(patient: Patient, threshold_hu: int = 180) -> Patient:
    """The patient with everything brighter than the threshold outside bone and cartilage set to blood (50 HU).

    Metal and calcifications outside labelled bone go, too: use it to vary training images, not to hide findings.
    """
    bone = np.array([name in _BONE_NAMES or name.startswith(_BONE_PREFIXES) for name in patient.label_names])
    # Segmented bone is a little small: keep two voxels around it, so that no cortex is taken for contrast.
    near_bone = grown(bone[patient.labels], 2)
    hu = np.array(patient.hu, order="K")
    hu[(hu > threshold_hu) & ~near_bone] = _BLOOD_HU
    return replace(patient, hu=hu)


def grown(mask: npt.NDArray[np.bool_], voxels: int) -> npt.NDArray[np.bool_]:
    """(i, j, k) mask grown by so many voxels in the planes of constant k, and by one plane above and below."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * voxels + 1, 2 * voxels + 1))
    planes = np.ascontiguousarray(mask.transpose(2, 1, 0)).view(np.uint8)
    wide = np.stack([cv2.dilate(plane, kernel) for plane in planes]).view(bool)
    result = wide.copy()
    result[1:] |= wide[:-1]
    result[:-1] |= wide[1:]
    return result.transpose(2, 1, 0)
