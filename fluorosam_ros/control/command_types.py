"""The commands a prompt can mean; `control.wording` has one English sentence for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fluorosam_sim.anatomy import Structure
from fluorosam_sim.views import NamedView

Direction = Literal["left", "right", "head", "feet", "ceiling", "table"]
"""Of the supine patient: the ceiling is where the front is, the table where the back is."""

DoseLevel = Literal["low", "normal", "high"]
DOSE_LEVELS: tuple[DoseLevel, ...] = ("low", "normal", "high")
"""From the least dose per pulse to the most."""


@dataclass(frozen=True)
class Target:
    """What a command is about: one or more structures, taken together.

    Attributes:
        structures: at least one.
        corrections: (written, understood) for misspelt words, to be read back to the person.
    """

    structures: tuple[Structure, ...]
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """ "the left kidney", "the heart and the ribs"."""
        return listed([f"the {s.name}" for s in self.structures], "and")


@dataclass(frozen=True)
class Segment:
    """Outline these from now on.

    Attributes:
        text: the prompt as written, spaces tidied.
        structures: what it was resolved to.
        tools: instruments and implants it names; no class for them exists, so they are reported as not in the image.
        corrections: (written, understood) for misspelt words.
    """

    text: str
    structures: tuple[Structure, ...]
    tools: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class StopSegmenting:
    """Outline these no longer; everything if empty."""

    structures: tuple[Structure, ...] = ()


@dataclass(frozen=True)
class Center:
    """Move so that the target is in the middle of the image."""

    target: Target


@dataclass(frozen=True)
class CollimateTo:
    """Close the collimator around the target."""

    target: Target


@dataclass(frozen=True)
class OpenCollimator:
    """Open the collimator to the whole detector."""


@dataclass(frozen=True)
class CollimateBy:
    """Move every blade by this much, mm at the isocentre; + opens. unit_mm: in which it was said."""

    delta_mm: float
    unit_mm: float = field(default=1.0, compare=False)


@dataclass(frozen=True)
class SetField:
    """Make the field a square about the middle of the image, mm at the isocentre. unit_mm: in which it was said."""

    side_mm: float
    unit_mm: float = field(default=1.0, compare=False)


@dataclass(frozen=True)
class Zoom:
    """Make the field smaller by a factor (above 1), or larger if ``out``; its middle stays."""

    factor: float
    out: bool = False


@dataclass(frozen=True)
class Rotate:
    """Turn about the primary axis, degrees, + towards LAO: either by ``delta_deg`` or to ``to_deg``."""

    delta_deg: float | None = None
    to_deg: float | None = None


@dataclass(frozen=True)
class Tilt:
    """Turn about the secondary axis, degrees, + towards cranial: either by ``delta_deg`` or to ``to_deg``."""

    delta_deg: float | None = None
    to_deg: float | None = None


@dataclass(frozen=True)
class Translate:
    """Move the isocentre by this much, mm, at the same angles. unit_mm: in which it was said."""

    direction: Direction
    distance_mm: float
    unit_mm: float = field(default=1.0, compare=False)


@dataclass(frozen=True)
class GoToView:
    """Move to a named standard view. structure: the vertebra, for a view that is of one."""

    view: NamedView
    structure: Structure | None = None


@dataclass(frozen=True)
class GoBack:
    """Return to the pose before the last motion."""


@dataclass(frozen=True)
class SaveView:
    """Remember the present pose and field under a name."""

    name: str


@dataclass(frozen=True)
class RecallView:
    """Go to the pose and field saved under a name."""

    name: str


@dataclass(frozen=True)
class TakeShot:
    """One exposure with the present settings."""


@dataclass(frozen=True)
class SwitchFluoro:
    """Live images on or off."""

    on: bool


@dataclass(frozen=True)
class ChangeDose:
    """One dose level up (``higher``) or down."""

    higher: bool


@dataclass(frozen=True)
class SetDose:
    """Set the dose of every pulse."""

    level: DoseLevel


@dataclass(frozen=True)
class DescribeImage:
    """Say what is in the image."""


@dataclass(frozen=True)
class WhereIs:
    """Say where in the image the target is."""

    target: Target


@dataclass(frozen=True)
class WhereAreWe:
    """Say where the C-arm is: angles, isocentre, field."""


@dataclass(frozen=True)
class Cancel:
    """End what is under way; the system stays armed."""


@dataclass(frozen=True)
class Stop:
    """Stop all motion and exposure at once."""


@dataclass(frozen=True)
class Arm:
    """Allow motion and exposure."""


@dataclass(frozen=True)
class Disarm:
    """Forbid motion and exposure."""


@dataclass(frozen=True)
class ResetStop:
    """Release the emergency stop; the system stays disarmed."""


@dataclass(frozen=True)
class Choice:
    """One answer to a question.

    Attributes:
        command: what it makes of the question.
        structure: the structure to be named, or None.
        words: other words that choose it, normalised; a side belongs here.
    """

    command: Command
    structure: Structure | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """Something is missing or ambiguous; nothing happens until it is said.

    Attributes:
        question: one sentence.
        choices: what can be answered; empty if the command itself has to be said again.
        guess: whether no rule understood the text, and the choice is what it may have meant (`control.reading`).
        said: the plain words that were asked about, which an answer may complete.
    """

    question: str
    choices: tuple[Choice, ...] = ()
    guess: bool = False
    said: str = field(default="", compare=False)


@dataclass(frozen=True)
class Refuse:
    """Understood as a request, but not one that can be met; ``reason`` is one sentence."""

    reason: str


@dataclass(frozen=True)
class NotUnderstood:
    """No command and no structure; ``reason`` is one sentence."""

    reason: str


Single = (
    Segment | StopSegmenting | Center | CollimateTo | CollimateBy | OpenCollimator | SetField | Zoom | Rotate | Tilt
    | Translate | GoToView | GoBack | SaveView | RecallView | TakeShot | SwitchFluoro | ChangeDose | SetDose
    | DescribeImage | WhereIs | WhereAreWe | Cancel | Stop | Arm | Disarm | ResetStop
)  # fmt: skip


@dataclass(frozen=True)
class Steps:
    """Several commands, one after the other; the first that fails ends them."""

    commands: tuple[Single, ...]


Unclear = Ask | Refuse | NotUnderstood
Command = Single | Steps | Unclear

Aimed = type[Segment] | type[StopSegmenting] | type[Center] | type[CollimateTo] | type[WhereIs]
"""Kinds of command that are about structures."""

_ACTING = (
    Center, CollimateTo, CollimateBy, OpenCollimator, SetField, Zoom, Rotate, Tilt, Translate, GoToView, GoBack,
    RecallView, TakeShot,
)  # fmt: skip


def acts(command: Command) -> bool:
    """Whether a command moves something or exposes the patient, so that it needs an armed system."""
    if isinstance(command, Steps):
        return any(map(acts, command.commands))
    return isinstance(command, _ACTING) or (isinstance(command, SwitchFluoro) and command.on)


def steps_of(command: Command) -> tuple[Single, ...]:
    """The commands that one consists of: its steps, or itself alone, be it clear or not."""
    return command.commands if isinstance(command, Steps) else (command,)  # type: ignore[return-value]


def aimed(kind: Aimed, target: Target) -> Single:
    """The command of a kind about a target."""
    if kind is Segment:
        name = listed([s.name for s in target.structures], "and")
        return Segment(name, target.structures, corrections=target.corrections)
    if kind is StopSegmenting:
        return StopSegmenting(target.structures)
    if kind is WhereIs:
        return WhereIs(target)
    return Center(target) if kind is Center else CollimateTo(target)


def listed(names: list[str], word: str) -> str:
    """ "a", "a and b", "a, b and c"."""
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
