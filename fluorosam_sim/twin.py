"""The digital twin: a patient, a C-arm, a beam, a detector and a clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose, Collimation
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import DetectorConfig, expose
from fluorosam_sim.render.renderer import Rendering


@dataclass(frozen=True, eq=False)
class Frame:
    """One shot. image: (H, W) uint16 detector signal, bright is air. dap_gym2: dose-area product of this shot."""

    image: npt.NDArray[np.uint16]
    pose: CArmPose
    collimation: Collimation
    kvp: float
    time_s: float
    shot: int
    dap_gym2: float


class Twin:
    """A C-arm around a patient that behaves like the device: limits, speeds, dose, images.

    size_px: (width, height) of the images; default: the detector's own matrix. The same seed and the same calls give
    the same images.
    """

    def __init__(
        self,
        patient: Patient,
        config: CArmConfig = VENDORS["standard"],
        seed: int = 0,
        size_px: tuple[int, int] | None = None,
        detector: DetectorConfig | None = None,
    ) -> None:
        self.patient = patient
        self.config = config
        self.pose = CArmPose()
        self.collimation = config.open_field
        self.shots = 0
        self.dap_gym2 = 0.0
        self.time_s = 0.0
        self._target: CArmPose | None = None
        self._size_px = size_px or config.detector_px
        self._detector = detector or DetectorConfig()
        self._rng = np.random.default_rng(seed)
        self._renderer = CpuRenderer(patient)
        self._cached: tuple[CArmPose, Rendering, bool] | None = None

    @property
    def moving(self) -> bool:
        """Whether a move is under way."""
        return self._target is not None

    @property
    def target(self) -> CArmPose | None:
        """Where the move under way leads, or None."""
        return self._target

    def place(self, pose: CArmPose) -> None:
        """Puts the C-arm at a pose at once, as at set-up. Raises LimitError outside the limits."""
        self.config.check_pose(pose)
        self._target = None
        self.pose = pose

    def start_move(self, target: CArmPose) -> None:
        """Starts moving; raises LimitError, and moves nothing, when the target is outside the limits."""
        self.config.check_pose(target)
        self._target = None if target == self.pose else target

    def halt(self) -> None:
        """Stops where it is."""
        self._target = None

    def step(self, dt_s: float) -> None:
        """Lets time pass: moves every axis towards the target at its own speed limit."""
        if not dt_s >= 0:
            raise ValueError(f"Time cannot run backwards ({dt_s:g} s).")
        self.time_s += dt_s
        if self._target is None:
            return
        turn = self.config.speed_deg_s * dt_s
        shift = self.config.speed_mm_s * dt_s
        target = self._target
        here = np.array(self.pose.isocenter_mm)
        to_go = np.array(target.isocenter_mm) - here
        distance = float(np.linalg.norm(to_go))
        arrived = here + to_go * min(1.0, shift / distance) if distance > 0 else here
        self.pose = CArmPose(
            _approach(self.pose.primary_deg, target.primary_deg, turn),
            _approach(self.pose.secondary_deg, target.secondary_deg, turn),
            (float(arrived[0]), float(arrived[1]), float(arrived[2])),
        )
        close = np.allclose(arrived, target.isocenter_mm, atol=1e-6)
        if close and (self.pose.primary_deg, self.pose.secondary_deg) == (target.primary_deg, target.secondary_deg):
            self.pose = target
            self._target = None

    def set_collimation(self, collimation: Collimation) -> None:
        """Moves the collimator's blades; raises LimitError, and moves nothing, for an impossible opening."""
        self.config.check_collimation(collimation)
        self.collimation = collimation

    def acquire(self) -> Frame:
        """One shot: an image, its dose, its place in the case."""
        image = expose(
            self._rendering(labels=False), self.config, self.collimation, self._rng, self.config.kvp, self._detector
        )
        dose = self.config.dose_area_product_gym2(self.collimation)
        self.shots += 1
        self.dap_gym2 += dose
        return Frame(image, self.pose, self.collimation, self.config.kvp, self.time_s, self.shots, dose)

    def truth(self) -> Rendering:
        """What the rays of the present pose meet, with all labels and the collimator open; costs no dose."""
        return self._rendering(labels=True)

    def _rendering(self, labels: bool) -> Rendering:
        if self._cached is None or self._cached[0] != self.pose or (labels and not self._cached[2]):
            rendering = self._renderer.render(self.config.projection(self.pose, self._size_px), labels=labels)
            self._cached = (self.pose, rendering, labels)
        return self._cached[1]


def _approach(value: float, target: float, step: float) -> float:
    return target if abs(target - value) <= step else value + step * float(np.sign(target - value))
