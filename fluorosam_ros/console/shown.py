"""What the page shows, part by part: finished texts and shares, so that the page only places them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fluorosam_ros.console.conversation import Entry
from fluorosam_ros.console.reports import Level, PictureKind
from fluorosam_ros.console.solids import Solid
from fluorosam_sim.carm import CArmPose, Collimation

Mode = Literal["armed", "disarmed", "stopped", "silent"]


@dataclass(frozen=True)
class PictureShown:
    """About the image.

    Attributes:
        live: it is of this moment.
        banner: large words across it; "" while it is live.
        age: "0.2 s"; note: what else is to know, "" for nothing.
        letters: of the patient, at the left, top, right and bottom edge; empty where its pose is not known.
        field: edges of the collimator now as shares of the image (x0, y0, x1, y1); None while it is fully open.
    """

    live: bool
    banner: str
    age: str = ""
    note: str = ""
    letters: tuple[str, str, str, str] = ("", "", "", "")
    field: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Geometry:
    """What the 3D scene needs, mm. body: the C-arm's solids, none where its driver describes none."""

    pose: CArmPose
    sdd_mm: float
    sod_mm: float
    body: tuple[Solid, ...]
    field: Collimation
    beam_on: bool


@dataclass(frozen=True)
class CArmShown:
    """The C-arm in clinical words. heard: its state is fresh; action: "moving", "at rest" or what is wrong."""

    heard: bool
    primary: str = "–"
    secondary: str = "–"
    isocenter: str = "–"
    distances: str = "–"
    field: str = "–"
    moving: bool = False
    beam_on: bool = False
    action: str = ""
    geometry: Geometry | None = None


@dataclass(frozen=True)
class InterlockShown:
    """Permission. title: one or two words; reason: the interlock's sentence; exposure: why no exposure, or ""."""

    mode: Mode
    title: str
    reason: str
    exposure: str = ""
    alarm: str = ""


@dataclass(frozen=True)
class Bar:
    """A quantity beside its limit. share: 0 to 1, None without a limit."""

    name: str
    value: str
    limit: str
    share: float | None


@dataclass(frozen=True)
class DoseShown:
    """The case's dose. level: of a pulse, "" if it is not known; costs: newest commands that exposed, with what."""

    bars: tuple[Bar, ...]
    level: str = ""
    costs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OutlinedShown:
    """A structure that is looked for. colour: of its outline as #rrggbb, "" where it is not in the image."""

    prompt: str
    text: str
    colour: str


@dataclass(frozen=True)
class NodeShown:
    """Health of a node, with its own sentence."""

    name: str
    level: Level
    text: str


@dataclass(frozen=True)
class Suggestion:
    """A prompt to offer. at_once: it neither moves nor exposes, so that one press may say it."""

    prompt: str
    at_once: bool


@dataclass(frozen=True)
class Shown:
    """The page but for its image."""

    carm: CArmShown
    interlock: InterlockShown
    dose: DoseShown
    log: tuple[Entry, ...]
    outlined: tuple[OutlinedShown, ...]
    nodes: tuple[NodeShown, ...]
    suggestions: tuple[Suggestion, ...]
    operator: str
    picture_kind: PictureKind
