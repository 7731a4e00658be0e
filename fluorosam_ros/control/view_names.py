"""The part of the command language that names a standard view: "obturator oblique of the right hip"."""

from __future__ import annotations

import re

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import Ask, Choice, GoToView, Refuse, Unclear, listed
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.counterparts import PROJECTIONS, counterpart_view, sister_view, words_of
from fluorosam_ros.control.motion_phrases import SHOT
from fluorosam_ros.control.wording import view_name
from fluorosam_sim.anatomy import Structure
from fluorosam_sim.anatomy.normalization import FILLERS
from fluorosam_sim.views import NamedView, find_view

_GO = re.compile(
    r"(?:(?:(?:go|move|switch|change|swing|turn|rotate|drive|get|bring|take|return|come|put|park)(?: (?:me|us|it|the "
    r"c arm))?"
    r"(?: (?:over|back|in|up|around|round))?(?: (?:to|into|for|in))?|show(?: me| us)?|give (?:me|us)|set "
    r"(?:(?:me|us|it) )?up(?: for)?|(?:to )?see|have|try|(?:back|over) to|find(?: me| us)?|"
    r"(?:bring|roll|come|swing)(?: (?:it|us|me|the c arm))?(?: (?:around|round|over|through))* (?:to|for|into)|"
    r"get into|line up(?: for)?|get (?:set|ready)(?: up)? for|"
    r"i (?:need|want|d like|would like)(?: to (?:see|have|get))?|"
    r"(?:we )?need|we want|do|make|acquire|position(?: (?:it|us))? for|"
    r"next)\s)*(?:(?:the|a|an|me|us|now)\s)*"
)
_GLUE_WORDS = """
the of a an for on in at to and view views projection projections image shot picture x ray xray radiograph film
standard true straight s joint joints bone bones patient patients side position please
"""
_GLUE = frozenset(_GLUE_WORDS.split())
_OTHER_WORDS = """
go take do make move turn bring into get onto angle fluoro acquire next with carm and
"""
_TURNS = frozenset(("lao", "rao"))
_NO_NAME = frozenset(_OTHER_WORDS.split())
_PROJECTION = re.compile(
    r"(?:true |straight |left |right )*(?:ap|pa|a p|p a|lateral|lat|oblique|axial|antero ?posterior)"
    r"(?: axial| oblique)?(?: (?:view|projection|shot|image|position))?"
)
_ASIDE = re.compile(
    r" and (?=(?P<side>(?:(?:on|of) )?(?:the )?(?:left|right)(?: [a-z]+){0,2}$))|^(?:ap|pa|lateral|oblique) and(?= )"
)
"""A comma that sets a side or a projection apart: "lateral hip, left", "AP, left shoulder"."""
_REFERRED = re.compile(
    r"^(?:its (?P<before>.+?)|(?P<after>.+?) of (?:it|that|this|the same (?:vertebra|level|bone|joint|one|thing)))"
    r"(?: (?:too|as well|also))?$"
)
_PRAISE = re.compile(
    r"\b(?:(?:good|nice|proper|perfect|decent|clean|quick|regular) |judet (?=iliac|obturator))| set up$"
)
_FROM = (
    (re.compile(r"^(?P<what>.+) from (?:the )?front$"), r"ap of \g<what>"),
    (re.compile(r"^(?P<what>.+) front on$"), r"ap of \g<what>"),
    (re.compile(r"^(?P<what>.+) from (?:the )?side$"), r"lateral of \g<what>"),
    (re.compile(r"\bside view\b"), "lateral view"),
    (re.compile(r"\bside on(?: view| shot| image| picture)?\b"), "lateral"),
)
_PROJECTED = re.compile(r"\b(?:ap|pa|a p|lateral|lat|oblique|axial|view|projection|pedicle)\b")


def parse_view(words: str, context: Context) -> GoToView | Unclear | None:
    """A named view to go to, a question or refusal about one, or None when plain words name none."""
    if phrases.ADMIRED.match(words):
        return None
    first, *others = words.split(" and ")
    if any(part == "image" or SHOT.fullmatch(part) for part in others) or (others and SHOT.fullmatch(first)):
        return None  # the picture is a step of its own
    if (
        others
        and any(_PROJECTION.fullmatch(_bare(part)) for part in others)
        and isinstance(parse_view(first, context), GoToView)
    ):
        return None  # "right hand PA, then the oblique": two views
    said = re.sub(r"\b(left|right) (?:sided?|hand side)\b", r"\1", _bare(words))
    said = _REFERRED.sub(lambda it: f"{it['before'] or it['after']} of it", _PRAISE.sub("", said))
    said = with_projections(said)
    said = _ASIDE.sub(lambda comma: " " if comma["side"] else comma[0].replace(" and", ""), said)
    projection = said if _PROJECTION.fullmatch(said) else ""
    if projection:
        # Right after a command about one structure, or a view of one, the view is of that one.
        if context.shown is not None:
            said = f"{said} of {_region(context.shown)}"
        elif len(context.named) == 1 and context.last_named == context.named:
            said = f"{said} of the {context.named[0].name}"
        else:
            return Ask("That view of which structure?")
    reference = re.search(r"\b(?:of|on|for) (it|that|this|there|that one|this one)$", said)
    if reference and _PROJECTED.search(said):
        if context.shown is not None:
            about = _region(context.shown)
        elif len(context.named) == 1:
            about = f"the {context.named[0].name}"
        else:
            return Ask("That view of which structure?")
        said = f"{said[: reference.start(1)]}{about}"
    elided = _of_what_is_shown(said, context)
    if elided is not None:
        return elided
    match = find_view(said)
    if projection and context.shown is not None and (match.rest or not match.views):
        return sister_view(context.shown, frozenset(projection.split()))
    first, _, second = said.partition(" and ")
    if second and not SHOT.fullmatch(first):
        together = find_view(f"{first} {second}")
        apart = find_view(first).views and find_view(second).views
        if len(together.views) == 1 and not together.rest and not apart:
            match, said = together, f"{first} {second}"  # "outlet projection, pelvis"
    named = said.replace("tibia and fibula", "tibia")
    loose = [word for word in named.split() if word in _NO_NAME or (word in FILLERS and word not in _GLUE)]
    if match.rest or loose or not (match.views or match.refusal) or phrases.UNCERTAIN.search(said):
        return None
    if match.refusal:
        return Refuse(match.refusal)
    if len(match.views) > 1:
        same = [view for view in match.views if context.shown and _same_limb(view, context.shown.view)]
        return GoToView(same[0], match.structure) if len(same) == 1 else _which(match.views, match.structure)
    view = match.views[0]
    if view.vertebral and match.structure is None:
        return Ask(f"The {view.name} view of which vertebra?")
    return GoToView(view, match.structure)


def _bare(words: str) -> str:
    """Plain words without those of going there."""
    go = _GO.match(words)
    return words[go.end() :] if go else words


def with_projections(words: str) -> str:
    """Plain words with "from the side", "side on" and the like as the projections that they are."""
    for pattern, form in _FROM:
        words = pattern.sub(form, words)
    return words


def _region(shown: GoToView) -> str:
    """What a named view shows, without its projection."""
    if shown.structure is not None:
        return f"the {shown.structure.name}"
    return f"the {_PROJECTED.sub('', shown.view.name.casefold())}"


def _of_what_is_shown(said: str, context: Context) -> GoToView | None:
    """ "Internal oblique", "the proximal one": a projection alone, after another view of the same part."""
    words = frozenset(said.removesuffix(" one").removesuffix(" 1").split())
    if context.shown is None or context.shown.structure is not None or not words or not words <= PROJECTIONS:
        return None
    if words & _TURNS and not words_of(context.shown.view) & _TURNS:
        return None  # "RAO" alone is a turn, of how many degrees?
    other = counterpart_view(context.shown, " ".join(words)) or sister_view(context.shown, words)
    return other if other is not None and words <= words_of(other.view) else None


def _same_limb(view: NamedView, shown: NamedView) -> bool:
    """Whether a view is of the joint and the side that is shown: "mortise", after the left ankle's lateral."""
    return view.side == shown.side is not None and not words_of(view).isdisjoint(words_of(shown) - {shown.side})


def _which(views: tuple[NamedView, ...], structure: Structure | None) -> Ask:
    names = [view_name(view, structure) for view in views]
    sides = [view.side for view in views]
    by_side = None not in sides and len(set(sides)) == len(sides)
    choices = tuple(
        Choice(GoToView(view, structure), words=(view.name.casefold(), *([view.side] if by_side and view.side else [])))
        for view in views
        if structure is not None or not view.vertebral
    )
    return Ask(f"Do you mean {listed(names[:4], 'or')}?", choices)
