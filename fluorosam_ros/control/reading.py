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
    NotUnderstood,
    RecallView,
    Refuse,
    ResetStop,
    SaveView,
    Segment,
    SetDose,
    Steps,
    StopSegmenting,
    TakeShot,
    Translate,
    Unclear,
    WhereIs,
    acts,
    steps_of,
)
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.doubts import ALIKE, DOUBTFUL, UnderstandIn, doubted, negated
from fluorosam_ros.control.leaning import FOLLOW_UPS
from fluorosam_ros.control.plain_text import bare
from fluorosam_ros.control.plainly import KINDS, NOTHING, SEVERAL, kind_of
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

_LIKE = 0.5
"""Least likeness to a kind of command to ask back, or to do what only shows or tells."""

_SURELY_ALIKE, _LESS_ALIKE = 0.55, 2.0
"""Least likeness to the kind that the rules understand, too, where harm is 0, and how much more for all of it. Chosen
on texts that the network had not learnt."""

_HARMFUL = 0.5
"""Likeness to what is not to be obeyed from which on nothing is read."""

_ELSEWHERE = re.compile(
    r"\b(?:above|below|beneath|under|beside|besides|between|near|nearer|next|higher|lower|than|half\w*|third|quarter"
    r"|tip|end|edge|rim|border|corner|part|side of|top of|bottom of|areas? (?:of|around)|region|surroundings"
    r"|neighbou?r\w*|behind)\b"
)
"""What is said of a place beside a structure."""

_DEVICES = (
    r"(?:table(?= s | is )|windows?|blinds|doors?|lamps?|lights?|laparoscope|endoscope|microscope|ultrasound|probe"
    r"|pumps?|ventilator|phone|music|radio|laptop|trolley|chair|bed|instrument\w*|injector|slideshow|powerpoint"
    r"|scoreboard|retractors?|clamps?|mallet|saw|suction|stool|gown)\b"
)
_OTHER_DEVICE, _ON_ANOTHER = (
    re.compile(rf"\b{_DEVICES}"),
    re.compile(rf"\b(?:on|of|at|with) (?:the|my|his|her) {_DEVICES}"),
)
"""What else stands in the room and can be moved, opened or turned."""

_INSTRUMENT = re.compile(
    r"\b(?:wires?|guide ?wires?|k ?wires?|catheters?|screws?|screwdriver|nails?|needles?|pins?|sheaths?|drills?"
    r"|reamers?|balloons?|stents?|trocars?|cannulas?|rods?|plates?|grafts?|tourniquet|sutures?|supports?|pillows?|bolsters?"
    r"|(?:head|foot) end)\b"
)
_INSTRUMENT_MOVES = re.compile(rf"{_INSTRUMENT.pattern} (?:back|up|down|in|out|forwards?|further|by|another|\d+)\b")
_A_SHOT_OF, _IT = r"\b(?:shot|picture|image|film|exposure)s? of ", r"(?:it|that|this|these|those|them)\b"
_SHOT_OF_IT, _SHOT_OF = re.compile(_A_SHOT_OF + _IT), re.compile(f"{_A_SHOT_OF}(?!{_IT})")
"""A shot of something is asked for, or of a drug."""

_PART_OF = re.compile(rf"\b(?!outline|view|picture|image|middle|cent(?:er|re))\w+ of {NAME}\b")
_WITHIN = re.compile(
    r"\b(?:the|an?|that|this|his|her) (?!middle|cent(?:er|re)|field|beam|image|picture|view)(\w+) "
    r"(?:in|inside|within) (?:the|his|her)\b"
)
"""Something in a structure, "the stone in the right kidney", is not the structure."""

_MORE_OF_IT = frozenset(("another", "more", "further", "again", "back"))
_FEWEST_WORDS, _FEW = 2, 3
Understand = Callable[[str], Command]


def read(words: str, context: Context, unclear: str, understand: UnderstandIn) -> Command | None:
    """The command that plain words mean, or the question whether it is meant; None where nothing is read.

    unclear: what the rules make of the text, one sentence, to be said with the question. understand: the rules.
    """
    if not _FEWEST_WORDS <= len(bare(words).split()) <= MAX_WORDS:
        return None
    reading = reader().read(words)
    if reading.harm >= _HARMFUL or negated(words, reading, context, understand):
        return None
    command = _likeliest(words, reading, context, understand)
    if command is None or isinstance(command, Ask):
        return command
    steps = steps_of(command)
    left = slots(bare(reading.command)).words
    strange = reader().unknown_after_names(left)
    permits = any(isinstance(step, Arm | ResetStop) for step in steps)
    if permits and any(acts(understand(part, context)) for part in words.split(" and ")):
        return None  # "arm the system and drive to chest PA"
    if not permits and _arming_parts(words):
        return None  # "arm the system and drive to chest PA"
    if permits and (len(steps) > 1 or not reader().known.issuperset(reading.command.split())):
        return None
    if strange and any(isinstance(step, Segment | WhereIs) for step in steps):
        return None  # the strange word may belong to the name
    if isinstance(command, StopSegmenting) and phrases.begins_segmenting(reading.command):
        return None  # "clear the ribs and segment the sternum"
    if isinstance(command, Segment) and phrases.MOTION_WORD.search(reading.command):
        return None
    if isinstance(command, TakeShot) and _SHOT_OF_IT.search(words):
        return None  # it may be out of the field
    within = _WITHIN.search(words)
    beside = (
        _PART_OF.search(" ".join(left)) is not None
        or (reading.kind not in FOLLOW_UPS and _ELSEWHERE.search(reading.command) is not None)  # "one level below"
        or (within is not None and not find(within[1]).clear)
    )
    if beside and any(isinstance(step, Center | CollimateTo) for step in steps):
        return None
    other = (
        _OTHER_DEVICE.search(reading.command)
        or _ON_ANOTHER.search(words)
        or (re.search(r"\b(?:it|them)\b", reading.command) and _OTHER_DEVICE.search(words))
    )
    if other and any(acts(step) for step in steps):
        return None
    if not permits and not any(acts(step) or isinstance(step, ChangeDose | SetDose) for step in steps):
        return command
    certain = (
        reading.harm < DOUBTFUL
        and _agrees(reading, command)
        and not strange
        and not (_instrument_moves(words, reading) and not any(isinstance(s, SaveView | RecallView) for s in steps))
        and not (_SHOT_OF.search(words) and any(isinstance(step, TakeShot) for step in steps))
        and not _second_command(reading, command, context, understand)
        and not _dropped(words, reading, command, lambda part: understand(part, context))
        and not (_remade(words, reading) and _relative(context.last))
    )
    if certain and not doubted(words, reading, command) and (not permits or _in_a_part_of_its_own(words)):
        return command
    return _asked(command, unclear)


def _instrument_moves(words: str, reading: Reading) -> bool:
    """Whether an instrument stands in the command, or it is what is moved: "pull the wire | back 2 cm"."""
    return _INSTRUMENT.search(reading.command) is not None or _INSTRUMENT_MOVES.search(words) is not None


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
    if reading.kind != SEVERAL or reading.likeness < ALIKE:
        return None

    def one(part: str, now: Context) -> Command:
        command = understand(part, now)
        # Two parts at once are never read as one command: it would swallow the other.
        if not isinstance(command, Unclear) or len(part.split()) < _FEWEST_WORDS or " and " in part:
            return command
        alone = reader().read(part)
        if alone.likeness < ALIKE or alone.harm >= _HARMFUL:
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
        nothing = alone is not None and alone.kind == NOTHING and alone.likeness >= ALIKE and alone.harm < _HARMFUL
        if part not in reading.asides and not nothing:
            kept.append(part)
    return " and ".join(kept)


def _agrees(reading: Reading, command: Command) -> bool:
    """Whether the network is certain of the kind of command that the rules have understood."""
    if isinstance(command, Steps):
        return reading.kind == SEVERAL and reading.likeness >= ALIKE
    leans = reading.kind in FOLLOW_UPS
    alike = leans or describe(command).startswith(reading.kind)
    least = ALIKE if leans else min(ALIKE, _SURELY_ALIKE + _LESS_ALIKE * reading.harm)
    return alike and reading.likeness >= least


def _second_command(reading: Reading, command: Command, context: Context, understand: UnderstandIn) -> bool:
    """Whether what was taken for talk, or a part beside what one command was read from, would be another by itself."""
    alone = not isinstance(command, Steps) and " and " in reading.command
    parts = reading.command.split(" and ") if alone else []
    kind = kind_of(describe(command))
    return any(_commands(part, kind, context, understand) for part in (*parts, reading.talk) if part)


def _dropped(words: str, reading: Reading, command: Command, understand: Understand) -> bool:
    """Whether a part of a text of several commands, taken for talk, would be one of another kind by itself."""
    if not isinstance(command, Steps):
        return False
    kinds = [kind_of(describe(step)) for step in steps_of(command)]
    for part in words.split(" and "):
        if part in reading.command:
            continue
        if isinstance(understand(part), Ask):  # "lateral", of which structure?
            return True
        begun = _first_command(part, understand)
        if begun and not any(_same_motion(begun, kind) for kind in kinds):
            return True
        alone = reader().read(part)
        least = ALIKE if alone.kind in FOLLOW_UPS else _LIKE
        orders = alone.kind in KINDS | FOLLOW_UPS and alone.likeness >= least and alone.harm < _HARMFUL
        if orders and not any(_same_motion(alone.kind, kind) for kind in kinds):
            return True
    return False


def _first_command(part: str, understand: Understand) -> str:
    """The kind of command that the first words of a part are, where talk follows: "expose hold your breath"."""
    single = part.removeprefix("then ").split()
    begun = (understand(" ".join(single[:count])) for count in range(1, min(_FEW, len(single)) + 1))
    return next((kind_of(describe(command)) for command in begun if acts(command)), "")


def _commands(part: str, kind: str, context: Context, understand: UnderstandIn) -> bool:
    """Whether a part of a text is by itself a command of another kind."""
    if slots(part).words == (NAME,):  # one of several structures
        return False
    command = understand(part, context)
    if acts(command) and not any(_same_motion(kind_of(describe(step)), kind) for step in steps_of(command)):
        return True
    alone = reader().read(part)
    if alone.kind not in KINDS or alone.likeness < ALIKE or alone.harm >= _HARMFUL or _same_motion(alone.kind, kind):
        return False
    return _of_its_kind(alone, part, context, lambda said: understand(said, context)) is not None


def _same_motion(one: str, other: str) -> bool:
    """Whether two kinds of command are one, by an amount or to an angle; "back to zero" does for both angles."""
    alike = ({"Rotate to", "Tilt to"}, {"Rotate to", "Rotate by"}, {"Tilt to", "Tilt by"})
    return one == other or {one, other} in alike


def _asked(command: Command, unclear: str) -> Ask:
    question = f"{unclear} Did you mean “{describe(command).removesuffix('.')}”? Say yes or no."
    return Ask(question, (Choice(command, words=YES),), guess=True)
