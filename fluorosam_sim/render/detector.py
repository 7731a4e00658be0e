"""A plain flat detector: hardened beam, scatter, quantum and electronic noise, blur, saturation, collimator."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, Collimation
from fluorosam_sim.render.renderer import Rendering

# Mass attenuation coefficients in cm²/g of water and of cortical bone (ICRU-44), Hubbell & Seltzer, NISTIR 5632.
_ENERGIES_KEV = np.array([30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0])
_SOFT_CM2_G = np.array([0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1614])
_BONE_CM2_G = np.array([1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1695])


@dataclass(frozen=True)
class DetectorConfig:
    """What the detector adds to the picture.

    quanta: X-ray quanta that a pixel at the reference signal counts in one shot. scatter_to_primary: scattered over
    primary signal behind the patient with the field fully open (grid in place). scatter_blur_mm and blur_mm: Gaussian
    sigma on the detector. electronic_counts: noise of an unexposed pixel. reference_counts: automatic exposure brings
    the median of the open field to this value.
    """

    quanta: float = 2500.0
    scatter_to_primary: float = 0.35
    scatter_blur_mm: float = 40.0
    blur_mm: float = 0.35
    electronic_counts: float = 8.0
    reference_counts: float = 8000.0
    saturation_counts: int = 65535


def spectrum(kvp: float) -> npt.NDArray[np.float64]:
    """Share of the detected energy at each tabulated photon energy, for a tube voltage in kV.

    A triangle above 25 keV up to the tube voltage (Kramers' law after 3 mm of aluminium): good to about ten per cent
    in contrast. Raises ValueError outside 40 to 150 kV.
    """
    if not 40.0 <= kvp <= 150.0:
        raise ValueError(f"The tube voltage must be 40 to 150 kV, not {kvp:g}.")
    share = np.clip(kvp - _ENERGIES_KEV, 0, None) * np.exp(-2.7 * 0.3 * (30.0 / _ENERGIES_KEV) ** 3)
    return np.asarray(share / share.sum())


def transmission(
    soft_gcm2: npt.NDArray[np.float32], bone_gcm2: npt.NDArray[np.float32], kvp: float
) -> npt.NDArray[np.float32]:
    """(H, W) float32 primary signal relative to the open beam, 0 to 1, of area densities in g/cm²."""
    total = np.zeros_like(soft_gcm2)
    for share, soft, bone in zip(spectrum(kvp), _SOFT_CM2_G, _BONE_CM2_G, strict=True):
        if share > 0:
            total += np.float32(share) * np.exp(-np.float32(soft) * soft_gcm2 - np.float32(bone) * bone_gcm2)
    return total


def open_pixels(config: CArmConfig, collimation: Collimation, width: int, height: int) -> tuple[int, int, int, int]:
    """Pixels inside the collimator as (x0, y0, x1, y1), the upper ends excluded."""
    pitch_x, pitch_y = config.detector_mm[0] / width, config.detector_mm[1] / height
    x0 = round(collimation.left_mm / pitch_x + width / 2)
    x1 = round(collimation.right_mm / pitch_x + width / 2)
    y0 = round(collimation.top_mm / pitch_y + height / 2)
    y1 = round(collimation.bottom_mm / pitch_y + height / 2)
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def expose(
    rendering: Rendering,
    config: CArmConfig,
    collimation: Collimation,
    rng: np.random.Generator,
    kvp: float | None = None,
    detector: DetectorConfig | None = None,
) -> npt.NDArray[np.uint16]:
    """(H, W) uint16 image of one shot: bright where much of the beam arrives, dark under the collimator's blades."""
    detector = detector or DetectorConfig()
    height, width = rendering.soft_gcm2.shape
    x0, y0, x1, y1 = open_pixels(config, collimation, width, height)
    image = np.zeros((height, width), np.float32)
    primary = np.zeros_like(image)
    window = np.s_[y0:y1, x0:x1]
    primary[window] = transmission(rendering.soft_gcm2[window], rendering.bone_gcm2[window], kvp or config.kvp)
    pitch = config.detector_mm[0] / width
    # Scatter comes from the whole irradiated volume: it falls with the open area and hardly has structure.
    share = detector.scatter_to_primary * collimation.area_mm2 / config.open_field.area_mm2
    behind = np.minimum(primary, 0.3)
    image = primary + np.float32(share) * _wide_blur(behind, detector.scatter_blur_mm / pitch)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), max(detector.blur_mm / pitch, 0.3)), np.float32)
    reference = float(np.median(image[window])) if (y1 > y0 and x1 > x0) else 1.0
    gain = detector.reference_counts / max(reference, 1e-6)
    quanta_gain = detector.reference_counts / detector.quanta
    counts = image * np.float32(gain)
    noise = rng.standard_normal((height, width), dtype=np.float32)
    # Quantum noise: variance proportional to the signal (Poisson, many quanta a pixel); plus electronics everywhere.
    sigma = np.sqrt(counts * np.float32(quanta_gain) + np.float32(detector.electronic_counts**2))
    blades = np.zeros((height, width), bool)
    blades[window] = True
    counts = np.where(blades, counts, 0.0) + noise * np.where(blades, sigma, detector.electronic_counts)
    return np.clip(np.round(counts), 0, detector.saturation_counts).astype(np.uint16)


def _wide_blur(image: npt.NDArray[np.float32], sigma_px: float) -> npt.NDArray[np.float32]:
    """A Gaussian of many pixels, taken on a coarse grid: it has no detail to lose."""
    height, width = image.shape
    factor = max(int(sigma_px / 3), 1)
    small = cv2.resize(image, (max(width // factor, 1), max(height // factor, 1)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), max(sigma_px / factor, 0.3))
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
