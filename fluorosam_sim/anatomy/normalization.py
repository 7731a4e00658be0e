"""One spelling for everything people write: case, numbers, vertebra levels, sides, punctuation, filler."""

from __future__ import annotations

import re
import unicodedata

from fluorosam_sim.anatomy.registers import LATIN_ORDINALS
from fluorosam_sim.anatomy.synonyms import SHORTHAND

MAX_TEXT = 500
"""Characters of free text that are looked at; longer text is not a prompt."""

_CARDINALS: dict[str, str] = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_ORDINALS: dict[str, str] = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7",
    "eighth": "8", "ninth": "9", "nineth": "9", "tenth": "10", "eleventh": "11", "twelfth": "12", "twelveth": "12",
    **{word: str(number) for number, word in enumerate(LATIN_ORDINALS, start=1)},
}  # fmt: skip

_LEFT = ("left", "l", "lt", "lft", "lef", "letf", "elft", "leftt", "leftsided", "leftside", "lefthand",
         "sinister", "sinistra", "sinistrum", "sinistri", "sinistrae", "sinistral")  # fmt: skip
_RIGHT = ("right", "r", "rt", "rgt", "righ", "rigth", "rihgt", "rught", "rightt", "rightsided", "rightside",
          "righthand", "dexter", "dextra", "dextrum", "dextri", "dextrae", "dextral")  # fmt: skip
SIDES: dict[str, str] = {**dict.fromkeys(_LEFT, "left"), **dict.fromkeys(_RIGHT, "right"),
                         "both": "both", "bilateral": "both", "bilaterally": "both"}  # fmt: skip
"""Word or shorthand → "left", "right" or "both"."""

_FILLERS = """
a an the this that these those of in at on to for from me my i we us you your it its is are was be can could would
will should like want wants need needs please kindly thanks thank hey ok okay so now then just only let lets s uh um
er erm ah well hello hi show shows find finds locate segment segments segmenting segmentation outline outlines
highlight mark display delineate delineation contour contours trace identify detect draw see look looking where what
wheres point out up mask label annotate give get get's all every each whole entire complete side sided patient
patients here there again also anatomical region visible which do does tell call called name
"""
FILLERS: frozenset[str] = frozenset(_FILLERS.split())
"""Words that never change which structure is meant."""

# "My", "your", "image left" are not the patient's left. Text that says so keeps these words and stays unresolved.
_VIEWER_SIDE = re.compile(
    r"\b(?:my|your|viewers?|observers?|image|images|picture|screen|monitor|surgeons?)\s+(?:s\s+)?(?:left|right)"
    r"(?:\s+(?:hand\s+)?side)?\b"
    r"|\b(?:left|right)\s+(?:hand\s+)?(?:side\s+|part\s+|half\s+)?(?:of|in|on)\s+(?:the\s+|this\s+|my\s+|your\s+)?"
    r"(?:image|picture|screen|monitor|display|x\s?ray|radiograph|frame|view|me|us)\b"
)
_IN_IMAGE = re.compile(
    r"\b(?:in|on|from|within)\s+(?:the|this|that|my|our|current)\s+(?:current\s+)?"
    r"(?:image|picture|screen|x\s?ray|xray|radiograph|frame|film|view)\b"
)
_LEVEL = re.compile(r"\b(th|[ctdls])\s?(\d{1,2})\b(?!\s?(?:st|nd|rd|th)\b)")
_ORDINAL_DIGITS = re.compile(r"\b(\d{1,2})\s?(?:st|nd|rd|th)\b")
_GLUED_SIDE = re.compile(r"\b(left|right)(?=[a-z]{4})(?!sided|side|hand)")
_WORDS = re.compile(r"\w+|\S")


def fold(text: str) -> str:
    """Lower case, accents removed, everything but letters and digits turned into single spaces."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().replace("œ", "oe").replace("æ", "ae")
    kept = (c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in decomposed)
    return " ".join("".join(kept).split())


def _number_words(text: str, table: dict[str, str]) -> str:
    return " ".join(table.get(word, word) for word in text.split())


def _levels(text: str) -> str:
    # Speech: "el four", "see seven", "tee twelve" are letters when a number follows.
    text = re.sub(r"\b(?:el|ell|elle)\s(?=\d)", "l ", text)
    text = re.sub(r"\b(?:see|sea|cee)\s(?=\d{1,2}$)", "c ", text)
    text = re.sub(r"\b(?:tee|tea)\s(?=\d)", "t ", text)
    text = re.sub(r"\bs\s?one\b", "s1", text)

    def level(match: re.Match[str]) -> str:
        letter = "T" if match[1] in ("th", "d", "t") else match[1].upper()
        return f"{letter}{int(match[2])}"

    return _LEVEL.sub(level, text)


def canonical(text: str) -> str:
    """Folded text with one form for numbers ("fifth" → "5"), levels ("l four" → "L4") and sides; no word dropped."""
    text = fold(text[:MAX_TEXT])
    for short, phrase in SHORTHAND.items():
        if short in text:
            text = re.sub(rf"\b{short}\b", phrase, text)
    text = _levels(_number_words(text, _CARDINALS))
    text = re.sub(r"\b(?:number|no|nr)\s(?=\d)", "number ", _ORDINAL_DIGITS.sub(r"\1", _number_words(text, _ORDINALS)))
    text = _GLUED_SIDE.sub(r"\1 ", text)
    text = re.sub(r"\b(left|right)\shand\s(?=side|sided)", r"\1 ", text)
    return " ".join(SIDES.get(word, word) for word in text.split())


def speaks_of_viewer(text: str) -> bool:
    """Whether canonical text names a side of the image or of the speaker instead of the patient's."""
    return _VIEWER_SIDE.search(text) is not None


def content_words(text: str) -> list[str]:
    """The words of canonical text that carry meaning, in order; sides included."""
    if not speaks_of_viewer(text):
        text = _IN_IMAGE.sub(" ", text)
        return [word for word in _WORDS.findall(text) if word not in FILLERS]
    return _WORDS.findall(text)


def normalize(text: str) -> str:
    """Free text in one canonical spelling.

    Lower case except vertebra levels ("L4"), accents folded, numbers as digits ("5th", "fifth" → "5"), sides as
    "left", "right" or "both", punctuation and filler words dropped. Word order is kept. Text beyond ``MAX_TEXT``
    characters is cut off.

    >>> normalize("Show me the 5th rib, on the patient's RIGHT side!")
    '5 rib right'
    """
    return " ".join(content_words(canonical(text)))
