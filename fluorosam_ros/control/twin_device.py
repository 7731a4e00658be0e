"""The C-arm's operations on a twin in this very process: for benchmarks and tests, without ROS and without waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_ros.control.command_types import DoseLevel
from fluorosam_ros.control.interlock_rules import Interlock, InterlockConfig
from fluorosam_ros.control.operations import DOSE_FACTORS, DeviceError, DeviceStatus, Found, Refused, View
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.twin import Frame, Twin

_STEP_S = 0.05


class Segmenter(Protocol):
    """What is needed to find structures in an image: `fluorosam_model.predictor` has it, and so has the truth."""

    def find(self, prompts: Sequence[str], frame: Frame) -> list[Found]:
        """Answers in the prompts' order."""
        ...


class TwinDevice:
    """Implements `operations.Operations`. Moves take simulated time at the C-arm's real speed."""

    def __init__(self, twin: Twin, segmenter: Segmenter) -> None:
        self._twin = twin
        self._segmenter = segmenter
        self._interlock = Interlock(InterlockConfig(twin.config))
        self._frames: dict[int, Frame] = {}
        self._newest: View | None = None
        self.shown: tuple[str, ...] = ()

    @property
    def config(self) -> CArmConfig:
        return self._twin.config

    def status(self) -> DeviceStatus:
        lock = self._interlock
        return DeviceStatus(self._twin.pose, self._twin.collimation, lock.armed, lock.emergency_stop, lock.reason)

    def view(self) -> View | None:
        return self._newest

    def shoot(self) -> View:
        self._require_armed()
        frame = self._twin.acquire()
        height, width = frame.image.shape
        self._newest = View(frame.shot, frame.pose, frame.collimation, (width, height))
        self._frames = {frame.shot: frame}
        return self._newest

    def segment(self, prompts: Sequence[str], view: View) -> list[Found]:
        return self._segmenter.find(prompts, self._frames[view.stamp_ns])

    def show(self, prompts: Sequence[str]) -> None:
        self.shown = tuple(prompts)

    def move(self, pose: CArmPose) -> CArmPose:
        self._require_armed()
        self._twin.start_move(pose)
        while self._twin.moving:
            self._twin.step(_STEP_S)
        return self._twin.pose

    def collimate(self, collimation: Collimation) -> Collimation:
        self._require_armed()
        self._twin.set_collimation(collimation)
        return collimation

    def interlock(self, request: str) -> tuple[bool, str]:
        now = self._twin.time_s
        self._interlock.observe(self._twin.pose, now)
        decide = {
            "arm": lambda: self._interlock.arm(now),
            "disarm": self._interlock.disarm,
            "stop": self._interlock.stop,
            "reset": self._interlock.reset,
        }
        decision = decide[request]()
        return decision.granted, decision.reason

    def fluoro(self, on: bool) -> str:
        if on:
            raise Refused("This C-arm takes single shots only.")
        return "Fluoroscopy is off."

    def dose_level(self) -> DoseLevel:
        return min(DOSE_FACTORS, key=lambda level: abs(DOSE_FACTORS[level] - self._twin.dose_factor))

    def set_dose_level(self, level: DoseLevel) -> None:
        self._twin.dose_factor = DOSE_FACTORS[level]

    def _require_armed(self) -> None:
        if not self._interlock.armed:
            raise DeviceError("Not armed.")


class TruthSegmenter:
    """Answers from the patient's own labels: what guidance reaches when perception makes no mistake."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def find(self, prompts: Sequence[str], frame: Frame) -> list[Found]:
        from fluorosam_sim import anatomy

        rendering = self._twin.truth()
        return [
            found(prompt, rendering.mask([m for s in anatomy.find(prompt).structures for m in s.members]))
            for prompt in prompts
        ]


class ModelSegmenter:
    """Answers from the shipped model."""

    def __init__(self, model: str = "lite") -> None:
        from fluorosam_model.registry import load_predictor

        self._predictor = load_predictor(model)
        self._shot = -1

    def find(self, prompts: Sequence[str], frame: Frame) -> list[Found]:
        if frame.shot != self._shot:
            self._predictor.set_image(frame.image)
            self._shot = frame.shot
        results = []
        for prediction in self._predictor.predict_many(list(prompts)):
            mask = np.asarray(prediction.mask, bool) if prediction.present else None
            results.append(Found(prediction.prompt, prediction.present, prediction.score, prediction.centroid, mask))
        return results


def found(prompt: str, mask: npt.NDArray[np.bool_]) -> Found:
    """A certain answer: what a mask (H, W) shows."""
    if not mask.any():
        return Found(prompt, False, 0.0, None, None)
    rows, columns = np.nonzero(mask)
    return Found(prompt, True, 1.0, (float(columns.mean()), float(rows.mean())), mask)
