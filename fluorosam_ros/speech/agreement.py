"""Which words are passed on: one recogniser is enough to outline, motion and exposure need both, or a "confirm".

"Stop" from either recogniser always goes through. The rules, in this order, are those of `decide`; `Dialogue` adds the
question that is open ("Did you say …? Say confirm please or cancel.").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fluorosam_ros.control.command_types import Cancel, Stop
from fluorosam_ros.control.context import Context
from fluorosam_ros.speech.grammar import CANCEL, CONFIRM, CONFIRM_PLEASE
from fluorosam_ros.speech.interpretation import Understood, needs_agreement, same_meaning, similarity, understand
from fluorosam_ros.speech.recogniser import Heard

STOP = "stop"
PLAUSIBLE = 0.45
"""The least likeness of the general recogniser's words to a command that only the checking one understood."""

ALIKE = 0.7
"""As PLAUSIBLE, to pass a harmless one on without asking."""

SURE = 0.55
"""The least confidence of the general recogniser for its words to count, in agreement or alone."""

_YES = re.compile(r"(?:yes )?confirm(?:ed)?(?: please)?")
_NO = re.compile(r"\b(?:cancel(?:led)?|no|not|don t|dont|never|stop|wrong)\b")


@dataclass(frozen=True)
class Decision:
    """What becomes of an utterance.

    Attributes:
        kind: "pass" the text on; "ask" whether the text was said; "nothing" is done.
        text: the words to pass on or to ask about, else "".
        reason: one sentence for the operator; "" where the guidance will answer, or nothing was said.
    """

    kind: Literal["pass", "ask", "nothing"]
    text: str = ""
    reason: str = ""


def decide(general: Understood, checking: Understood, context: Context | None = None) -> Decision:
    """The rule for one utterance, from what the general and the checking recogniser understood."""
    if any(isinstance(heard.command, Stop) for heard in (general, checking)):
        return Decision("pass", STOP)
    if not general.raw:  # no speech, whatever the grammar made of it
        return Decision("nothing")
    if agree(general, checking):
        # Two guesses that meet are no agreement: in noise both are drawn to what is common in the vocabulary.
        sure = general.literal and checking.literal and general.confidence >= SURE
        return (
            Decision("pass", general.text)
            if sure or not needs_agreement(general.command, context)
            else _ask(general.text)
        )
    likeness = similarity(general.raw, checking.text) if checking.clear else 0.0
    if general.clear:
        if not needs_agreement(general.command, context) and general.confidence >= SURE:
            return Decision("pass", general.text)
        return _ask(checking.text if likeness >= ALIKE else general.text)
    if likeness < PLAUSIBLE and general.likely and general.confidence >= SURE:
        return _ask(general.text)
    if likeness < PLAUSIBLE:
        return Decision("nothing", reason=f"I did not understand you: I heard “{general.raw[:60]}”.")
    if needs_agreement(checking.command, context) or likeness < ALIKE:
        return _ask(checking.text)
    return Decision("pass", checking.text)


def agree(general: Understood, checking: Understood) -> bool:
    """Whether both understood the same command."""
    return general.clear and checking.clear and same_meaning(general.command, checking.command)


def confirms(general: str, checking: str) -> bool:
    """Whether one recogniser heard "confirm", and the other something like it rather than like "cancel"."""
    texts = [" ".join(re.findall(r"[a-z]+", text.lower())) for text in (general, checking)]
    if any(_NO.search(text) for text in texts) or not any(_YES.fullmatch(text) for text in texts):
        return False
    return all(similarity(text, CONFIRM) > max(similarity(text, CANCEL), 0.4) for text in texts)


def _ask(text: str) -> Decision:
    return Decision("ask", text, _question(text))


def _question(text: str) -> str:
    return f"Did you say “{text}”? Say “{CONFIRM_PLEASE}” or “{CANCEL}”."


class Dialogue:
    """Remembers what was asked, until it is answered, something else is said or `expiry_s` have passed."""

    def __init__(self, expiry_s: float = 8.0) -> None:
        self.expiry_s = expiry_s
        self._pending: str | None = None
        self._until_s = 0.0

    @property
    def pending(self) -> str | None:
        """The words that wait for a "confirm", or None."""
        return self._pending

    def forget(self) -> None:
        """Nothing waits for a "confirm" any more."""
        self._pending = None

    def expired(self, now_s: float) -> str | None:
        """The words whose time to be confirmed has run out just now, or None."""
        if self._pending is None or now_s < self._until_s:
            return None
        text, self._pending = self._pending, None
        return text

    def take(self, general: Heard, checking: Heard, now_s: float, context: Context | None = None) -> Decision:
        """What becomes of an utterance at a time, seconds on any clock that only goes forward."""
        self.expired(now_s)
        asked, self._pending = self._pending, None
        understood = understand(general, context), understand(checking, context)
        decision = decide(*understood, context)
        if decision.text == STOP:
            return decision
        if confirms(general.text, checking.text):
            return Decision("pass", asked) if asked else Decision("nothing", reason="There is nothing to confirm.")
        if asked and any(isinstance(heard.command, Cancel) for heard in understood):
            return Decision("nothing", reason=f"“{asked}” is dropped: nothing was done.")
        if asked and not agree(*understood):  # a cough, or talk: no answer, and nothing else to begin meanwhile
            self._pending = asked
            return Decision("nothing", reason=_question(asked) if general.text.strip() else "")
        if decision.kind == "ask":
            self._pending, self._until_s = decision.text, now_s + self.expiry_s
        return decision
