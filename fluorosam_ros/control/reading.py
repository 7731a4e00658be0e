"""What a text means that no rule understands.

A network (`control.reader`) says which kind of command the text is like, which of its words are talk beside the
command, and whether it is to be obeyed at all. Then the rules have the last word: they understand what is left without
the talk; or the command is said once more in the plainest words (`control.plainly`), with exactly the structures,
numbers and directions of the text, and where one is left over or missing, nothing is read. So a reading can only be
what the rules can say.

What would move, expose or set the dose is done if the network is all but certain, otherwise asked back ("Did you mean
…?"), and left alone where the text is more likely not to be obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fluorosam_ros.control import phrases
from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Center,
    ChangeDose,
    Choice,
    CollimateBy,
    CollimateTo,
    Command,
    GoBack,
    NotUnderstood,
    Refuse,
    ResetStop,
    Rotate,
    Segment,
    SetDose,
    SetField,
    Steps,
    StopSegmenting,
    Tilt,
    Translate,
    Unclear,
    WhereIs,
    Zoom,
    acts,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.leaning import CONTRAST, FOLLOW_UPS
from fluorosam_ros.control.plain_text import bare
from fluorosam_ros.control.plainly import KINDS, NOTHING, SEVERAL, kind_of
from fluorosam_ros.control.quantities import tokens
from fluorosam_ros.control.reader import Reading, reader
from fluorosam_ros.control.slots import NAME, slots
from fluorosam_ros.control.steps import in_steps
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import find

MAX_WORDS = 40
"""Longer texts are talk."""

YES = (
    "yes", "yes please", "yeah", "yep", "yup", "correct", "exactly", "that s right",
    "do it", "do that", "please do", "go ahead", "confirm", "confirmed", "confirm please", "yes confirm", "affirmative",
    "yes do it", "yes do that", "yes i did", "i did", "yes that s right", "yes exactly", "yes correct",
)  # fmt: skip
"""What answers the question with yes, in plain words; "okay" may be said to anything."""

NO = ("no", "no thanks", "no thank you", "nope", "no i did not", "no i didn t", "no that s wrong", "wrong", "not that")
"""What answers a question with no: what was asked about is dropped, and nothing is stopped."""

_LIKE, _ALIKE = 0.5, 0.65
"""Least likeness to a kind of command to ask back, or to do what only shows or tells; and to do what moves."""

_DOUBTFUL, _HARMFUL = 0.1, 0.5
"""Likeness to what is not to be obeyed from which on a motion is asked back, and from which on nothing is read."""

_HARMLESS, _SURE = 0.003, 0.99
"""Likeness to what is not to be obeyed, and to the kind of command, from which on doubt in talk beside it is none."""

_REPORTED = re.compile(r"\b(?:sa(?:id|ys?)|tell|told|ask(?:s|ed)?|think|thought|should|would)\b")
"""What may make the command beside it somebody else's."""

_ELSEWHERE = re.compile(
    r"\b(?:above|below|beneath|under|beside|besides|between|near|nearer|next|higher|lower|than|half\w*|third|quarter"
    r"|tip|end|edge|rim|border|corner|part|side of|top of|bottom of|areas? (?:of|around)|region|surroundings"
    r"|neighbou?r\w*|behind)\b"
)
"""What is said of a place beside a structure."""

_DEVICES = (
    r"(?:windows?|blinds|doors?|lamps?|lights?|laparoscope|endoscope|microscope|ultrasound|probe|pumps?|ventilator"
    r"|phone|music|radio|laptop|trolley|chair|bed|instrument\w*|injector|slideshow|powerpoint"
    r"|retractors?|clamps?|mallet|saw|suction|stool|gown)\b"
)
_OTHER_DEVICE, _ON_ANOTHER = re.compile(rf"\b{_DEVICES}"), re.compile(rf"\b(?:on|of|at) (?:the|my|his|her) {_DEVICES}")
"""What else stands in the room and can be moved, opened or turned."""

_PART_OF = re.compile(rf"\b(?!outline|view|picture|image|middle|cent(?:er|re))\w+ of {NAME}\b")
_WITHIN = re.compile(
    r"\b(?:the|an?|that|this|his|her) (?!middle|cent(?:er|re)|field|beam|image|picture|view)(\w+) "
    r"(?:in|inside|within) (?:the|his|her)\b"
)
"""Something in a structure, "the stone in the right kidney", is not the structure."""

_MORE_OF_IT = frozenset(("another", "more", "further", "again", "back"))
_FEWEST_WORDS = 2
_A_SENTENCE = 4
"""Fewest words of talk that may hold a negation of their own without an "and" or the like around them."""

_EARLIER = re.compile(
    r"\b(?:(?:we|you|it|that|things|arm|gantry|machine) (?:was|were|had)|a (?:moment|minute|second) ago)\b"
)
"""What is said of the pose before."""

_PREDICATE = re.compile(
    r"(?:is|isn t|are|aren t|was|wasn t|were|weren t|would|wouldn t|will|won t|has|hasn t|had|hadn t|can|can t|cannot"
    r"|could|couldn t|does|doesn t|did|didn t|never|gets|got|makes|made|means|meant)\b"
)
"""How what is said of a command goes on after it: "3 cm towards the table was too low"."""

_SAID_OF_IT = re.compile(
    r"(?:and )*(?:(?:that|this) (?:s|is|was|would be|had been) "
    r"(?:what|how|where|when|why|the \w+ (?:i|we|you|he|she|they))\b"
    r"|(?:says|said|wrote|writes|insists|thinks|according to)\b|i (?:told|tell|was told|used to|read)\b"
    r"|easy for (?:you|him|her|them) to say)"
)
_OR_ELSE = re.compile(r"\bor (?:was|is|were|did|maybe|perhaps|should|would)\b")
"""How talk after a command goes on that tells where the words are from: "RAO 30, that was the view I got wrong"."""

_DANGLING = re.compile(r"\b(?:on|of|for|to|in|at|with|from|under|over|into)(?: and\b.*)?$")
"""How a command ends of which a part was taken for talk: "zoom out on the PACS screen"."""

_PROHIBITION = re.compile(r"(?:(?:please|and|but) )*(?:do not|don t|dont|never|not|no) ")
_PROHIBITS = re.compile(r"(?:please )?(?:do|don|dont|never|not|no|must|should|nobody|stop|cannot|is|are)\b")
"""How such talk does not begin."""

Understand = Callable[[str], Command]
UnderstandIn = Callable[[str, Context], Command]


def read(words: str, context: Context, unclear: str, understand: UnderstandIn) -> Command | None:
    """The command that plain words mean, or the question whether it is meant; None where nothing is read.

    unclear: what the rules make of the text, one sentence, to be said with the question. understand: the rules.
    """
    if not _FEWEST_WORDS <= len(bare(words).split()) <= MAX_WORDS:
        return None
    reading = reader().read(words)
    if reading.harm >= _HARMFUL or _negated(words, reading, context, understand):
        return None
    command = _likeliest(words, reading, context, understand)
    if command is None or isinstance(command, Ask):
        return command
    steps = steps_of(command)
    left = slots(bare(reading.command)).words
    strange = reader().unknown_after_names(left)
    permits = any(isinstance(step, Arm | ResetStop) for step in steps)
    if not permits and _arming_parts(words):
        return None  # "arm the system and drive to chest PA"
    if permits and (len(steps) > 1 or not reader().known.issuperset(reading.command.split())):
        return None
    if strange and any(isinstance(step, Segment | StopSegmenting | WhereIs) for step in steps):
        return None  # the strange word may belong to the name
    if isinstance(command, Segment) and phrases.MOTION_WORD.search(reading.command):
        return None
    beside = _PART_OF.search(" ".join(left)) or (
        reading.kind not in FOLLOW_UPS and _ELSEWHERE.search(reading.command)  # "one level below"
    )
    within = _WITHIN.search(words)
    beside = beside or (within and not find(within[1]).clear)
    if beside and any(isinstance(step, Center | CollimateTo) for step in steps):
        return None
    other = _OTHER_DEVICE.search(reading.command) or _ON_ANOTHER.search(words)
    other = other or (_OTHER_DEVICE.search(words) and re.search(r"\b(?:it|them)\b", reading.command))
    if other and any(acts(step) for step in steps):
        return None
    if not permits and not any(acts(step) or isinstance(step, ChangeDose | SetDose) for step in steps):
        return command
    certain = (
        reading.harm < _DOUBTFUL
        and _agrees(reading, command)
        and not strange
        and not _second_command(reading, command, context, understand)
        and not _dropped(words, reading, command)
        and not (_remade(words, reading) and _relative(context.last))
    )
    if certain and not _doubted(words, reading, command) and (not permits or _in_a_part_of_its_own(words)):
        return command
    return _asked(command, unclear)


def _in_a_part_of_its_own(words: str) -> bool:
    """Whether arming is said in full between commas, as the rules know it, and all the rest is certain."""
    return len(_arming_parts(words)) == 1 and not phrases.DOUBT.search(words)


def _arming_parts(words: str) -> list[str]:
    """The parts of plain words that say in full that the system is to be armed."""
    return [part for part in words.split(" and ") if phrases.ARM.fullmatch(bare(part))]


def _remade(words: str, reading: Reading) -> bool:
    """Whether a text gives the last command another amount: "make that 6", where "another 6" goes on."""
    return reading.kind == "+ number" and not _MORE_OF_IT & set(words.split())


def _relative(last: Command | None) -> bool:
    """Whether a command moved by an amount; said again with another one it moves on, or was the sum meant?"""
    return isinstance(last, Translate | CollimateBy) or getattr(last, "delta_deg", None) is not None


def _negated(words: str, reading: Reading, context: Context, understand: UnderstandIn) -> bool:
    """Whether something is negated beside what is talk for itself: "more dose and i can t see a thing" is not, nor is
    the wrong part of a correction: "no and towards rao", "20 and not 30"."""
    said = f" {words} "
    leans = reading.kind in FOLLOW_UPS and context.last is not None
    if leans and reading.likeness >= _ALIKE and reading.harm < _DOUBTFUL:
        negated = phrases.NEGATION.search(CONTRAST.sub(" ", reading.command))
        return negated is not None or phrases.FORBIDS.search(words) is not None
    long = [each for each in reading.stretches if len(each.split()) >= _A_SENTENCE and not _PROHIBITS.match(each)]
    if any(_forbids(aside, context, understand) for aside in reading.asides):
        return True
    for aside in (*(long if reading.harm < _DOUBTFUL else ()), *reading.asides):
        said = said.replace(f" {aside} ", " and ", 1)
    return phrases.NEGATION.search(said) is not None or phrases.FORBIDS.search(said) is not None


def _forbids(aside: str, context: Context, understand: UnderstandIn) -> bool:
    """Whether talk forbids a command: "don't show me the ribs", which "don't worry" does not."""
    found = _PROHIBITION.match(aside)
    return found is not None and not isinstance(understand(aside[found.end() :], context), Unclear)


def known_words() -> tuple[frozenset[str], frozenset[str]]:
    """The words of commands, and those of talk."""
    return reader().known, reader().talk


def _likeliest(words: str, reading: Reading, context: Context, understand: UnderstandIn) -> Command | None:
    """What the text means without its talk if it is of the kind that the network says, else of that kind by itself."""

    def understand_now(said: str) -> Command:
        return understand(said, context)

    rest = _without_talk(reading, understand_now)
    if rest is not None and not isinstance(rest, Ask) and _agrees(reading, rest):
        return rest
    return (
        _of_its_kind(reading, reading.command, context, understand_now)
        or _of_its_kind(reading, words, context, understand_now)
        or _in_steps(reading, words, context, understand)
        or rest
    )


def _without_talk(reading: Reading, understand: Understand) -> Command | None:
    """What the rules understand in what is left without talk."""
    if not reading.talk or not reading.command:
        return None
    command = understand(reading.command)
    return None if isinstance(command, Unclear) and not isinstance(command, Ask) else command


def _of_its_kind(reading: Reading, words: str, context: Context, understand: Understand) -> Command | None:
    """A command of the likeliest kind, said in the plainest words."""
    say = KINDS.get(reading.kind) or (FOLLOW_UPS.get(reading.kind) if context.last is not None else None)
    words = bare(words)
    said = say(slots(words), words, context) if say and words and reading.likeness >= _LIKE else None
    command = understand(said) if said else None
    if command is None or isinstance(command, Refuse | NotUnderstood):
        return None
    return command if reading.kind in FOLLOW_UPS or describe(command).startswith(reading.kind) else None


def _in_steps(reading: Reading, words: str, context: Context, understand: UnderstandIn) -> Command | None:
    """Several commands, each understood by the rules or read by itself, with talk in and between them."""
    if reading.kind != SEVERAL or reading.likeness < _ALIKE:
        return None

    def one(part: str, now: Context) -> Command:
        command = understand(part, now)
        # Two parts at once are never read as one command: it would swallow the other.
        if not isinstance(command, Unclear) or len(part.split()) < _FEWEST_WORDS or " and " in part:
            return command
        alone = reader().read(part)
        if alone.likeness < _ALIKE or alone.harm >= _HARMFUL:
            return command
        return _alone(alone, part, now, lambda said: understand(said, now)) or command

    for said in dict.fromkeys((reading.command, _without_asides(words, reading))):
        steps = in_steps(said, context, one)
        if isinstance(steps, Steps):
            return steps
    return None


def _alone(reading: Reading, part: str, context: Context, understand: Understand) -> Command | None:
    """A part of a text that is one command, with talk in it or not."""
    rest = _without_talk(reading, understand)
    if rest is not None and not isinstance(rest, Ask | Steps) and _agrees(reading, rest):
        return rest
    return _of_its_kind(reading, reading.command, context, understand) or _of_its_kind(
        reading, part, context, understand
    )


def _without_asides(words: str, reading: Reading) -> str:
    """Plain words without the parts that are nothing but talk, be it in the whole text or by themselves."""
    kept = []
    for part in words.split(" and "):
        alone = reader().read(part) if len(part.split()) >= _FEWEST_WORDS else None
        nothing = alone is not None and alone.kind == NOTHING and alone.likeness >= _ALIKE and alone.harm < _HARMFUL
        if part not in reading.asides and not nothing:
            kept.append(part)
    return " and ".join(kept)


def _agrees(reading: Reading, command: Command) -> bool:
    """Whether the network is certain of the kind of command that the rules have understood."""
    if isinstance(command, Steps):
        return reading.kind == SEVERAL and reading.likeness >= _ALIKE
    alike = reading.kind in FOLLOW_UPS or describe(command).startswith(reading.kind)
    return alike and reading.likeness >= _ALIKE


def _second_command(reading: Reading, command: Command, context: Context, understand: UnderstandIn) -> bool:
    """Whether what was taken for talk, or a part beside what one command was read from, would be another by itself."""
    alone = not isinstance(command, Steps) and " and " in reading.command
    parts = reading.command.split(" and ") if alone else []
    kind = kind_of(describe(command))
    return any(_commands(part, kind, context, understand) for part in (*parts, reading.talk) if part)


def _dropped(words: str, reading: Reading, command: Command) -> bool:
    """Whether a part of a text of several commands, taken for talk, would be one of another kind by itself."""
    if not isinstance(command, Steps):
        return False
    kinds = [kind_of(describe(step)) for step in steps_of(command)]
    for part in words.split(" and "):
        if part in reading.command:
            continue
        alone = reader().read(part)
        orders = alone.kind in KINDS and alone.likeness >= _LIKE and alone.harm < _HARMFUL
        if orders and not any(_same_motion(alone.kind, kind) for kind in kinds):
            return True
    return False


def _commands(part: str, kind: str, context: Context, understand: UnderstandIn) -> bool:
    """Whether a part of a text is by itself a command of another kind."""
    if slots(part).words == (NAME,):  # one of several structures
        return False
    command = understand(part, context)
    if acts(command) and not any(_same_motion(kind_of(describe(step)), kind) for step in steps_of(command)):
        return True
    alone = reader().read(part)
    if alone.kind not in KINDS or alone.likeness < _ALIKE or alone.harm >= _HARMFUL or _same_motion(alone.kind, kind):
        return False
    return _of_its_kind(alone, part, context, lambda said: understand(said, context)) is not None


def _same_motion(one: str, other: str) -> bool:
    """Whether two kinds of command are one, by an amount or to an angle; "back to zero" does for both angles."""
    alike = ({"Rotate to", "Tilt to"}, {"Rotate to", "Rotate by"}, {"Tilt to", "Tilt by"})
    return one == other or {one, other} in alike


def _goes_back(command: Command) -> bool:
    return any(isinstance(step, GoBack) for step in steps_of(command))


def _doubted(words: str, reading: Reading, command: Command) -> bool:
    """Whether words of doubt, another time, or a number that may be meant stand beside what would move."""
    said = f" {_EARLIER.sub(' ', words) if _goes_back(command) else words} "
    after = [talk for talk in reading.stretches if not words.startswith(talk)]
    of_it = any(_PREDICATE.match(talk) or _SAID_OF_IT.match(talk) or _OR_ELSE.search(talk) for talk in after)
    if of_it and not _goes_back(command):
        return True
    if after and not isinstance(command, Steps) and _DANGLING.search(reading.command):
        return True
    if (
        reading.kind in FOLLOW_UPS
        and reading.harm >= _HARMLESS
        and any(len(talk.split()) >= _A_SENTENCE for talk in after)
    ):
        return True  # "one more like that and we are over the limit"
    beside = not phrases.DOUBT.search(reading.command) and not _REPORTED.search(reading.talk)
    if beside and reading.harm < _HARMLESS and reading.likeness >= _SURE:
        return False  # the doubt is about something else, to all that can be told
    if phrases.DELAY.search(said.strip()):
        return True
    short = []
    for talk in reading.stretches if reading.command else ():
        if len(talk.split()) > _A_SENTENCE:
            said = said.replace(f" {talk} ", " and ", 1)
        else:
            short.append(talk)
    measured = isinstance(command, Rotate | Tilt | Translate | CollimateBy | SetField | Zoom | Steps)
    # A sentence of its own speaks of other numbers: "he has been here since 6".
    numbers = measured and any(number != 1 for number in tokens(" and ".join(short)).numbers)
    return numbers or phrases.DOUBT.search(said.strip()) is not None


def _asked(command: Command, unclear: str) -> Ask:
    question = f"{unclear} Did you mean “{describe(command).removesuffix('.')}”? Say yes or no."
    return Ask(question, (Choice(command, words=YES),), guess=True)
