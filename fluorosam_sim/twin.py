"""The digital twin: a patient, a C-arm, a beam, a detector and a clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fluorosam_sim.carm import REFERENCE_POINT_MM, VENDORS, CArmConfig, CArmPose, Collimation
from fluorosam_sim.motion.body import AT_REST, BodyMotion, BodyState
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import DetectorConfig, Panel, shoot
from fluorosam_sim.render.exposure import FIXED, Exposure, ExposureConfig
from fluorosam_sim.render.pulse import Smear, between, smear, sub_views
from fluorosam_sim.render.renderer import Rendering

_TISSUE_HU = -500


@dataclass(frozen=True, eq=False)
class Frame:
    """One shot.

    image: (H, W) uint16 detector signal, bright is air. pose, time_s: in the middle of the pulse. exposure: technique
    and dose of this shot. entrance_ugy: air kerma on the central ray where it enters the body, without backscatter; 0
    where it misses the body. body_state: expiration and contraction (see BodyMotion.state).
    """

    image: npt.NDArray[np.uint16]
    pose: CArmPose
    collimation: Collimation
    kvp: float
    time_s: float
    shot: int
    exposure: Exposure
    entrance_ugy: float
    body_state: BodyState = AT_REST

    @property
    def dap_gym2(self) -> float:
        """Dose-area product of this shot in Gy·m²."""
        return self.exposure.dap_gym2


class Twin:
    """A C-arm around a patient that behaves like the device: limits, speeds, dose, images.

    size_px: (width, height) of the images; default: the detector's own matrix. exposure: how the tube is driven;
    default: the device's fixed air kerma, so that dose follows the open area alone. motion: how the patient breathes
    and its heart beats as time passes; default: not at all. preview: half the in-plane resolution of the CT, for two to
    three times the images. The same seed and the same calls give the same images.

    Shots while the C-arm moves are blurred by what it moves during a pulse; the body stands still during one.
    """

    def __init__(
        self,
        patient: Patient,
        config: CArmConfig = VENDORS["standard"],
        seed: int = 0,
        size_px: tuple[int, int] | None = None,
        detector: DetectorConfig | None = None,
        exposure: ExposureConfig = FIXED,
        motion: BodyMotion | None = None,
        preview: bool = False,
    ) -> None:
        self.patient = patient
        self.config = config
        self.pose = CArmPose()
        self.collimation = config.open_field
        self.shots = 0
        self.dap_gym2 = 0.0
        self.time_s = 0.0
        self.motion = motion
        self.dose_factor = 1.0  # dose and quanta of the shots to come, relative to the device's own
        self._target: CArmPose | None = None
        self._size_px = size_px or config.detector_px
        self._detector = detector or DetectorConfig()
        self._exposure = exposure
        self._panel = Panel()
        self._rng = np.random.default_rng(seed)
        self._renderer = CpuRenderer(patient, preview)
        self._cached: tuple[CArmPose, BodyState, Rendering, bool] | None = None

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
        self.pose = _on_the_way(self.config, self.pose, self._target, dt_s)
        if self.pose == self._target:
            self._target = None

    def set_collimation(self, collimation: Collimation) -> None:
        """Moves the collimator's blades; raises LimitError, and moves nothing, for an impossible opening."""
        self.config.check_collimation(collimation)
        self.collimation = collimation

    def begin_case(self) -> None:
        """Counts shots and dose from zero again; the C-arm stays where it is."""
        self.shots, self.dap_gym2 = 0, 0.0

    def acquire(self) -> Frame:
        """One shot: an image, its dose, its place in the case."""
        # Time may pass in another thread meanwhile (a node steps the twin as it renders): the shot is of one instant.
        pose, target, collimation, time_s = self.pose, self._target, self.collimation, self.time_s
        body = self._body_state(time_s)
        pulse = self._pulse(pose, target, body)
        rendering = pulse[len(pulse) // 2].rendering if pulse else self._rendering(pose, body, labels=False)
        factor = self.dose_factor
        config = replace(self.config, kerma_ugy=self.config.kerma_ugy * factor)
        exposure = replace(self._exposure, detector_ugy=self._exposure.detector_ugy * factor)
        taken = shoot(rendering, config, collimation, self._rng, exposure, self._detector, self._panel, time_s, pulse)
        self.shots += 1
        self.dap_gym2 += taken.exposure.dap_gym2
        entrance = self._entrance_ugy(pose, taken.exposure)
        kvp = taken.exposure.kvp
        return Frame(taken.image, pose, collimation, kvp, time_s, self.shots, taken.exposure, entrance, body)

    def truth(self, frame: Frame | None = None) -> Rendering:
        """What the rays meet, with all labels and the collimator open, now or in a frame; costs no dose."""
        if frame is not None:
            return self._rendering(frame.pose, frame.body_state, labels=True)
        return self._rendering(self.pose, self._body_state(self.time_s), labels=True)

    def _pulse(self, pose: CArmPose, target: CArmPose | None, body: BodyState) -> list[Smear]:
        """What a pulse now sees while the C-arm is on its way; nothing where one view is all."""
        half_s = self._exposure.pulse_ms / 2000.0
        if target is None or half_s <= 0:
            return []
        end = _on_the_way(self.config, pose, target, half_s)
        views = sub_views(self.config, between(end, pose, 2.0), end, self._size_px)
        return [smear(self.config, view, self._rendering(view.pose, body, labels=False)) for view in views]

    def _entrance_ugy(self, pose: CArmPose, exposure: Exposure) -> float:
        """Inverse square from the reference point to the first tissue on the central ray."""
        projection = self.config.projection(pose)
        ray = projection.rays([[(projection.width - 1) / 2, (projection.height - 1) / 2]])[0]
        along_mm = np.arange(0.0, self.config.sdd_mm, 2.0)
        to_index = np.linalg.inv(self.patient.affine)
        points = (projection.source_mm + along_mm[:, None] * ray) @ to_index[:3, :3].T + to_index[:3, 3]
        voxels = np.rint(points).astype(int)
        inside = np.flatnonzero(((voxels >= 0) & (voxels < self.patient.hu.shape)).all(axis=1))
        tissue = inside[self.patient.hu[tuple(voxels[inside].T)] > _TISSUE_HU]
        if len(tissue) == 0:
            return 0.0
        reference_mm = self.config.sod_mm - REFERENCE_POINT_MM
        return exposure.kerma_ugy * (reference_mm / max(float(along_mm[tissue[0]]), 1.0)) ** 2

    def _body_state(self, time_s: float) -> BodyState:
        return self.motion.state(time_s) if self.motion else AT_REST

    def _rendering(self, pose: CArmPose, body: BodyState, labels: bool) -> Rendering:
        cached = self._cached
        if cached is None or cached[:2] != (pose, body) or (labels and not cached[3]):
            projection = self.config.projection(pose, self._size_px)
            displacement = self.motion.displacement(body) if self.motion else None
            rendering = self._renderer.render(projection, labels=labels, displacement=displacement)
            self._cached = cached = (pose, body, rendering, labels)
        return cached[2]


def _on_the_way(config: CArmConfig, pose: CArmPose, target: CArmPose, dt_s: float) -> CArmPose:
    """Where a C-arm is after some time on its way: every axis at its own speed limit, the target exactly at the end."""
    turn, shift = config.speed_deg_s * dt_s, config.speed_mm_s * dt_s
    here = np.array(pose.isocenter_mm)
    to_go = np.array(target.isocenter_mm) - here
    distance = float(np.linalg.norm(to_go))
    arrived = here + to_go * min(1.0, shift / distance) if distance > 0 else here
    there = CArmPose(
        _approach(pose.primary_deg, target.primary_deg, turn),
        _approach(pose.secondary_deg, target.secondary_deg, turn),
        (float(arrived[0]), float(arrived[1]), float(arrived[2])),
    )
    close = np.allclose(arrived, target.isocenter_mm, atol=1e-6)
    if close and (there.primary_deg, there.secondary_deg) == (target.primary_deg, target.secondary_deg):
        return target
    return there


def _approach(value: float, target: float, step: float) -> float:
    return target if abs(target - value) <= step else value + step * float(np.sign(target - value))
