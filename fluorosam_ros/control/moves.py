"""The part of the command language that moves the isocentre or the blades: "2 cm to the feet", "zoom in", "open a bit".

Directions are the supine patient's: left, right, head, feet, front (the ceiling) and back (the table). "Up" and "down"
could be either of two, so they are asked back. A number needs its unit; "a bit" is 10 mm, or 1.1 times in a zoom,
of which "a lot" is 1.5 times.
"""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import (
    Ask,
    Choice,
    CollimateBy,
    Direction,
    Refuse,
    SetField,
    Translate,
    Unclear,
    Zoom,
)
from fluorosam_ros.control.motion_phrases import BLADES
from fluorosam_ros.control.quantities import BIT, MM, NUMBER, Tokens, tokens

BIT_MM = 10.0
_ALONG = {"up": "headwards", "down": "footwards"}  # "up the patient" is towards the head, where "up" alone is not
ZOOM, BIT_ZOOM, LOT_ZOOM, MAX_ZOOM = 1.25, 1.1, 1.5, 5.0
MAX_MOVE_MM = 300.0
"""No single spoken move is longer."""

_NAMES: dict[Direction, str] = {
    "left": r"left(?:wards?)?(?: hand)?(?: side)?(?: of the patient)?",
    "right": r"right(?:wards?)?(?: hand)?(?: side)?(?: of the patient)?",
    "head": r"head(?: end| side)?|headwards?|head wards?|cranial(?:ly)?|cephalad|cephalic|craniad|superior(?:ly)?",
    "feet": r"foot(?: end| side)?|feet|footwards?|foot wards?|toewards?|toe wards?|toes|caudal(?:ly)?|caudad"
    r"|inferior(?:ly)?",
    "ceiling": r"ceiling|anterior(?:ly)?|ventral(?:ly)?",
    "table": r"table|posterior(?:ly)?|dorsal(?:ly)?|floor",
}
_TO = r"(?:in the direction of|in|to|toward|towards|(?:closer|nearer)(?: to)?)"
_OF = r"(?:the )?(?:patient s |patients |patient |his |her )?"
_DIRECTIONS: tuple[tuple[re.Pattern[str], Direction], ...] = (
    *(
        (re.compile(rf"\b(?:{_TO} )?{_OF}(?:{names})(?: direction)?(?: of (?:the )?(?:table|bed|patient))?\b"), name)
        for name, names in _NAMES.items()
    ),
    # "Back" alone may mean where it came from.
    (re.compile(rf"\b{_TO} {_OF}front\b"), "ceiling"),
    (re.compile(rf"\b{_TO} {_OF}back\b"), "table"),
)
_RAISE = re.compile(r"^(raise|lift|elevate|lower|drop)\b")
_LOWER = ("lower", "drop")
_VERTICAL = re.compile(r"\b(?:up|down|upwards?|downwards?)\b")
_AXIAL = re.compile(r"\b(?:cranial|caudal|cephal|caudad|craniad)")
_VERBS = """
move go shift translate slide pan drive bring come push pull get take nudge track head travel advance scoot run drift
walk creep jog bump step slip ease crawl glide float shuffle
"""
_MOVERS = frozenset(_VERBS.split())
_SMALL_WORDS = """
the carm arm gantry c it us isocenter isocentre beam by of a an more further another over just about across
"""
_FILLERS = frozenset(_SMALL_WORDS.split())
_GOING = frozenset(("go", "come", "get", "take", "bring"))
"""Verbs that turn as well as move: "go a bit more cranial" is a tilt."""

_ZOOM_OUT = re.compile(
    r"\bzoom(?:ing)?(?: it| us| me| back| the image| the view)* out\b|\bout zoom\b"
    r"|\b(?:back off|ease off|pull back) (?:the )?(?:zoom|magnification)\b"
    r"|\b(?:make )?(?:the |a )?(?:field(?: of view)?|view) (?:bigger|larger|wider)\b|\b(?:less|smaller|lower) "
    r"(?:magnification|zoom)\b|\bunzoom\b"
    r"|\b(?:(?:a )?(?:bigger|larger|wider) (?:area|region|section|look|angle)|widen the (?:view|image|picture)|more "
    r"field|\bexpand the (?:view|field)|^(?:go |get |a )?wider$|\b(?:mag|magnification) (?:down|off)|\b(?:un|de)mag"
    r"|\b(?:decrease|reduce|lower) (?:the )?(?:mag|magnification|zoom)|\b(?:un|de)magnify|(?:show|see) (?:me )?more of "
    r"(?:it|the (?:area|anatomy|patient)))\b"
    r"|\b(?:a )?(?:bigger|larger|wider) (?:field(?: of view)?|view)\b|\benlarge (?:the )?field(?: of view)?\b"
)
_ZOOM_IN = re.compile(
    r"\bzoom(?:ing)?(?: it| us| me| the image| the view)* in\b(?: closer)?"
    rf"(?: on (?:it|that|this|them|there)(?= (?:by |{BIT}|double|twice|a lot|#)))?|\bmagnify(?: (?:it|the image"
    r"|the view|this|that|the picture))?\b"
    r"|\b(?:make )?(?:the |a )?(?:field(?: of view)?|view) (?:smaller|tighter|narrower)\b"
    r"|\b(?:a )?(?:smaller|tighter|narrower) (?:field(?: of view)?|view)\b"
    r"|\b(?:more|higher|bigger) (?:zoom|magnification)\b|\b(?:(?:go|get|come|move) )?(?:in )?closer\b(?: (?:in|up"
    r"|view|look))*"
    r"|\b(?:increase (?:the )?(?:mag|magnification|zoom)|(?:mag|magnification) (?:up|on|in)|mag it|go (?:up in )?mag"
    r"|mag view)\b|^(?:get in )?tighter$"
    r"|\benlarge(?: (?:it|this|that))?$|\b(?:a )?closer (?:look|view)\b|\bblow (?:it|this|that|the image) up\b"
    r"|^bigger$|\b(?:a )?(?:bigger|larger) (?:image|picture)\b"
    r"|\bmake (?:it|everything|the image|the picture)(?= # times (?:bigger|larger))|(?<=# times )(?:bigger"
    r"|larger)\b(?: on (?:the )?screen)?"
    r"|\bmake (?:it|the image|the picture) (?:bigger|larger)\b|\benlarge the (?:image|picture)\b"
    r"|\b(?<=# x )zoom\b|\b(?<=# times )(?:zoom|magnification)\b|\bzoom(?= # (?:x|times))|(?<=double )the (?:zoom"
    r"|magnification)\b"
)
_FACTOR = re.compile(
    r"(?:by )?(?:(?:a factor (?:of )?)?|times |x )#(?: ?(?:x|times|fold))?(?: more)?|(?:another )?#(?: x| times)|(?:by "
    r")?(?P<percent># (?:percent|per cent|%))"
)
_BLADES = rf"(?:the |a |an )?(?:{BLADES}|edges)"
_OPEN_BY = re.compile(
    rf"(?:open|widen|loosen|enlarge|spread|expand)(?: (?:up|out|it))?(?: {_BLADES})?(?: (?:up|wider))?"
    rf"|{_BLADES} (?:(?:needs? to |should |can )?(?:come |go |be )?)(?:open|wider|out)|(?:make it "
    rf")?wider"
    rf"|open it(?: up)?|(?:move|pull|push|back|bring|take|let) {_BLADES} (?:out|apart|open)|(?:back off|relax) "
    rf"{_BLADES}|(?:back|ease|let) {_BLADES} off"
)
_CLOSE_BY = re.compile(
    r"(?:close|tighten|narrow|collimate|cone|shut|squeeze|shrink|reduce)(?: (?:in|down|up|it|tighter|narrower))?"
    rf"(?: {_BLADES})?"
    rf"(?: (?:in|down|tighter|narrower))?|{_BLADES} (?:(?:needs? to |should |can )?(?:come |go |be )?)(?:closed"
    rf"|tighter|narrower|in)|(?:make it )?(?:tighter|narrower)"
    rf"|(?:move|pull|push|bring|take) {_BLADES} (?:in|closer|together|down)|(?:come|bring) in(?: with)? {_BLADES}"
    rf"|bring in {_BLADES}"
)
_LEAST_PLAIN_FIELD_MM = 60.0
_AMOUNT = r"(?:bit|# (?P<{unit}>\S+))"
_SIDES = r"(?: (?:more|further|all (?:around|round)|on (?:each|every|all) sides?|around))*"
_BY = re.compile(
    r"(?P<verb>.+?)(?: (?:more|further))?(?: by)?(?: another)? "
    + _AMOUNT.format(unit="unit")
    + _SIDES
    + r"(?: (?P<after>wider|tighter|narrower|in|out|down))?"
    rf"|{_AMOUNT.format(unit='unit2')} (?:(?:more|further) )?(?P<first>wider|tighter|narrower|open)"
    rf"(?: (?:with )?{_BLADES})?"
)
_FIELD = re.compile(
    rf"(?:(?:set|make|change|put|bring|get|take|use|have|go to) )?{_BLADES}(?: (?:size|width))?(?: (?:up|down))?(?: "
    rf"(?:to|of|be|at))? (?:a )?# (?P<a>\S+)(?: (?:wide|square|across|field))*"
    rf"|(?:open|close|narrow|widen|tighten|shrink)(?: (?:up|down))? {_BLADES}(?: (?:up|down))? to (?:a )?# "
    rf"(?P<d>\S+)(?: (?:wide|square|across|field))*"
    r"|(?:(?:set|make|use|have|get|go to)(?: it)? )?(?:a |an )?# (?P<b>\S+)(?: (?:wide|square))* (?:field(?: of "
    r"view)?|collimation|opening)(?: size)?"
    r"|(?:collimate|cone|crop|shutter)(?: down)?(?: to| down to) (?:a )?# (?P<c>\S+)(?: (?:square|field|wide|across"
    r"|opening))*"
    r"|(?:(?:set|make|change|put|get|take|use|have|go to) )?(?:the |a )?field(?: of view)?(?: (?:size|width))?(?: "
    r"(?:to|of|at))? #"
)


def parse_move(plain: str) -> Translate | Unclear | None:
    """A translation of the C-arm, a question or refusal about one, or None when the text is about something else."""
    said = tokens(plain)
    if said.numbers and not MM.keys() & set(said.words) and _AXIAL.search(plain):
        return None  # "go 20 cranial" is a tilt
    if not (said.numbers and MM.keys() & set(said.words)) and BIT not in said.words and not _moves(said):
        return None
    text = re.sub(r"\b(?:c arm|machine|unit|device|image intensifier)\b", "carm", " ".join(said.words))
    text = re.sub(r"\b(up|down) and (?=to)", r"\1 ", text)
    text = re.sub(r"\bback (?=to(?:wards?)? |up\b|down\b)", "", text)
    text = re.sub(r"\balong the (?:table|patient|body|bed)\b", " ", text)
    text = re.sub(r"\b(?:up|down) the (?:patient|body)\b", lambda way: _ALONG[way[0].split()[0]], text)
    text = re.sub(r"^(?:drop|lower|come|go) down (?=.*\b(?:feet|foot|caud))", "go ", text.strip())
    raised = _RAISE.match(text)
    found: list[Direction] = []
    if raised:
        found.append("table" if raised[1] in _LOWER else "ceiling")
        text = re.sub(r"\bdown\b" if raised[1] in _LOWER else r"\bup\b", " ", text[raised.end() :], count=1)
    for pattern, name in _DIRECTIONS:
        text, count = pattern.subn(" ", text)
        found += [name] * count
    if raised and re.search(r"\b(?:towards?|direction)\b", plain):  # "drop it towards the floor" says it twice
        found = list(dict.fromkeys(found))
    vertical = _VERTICAL.findall(text)
    left_over = [w for w in _VERTICAL.sub(" ", text).split() if w not in _KNOWN]
    if left_over:
        return None
    going = said.words[0] in _MOVERS - _GOING
    if not found and not vertical:
        return Ask("In which direction should I move?") if going and said.numbers else None
    if not said.numbers and not raised and not going and _AXIAL.search(" ".join(said.words)):
        return None  # "a bit more caudal" is a tilt
    if (
        found
        and vertical
        and found[0] in (("feet", "table") if vertical[0].startswith("down") else ("head", "ceiling"))
    ):
        vertical = vertical[1:]
    if len(found) + len(vertical) > 1:
        return Refuse("I will not move: say one direction at a time.")
    return _translation(said, found[0] if found else None, vertical[0] if vertical else "")


_KNOWN = _MOVERS | _FILLERS | MM.keys() | {NUMBER, BIT}


def _moves(said: Tokens) -> bool:
    """Whether it begins with a verb of moving and ends with a direction, so that only the distance may be missing."""
    return bool(said.words) and said.words[0] in _MOVERS | {"raise", "lower", "lift", "elevate", "drop"}


def _translation(said: Tokens, direction: Direction | None, vertical: str) -> Translate | Unclear:
    distance = _distance_mm(said)
    if isinstance(distance, Unclear):
        return distance
    if direction is not None:
        return Translate(direction, distance, said.mm_per_unit or 1.0)
    down = vertical.startswith("down")
    ends: tuple[Direction, Direction] = ("feet", "table") if down else ("head", "ceiling")
    choices = tuple(Choice(Translate(end, distance, said.mm_per_unit or 1.0), words=_spoken(end)) for end in ends)
    return Ask(f"{vertical.capitalize()} towards the {ends[0]}, or towards the {ends[1]}?", choices)


def _spoken(direction: Direction) -> tuple[str, ...]:
    """How a direction is given in answer to a question."""
    said = tuple(f"{start}{direction}" for start in ("", "to the ", "towards the ", "toward the ", "the "))
    return (*said, *({"head": ("headwards", "cranially"), "feet": ("footwards", "caudally")}.get(direction, ())))


def _distance_mm(said: Tokens) -> float | Unclear:
    if not said.numbers:
        return BIT_MM if BIT in said.words else Ask("How far should I move, in millimetres or centimetres?")
    if len(said.numbers) > 1:
        return Refuse("I will not move: say one distance at a time.")
    unit = said.mm_per_unit
    if unit is None:
        return Ask("How far should I move, in millimetres or centimetres?")
    distance = round(said.numbers[0] * unit, 6)
    if distance <= 0:
        return Refuse("I will not move: a distance that is not above zero has no clear direction.")
    if distance > MAX_MOVE_MM:
        return Refuse(f"I will not move: {distance:g} mm is further than {MAX_MOVE_MM:g} mm at once.")
    return distance


def parse_field(plain: str) -> Zoom | SetField | CollimateBy | Unclear | None:
    """A zoom, a size of the field, blades moved by an amount, or None when the text is about something else."""
    said = _square(tokens(plain))
    text = " ".join(said.words)
    if found := _FIELD.fullmatch(text):
        said_unit = found["a"] or found["b"] or found["c"] or found["d"]
        # A field is 5 to 45 cm wide: 150 can only be millimetres.
        plainly_mm = said_unit is None and said.numbers and said.numbers[0] >= _LEAST_PLAIN_FIELD_MM
        unit = 1.0 if plainly_mm else MM.get(said_unit or "") if len(said.numbers) == 1 else None
        if unit is None:
            return Ask("How large should the field be, in millimetres or centimetres?")
        side = round(said.numbers[0] * unit, 6)
        return SetField(side, unit) if side > 0 else Refuse("A field has to be larger than zero.")
    return _zoom(said, text) or _blades(said, text)


def _square(said: Tokens) -> Tokens:
    """ "15 by 15 cm" as "15 cm"; blades "by an amount with the collimator" with the amount last."""
    text = " ".join(said.words)
    numbers = said.numbers
    if len(numbers) == 2 and numbers[0] == numbers[1]:
        shorter = re.sub(rf"{NUMBER} (?:\S+ )?(?:by|x) {NUMBER}", NUMBER, text)
        text, numbers = shorter, numbers[: shorter.count(NUMBER)]
    text = re.sub(rf"^(.+) ({BIT}|{NUMBER} \S+) with ({_BLADES})$", r"\1 \3 \2", text)
    return Tokens(tuple(text.split()), numbers)


def _zoom(said: Tokens, text: str) -> Zoom | Unclear | None:
    for pattern, out in ((_ZOOM_OUT, True), (_ZOOM_IN, False)):
        found = pattern.search(text)
        if not found:
            continue
        rest = " ".join((text[: found.start()] + text[found.end() :]).split())
        if rest in ("a notch", "a step", "a level", "once") or (
            said.numbers == (1.0,) and rest in ("# notch", "# step", "# level")
        ):
            return Zoom(ZOOM, out)
        if rest in ("", "more", "further", "some", "some more", "again", "the image", "the field"):
            return Zoom(ZOOM, out)
        if rest in (BIT, f"{BIT} more", f"{BIT} further", f"by {BIT}"):
            return Zoom(BIT_ZOOM, out)
        if rest in ("a lot", "a lot more", "a lot further", "lots", "much more", "way more"):
            return Zoom(LOT_ZOOM, out)
        if rest in ("twice", "by twice", "to double", "by double", "double"):
            return Zoom(2.0, out)
        times = _FACTOR.fullmatch(rest)
        if not times or len(said.numbers) != 1 or rest == "# more":  # "closer, five more" is about what was before
            return None
        factor = 1.0 + said.numbers[0] / 100.0 if times["percent"] else said.numbers[0]
        if not 1.0 < factor <= MAX_ZOOM:
            return Refuse(f"A zoom has to be by more than 1 and at most {MAX_ZOOM:g} times.")
        return Zoom(factor, out)
    return Ask("Zoom in or out?") if text == "zoom" else None


def _blades(said: Tokens, text: str) -> CollimateBy | Unclear | None:
    found = _BY.fullmatch(text)
    if found is None:
        return None
    verb = " ".join(filter(None, (found["verb"] or found["first"], found["verb"] and found["after"])))
    opens, closes = (bool(pattern.fullmatch(verb)) for pattern in (_OPEN_BY, _CLOSE_BY))
    if opens == closes:
        return None
    unit = MM.get(found["unit"] or found["unit2"] or "mm")
    if unit is None:
        return Ask("By how much, in millimetres or centimetres?")
    amount = round(said.numbers[0] * unit, 6) if said.numbers else BIT_MM
    if not 0 < amount <= MAX_MOVE_MM:
        return Refuse(f"The blades move by more than zero and at most {MAX_MOVE_MM:g} mm at once.")
    return CollimateBy(amount if opens else -amount, unit)
