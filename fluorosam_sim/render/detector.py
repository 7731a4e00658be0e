"""From rays to an image: collimator, primary, scatter, quantum and electronic noise, blur, lag, saturation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import CArmConfig, Collimation
from fluorosam_sim.render.beam import open_beam, transmission
from fluorosam_sim.render.exposure import AUTOMATIC, Exposure, ExposureConfig, choose_exposure
from fluorosam_sim.render.pulse import Smear, averaged
from fluorosam_sim.render.renderer import Rendering
from fluorosam_sim.render.scatter import STANDARD_GRID, AntiScatterGrid, scattered

Float32Array = npt.NDArray[np.float32]

_MEDIAN_STRIDE = 3  # the median of every third pixel both ways is that of the field


@dataclass(frozen=True)
class DetectorConfig:
    """What the detector and the blades add to the picture.

    grid: anti-scatter grid. blur_mm: Gaussian sigma on the detector of scintillator and focal spot together.
    electronic_counts: noise of an unexposed pixel. reference_counts: the read-out's gain brings the median of the open
    field to this value. saturation_counts, full_well_ugy: where the converter and the photodiodes saturate (the latter
    as air kerma of the open beam). lag: share of the signal that stays behind, lag_s: time in which it decays to 1/e.
    focal_spot_mm, blades_mm: size of the focal spot and distance of the blades from it (penumbra).
    shutter: pixels fully behind the blades are blanked as on a device's display; otherwise they show the scatter.
    """

    grid: AntiScatterGrid = STANDARD_GRID
    blur_mm: float = 0.35
    electronic_counts: float = 8.0
    reference_counts: float = 8000.0
    saturation_counts: int = 65535
    full_well_ugy: float = 30.0
    lag: float = 0.03
    lag_s: float = 0.1
    focal_spot_mm: float = 0.6
    blades_mm: float = 300.0
    shutter: bool = True


class Panel:
    """A flat panel with memory: what earlier shots left in its pixels (lag)."""

    def __init__(self) -> None:
        self._trapped: Float32Array | None = None
        self._time_s = 0.0

    def read(self, signal: Float32Array, time_s: float, lag: float, lag_s: float) -> Float32Array:
        """(H, W) read-out of a new signal at time_s: less what is trapped, and what earlier shots release."""
        trapped = self._trapped
        if lag <= 0:
            return signal
        if trapped is None or trapped.shape != signal.shape:
            trapped = np.zeros_like(signal)
        stays = np.float32(np.exp(-max(time_s - self._time_s, 0.0) / lag_s))
        released = trapped * (1 - stays)
        # Charge released between shots is flushed but for the frame time next to the shot: a third of it is read.
        read = signal * np.float32(1 - lag) + released / 3
        self._trapped, self._time_s = trapped * stays + signal * np.float32(lag), time_s
        return np.asarray(read, np.float32)


@dataclass(frozen=True, eq=False)
class Shot:
    """image: (H, W) uint16, bright where much of the beam arrives. exposure: technique and dose."""

    image: npt.NDArray[np.uint16]
    exposure: Exposure


def expose(
    rendering: Rendering,
    config: CArmConfig,
    collimation: Collimation,
    rng: np.random.Generator,
    kvp: float | None = None,
    detector: DetectorConfig | None = None,
) -> npt.NDArray[np.uint16]:
    """(H, W) uint16 image of one automatically exposed shot: bright where much of the beam arrives."""
    return shoot(rendering, config, collimation, rng, ExposureConfig(kvp=kvp), detector).image


def shoot(
    rendering: Rendering,
    config: CArmConfig,
    collimation: Collimation,
    rng: np.random.Generator,
    settings: ExposureConfig = AUTOMATIC,
    detector: DetectorConfig | None = None,
    panel: Panel | None = None,
    time_s: float = 0.0,
    pulse: Sequence[Smear] = (),
) -> Shot:
    """One shot: image, technique and dose.

    rendering: of the open detector at the image's size. panel and time_s (seconds, not running backwards) carry lag
    from shot to shot; without a panel there is none. pulse: equal parts of the time in which the beam is on, when the
    C-arm moves (render.pulse): intensity is averaged over them, and rendering is that of its middle. Raises ValueError
    for a tube voltage outside 40 to 150 kV.
    """
    detector = detector or DetectorConfig()
    kvp = settings.kvp or config.kvp
    height, width = rendering.soft_gcm2.shape
    pitch = (config.detector_mm[0] / width, config.detector_mm[1] / height)
    penumbra_mm = detector.focal_spot_mm * (config.sdd_mm - detector.blades_mm) / detector.blades_mm
    across = _blade_profile(collimation.left_mm, collimation.right_mm, width, pitch[0], penumbra_mm)
    down = _blade_profile(collimation.top_mm, collimation.bottom_mm, height, pitch[1], penumbra_mm)
    x0, y0, x1, y1 = config.open_pixels(collimation, (width, height))
    window = np.s_[y0:y1, x0:x1]
    blades = None if min(across.min(), down.min()) >= 1 else down[:, None] * across[None, :]
    signal, spread = _signal(rendering, config, kvp, settings, detector, pitch, blades, window, pulse)
    field = signal[window][::_MEDIAN_STRIDE, ::_MEDIAN_STRIDE]
    middle = float(np.median(field)) if field.size else 1.0
    exposure = choose_exposure(config, collimation, settings, middle)

    # From here on in absorbed keV per pixel.
    beam = open_beam(kvp, settings.filtration)
    full = exposure.detector_ugy * beam.quanta_mm2 * beam.mean_kev * pitch[0] * pitch[1]
    signal *= np.float32(full)
    # Compound Poisson: many quanta a pixel, variance = mean energy × (mean squared / mean energy of a quantum).
    noise = rng.standard_normal((height, width), dtype=np.float32)
    noise *= np.sqrt(signal * spread)
    signal += noise
    signal = _blurred(signal, detector.blur_mm, pitch)
    if panel is not None:
        signal = panel.read(signal, time_s, detector.lag, detector.lag_s)
    np.minimum(signal, np.float32(full * detector.full_well_ugy / exposure.detector_ugy), out=signal)
    if detector.shutter:
        signal[down == 0] = 0.0
        signal[:, across == 0] = 0.0
    signal *= np.float32(detector.reference_counts / max(middle * full, 1e-12))
    if detector.electronic_counts > 0:
        electronic = rng.standard_normal((height, width), dtype=np.float32)
        electronic *= np.float32(detector.electronic_counts)
        signal += electronic
    np.rint(signal, out=signal)
    return Shot(np.clip(signal, 0, detector.saturation_counts).astype(np.uint16), exposure)


def _signal(
    rendering: Rendering,
    config: CArmConfig,
    kvp: float,
    settings: ExposureConfig,
    detector: DetectorConfig,
    pitch: tuple[float, float],
    blades: Float32Array | None,
    window: tuple[slice, slice],
    pulse: Sequence[Smear],
) -> tuple[Float32Array, Float32Array]:
    """Mean signal relative to the open beam (H, W), and the quantum noise factor in keV (H, W)."""
    grid = detector.grid
    primary, spread = _transmitted(rendering, kvp, settings)
    if pulse:
        blurred = np.zeros_like(primary)
        for part in pulse:
            one = primary if part.rendering is rendering else _transmitted(part.rendering, kvp, settings)[0]
            blurred += averaged(one, part.homographies)
        primary = blurred / np.float32(len(pulse))
    if blades is not None:
        primary *= blades
    if grid.scatter <= 0:
        primary *= np.float32(grid.primary)
        return primary, spread
    mass = rendering.soft_gcm2 + rendering.bone_gcm2
    inside = mass[window][::8, ::8]
    depth_mm = 10.0 * float(np.median(inside)) if inside.size else 0.0  # of water
    gap_mm = max(config.sdd_mm - config.sod_mm - depth_mm / 2, 0.0)
    signal = scattered(primary, mass, pitch, gap_mm, kvp)
    signal *= np.float32(grid.scatter)
    primary *= np.float32(grid.primary)
    signal += primary
    return signal, spread


def _transmitted(rendering: Rendering, kvp: float, settings: ExposureConfig) -> tuple[Float32Array, Float32Array]:
    """Primary signal relative to the open beam, and the noise factor: see beam.transmission."""
    tools = [(material.composition, area) for material, area in rendering.tool_gcm2.items()]
    return transmission(rendering.soft_gcm2, rendering.bone_gcm2, kvp, settings.filtration, tools)


def _blade_profile(low_mm: float, high_mm: float, count: int, pitch_mm: float, penumbra_mm: float) -> Float32Array:
    """(count,) share of the focal spot that each pixel sees between two blades; edges lie mid-penumbra.

    An edge at the detector's own border casts no penumbra inside it: there the blade is fully withdrawn.
    """
    edges = (np.arange(count + 1) - count / 2) * pitch_mm
    border = count / 2 * pitch_mm

    def covered(edge_mm: float) -> npt.NDArray[np.float64]:
        # Integral over the pixels of a linear ramp from 0 to 1 around the edge.
        start = edge_mm - penumbra_mm / 2
        t = np.clip(edges - start, 0, None)
        inside = np.minimum(t, penumbra_mm)
        integral = inside**2 / (2 * max(penumbra_mm, 1e-9)) + np.maximum(t - penumbra_mm, 0)
        return np.diff(integral) / pitch_mm

    seen = np.ones(count)
    if low_mm > -border + 1e-6:
        seen = covered(low_mm)
    if high_mm < border - 1e-6:
        seen = seen - covered(high_mm)
    return np.where(seen < 1e-6, 0, np.clip(seen, 0, 1)).astype(np.float32)


def _blurred(image: Float32Array, sigma_mm: float, pitch: tuple[float, float]) -> Float32Array:
    if sigma_mm <= 0:
        return image
    sigma_x, sigma_y = sigma_mm / pitch[0], sigma_mm / pitch[1]
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma_x, 0.05), sigmaY=max(sigma_y, 0.05)), np.float32)
