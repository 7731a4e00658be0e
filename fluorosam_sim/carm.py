"""The C-arm: pose, limits, collimator and a table of device geometries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection, direction_from_angles, view_axes

REFERENCE_POINT_MM = 150.0  # from the isocentre towards the source, IEC 60601-2-43


class LimitError(ValueError):
    """A pose or an opening that the device cannot or must not take; the message says which limit, in one sentence."""


@dataclass(frozen=True)
class CArmPose:
    """Where the C-arm looks: DICOM positioner angles in degrees and the isocentre (x, y, z) in world millimetres."""

    primary_deg: float = 0.0
    secondary_deg: float = 0.0
    isocenter_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def off_axis_mm(self, point_mm: npt.ArrayLike) -> float:
        """Distance of a point (3,) in world mm from the central ray, mm."""
        towards = direction_from_angles(self.primary_deg, self.secondary_deg)
        off = np.asarray(point_mm, float) - np.asarray(self.isocenter_mm)
        return float(np.linalg.norm(off - towards * (off @ towards)))


@dataclass(frozen=True)
class Collimation:
    """Edges of the open field on the detector plane in mm from the principal point; right and down are positive."""

    left_mm: float
    top_mm: float
    right_mm: float
    bottom_mm: float

    @property
    def area_mm2(self) -> float:
        """Open area on the detector plane, mm²."""
        return (self.right_mm - self.left_mm) * (self.bottom_mm - self.top_mm)


@dataclass(frozen=True)
class CArmConfig:
    """Geometry, limits and default exposure of a device.

    isocenter_limits_mm: ((x_min, x_max), (y_min, y_max), (z_min, z_max)) that the base and column can reach.
    kerma_ugy: air kerma of one shot at the interventional reference point (15 cm from the isocentre towards the
    source, IEC 60601-2-43).
    """

    name: str
    sdd_mm: float
    sod_mm: float
    detector_mm: tuple[float, float]
    detector_px: tuple[int, int]
    primary_limits_deg: tuple[float, float] = (-110.0, 110.0)
    secondary_limits_deg: tuple[float, float] = (-50.0, 50.0)
    isocenter_limits_mm: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] = (
        (-250.0, 250.0),
        (-250.0, 250.0),
        (-1000.0, 1000.0),
    )
    speed_deg_s: float = 15.0
    speed_mm_s: float = 80.0
    minimum_opening_mm: float = 20.0
    kvp: float = 90.0
    kerma_ugy: float = 45.0

    @property
    def pixel_mm(self) -> float:
        """Detector pixel pitch in mm (square pixels)."""
        return self.detector_mm[0] / self.detector_px[0]

    @property
    def magnification(self) -> float:
        """Size on the detector over size at the isocentre."""
        return self.sdd_mm / self.sod_mm

    @property
    def open_field(self) -> Collimation:
        """The collimator fully open: the whole detector."""
        w, h = self.detector_mm
        return Collimation(-w / 2, -h / 2, w / 2, h / 2)

    @property
    def kerma_at_detector_ugy(self) -> float:
        """Air kerma of one shot at the detector without a patient (inverse square from the reference point)."""
        return self.kerma_ugy * ((self.sod_mm - REFERENCE_POINT_MM) / self.sdd_mm) ** 2

    def dose_area_product_gym2(self, collimation: Collimation) -> float:
        """Dose-area product of one shot in Gy·m²; the same in every plane across the beam."""
        return self.kerma_at_detector_ugy * 1e-6 * collimation.area_mm2 * 1e-6

    def projection(self, pose: CArmPose, size_px: tuple[int, int] | None = None) -> Projection:
        """The cone beam of a pose; size_px (width, height) overrides the detector's matrix over the same area."""
        width, height = size_px or self.detector_px
        right, down, towards = view_axes(pose.primary_deg, pose.secondary_deg)
        center = np.asarray(pose.isocenter_mm, float)
        du = right * (self.detector_mm[0] / width)
        dv = down * (self.detector_mm[1] / height)
        detector = center + (self.sdd_mm - self.sod_mm) * towards
        origin = detector - du * (width - 1) / 2 - dv * (height - 1) / 2
        return Projection(center - self.sod_mm * towards, origin, du, dv, width, height)

    def open_pixels(
        self, collimation: Collimation, size_px: tuple[int, int] | None = None
    ) -> tuple[int, int, int, int]:
        """Pixels whose centres lie in the opening as (x0, y0, x1, y1), the upper ends excluded; size_px as above."""
        width, height = size_px or self.detector_px
        c, (wide_mm, high_mm) = collimation, self.detector_mm
        edges_x = np.array([c.left_mm, c.right_mm]) * width / wide_mm + (width - 1) / 2
        edges_y = np.array([c.top_mm, c.bottom_mm]) * height / high_mm + (height - 1) / 2
        # A centre on an edge, up to rounding, belongs to the side to the right or below.
        x0, x1 = np.clip(np.ceil(edges_x - 1e-9), 0, width).astype(int)
        y0, y1 = np.clip(np.ceil(edges_y - 1e-9), 0, height).astype(int)
        return int(x0), int(y0), int(x1), int(y1)

    def open_share(self, mask: npt.NDArray[np.bool_], collimation: Collimation) -> float:
        """Share of an (H, W) mask on the detector that lies in the opening; 0 of an empty one."""
        x0, y0, x1, y1 = self.open_pixels(collimation, (mask.shape[1], mask.shape[0]))
        return float(mask[y0:y1, x0:x1].sum() / max(int(mask.sum()), 1))

    def check_pose(self, pose: CArmPose) -> None:
        """Raises LimitError, with the limit in words, for a pose the device cannot take."""
        values = [pose.primary_deg, pose.secondary_deg, *pose.isocenter_mm]
        names = ["primary angle", "secondary angle", "isocentre x", "isocentre y", "isocentre z"]
        limits = [self.primary_limits_deg, self.secondary_limits_deg, *self.isocenter_limits_mm]
        units = ["°", "°", " mm", " mm", " mm"]
        for name, value, (low, high), unit in zip(names, values, limits, units, strict=True):
            if not np.isfinite(value):
                raise LimitError(f"The {name} is not a number.")
            if not low - 1e-6 <= value <= high + 1e-6:
                raise LimitError(f"The {name} would be {value:.1f}{unit}, outside {low:g} to {high:g}{unit}.")

    def check_collimation(self, collimation: Collimation) -> None:
        """Raises LimitError for edges that are crossed, outside the detector or closer than the minimum opening."""
        c, field = collimation, self.open_field
        edges = [c.left_mm, c.top_mm, c.right_mm, c.bottom_mm]
        if not np.all(np.isfinite(edges)):
            raise LimitError("A collimator edge is not a number.")
        if min(c.right_mm - c.left_mm, c.bottom_mm - c.top_mm) < self.minimum_opening_mm - 1e-6:
            raise LimitError(f"The collimator opening would be under {self.minimum_opening_mm:g} mm on the detector.")
        if (
            min(c.left_mm - field.left_mm, c.top_mm - field.top_mm) < -1e-6
            or min(field.right_mm - c.right_mm, field.bottom_mm - c.bottom_mm) < -1e-6
        ):
            raise LimitError("The collimator edges would lie outside the detector.")


# Typical published geometries of mobile and ceiling-mounted systems (rounded; class of device, not a make).
VENDORS: dict[str, CArmConfig] = {
    config.name: config
    for config in (
        CArmConfig("standard", 1200.0, 750.0, (400.0, 400.0), (512, 512)),
        CArmConfig("mobile30", 1060.0, 620.0, (300.0, 300.0), (512, 512)),
        CArmConfig("angio30x40", 1200.0, 785.0, (400.0, 300.0), (640, 480)),
        CArmConfig("large43", 1480.0, 815.0, (430.0, 430.0), (768, 768)),
    )
}
