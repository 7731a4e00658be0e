"""What is asked for in the passive voice, as an order: "could the dose be reduced" is "reduce the dose"."""

from __future__ import annotations

import re

_REGULAR = """
outline segment highlight mark trace contour display show draw center centre collimate cone crop rotate tilt turn swing
move shift raise lift lower reduce increase decrease close open narrow widen tighten loosen save store switch set put
bring take hide clear remove enlarge magnify zoom back angle angulate orbit restrict limit start end disarm undo bump
"""
_IRREGULAR = {"shown": "show", "drawn": "draw", "swung": "swing", "hidden": "hide", "set": "set", "put": "put",
              "brought": "bring", "taken": "take", "undone": "undo"}  # fmt: skip


def _participle(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    return "cropped" if verb == "crop" else f"{verb}ed"


_VERBS = {_participle(verb): verb for verb in _REGULAR.split()} | _IRREGULAR
_DONE = rf"(?P<verb>{'|'.join(_VERBS)})(?P<rest> .+)?"
_BE = r"(?:(?:now|then|please|kindly|also) )*be (?:(?:now|then|please) )*"
_PASSIVE = (
    re.compile(rf"(?:please )?(?:could|can|may|might) (?P<what>.+?) {_BE}{_DONE}"),
    re.compile(rf"(?P<what>.+?) (?:should|must|may|can|could|is to|are to|has to|have to|needs? to) {_BE}{_DONE}"),
    re.compile(
        r"(?:(?:i|we) (?:want|need|would like|d like)|(?:i|we) ll have|(?:can|could|may) (?:i|we) (?:have|get)) "
        rf"(?P<what>(?!you\b|to\b).+?) {_DONE}"
    ),
)


def active(words: str) -> str | None:
    """Plain words in the passive voice as an order, or None if they are no such."""
    for pattern in _PASSIVE:
        if found := pattern.fullmatch(words):
            return f"{_VERBS[found['verb']]} {found['what']}{found['rest'] or ''}"
    return None
