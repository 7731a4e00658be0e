"""What the console hears, as plain values: the line to ROS fills them, the view model reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy.typing as npt

from fluorosam_ros.control.operations import ReplyKind
from fluorosam_sim.carm import CArmPose, Collimation

PictureKind = Literal["raw", "overlay"]
Request = Literal["arm", "disarm", "reset"]
Level = Literal["ok", "warn", "error", "silent"]


@dataclass(frozen=True)
class CArmReport:
    """The C-arm at one time. stamp_ns: its own clock; lengths in mm; beam_on: the state of an exposure."""

    stamp_ns: int
    pose: CArmPose
    sdd_mm: float
    sod_mm: float
    detector_mm: tuple[float, float]
    field: Collimation
    moving: bool = False
    beam_on: bool = False
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class InterlockReport:
    """Permission to move and to expose, with the interlock's own words."""

    armed: bool
    emergency_stop: bool
    exposure_permitted: bool
    reason: str = ""
    exposure_reason: str = ""


@dataclass(frozen=True)
class Answer:
    """A reply to a prompt."""

    prompt: str
    kind: ReplyKind
    text: str


@dataclass(frozen=True)
class NodeReport:
    """What a node says of itself; values: its own numbers as text."""

    name: str
    level: Level
    text: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outlined:
    """One structure that the segmenter looked for in the newest image. score: probability of presence, 0 to 1."""

    prompt: str
    name: str
    present: bool
    score: float


@dataclass(frozen=True)
class Picture:
    """An image that has come. late_s: its age on arrival; pixels: decodes it when it is wanted, (H, W) or (H, W, 3)."""

    kind: PictureKind
    stamp_ns: int
    late_s: float
    size_px: tuple[int, int]
    pixels: Callable[[], npt.NDArray[Any]]


class Link(Protocol):
    """What a press on the page asks for. All return at once; what comes of it is heard like everything else."""

    def say(self, prompt: str) -> None:
        """Publishes a prompt, as if it had been spoken."""
        ...

    def request(self, name: Request) -> None:
        """Asks the interlock itself, so that it is heard even where the guidance is dead."""
        ...

    def emergency_stop(self) -> None:
        """Stops all motion and exposure, by every way there is."""
        ...

    def finish_case(self) -> None:
        """Has the dose report written and the next case begun."""
        ...
