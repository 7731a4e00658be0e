"""The fixed phrases of the command language, as patterns over plain text (see ``commands``), each for a whole text."""

from __future__ import annotations

import re

_PICTURE = r"(?:shot|image|picture|x ray|xray|exposure|radiograph|frame|spot film)"
_BLADES = r"(?:collimators?|collimation|shutters?|blades|field|aperture|beam)"
_SYSTEM = r"(?: (?:the )?(?:system|c arm|device|it|yourself))?"
_MIDDLE = r"(?:the )?(?:middle|center|centre)(?: of (?:the )?(?:image|view|field|screen|picture))?"
_MASKS = r"(?:segmenting|segmentation|outlining|tracking|highlighting|masks?|overlay)"

STOP = re.compile(r"\b(?:s+t+o+p+(?:ped|ping)?|stpo|sotp|estop|halt+|freeze|abort|cancel|emergency)\b")
"""Searched, not matched: one of these anywhere stops."""

STOP_ALONE = re.compile(
    r"wait|hold(?: on| it| still)?|no(?: no)*|enough|pause|whoa|(?:do not|dont|don t) move|nobody move"
)
"""These stop only when nothing else is said."""

STOP_SEGMENTING = re.compile(
    rf"(?:stop|cancel|end|finish|quit) (?:the )?{_MASKS}(?: (?:of )?(?P<what>.+))?"
    r"|(?:clear|hide|remove) (?:all )?(?:the )?(?:masks?|prompts?|segmentations?|overlays?|outlines?)"
)
RESET = re.compile(r"reset|(?:reset|release|clear|unlock) (?:the )?(?:emergency |e )?stop")

NEGATION = re.compile(
    r"\b(?:not|never|no(?! \d)|none|nothing|neither|nor|without|except|avoid|refrain|cannot|"
    r"(?:do|does|did|ca|wo|is|are|should|must|would|could)n ?t)\b"
)
"""Searched: any of these makes a text harmless ("rib no 5" is no negation)."""

POLITE = re.compile(
    r"^(?:please|ok|okay|now|hey|kindly|just|then|and|fluorosam|computer|(?:can|could|would|will) you|"
    r"i (?:want|would like|d like) you to|go ahead and|let s|lets|let us)\s+"
)
POLITE_END = re.compile(r"(?:\s+and)*\s+(?:please|now|thanks|thank you|again|for me)$")

ARM = re.compile(rf"arm{_SYSTEM}")
DISARM = re.compile(rf"dis ?arm{_SYSTEM}")
SHOT = re.compile(
    r"shoot(?: it| one)?|shot|expose|x ray|xray|acquire|fire a shot|one more (?:shot|image|picture)"
    rf"|(?:take|acquire|make|get|shoot) (?:(?:a|an|one|another|the next|a new) )?{_PICTURE}"
    rf"|(?:one|another|a new|new|next|single) {_PICTURE}"
)
SHOT_OF = re.compile(rf"(?:(?:take|acquire|make|get) (?:a|an|another|one) {_PICTURE} of|shoot|expose|x ray|xray) .+")
OPEN = re.compile(
    rf"(?:fully |completely )?open (?:up )?(?:the )?{_BLADES}(?: (?:fully|completely|up|wide|all the way))?"
    rf"|open (?:the )?{_BLADES} to the (?:whole|full) (?:detector|field)"
    r"|(?:full|open) field|uncollimate|open up(?: fully)?"
    r"|(?:remove|undo|reset|release) (?:the )?(?:collimation|collimators?)"
)
# "center of the heart" names a place, it commands nothing: hence no "of" after the verb.
CENTER = re.compile(
    r"(?:re ?)?cent(?:er|re|ring|ering)(?: (?:the )?(?:image|view|c arm|beam|field))?"
    r"(?: (?:it )?(?:on|at|over|onto|to|around|in on))?(?: (?!of\b)(?P<what>.+))?"
    rf"|(?:put|bring|get|move|place) (?P<put>.+?) (?:in|into|to) {_MIDDLE}"
    r"|(?:go|move|drive|focus)(?: in)?(?: (?:the )?(?:c arm|beam|view|image))? (?:to|on|over|onto) (?P<go>.+)"
)
COLLIMATE = re.compile(
    r"(?:collimate|collimating|collimation|cone|coning|crop|(?:restrict|narrow) (?:the )?(?:beam|field)|"
    r"close (?:the )?(?:collimators?|shutters|blades))"
    r"(?: (?:down|in))?(?: (?:to|on|onto|around|over|about))?(?: (?P<what>.+))?"
)

MOTION_WORD = re.compile(
    r"\b(?:rotate|rotation|tilt|center|centre|collimate|shoot|expose|move|acquire|xray|x ray|shot|arm|disarm)\b"
)
"""Searched: a text with one of these that is no command is refused as a motion."""

SEGMENT_VERB = re.compile(
    r"(?:segment|outline|highlight|mark|show|find|locate|identify|delineate|trace|where|display|detect)\b"
)
IT = re.compile(r"(?:it|this|that|them|those|there)(?: one)?|(?:this|that) structure|the same(?: structure)?")
