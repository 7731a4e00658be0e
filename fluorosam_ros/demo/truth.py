"""What the demo is checked against: the same patient rendered with all labels at the pose the C-arm reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fluorosam_sim import anatomy
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer

Mask = npt.NDArray[np.bool_]

_WIDE_PX = (512, 512)


class Truth:
    """Masks, distances and coverage from the patient's own labels."""

    def __init__(self, patient: Patient, config: CArmConfig) -> None:
        self._patient = patient
        self._config = config
        self._renderer = CpuRenderer(patient)

    def mask(self, key: str, pose: CArmPose, size_px: tuple[int, int]) -> Mask:
        """(H, W) mask of a structure at a pose, the collimator open."""
        projection = self._config.projection(pose, size_px)
        return self._renderer.render(projection).mask(_members(key))

    def off_center_mm(self, key: str, pose: CArmPose) -> float:
        """Distance of the centroid of a structure's whole shadow from the image's middle, mm in the isocentre's plane.

        The shadow is cast on a detector twice as wide, so that what lies beyond the image counts, too.
        """
        width_mm, height_mm = self._config.detector_mm
        wide = replace(self._config, detector_mm=(2 * width_mm, 2 * height_mm))
        rows, columns = np.nonzero(self._renderer.render(wide.projection(pose, _WIDE_PX)).mask(_members(key)))
        pitch = [side / pixels / wide.magnification for side, pixels in zip(wide.detector_mm, _WIDE_PX, strict=True)]
        x = (columns.mean() - (_WIDE_PX[0] - 1) / 2) * pitch[0]
        y = (rows.mean() - (_WIDE_PX[1] - 1) / 2) * pitch[1]
        return float(np.hypot(x, y))

    def off_axis_mm(self, key: str, pose: CArmPose) -> float:
        """Distance of a structure's centroid in space from the central ray, in mm."""
        return pose.off_axis_mm(self._patient.centroid_mm(_members(key)))

    def coverage(self, key: str, pose: CArmPose, collimation: Collimation, size_px: tuple[int, int]) -> float:
        """Share of a structure's shadow on the detector that lies in the collimated field."""
        return self._config.open_share(self.mask(key, pose, size_px), collimation)


def _members(key: str) -> tuple[str, ...]:
    return anatomy.structure(key).members


def dice(a: Mask, b: Mask) -> float:
    """Dice overlap of two masks, 1 when both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else float(2 * np.logical_and(a, b).sum() / total)
