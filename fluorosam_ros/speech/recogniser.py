"""What every recogniser of speech offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fluorosam_ros.speech.audio import Samples


class RecogniserError(RuntimeError):
    """Why there is no recogniser, in one sentence that says what to do."""


@dataclass(frozen=True)
class Heard:
    """What a recogniser made of one utterance.

    Attributes:
        text: the words, "" if it heard none.
        confidence: 0 to 1, the recogniser's own; not calibrated, and not comparable between recognisers.
    """

    text: str
    confidence: float


class Recogniser(Protocol):
    """One way from sound to words. Not safe to call from several threads at once."""

    name: str

    def hear(self, samples: Samples) -> Heard:
        """The words of one utterance of at most half a minute. Never raises for sound of the right type."""
        ...
