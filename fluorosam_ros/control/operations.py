"""What a sequence needs of the C-arm, the segmenter and the interlock, and the words for how it ends.

Plain Python: `fluorosam_ros.device` adapts ROS to `Operations`, `twin_device` a twin in this process, tests a fake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fluorosam_ros.control.command_types import DoseLevel
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation

DOSE_FACTORS: dict[DoseLevel, float] = {"low": 0.5, "normal": 1.0, "high": 2.0}
"""Dose of a pulse at each level, relative to the device's own."""

SAME_DEG, SAME_MM = 0.05, 0.2
"""A view is current while the C-arm is this close to where it was taken."""


class ReplyKind(Enum):
    """How a prompt ended; the values are those of msg/Reply."""

    UNDERSTOOD = 0
    DONE = 1
    REFUSED = 2
    QUESTION = 3
    FAILED = 4
    STOPPED = 5


@dataclass(frozen=True)
class Outcome:
    """The final answer to a prompt: how it ended, and one sentence."""

    kind: ReplyKind
    text: str


class DeviceError(RuntimeError):
    """An operation that was refused or failed; the message is the reason, one sentence."""


class Refused(RuntimeError):
    """Ends a sequence before anything was changed; the message is the reason, one sentence."""


class Cancelled(RuntimeError):
    """The sequence was stopped from outside while an operation was under way."""


@dataclass(frozen=True)
class DeviceStatus:
    """The C-arm now. reason: the interlock's, why it is (not) armed."""

    pose: CArmPose
    collimation: Collimation
    armed: bool
    emergency_stop: bool
    reason: str = ""


@dataclass(frozen=True)
class View:
    """An image that was taken: its identity and geometry. stamp_ns: that of its header."""

    stamp_ns: int
    pose: CArmPose
    collimation: Collimation
    size_px: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Found:
    """One structure in one view. mask: (H, W) bool of the view's size; centroid: (x, y) px. Both None when absent."""

    prompt: str
    present: bool
    score: float
    centroid_px: tuple[float, float] | None
    mask: npt.NDArray[np.bool_] | None


class Operations(Protocol):
    """What a sequence may do. All block until done.

    All may raise DeviceError, Cancelled, or Refused for what the device does not offer.
    """

    @property
    def config(self) -> CArmConfig:
        """Geometry and limits of the device."""
        ...

    def status(self) -> DeviceStatus:
        """The C-arm and the interlock now."""
        ...

    def view(self) -> View | None:
        """The newest image, or None before the first."""
        ...

    def shoot(self) -> View:
        """One exposure."""
        ...

    def segment(self, prompts: Sequence[str], view: View) -> list[Found]:
        """Answers about a view (or a newer one), in the prompts' order; one prompt may have several."""
        ...

    def show(self, prompts: Sequence[str]) -> None:
        """From now on these are outlined in every image."""
        ...

    def move(self, pose: CArmPose) -> CArmPose:
        """Moves; returns the pose that was reached."""
        ...

    def collimate(self, collimation: Collimation) -> Collimation:
        """Sets the collimator; returns what was really set."""
        ...

    def interlock(self, request: str) -> tuple[bool, str]:
        """ "arm", "disarm", "stop" or "reset": (granted, the interlock's sentence)."""
        ...

    def fluoro(self, on: bool) -> str:
        """Switches live images on or off; returns the device's sentence."""
        ...

    def dose_level(self) -> DoseLevel:
        """The dose of every pulse now."""
        ...

    def set_dose_level(self, level: DoseLevel) -> None:
        """Sets the dose of every pulse from now on."""
        ...


def same_pose(a: CArmPose, b: CArmPose) -> bool:
    """Whether two poses are the same within what a C-arm can tell."""
    turned = max(abs(a.primary_deg - b.primary_deg), abs(a.secondary_deg - b.secondary_deg))
    shifted = float(np.max(np.abs(np.subtract(a.isocenter_mm, b.isocenter_mm))))
    return turned <= SAME_DEG and shifted <= SAME_MM


def same_field(a: Collimation, b: Collimation) -> bool:
    """Whether two openings are the same within what a collimator can tell."""
    return max(abs(x - y) for x, y in zip(astuple(a), astuple(b), strict=True)) <= SAME_MM


def angles_text(pose: CArmPose) -> str:
    """ "LAO 30°, cranial 10°"."""
    primary = f"{'RAO' if pose.primary_deg <= -0.5 else 'LAO'} {abs(pose.primary_deg):.0f}°"
    secondary = f"{'caudal' if pose.secondary_deg <= -0.5 else 'cranial'} {abs(pose.secondary_deg):.0f}°"
    return f"{primary}, {secondary}"
