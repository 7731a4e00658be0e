"""Structures and views that differ from the last ones in a word, which is said: "and the vein", "hand, not wrist"."""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.limbs import of_a_limb
from fluorosam_sim.anatomy import STRUCTURES, Structure
from fluorosam_sim.views import VIEWS, NamedView

_LATIN = {"upper": "superior", "lower": "inferior"}
_PROJECTION_WORDS = """
ap pa lateral oblique lao rao inlet outlet axial mortise en face lordotic frog leg iliac obturator internal external
towne waters caldwell haas modified grashey garth zanca y swimmers swimmer notch teardrop cross table transthoracic
open mouth serendipity proximal distal
"""
PROJECTIONS = frozenset(_PROJECTION_WORDS.split())
"""What names of views say of the projection, and not of the part of the body."""

_SHORT = 3  # letters of a word that has no plural


def counterpart(named: tuple[Structure, ...], said: str, numbers: tuple[float, ...]) -> Structure | None:
    """The structure of which the name differs from the last one's in one word, which is said: "and the vein", "the
    lower lobe", "the twelfth"."""
    if len(named) != 1:
        return None
    (one,) = named
    words = {*map(_singular, said.split()), *(f"{number:g}" for number in numbers)}
    words |= {latin for plain, latin in _LATIN.items() if plain in words}
    sides = {"left", "right"} & words if one.side else set()
    side = sides.pop() if len(sides) == 1 else one.side
    before, bone = _name(one), of_a_limb(one)
    found = []
    for other in STRUCTURES:
        if len(before) == 1 and not (bone and of_a_limb(other)):  # another structure altogether
            continue
        after = _name(other)
        differs = [new for old, new in zip(before, after, strict=False) if old != new]
        if other.side == side and len(before) == len(after) and len(differs) == 1 and differs[0] in words:
            found.append(other)
    return found[0] if len(found) == 1 else None


def _name(named: Structure) -> list[str]:
    return [_singular(word) for word in named.name.casefold().split() if word != named.side]


def _singular(word: str) -> str:
    return re.sub(r"s$", "", re.sub(r"ies$", "y", word)) if len(word) > _SHORT else word


def counterpart_view(last: GoToView, words: str) -> GoToView | None:
    """The view of which the name has what the last one's has but for words that are said: "the hand, not the wrist"."""
    said, before = frozenset(words.split()), words_of(last.view)
    new = (said & VIEW_WORDS) - before
    found: list[tuple[int, int, NamedView]] = []
    for view in VIEWS if new else ():
        shown = words_of(view)
        sided = bool(said & {"left", "right"}) or view.side == last.view.side
        if not view.vertebral and sided and new <= shown and shown - before <= said:
            found.append((len(shown & before), -len(shown), view))
    best = [each for each in found if each[:2] == max(other[:2] for other in found)]
    return GoToView(best[0][2]) if len(best) == 1 else None


def sister_view(last: GoToView, projection: frozenset[str]) -> GoToView | None:
    """The view of the same series and side with the words of a projection that has most in common with the last one."""
    before = words_of(last.view)
    alike = [
        (len(before & words), view)
        for view in VIEWS
        if view.series == last.view.series and view.side == last.view.side and not view.vertebral
        if projection <= (words := words_of(view))
    ]
    most = max((common for common, _ in alike), default=0)
    best = [view for common, view in alike if common == most]
    if len(best) > 1:  # "lateral" is no transthoracic one
        shortest = min(len(words_of(view)) for view in best)
        best = [view for view in best if len(words_of(view)) == shortest]
    return GoToView(best[0]) if len(best) == 1 and most else None


def words_of(view: NamedView) -> frozenset[str]:
    """The words of a view's name, in small letters."""
    return frozenset(re.findall(r"[a-z0-9]+", view.name.casefold().replace("'s", "s")))


VIEW_WORDS = frozenset(word for view in VIEWS for word in words_of(view)) - {"and", "of", "the"}
