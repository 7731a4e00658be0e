"""The two recognisers together: from one utterance to a decision, "stop" first."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fluorosam_ros.control.command_types import Stop
from fluorosam_ros.control.context import Context
from fluorosam_ros.speech.agreement import Decision, Dialogue
from fluorosam_ros.speech.audio import RATE_HZ, Samples
from fluorosam_ros.speech.interpretation import understand
from fluorosam_ros.speech.recogniser import Heard, Recogniser

MAX_UTTERANCE_S = 30.0
"""What Whisper hears at once."""


@dataclass(frozen=True)
class Hearing:
    """What came of one utterance.

    Attributes:
        decision: what to do.
        general, checking: what the two recognisers heard.
        seconds: how long the general one took.
    """

    decision: Decision
    general: Heard
    checking: Heard
    seconds: float


class Listener:
    """Takes utterances one after the other.

    `check` and `decide` may run in two threads, so that a "stop" need not wait for the slower recogniser; neither may
    run in two at once.
    """

    def __init__(self, general: Recogniser, checking: Recogniser, dialogue: Dialogue | None = None) -> None:
        self.general, self.checking = general, checking
        self.dialogue = dialogue or Dialogue()

    def check(self, samples: Samples) -> Heard:
        """What the checking recogniser hears; `stops` tells whether that is a stop."""
        return self.checking.hear(_cut(samples))

    def decide(self, samples: Samples, checking: Heard, now_s: float, context: Context | None = None) -> Hearing:
        """Lets the general recogniser hear it too, and decides. now_s: when it was said, on any steady clock."""
        begun_s = time.monotonic()
        general = self.general.hear(_cut(samples))
        decision = self.dialogue.take(general, checking, now_s, context)
        return Hearing(decision, general, checking, time.monotonic() - begun_s)

    def hear(self, samples: Samples, now_s: float, context: Context | None = None) -> Hearing:
        """Both, one after the other; what is longer than half a minute is cut."""
        return self.decide(samples, self.check(samples), now_s, context)


def stops(heard: Heard) -> bool:
    """Whether what was heard is a stop."""
    return isinstance(understand(heard).command, Stop)


def _cut(samples: Samples) -> Samples:
    return samples[: round(MAX_UTTERANCE_S * RATE_HZ)]
