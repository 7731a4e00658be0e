"""What is put right: "no, the left one", "I meant RAO", "not the hip, the femur", and what is named shortly."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from fluorosam_ros.control.amounts import LENGTH_ALONE, by_amount, turned_only
from fluorosam_ros.control.answers import answered
from fluorosam_ros.control.command_types import (
    Command,
    GoToView,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    SetField,
    Single,
    Steps,
    Tilt,
    Translate,
    Unclear,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.counterparts import counterpart, counterpart_view, words_of
from fluorosam_ros.control.doubts import UnderstandIn
from fluorosam_ros.control.limbs import last_side, on_its_side
from fluorosam_ros.control.phrases import DOSE_LEVELS
from fluorosam_ros.control.quantities import NUMBER, tokens
from fluorosam_ros.control.saved_views import saved_as
from fluorosam_ros.control.slots import slots
from fluorosam_ros.control.steps import joined
from fluorosam_ros.control.stopping import THEN
from fluorosam_ros.control.variants import about, aimed_at, each_step, on_other_side, turns_both_axes
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import Structure, find

_WEAK = (
    r"no|nope|(?:oh )?hang on|wrong(?: \w+(?= (?:and|sorry|i) ))?(?: (?:one|side))?"
    r"|not that(?: (?:one|side))?|other side(?= and (?:the )?(?:left|right))|oh|wait"
)
_STRONG = (
    r"sorry|oops|actually|correction|i (?:mean|meant|said|wanted)|make (?:it|that)|rather|instead|pardon|excuse me|"
    r"my mistake|i should have said|i was wrong"
)
_CORRECTION = re.compile(rf"^(?P<marks>(?:(?:{_WEAK}|{_STRONG})(?: and)? )+)(?P<what>.+)$")
_NOT_THIS = re.compile(
    r"^(?:no (?:and )?)?not (?:the |on the )?(?:left|right)(?: (?:one|side))?(?: and)?(?: but)? (?P<what>.+)$"
)
_SIDE = re.compile(r"(?:on )?(?:the |his |her )?(left|right|other)(?: (?:one|side|hand side))?(?: (?:please|instead))?")
_OTHER = re.compile(
    r"(?:no (?:and )?)?(?:the |on the )?(?:other (?:one|side)|opposite side)(?: (?:too|as well))?|wrong side"
    r"|(?:the )?same (?:thing )?(?:again )?(?:on|for) the (?:other|opposite) (?:one|side)"
)
_OTHER_LIMB = re.compile(
    r"(?:(?:now |and |then )*(?:that|it|the same|same)(?: (?:view|thing|one|again))* )?(?:(?:on|for|of) )?(?:the )?"
    r"(?:other|opposite) (?P<what>\w+)"
)
_SAME_LIMB = re.compile(
    r"(?:now |and |then )*(?:the )?same(?: (?:view|thing|one|again))* (?:on|for|of) (?:the )?"
    r"(?P<side>left|right) (?P<what>\w+)"
)
_SAME = r"(?:do )?(?:the )?same (?:(?:thing|view) )?(?:again )?(?:on|for) (?:the )?"
_ONE = re.compile(
    rf"(?:no (?:and )?)?(?:{_SAME}(?=(?:left|right)$)|(?:{_SAME}|(?:on )?(?:the )?)(?=(?:left|right) (?:one|side)\b))"
    r"(left|right)(?: (?:one|side))?(?: (?:as well|too|also|instead|now))*"
)
_NAMED_ANEW = re.compile(r"(?:no (?:and )?)?(?:call|name|save) (?:it|that|this)(?: as)? (?P<what>.+)")
_MEANT_AFTER = re.compile(
    r"^(?:(?:oh|no|wait|sorry|and|hang on) )*(?P<what>.+?) (?:and )?"
    r"(?:i mean|i meant|i said|i want(?:ed)?|rather|sorry)$"
    r"|^(?P<this>(?:\S+ ){1,4})instead$"
)
_NOT_Y_BUT_X = re.compile(
    r"^(?:(?:no|nope|sorry|wait|oh) (?:and )?)*not (?:(?:to|on|at|towards?|by) )?(?:the )?(?P<wrong>\w+(?: \w+){0,2}?)"
    r" (?:and but|and|but) (?P<what>.+)$"
)
_X_NOT_Y = re.compile(
    r"^(?:(?:no|nope|sorry|wait|oh) (?:and )?)*(?P<what>.+?) (?:and )?(?:not|instead of|rather than) "
    r"(?:(?:to|on|at|towards?|by) )?(?:the )?(?P<wrong>\w+(?: \w+){0,2})$"
)
_NOT_THAT = re.compile(r"^(?:no (?:and )?)?i (?:said|meant?|wanted) (?P<what>.+?) (?:and )?not .+$")
_WRONG_ONE = re.compile(r"(?:(?:no|that s|it s) (?:and )?)?(?:the )?wrong (?P<what>(?!one|side|way|direction).+)")
_OTHER_ONE = re.compile(
    r"(?:no (?:and )?)?(?:(?:on|to) )?the (?:other|opposite) (?P<what>(?!one|side|way|direction).+)"
)
_SIDES: dict[type[Rotate] | type[Tilt], dict[str, int]] = {
    Rotate: {"lao": 1, "rao": -1},
    Tilt: {"cranial": 1, "caudal": -1},
}
_FEW = 2
_OF_A_VIEW = frozenset(("the", "view", "one", "1", "please", "of", "a"))
_SIDE_ALONE = re.compile(r"(?:on )?(?:the )?(left|right)")
_TOO = re.compile(r" (?:too|as well|also)$")

Understand = Callable[[str], Command]


def corrected(words: str, context: Context, understand: Understand) -> Command | None:
    """What a correction makes of the last command, or None if it is none: "I meant the right hip".

    understand: parses plain words as a command of their own.
    """
    last = context.about
    going = None if turns_both_axes(context.last) else context.going
    shortly = _said_shortly(words, going)
    if shortly is not None:
        return shortly
    words = _NOT_THAT.sub(r"i said \g<what>", words)
    words = _MEANT_AFTER.sub(lambda meant: f"i mean {(meant['what'] or meant['this']).strip()}", words)
    other = _named_otherwise(words, last, context)
    if other is not None:
        return other
    found = _CORRECTION.match(words) or _NOT_THIS.match(words)
    denied = _denied(words, last)
    if found is None and denied is None:
        return None
    what = (denied or (found["what"] if found else "")).removesuffix(" please")
    side = _SIDE.fullmatch(what)
    if side and isinstance(going, Translate) and (turned := turned_only(what, going)):
        return turned
    if side:
        question = answered(side[1], context)
        return question or on_other_side(last, side[1])
    again = corrected(what, context, understand)
    if again is not None:
        return again
    answer = answered(what, context)
    if answer is not None:
        return answer
    what = what.removesuffix(" instead")
    anew = _set_otherwise(what, going) or (turned_only(what, going) if going else None)
    if anew is not None:
        return anew
    named = named_shortly(what, context)
    renamed = about(last, (named,)) if named is not None and last is not None else None
    if renamed is not None:
        return renamed
    view = counterpart_view(last, what) if isinstance(last, GoToView) else None
    if view is not None and words_of(view.view) | _OF_A_VIEW >= set(what.split()):
        return view
    meant = understand(what)
    if isinstance(meant, Segment) and meant.structures and not meant.tools:
        structures = on_its_side(meant.structures, context)
        every = each_step(last, lambda step: about(step, structures)) if isinstance(last, Steps) else None
        return every or aimed_at(last, structures, meant)
    marks = (found.groupdict().get("marks") if found else None) or ""
    if isinstance(meant, Unclear) or (
        denied is None and (last is None or " and" not in marks) and not re.search(_STRONG, marks)
    ):
        return None
    return meant


def _named_otherwise(words: str, last: Command | None, context: Context) -> Command | None:
    """The last command on the other side, or under another name: "wrong kidney", "the left one", "call it entry"."""
    called = _NAMED_ANEW.fullmatch(words.removesuffix(" instead")) if isinstance(last, SaveView) else None
    if called:
        return saved_as(called["what"])
    wrong = _WRONG_ONE.fullmatch(words)
    if wrong and last is not None and _names_last(wrong["what"], context):
        return on_other_side(last, "other")
    other = _OTHER_ONE.fullmatch(words)
    if other and last is not None and _names_last(other["what"], context):
        return on_other_side(last, "other")
    one = _ONE.fullmatch(words)
    sided_view = isinstance(last, GoToView) and last.view.side is not None
    if one and context.question is None and (context.last_named or sided_view):
        return on_other_side(last, one[1])
    same = _SAME_LIMB.fullmatch(words)
    if same and isinstance(last, GoToView) and sided_view and same["what"] in last.view.name.casefold().split():
        return on_other_side(last, same["side"])
    limb = _OTHER_LIMB.fullmatch(words)
    if limb and isinstance(last, GoToView) and sided_view and limb["what"] in last.view.name.casefold().split():
        return on_other_side(last, "other")
    if _OTHER.fullmatch(words):
        return on_other_side(last, "other")
    return None


def corrected_and_more(words: str, context: Context, understand: UnderstandIn) -> Steps | None:
    """A correction, and what is to be done after it: "no, the left one, and shoot"."""
    parts = words.split(" and ")
    for at in range(len(parts) - 1, 0, -1):
        first = corrected(" and ".join(parts[:at]), context, lambda what: understand(what, context))
        if first is None or isinstance(first, Unclear) or first == context.last:
            continue
        others = understand(THEN.sub("", _TOO.sub("", " and ".join(parts[at:]))), context.after(first))
        if not isinstance(others, Unclear | Segment):
            return Steps(joined(steps_of(first), steps_of(others)))
    return None


def about_another(words: str, context: Context, all_of_it: bool) -> Command | None:
    """The last command about what is said shortly after "and" or "now": "the right", "8", "minimus"."""
    side = _SIDE_ALONE.fullmatch(words)
    if side:
        other = on_other_side(context.about, side[1])
        return None if isinstance(other, Unclear) else other
    shortly = named_shortly(words, context) if context.about is not None else None
    if shortly is None or context.about is None:
        return None
    before = context.about if all_of_it else steps_of(context.about)[-1]
    return each_step(before, lambda step: about(step, (shortly,)))


def named_shortly(words: str, context: Context) -> Structure | None:
    """What is named by the word in which it differs from the last one, or without its side: "medius", "and 8"."""
    said = words.removeprefix("the ").removesuffix(" one").removesuffix(" 1")
    side = last_side(context)
    match = find(f"{side} {said}") if side else None
    if match is not None and match.clear and len(match.structures) == 1 and not match.corrections:
        return match.structures[0]
    found = slots(said)
    alike = counterpart(context.last_named, said, found.numbers)
    return alike if alike is not None and len(said.split()) <= _FEW else None


def _denied(words: str, last: Command | None) -> str | None:
    """What is to be instead of something that the last command said: "not the hip, the femur", "feet, not head"."""
    found = _NOT_Y_BUT_X.match(words) or _X_NOT_Y.match(words)
    if found is None or last is None:
        return None
    said = set(re.findall(r"[a-z0-9]+", describe(last).casefold()))
    wrong = [word for word in found["wrong"].split() if word not in ("side", "one", "view", "1", "degrees", "the")]
    return found["what"] if wrong and said.issuperset(wrong) else None


def _set_otherwise(what: str, last: Command | None) -> Single | None:
    """ "Make that 20", "I meant RAO": the last absolute angle with the other number or to the other side."""
    if isinstance(last, SetField):
        found = slots(what)
        return by_amount(found, last) if found.words in LENGTH_ALONE else None
    if not isinstance(last, Rotate | Tilt) or last.to_deg is None:
        return None
    if re.fullmatch(r"\+\d+(?:\.\d+)?", what):  # "+5" goes on
        return type(last)(delta_deg=math.copysign(float(what), last.to_deg))
    what = what.removeprefix("should be ").removeprefix("to ")
    said = tokens(what)
    if said.words in ((NUMBER,), (NUMBER, "degrees")) and said.numbers[0] >= 0:
        return replace(last, to_deg=math.copysign(said.numbers[0], last.to_deg))
    sides = _SIDES[type(last)]
    return replace(last, to_deg=math.copysign(last.to_deg, sides[what])) if what in sides else None


def _said_shortly(words: str, last: Single | None) -> Single | None:
    """ "40", "RAO" or "high" alone: the last setting with the other number, the other side, the other level."""
    if isinstance(last, SetDose) and words in DOSE_LEVELS:
        return SetDose(DOSE_LEVELS[words])
    return _set_otherwise(words, last)


def _names_last(what: str, context: Context) -> bool:
    """Whether "the other hip" is said after a command about a hip."""
    both = {found for side in ("left", "right") for found in find(f"{side} {what}").structures}
    return len(context.last_named) == 1 and context.last_named[0] in both
