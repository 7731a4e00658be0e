"""The commands a prompt can mean, and one English sentence for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from fluorosam_sim.anatomy import Structure


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
class TakeShot:
    """One exposure with the present settings."""


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
class Ask:
    """Something is missing or ambiguous; nothing happens until it is said.

    Attributes:
        question: one sentence.
        alternatives: structures to choose from; empty if something else is missing.
        about: the kind of command the chosen structure is for, None if the command itself has to be said again.
    """

    question: str
    alternatives: tuple[Structure, ...] = ()
    about: type[Segment] | type[Center] | type[CollimateTo] | None = field(default=None)


@dataclass(frozen=True)
class Refuse:
    """Understood as a request, but not one that can be met; ``reason`` is one sentence."""

    reason: str


@dataclass(frozen=True)
class NotUnderstood:
    """No command and no structure; ``reason`` is one sentence."""

    reason: str


Command = (
    Segment | StopSegmenting | Center | CollimateTo | OpenCollimator | Rotate | Tilt | TakeShot | Stop | Arm | Disarm
    | ResetStop | Ask | Refuse | NotUnderstood
)  # fmt: skip

ACTING = (Center, CollimateTo, OpenCollimator, Rotate, Tilt, TakeShot)
"""Commands that move something or expose the patient: they need an armed system."""


def listed(names: list[str], word: str) -> str:
    """ "a", "a and b", "a, b and c"."""
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _angle(value: float, positive: str, negative: str) -> str:
    side = positive if value > 0 else negative
    return f"{abs(value):g}°" if value == 0 else f"{side} {abs(value):g}°"


def _turn(verb: str, command: Rotate | Tilt, positive: str, negative: str) -> str:
    if command.to_deg is not None:
        return f"{verb} to {_angle(command.to_deg, positive, negative)}."
    delta = command.delta_deg or 0.0
    return f"{verb} by {abs(delta):g}° towards {positive if delta >= 0 else negative}."


def _segment(command: Segment) -> str:
    parts = [f"Segment {Target(command.structures).name}."] if command.structures else []
    if command.tools:
        tools = listed([repr(tool) for tool in command.tools], "and")
        parts.append(f"Answer that {tools} cannot be found: not in this image.")
    return " ".join(parts)


def describe(command: Command) -> str:
    """One English sentence saying what the command does (or why it does nothing)."""
    match command:
        case Segment():
            return _segment(command)
        case StopSegmenting():
            return f"Stop segmenting {Target(command.structures).name if command.structures else 'everything'}."
        case Center():
            return f"Center on {command.target.name}."
        case CollimateTo():
            return f"Collimate to {command.target.name}."
        case OpenCollimator():
            return "Open the collimator fully."
        case Rotate():
            return _turn("Rotate", command, "LAO", "RAO")
        case Tilt():
            return _turn("Tilt", command, "cranial", "caudal")
        case TakeShot():
            return "Take one shot."
        case Stop():
            return "Stop all motion and exposure."
        case Arm():
            return "Arm the system."
        case Disarm():
            return "Disarm the system."
        case ResetStop():
            return "Reset the emergency stop."
        case Ask():
            return command.question
        case Refuse() | NotUnderstood():
            return command.reason
