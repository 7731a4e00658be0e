"""How much radiation: technique, automatic exposure, air kerma and dose-area product."""

from __future__ import annotations

from dataclasses import dataclass

from fluorosam_sim.carm import REFERENCE_POINT_MM, CArmConfig, Collimation
from fluorosam_sim.render.beam import STANDARD_FILTRATION, Filtration, kerma_per_mas_ugy


@dataclass(frozen=True)
class ExposureConfig:
    """How the tube is driven.

    automatic: the tube current is set so that the median of the open field receives detector_ugy (as air kerma of the
    open beam that gives the same signal), within the tube's limits; otherwise every shot has the device's fixed
    kerma_ugy at its reference point. kvp: tube voltage, default the device's own. pulse_ms: how long the beam is on for
    a shot; a C-arm that moves blurs the image by it.
    """

    automatic: bool = True
    detector_ugy: float = 0.2
    kvp: float | None = None
    filtration: Filtration = STANDARD_FILTRATION
    mas_limits: tuple[float, float] = (0.001, 400.0)
    pulse_ms: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.pulse_ms <= 1000:
            raise ValueError(f"A pulse lasts 0 to 1000 ms, not {self.pulse_ms:g}.")


AUTOMATIC = ExposureConfig()
FIXED = ExposureConfig(automatic=False)


@dataclass(frozen=True)
class Exposure:
    """What one shot gave.

    detector_ugy: air kerma at the detector as if there were no patient. kerma_ugy: at the interventional reference
    point. dap_gym2: dose-area product behind the collimator.
    """

    kvp: float
    mas: float
    filtration: Filtration
    detector_ugy: float
    kerma_ugy: float
    dap_gym2: float


def kerma_ugy(mas: float, distance_mm: float, kvp: float, filtration: Filtration = STANDARD_FILTRATION) -> float:
    """Air kerma in µGy on the central ray, distance_mm from the focal spot, without a patient: inverse square."""
    if not distance_mm > 0:
        raise ValueError(f"The distance from the focal spot must be positive, not {distance_mm:g} mm.")
    return mas * kerma_per_mas_ugy(kvp, filtration) * (1000.0 / distance_mm) ** 2


def choose_exposure(config: CArmConfig, collimation: Collimation, settings: ExposureConfig, signal: float) -> Exposure:
    """The shot's technique and dose; signal: median of the open field relative to the open beam, 0 to 1 and over."""
    kvp = settings.kvp or config.kvp
    per_mas = kerma_ugy(1.0, config.sdd_mm, kvp, settings.filtration)
    if settings.automatic:
        low, high = settings.mas_limits
        mas = min(max(settings.detector_ugy / max(signal, 1e-9) / per_mas, low), high)
    else:
        mas = config.kerma_at_detector_ugy / per_mas
    at_detector = mas * per_mas
    reference = config.sod_mm - REFERENCE_POINT_MM
    return Exposure(
        kvp,
        mas,
        settings.filtration,
        at_detector,
        at_detector * (config.sdd_mm / reference) ** 2,
        at_detector * 1e-6 * collimation.area_mm2 * 1e-6,
    )
