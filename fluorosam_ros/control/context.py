"""What was said before, as far as the next prompt may lean on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fluorosam_ros.control.command_types import (
    Ask,
    Center,
    CollimateBy,
    CollimateTo,
    Command,
    GoBack,
    GoToView,
    NotUnderstood,
    RecallView,
    Refuse,
    Rotate,
    SaveView,
    Segment,
    SetField,
    Single,
    SwitchFluoro,
    TakeShot,
    Tilt,
    Translate,
    WhereAreWe,
    WhereIs,
    Zoom,
    acts,
    steps_of,
)
from fluorosam_sim.anatomy import Structure


@dataclass(frozen=True)
class Context:
    """What "it", "the left one", "a bit more" and names of saved views refer to.

    Attributes:
        named: the structures spoken of last, together.
        last: the command before; None when nothing can lean on it any more.
        question: what was asked back, or None.
        saved: names of saved views.
        done: the last step that was no shot.
        moved: the last motion, if it was one by or to an amount.
        shown: the view gone to last, while nothing else was spoken of: what "the lateral" and "the same side" are of.
    """

    named: tuple[Structure, ...] = ()
    last: Command | None = None
    question: Ask | None = None
    saved: tuple[str, ...] = ()
    shown: GoToView | None = None
    done: Single | None = None
    moved: Single | None = None

    @property
    def last_step(self) -> Single | None:
        """The command before, the last one of several."""
        return self.last if self.last is None else steps_of(self.last)[-1]

    @property
    def going(self) -> Single | None:
        """What "another 5" and "a bit more" go on with: the last step, or the motion before a shot and the like."""
        passing = isinstance(self.last_step, TakeShot | SaveView | SwitchFluoro | WhereAreWe)
        return self.moved or self.last_step if passing else self.last_step

    @property
    def about(self) -> Command | None:
        """What "the other side" is of: the command before, or the one before it where that was but a shot."""
        return self.done or self.last if isinstance(self.last, TakeShot) else self.last

    @property
    def last_named(self) -> tuple[Structure, ...]:
        """The structures that the command before was about."""
        return () if self.about is None else _named(self.about)

    def after(self, command: Command) -> Context:
        """The context for what is said after a command."""
        if isinstance(command, Ask):
            return replace(self, question=command)
        if isinstance(command, Refuse | NotUnderstood):
            return replace(self, question=None)
        named = _named(command)
        new = (step.name for step in steps_of(command) if isinstance(step, SaveView))
        saved = tuple(dict.fromkeys((*self.saved, *new)))
        done = next((step for step in reversed(steps_of(command)) if not isinstance(step, TakeShot)), self.done)
        moved = self.moved
        for step in steps_of(command):
            if acts(step) and not isinstance(step, TakeShot | SwitchFluoro):
                moved = step if isinstance(step, Rotate | Tilt | Translate | CollimateBy | Zoom | SetField) else None
        return Context(named or self.named, command, None, saved, _shown(command, self.shown), done, moved)

    def after_each(self, command: Command) -> Context:
        """The context after every step of a command by itself, so that what follows is about the last one only."""
        context = self
        for step in steps_of(command):
            context = context.after(step)
        return context


def _shown(command: Command, before: GoToView | None) -> GoToView | None:
    """The view that is shown after a command, if any is."""
    for step in steps_of(command):
        if isinstance(step, GoToView):
            before = step
        elif isinstance(step, GoBack | RecallView) or _named(step):
            before = None
    return before


def _named(command: Command) -> tuple[Structure, ...]:
    """The structures that a command, or the last of its steps that names any, is about."""
    for step in reversed(steps_of(command)):
        match step:
            case Segment() if step.structures:
                return step.structures
            case Center() | CollimateTo() | WhereIs():
                return step.target.structures
            case GoToView() if step.structure:
                return (step.structure,)
    return ()
