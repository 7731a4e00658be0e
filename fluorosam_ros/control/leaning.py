"""What is left out in a text that leans on the command before it: "no, towards RAO", "make that 30", "two levels up".

Each kind of follow-up makes a whole command of the last one and of what the text says anew. It is then said in plain
words like any other reading, so that the rules have the last word. Which kind a text is, the network says
(`control.reader`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fluorosam_ros.control.amounts import DOUBLE, HALF, WAYS, by_amount, further, scaled, turned
from fluorosam_ros.control.command_types import (
    Command,
    GoToView,
    RecallView,
    Single,
    Steps,
    TakeShot,
    Unclear,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.counterparts import (
    PROJECTIONS,
    VIEW_WORDS,
    counterpart,
    counterpart_view,
    sister_view,
    words_of,
)
from fluorosam_ros.control.limbs import on_its_side, said_of_its_side
from fluorosam_ros.control.phrases import FORBIDS
from fluorosam_ros.control.plain_text import bare
from fluorosam_ros.control.quantities import MM
from fluorosam_ros.control.slots import Slots, slots
from fluorosam_ros.control.variants import about, each_step, neighbour, on_both_sides, opposite, turns_both_axes
from fluorosam_ros.control.wording import describe
from fluorosam_sim.views import find_view

CONTRAST = re.compile(
    r"(?:\band )?(?<!do )(?<!does )(?<!did )(?<!should )(?<!must )(?<!please )(?<!can )(?<!will )"
    r"\b(?:not|instead of|rather than) (?:the |at |on |to |by )?\S+(?: (?:degrees|mm|cm|side))?(?= and |$)"
    r"|^not (?:the )?\S+(?: side)? (?:and )?(?:but )?|\binstead\b(?! of)|^(?:no|nope|nah)(?: no)*(?: and)?(?= )"
)
"""What a correction says that was wrong: "RAO and not LAO", "no, 30 instead"."""

_IN_ONE_BREATH = re.compile(
    r"(?P<first>.+?) (?:and )?(?:(?:uh|um|er|oh) )*(?:and )?(?:no wait|wait no|no sorry|sorry no|no make (?:it|that)|no"
    r"|make that|i mean|sorry|correction)(?: and)?(?: i mean)? (?P<second>.+)"
)
_FEW = 5
_SEVERAL = re.compile(r"\b(?:the|next|these|those|both) (?:2|3|4|two|three|four)\b")
_WRONG = re.compile(r"\b(?:not|instead of|rather than)\b")
_IN_LEVELS = re.compile(r"\b(?:ribs?|vertebrae?|dis[ck]s?)\b")
_CHANGES = frozenset(("less", "smaller", "bigger", "larger", "wider", "tighter", "narrower"))
_SIDE_VIEWS = (("from the side", "lateral"), ("sideways", "lateral"), ("side view", "lateral"),
               ("side projection", "lateral"), ("side on", "lateral"), ("from the front", "ap"), ("front on", "ap"),
               ("straight on", "ap"), ("frontal", "ap"))  # fmt: skip
Make = Callable[[Slots, str, Context, Single], "Command | None"]
Say = Callable[[Slots, str, Context], "str | None"]


def _said(make: Make) -> Say:
    """The plainest words for what a text makes of the command before."""

    def say(found: Slots, words: str, context: Context) -> str | None:
        last = context.last_step
        if isinstance(last, TakeShot) and make is not _again:
            last = context.done or last
        command = make(found, words, context, last) if last is not None else None
        if command is None:
            return None
        said = re.sub("[“”]", "", describe(command).removesuffix("."))
        in_cm = getattr(last, "unit_mm", 1.0) == MM["cm"]
        return re.sub(r"\b([\d.]+) mm\b", lambda mm: f"{float(mm[1]) / MM['cm']:g} cm", said) if in_cm else said

    return say


def _right_part(words: str) -> str:
    """Plain words without what a correction says that was wrong."""
    parts = (_WRONG.split(part)[0].strip() for part in words.split(" and "))
    return " and ".join(part for part in parts if part)


def _alone(found: Slots) -> bool:
    """Whether a text has no amounts and names nothing."""
    return not (found.structures or found.units_mm or found.bit or found.numbers not in ((), (1.0,)))


def _opposite(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    if not _alone(found) or "axis" in words.split():
        return None
    right = _right_part(words).split()
    # "RAO, not caudal" is another motion and no opposite of the last one.
    return opposite(last) if not WAYS.intersection(right) or turned(right, last) == opposite(last) else None


def _again(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    if (HALF | DOUBLE) & set(words.split()) or not _alone(found) or turned(words.split(), last) not in (None, last):
        return None
    return context.last


def _way(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    """The last command the way that the text says, by the same amount or the one in the text."""
    if found.structures or found.bit:
        return None
    found = slots(_right_part(words))
    steps = steps_of(context.last or last)
    if turns_both_axes(context.last) and not found.numbers:  # "same angles, but RAO and caudal"
        made = [turned(list(found.words), step) for step in steps]
        if all(made):
            return Steps(tuple(step for step in made if step))
    other = turned(list(found.words), last)
    if other is None or other == last:
        return None
    return by_amount(found, other) if found.numbers else other


def _number(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    """The last command with the amount that the text says."""
    found = slots(_right_part(words))
    said = set(words.split())
    if found.structures or found.bit or _CHANGES & said:  # "20 less than that"
        return None
    steps = steps_of(context.last or last)
    if WAYS & said:  # "LAO 15 instead", after a rotation and a tilt
        meant = [step for step in steps if turned(words.split(), step) is not None]
        last = meant[0] if len(meant) == 1 else last
        sided = turned(words.split(), last)
        return by_amount(found, sided) if sided is not None else None
    if len(steps) == 1 or not {"both", "all", "them"} & said:
        return None if turns_both_axes(context.last) else by_amount(found, last)
    made = [by_amount(found, step) for step in steps]
    return Steps(tuple(step for step in made if step)) if all(made) else None


def _scaled(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    return scaled(found, words, last)


def _more(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    return further(found, words, last, 1)


def _back(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    return further(found, words, last, -1)


def _other_side(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    right = set(_right_part(words).split())
    sides = {"left", "right"} & right
    if "axis" in words.split() or WAYS & (right - sides):
        return None
    said = bool(sides) or bool({"other", "opposite"} & set(words.split()))
    sided_view = isinstance(last, GoToView) and last.view.side is not None and said  # "with the right hand"
    same = len(context.last_named) == 1 and all(  # "the other kneecap"
        on_its_side(each, context) == context.last_named for each in found.structures
    )
    if (found.structures and not sided_view and not same) or found.numbers not in ((), (1.0,)) or len(sides) > 1:
        return None
    if not sides and {"same"} & set(words.split()) and not re.search(r"\b(?:other|opposite|contra)", words):
        return None
    mirrored = each_step(context.about or last, lambda step: opposite(step, of_structures=True))
    if mirrored is None or (sides and f" {sides.pop()} " not in f" {describe(mirrored)} "):
        return None
    return mirrored


def _another(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    """The last command, or all its steps, about what the text names."""
    said = _right_part(words)
    found = slots(said)
    if len(found.structures) > 1 or found.units_mm or found.bit:
        return None
    if isinstance(last, GoToView) and last.structure is None:
        return counterpart_view(last, said)
    if found.structures and found.numbers not in ((), (1.0,)):  # "the left one"
        return None
    if found.structures:
        named = on_its_side(found.structures[0], context)
    else:
        alike = counterpart(context.last_named, said, found.numbers)
        named = (alike,) if alike else said_of_its_side(said, context)
    if not named:
        return None
    return each_step(context.about or last, lambda step: about(step, named))


def _both(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    alone = _alone(found) and len(context.last_named) == 1
    return on_both_sides(last, context.last_named[0]) if alone else None


def _level(up: bool) -> Make:
    def make(found: Slots, words: str, context: Context, last: Single) -> Command | None:
        found = slots(_IN_LEVELS.sub("level", words))
        if _SEVERAL.search(words):
            return None  # "the two below"
        counts = [number for number in found.numbers if number != 1]  # "two levels below that one"
        if found.structures or found.units_mm or len(counts) > 1:
            return None
        count = int(counts[0]) if counts else 1
        return each_step(context.about or last, lambda step: neighbour(step, -count if up else count))

    return make


def _view(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    """ "The lateral of it", "iliac rather than obturator": another view of what the last one showed."""
    said = _right_part(words)
    if not set(said.split()) & (VIEW_WORDS - {"left", "right"}) and not any(way in said for way, _ in _SIDE_VIEWS):
        return None
    last = context.shown or last
    for phrase, projection in _SIDE_VIEWS:
        said = said.replace(phrase, projection)
    projection = " ".join(word for word in said.split() if word in PROJECTIONS)
    if isinstance(last, GoToView) and last.structure is None and (other := counterpart_view(last, said)):
        return other
    if isinstance(last, GoToView):  # "the oblique of that hand"
        shown = words_of(last.view)
        found = slots(" ".join(word for word in words.split() if word not in shown or word in PROJECTIONS))
    if not projection or found.numbers not in ((), (1.0,)) or found.units_mm or found.structures:
        return None
    if isinstance(last, GoToView) and last.structure is None:
        return sister_view(last, frozenset(projection.split()))
    named = last.structure if isinstance(last, GoToView) else context.named[0] if len(context.named) == 1 else None
    about = named.name if named else ""
    match = find_view(f"{projection} of {about}") if about else None
    if match is None or len(match.views) != 1 or match.rest or match.refusal:
        return None
    return GoToView(match.views[0], match.structure)


def _saved(found: Slots, words: str, context: Context, last: Single) -> Command | None:
    return (
        RecallView(context.saved[-1])
        if context.saved and not found.structures and found.numbers in ((), (1.0,))
        else None
    )


FOLLOW_UPS: dict[str, Say] = {
    "+ view": _said(_view),
    "+ other side": _said(_other_side),
    "+ another": _said(_another),
    "+ again": _said(_again),
    "+ number": _said(_number),
    "+ way": _said(_way),
    "+ opposite": _said(_opposite),
    "+ more": _said(_more),
    "+ back": _said(_back),
    "+ level up": _said(_level(up=True)),
    "+ level down": _said(_level(up=False)),
    "+ both": _said(_both),
    "+ scaled": _said(_scaled),
    "+ saved": _said(_saved),
}
"""How what leans on the command before is said."""


def said_again(words: str, context: Context, understand: Callable[[str, Context], Command]) -> Single | None:
    """What is put right in the same breath: "2 cm to the left no wait to the right", "LAO 20 sorry 30".

    Only where the first is understood, and the second, of few words, makes a command of the same kind.
    """
    found = _IN_ONE_BREATH.fullmatch(words) if not FORBIDS.search(words) else None
    first = understand(found["first"], context) if found else None
    if found is None or first is None or isinstance(first, Unclear | Steps) or len(found["second"].split()) > _FEW:
        return None
    now, second = context.after(first), found["second"]
    whole = understand(second, now)
    if type(whole) is type(first):
        return whole  # type: ignore[return-value]
    for kind in ("+ another", "+ number", "+ way"):
        said = FOLLOW_UPS[kind](slots(bare(second)), bare(second), now)
        command = understand(said, now) if said else None
        if command is not None and type(command) is type(first):
            return command  # type: ignore[return-value]
    return None
