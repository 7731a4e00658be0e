"""The command language: one typed or spoken text to one command. Never a guess where something would move.

What is checked in which order: stop first (a text that says stop anywhere stops), then cancelling, limits on the text,
answers and corrections, negations; then the whole text as one command, and last as several steps, each of which has to
be understood.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fluorosam_ros.control import motion_phrases, phrases
from fluorosam_ros.control.amounts import VERTICAL
from fluorosam_ros.control.angles import parse_angle
from fluorosam_ros.control.answers import answered, completed
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Cancel,
    Center,
    ChangeDose,
    CollimateTo,
    Command,
    DescribeImage,
    Disarm,
    GoBack,
    NotUnderstood,
    OpenCollimator,
    RecallView,
    Refuse,
    ResetStop,
    Rotate,
    SaveView,
    Segment,
    SetDose,
    Single,
    Steps,
    Stop,
    StopSegmenting,
    SwitchFluoro,
    TakeShot,
    Target,
    Tilt,
    Translate,
    Unclear,
    WhereAreWe,
    WhereIs,
    acts,
    aimed,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.corrections import about_another, corrected, corrected_and_more
from fluorosam_ros.control.followups import continued, its_outline_hidden, leaned
from fluorosam_ros.control.joints import asked_bone
from fluorosam_ros.control.key_words import by_key_words
from fluorosam_ros.control.leaning import said_again
from fluorosam_ros.control.limbs import with_sides
from fluorosam_ros.control.moves import parse_field, parse_move
from fluorosam_ros.control.passive import active
from fluorosam_ros.control.plain_text import MAX_TEXT, asks, bare, fragment, limits, odd_number, plain, questions
from fluorosam_ros.control.reader import reader
from fluorosam_ros.control.reading import MAX_WORDS, NO, known_words, read
from fluorosam_ros.control.saved_views import parse_saved
from fluorosam_ros.control.spelling import respelt
from fluorosam_ros.control.steps import in_steps
from fluorosam_ros.control.stopping import ONLY_OUTLINES_END, THEN, ended_first, reset_beside_talk, stop_segmenting
from fluorosam_ros.control.targets import ONE_SIDE, of_side, resolve, which
from fluorosam_ros.control.view_names import parse_view
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import Match, find, other_side

_OTHER_ONE = re.compile(r"(?:the )?other (?:one|1|side)")
_TELLING = DescribeImage | WhereIs | WhereAreWe
_FIXED: tuple[tuple[re.Pattern[str], Single], ...] = (
    (motion_phrases.SHOT, TakeShot()),
    (phrases.ARM, Arm()),
    (phrases.DISARM, Disarm()),
    (motion_phrases.GO_BACK, GoBack()),
    (motion_phrases.OPEN, OpenCollimator()),
    (phrases.FLUORO_ON, SwitchFluoro(True)),
    (phrases.FLUORO_OFF, SwitchFluoro(False)),
    (phrases.LESS_DOSE, ChangeDose(False)),
    (phrases.MORE_DOSE, ChangeDose(True)),
    (phrases.DESCRIBE, DescribeImage()),
    (phrases.WHERE_ARE_WE, WhereAreWe()),
)


def parse(text: str, context: Context | None = None) -> Command:
    """The command a text means.

    Args:
        text: as typed or as the speech recogniser wrote it.
        context: what was said before, for "center on it", "the left one" or "a bit more"; none by default.

    Never raises; what cannot be understood comes back as ``Ask``, ``Refuse`` or ``NotUnderstood`` and moves nothing.
    """
    context = context or Context()
    words = plain(text[:20_000])
    urgent = _urgent(words, len(text) > MAX_TEXT, context)
    if urgent is not None:
        return urgent
    refused = limits(text)
    if refused is not None:
        return refused
    command = answered(text, context) or completed(words, context, by_rules) or _command(text, words, context)
    if left_open(command) or isinstance(command, Ask):
        looked = _second_look(words, context, command)
        command = looked if not asks(text, words) or isinstance(looked, _TELLING) else command
    ended = any(isinstance(step, StopSegmenting) for step in steps_of(command))
    if ONLY_OUTLINES_END.search(words) and (isinstance(command, Unclear) or (acts(command) and not ended)):
        return Stop()  # what else "stop" may have meant comes first
    if phrases.EXCLAIMED.search(words) and any(isinstance(step, TakeShot) for step in steps_of(command)):
        return Refuse("I take no shot on an exclamation: say “take a shot”.")
    if acts(command) and odd_number(text):
        return Refuse("I will not move: write numbers with one sign and the digits 0 to 9.")
    if acts(command) and _asked_about(text, words, command, context):
        return Refuse("I will not move on a question: say it without the question mark.")
    acting = acts(command) or isinstance(command, SetDose | ChangeDose)
    if acting and fragment(text) and not isinstance(command, RecallView):  # whose name may be quoted
        return Refuse("I will not move on a quotation or a part of a sentence: say the command alone.")
    return replace(command, said=words) if isinstance(command, Ask) else command


def _asked_about(text: str, words: str, command: Command, context: Context) -> bool:
    """Whether a motion is asked about, or put as a question, and not only what is told after it."""
    asked = asks(text, words) or any(_asked(each, context) for each in questions(text))
    return asked and not _asks_last(text, command)


def _asks_last(text: str, command: Command) -> bool:
    """Whether only the last of several is put as a question: "LAO 20, shoot, where are we?"."""
    *before, last = re.split(r"[,.;]\s+(?:and |then )*", text.strip())
    told = isinstance(steps_of(command)[-1], _TELLING) and isinstance(by_rules(plain(last), Context()), _TELLING)
    return told and bool(before)


def _asked(sentence: str, context: Context) -> bool:
    """Whether a sentence with a question mark asks about a motion: "4 cm to the head? there is no room"."""
    words = plain(sentence)
    return asks(sentence, words) and acts(by_rules(words, context))


def understood_by_rule(text: str, context: Context | None = None) -> bool:
    """Whether the rules alone know what to make of a text, be it a question or a stop."""
    context = context or Context()
    return answered(text, context) is not None or not left_open(by_rules(plain(text), context))


def left_open(command: Command) -> bool:
    """Whether the rules have not understood a text, or taken talk for tools to be outlined."""
    steps = steps_of(command)
    return isinstance(command, Refuse | NotUnderstood) or any(
        isinstance(step, Segment) and not step.structures for step in steps
    )


def _second_look(words: str, context: Context, unclear: Command) -> Command:
    """What plain words mean that no rule understands as they stand."""
    words = with_sides(words, context)
    if len(words.split()) > MAX_WORDS:
        return unclear
    for again in (words.removeprefix("actually ").removeprefix("and "), active(bare(words))):
        command = by_rules(again, context) if again and again != words else unclear
        if not isinstance(command, Unclear) and not left_open(command):
            return command
    negated = phrases.NEGATION.search(words) is not None  # "dont shoot" is not "done shoot"
    spelt = words if negated else respelt(words, *known_words())
    command = by_rules(spelt, context) if spelt != words else unclear
    if _renamed(command, words):
        spelt = words
    elif not isinstance(command, Unclear) and not left_open(command):
        return command

    def understand(said: str, now: Context) -> Command:
        return by_rules(plain(said), now)

    repaired = said_again(spelt, context, understand)
    if repaired is not None:
        return repaired
    open_ways = isinstance(unclear, Ask) and [choice.command for choice in unclear.choices]
    if open_ways and isinstance(open_ways[0], Rotate | Tilt | Translate) and not reader().read(spelt).talk:
        return unclear  # which way is not to be guessed
    looked = read(spelt, context, describe(unclear), understand)
    if looked is not None and _renamed(looked, words):
        looked = read(words, context, describe(unclear), understand)
    return looked or unclear


def _renamed(command: Command, words: str) -> bool:
    """Whether a view would be saved under a name that was not said: "stone" is no slip for "store" there."""
    steps = steps_of(command)
    return any(isinstance(step, SaveView) and step.name not in words for step in steps)


def by_rules(words: str, context: Context) -> Command:
    """What the rules make of plain words."""
    return _urgent(words, False, context) or _command(words, words, context)


def _command(text: str, words: str, context: Context) -> Command:
    sided = with_sides(words, context)
    text, words = (text, words) if sided == words else (sided, sided)
    said = bare(words)
    correction = corrected(said, context, lambda what: _parsed(what, context))
    if correction is None:
        correction = corrected_and_more(said, context, _parsed)
    if correction is not None:
        return correction
    if phrases.NEGATION.search(said):
        return Refuse("I do nothing on a negation: say what you want instead, or say stop.")
    kind = type(context.last) if isinstance(context.last, Center | CollimateTo | WhereIs | Segment) else None
    for pattern, what_for in ((phrases.AND_NOW, kind), (phrases.CAN_SEE, WhereIs)):
        found = pattern.fullmatch(words)
        match = find(found["what"]) if found and what_for else Match()
        if found and not match.clear and pattern is phrases.AND_NOW:
            other = about_another(found["what"], context, all_of_it="same" in words.split())
            if other is not None:
                return other
        if match.clear and what_for:
            return aimed(what_for, Target(match.structures))
    return _parsed(said, context, text)


def _parsed(words: str, context: Context, text: str = "") -> Command:
    """Bare plain words as one command, or as several. text: the same as it was written, if it is the whole prompt."""
    if phrases.NEGATION.search(words):
        return Refuse("I do nothing on a negation: say what you want instead, or say stop.")
    if words.endswith(" by"):
        return Ask("By how much?")
    whole = _single(words, context, text)
    if not isinstance(whole, Unclear):
        return whole
    return in_steps(words, context, lambda part, now: _single(bare(part), now)) or whole


def _urgent(words: str, too_long: bool, context: Context) -> Single | Steps | None:
    """What has to be heard whatever else a text says."""
    said = bare(words[: 2 * MAX_TEXT])
    if context.question is not None and said in NO:
        return Cancel()
    if not too_long:
        if phrases.RESET.fullmatch(said) or reset_beside_talk(words):
            return ResetStop()
        silenced = (
            its_outline_hidden(said, context) or stop_segmenting(said, context) or ended_first(said, context, _rest)
        )
        if silenced is not None:
            return silenced
    if phrases.STOP_FLUORO.fullmatch(said) or (phrases.FLUORO_OFF.fullmatch(said) and not phrases.STOP.search(words)):
        return SwitchFluoro(False)
    if phrases.ABANDON.search(words) and not phrases.STOP.search(phrases.ABANDON.sub("", words)):
        return Cancel()
    others = words if too_long or phrases.CANCEL.search(words) else ONLY_OUTLINES_END.sub("", words)
    if phrases.STOP.search(others) or phrases.STOP_ALONE.fullmatch(said):
        return Stop()
    return Cancel() if phrases.CANCEL.search(words) or phrases.CANCEL_ALONE.fullmatch(said) else None


def _rest(words: str, context: Context) -> Command | None:
    """What the rules make of the rest of a text, unless that has to be heard first."""
    return None if _urgent(words, False, context) is not None else _parsed(THEN.sub("", words), context)


def _single(words: str, context: Context, text: str = "") -> Command:
    """Bare plain words as exactly one command."""
    if leaning := leaned(words, context):
        return leaning
    for pattern, command in _FIXED:
        if pattern.fullmatch(words):
            return command
    return (
        continued(words, context)
        or its_outline_hidden(words, context)
        or stop_segmenting(words, context)
        or _dose(words)
        or parse_saved(words, context)
        or parse_field(words)
        or _vertical(parse_move(words), context.last_step)
        or _where(words, context)
        or parse_view(words, context)
        or _aimed(words, context)
        or _name_first(words, context)
        or by_key_words(words, context)
        or parse_angle(words)
        or _segmenting(text, words, context)
    )


def _vertical(move: Translate | Unclear | None, last: Single | None) -> Translate | Unclear | None:
    """ "Down 2 cm" after a move to the ceiling is towards the table."""
    ways = [choice.command for choice in move.choices] if isinstance(move, Ask) else []
    if not isinstance(last, Translate) or last.direction not in VERTICAL:
        return move
    return next((way for way in ways if isinstance(way, Translate) and way.direction in VERTICAL), move)


def _name_first(words: str, context: Context) -> Command | None:
    """ "Right humerus, center": the structure said first."""
    found = motion_phrases.NAME_FIRST.fullmatch(words)
    if found and find(found["what"]).clear and not phrases.SEGMENT_VERB.match(found["what"]):
        return _aimed(f"{found['verb']} {found['what']}", context)
    shown = phrases.NAME_FIRST.fullmatch(words)
    match = find(shown["what"]) if shown else Match()
    return aimed(Segment, Target(match.structures, match.corrections)) if match.clear else None


def _dose(words: str) -> SetDose | Refuse | None:
    found = phrases.DOSE_LEVEL.fullmatch(words)
    level = found and phrases.DOSE_LEVELS[found["level"]]
    if not level or "dose" not in words.split():
        return None
    if (level == "low" and phrases.RAISES.search(words)) or (level == "high" and phrases.LOWERS.search(words)):
        return Refuse("I will not change the dose: say whether it is to go up or down.")
    return SetDose(level)


def _where(words: str, context: Context) -> WhereIs | Unclear | None:
    found = phrases.WHERE_IS.fullmatch(words)
    if found is None:
        return None
    what = next(group for name, group in found.groupdict().items() if group and name != "verb")
    if re.search(r" and (?:then )?(?:what|where|tell|say|describe)\b", what):
        return None  # two questions
    target = resolve(what, WhereIs, context)
    return WhereIs(target) if isinstance(target, Target) else target


def _aimed(words: str, context: Context) -> Command | None:
    """Centering and collimating, or a shot "of" something."""
    if found := motion_phrases.CENTER.fullmatch(words):
        going = found["go"] or found["me"] or found["over"] or found["on"]
        turn = parse_angle(words) if going else None
        if turn is None or isinstance(turn, Refuse):  # "go to LAO 30" is a turn
            what = phrases.IN_SIGHT.sub("", next(filter(None, found.groups()), ""))
            target = resolve(what, Center, context)
            return Center(target) if isinstance(target, Target) else target
    if found := motion_phrases.COLLIMATE.fullmatch(words):
        target = resolve(found["what"] or "", CollimateTo, context)
        return CollimateTo(target) if isinstance(target, Target) else target
    if motion_phrases.SHOT_OF.fullmatch(words):
        return Refuse("A shot shows the present field: center on the structure first, then take a shot.")
    return None


def _segmenting(text: str, words: str, context: Context) -> Segment | Unclear:
    """A structure to outline, with or without a verb. text: the whole prompt; empty for a part of one."""
    if not text and phrases.UNCERTAIN.search(words):  # fillers such as "should we" must not begin steps that act
        return NotUnderstood(f"I did not understand {words[:60]!r}.")
    parts = words.split(" and ")  # "outline the liver and tell me what you see", "and tell me where it is"
    told = len(parts) > 1 and any(
        pattern.fullmatch(each.removeprefix("then ")) for each in parts for pattern, _ in _FIXED
    )
    if told or re.search(r"\bwhere\b", words):
        return NotUnderstood(f"I did not understand {words[:60]!r}.")
    text = text or words
    match = find(text)
    verb = phrases.SEGMENT_VERB.match(words)
    named = phrases.SEGMENT_END.sub("", words[verb.end() :] if verb else words).strip()
    if verb and (not named or phrases.SINGULAR.fullmatch(named) or phrases.PLURAL.fullmatch(named)):
        target = resolve(named, Segment, context)
        return Segment(target.name, target.structures) if isinstance(target, Target) else target
    if verb and (one := ONE_SIDE.fullmatch(named)) and (sided := of_side(one[1], context.named)):
        return Segment(sided.name, (sided,))
    if verb and _OTHER_ONE.fullmatch(named) and len(context.named) == 1 and (across := other_side(context.named[0])):
        return Segment(across.name, (across,))
    if not match.clear and (verb or match.unknown or match.tools):
        # What is left without the verb may be clearer: "the aorta marked" is no marker.
        stripped = find(named)
        if stripped.clear or (verb and match == Match()):
            match = stripped
    if match.unknown:
        unknown = match.unknown[0]
        joint = asked_bone(unknown, Segment) if match == Match(unknown=(unknown,)) else None
        if joint is not None:
            return joint
        if phrases.MOTION_WORD.search(words):
            return Refuse(f"I will not move: I did not understand {unknown!r} in this command.")
        if verb or match.structures or match.alternatives or match.tools:
            return Refuse(f"I do not know the structure {unknown!r}.")
        return NotUnderstood(f"I did not understand {unknown!r}.")
    if match.alternatives:
        return which(match.alternatives, Segment)
    if match.structures or match.tools:
        return Segment(" ".join(text.split()), match.structures, match.tools, match.corrections)
    return NotUnderstood("I did not find a command or a structure in this prompt.")
