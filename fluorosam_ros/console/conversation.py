"""What was said and what came of it: one entry a prompt, with its answer, its cost and the buttons for a question."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fluorosam_ros.console.reports import Answer
from fluorosam_ros.control.command_types import Ask, acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.exposure_budget import Spent
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.plain_text import MAX_TEXT
from fluorosam_ros.control.reading import NO

KEPT = 60
"""Entries that are remembered."""

SILENT_S = 10.0
"""A prompt that nobody answered for so long will not be answered."""

_PAYERS = 8  # of the commands before, which may have to pay again after a refusal


@dataclass(frozen=True)
class Entry:
    """A prompt or a press.

    Attributes:
        number: counts up; said_s: when, on the monotonic clock; clock: time of day.
        kind: of the newest reply; None before the first.
        open: the final reply has not come.
        choices: prompts that answer the question.
        dap_gym2, exposures: what was spent (Gy·m²) from the prompt to its end.
    """

    number: int
    said_s: float
    clock: str
    text: str
    kind: ReplyKind | None = None
    reply: str = ""
    open: bool = True
    choices: tuple[str, ...] = ()
    dap_gym2: float = 0.0
    exposures: int = 0

    def silent(self, now_s: float) -> bool:
        """Whether nobody answered at all."""
        return self.open and self.kind is None and now_s - self.said_s > SILENT_S


class Conversation:
    """Oldest first. Prompts come from every side: this page, other pages, a microphone, `ros2 topic pub`."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self._spent: Spent | None = None
        # Who pays for exposures, the newest last, and what the case had cost when it was said. One command acts at a
        # time; live images go on after the reply, and are paid for by whoever switched them on.
        self._payers: list[tuple[int, Spent]] = []
        self._context = Context()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is remembered, oldest first."""
        return tuple(self._entries)

    def say(self, text: str, now_s: float, clock: str) -> None:
        """A prompt was published, or something was asked for with a button."""
        entry = self._add(Entry(self._count, now_s, clock, shortened(text)))
        command = parse(text, self._context)
        self._context = self._context.after(command)
        if self._spent is not None and acts(command):
            self._payers.append((entry.number, self._spent))
            del self._payers[:-_PAYERS]

    def note(self, text: str, kind: ReplyKind, reply: str, now_s: float, clock: str) -> None:
        """Something happened that nobody asked for in words."""
        self._add(Entry(self._count, now_s, clock, text, kind, reply, open=False))

    def answer(self, answer: Answer, now_s: float, clock: str) -> None:
        """A reply came: to the oldest open prompt of these words, else to one that was not heard here."""
        found = next((e for e in self._entries if e.open and e.text == answer.prompt), None)
        if found is None:
            found = self._add(Entry(self._count, now_s, clock, answer.prompt))
        ended = answer.kind is not ReplyKind.UNDERSTOOD
        # Only the newest question waits for an answer.
        for entry in tuple(self._entries):
            if ended and entry.choices:
                self._put(replace(entry, choices=()))
        choices = self._choices(answer) if answer.kind is ReplyKind.QUESTION else ()
        self._put(replace(found, kind=answer.kind, reply=answer.text, open=not ended, choices=choices))
        if answer.kind is ReplyKind.REFUSED:  # it changed nothing: whoever was at it goes on, and pays
            self._payers = [payer for payer in self._payers if payer[0] != found.number]

    def spent(self, spent: Spent) -> None:
        """What the case has cost so far."""
        if self._spent is None or spent.case_uid != self._spent.case_uid:
            self._payers.clear()
        self._spent = spent
        if not self._payers:
            return
        number, before = self._payers[-1]
        exposures = spent.shots + spent.pulses - before.shots - before.pulses
        for entry in tuple(self._entries):
            if entry.number == number:
                self._put(replace(entry, dap_gym2=spent.dap_gym2 - before.dap_gym2, exposures=exposures))

    def _add(self, entry: Entry) -> Entry:
        self._count += 1
        self._entries.append(entry)
        return entry

    def _put(self, entry: Entry) -> None:
        for index, old in enumerate(tuple(self._entries)):
            if old.number == entry.number:
                self._entries[index] = entry

    def _choices(self, answer: Answer) -> tuple[str, ...]:
        """A reply says its question as a sentence only: the same words are understood again, to know what it offers.

        Where they lean on something that was not heard here, the question comes out differently: then no buttons.
        """
        for context in (self._context, Context()):
            command = parse(answer.prompt, context)
            asked = command if isinstance(command, Ask) else context.question
            if asked is not None and asked.question == answer.text:
                spoken = (c.structure.name if c.structure else next(iter(c.words), "") for c in asked.choices)
                return (*filter(None, spoken), *(NO[:1] if asked.guess else ()))
        return ()


def shortened(text: str) -> str:
    """A prompt as the replies to it quote it."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def costliest(entries: Iterable[Entry], count: int) -> tuple[Entry, ...]:
    """The newest entries that exposed the patient, newest first."""
    return tuple([e for e in reversed(tuple(entries)) if e.exposures > 0][:count])
