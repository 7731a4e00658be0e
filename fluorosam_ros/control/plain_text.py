"""Typed or spoken text in one plain spelling: lower-case words, signed numbers, "and" between the parts."""

from __future__ import annotations

import re
import unicodedata

from fluorosam_ros.control.command_types import Refuse

MAX_TEXT = 500
"""Longest accepted prompt, characters."""

_UNITS = r"(?:degrees?|degs?|mm|cm|millimet|centimet|inch|times|x\b|fold)"
_SHORTHAND = {"pls": "please", "plz": "please", "seg": "segment", "pic": "picture", "pics": "picture", "img": "image",
              "goto": "go to", "fov": "field of view", "prev": "previous", "coll": "collimate", "atm": "at the moment",
              "increment": "increase", "decrement": "decrease", "incremented": "increased", "decremented": "decreased",
              "whats": "what s", "wheres": "where s", "thats": "that s",
              "lemme": "let me", "gimme": "give me",
              "un segment": "unsegment", "nought": "zero",
              "triple": "3 fold", "quadruple": "4 fold",
              "twofold": "2 fold", "threefold": "3 fold", "fourfold": "4 fold"}  # fmt: skip
_WHOLE = {
    word: number for number, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"), 1)
}
_AND_A_HALF = re.compile(
    rf"\b(?P<whole>{'|'.join(_WHOLE)}|\d+) and a half\b"
    r"|\b(?P<more>another )?(?:(?<=another )|an? |one )(?P<unit>\w+) and a half\b"
)
_SHORT = re.compile(rf"\b(?:{'|'.join(_SHORTHAND)})\b")
_SENTENCE_END = re.compile(r"(?:(?<=[a-z]{2})|(?<=\d))[.!?]\s+(?=[a-z])")
_CONVENIENT = (
    r"can|could|would|will|like|wish|don t mind|wouldn t mind|(?:are|re) (?:ready|happy)"
    r"|have a (?:moment|second|sec|minute)|get (?:a|the) chance"
)
_VERY = r"a bit|a little|too|very|so|really|quite|rather|pretty"
_POOR = r"grainy|dark|noisy|bright|blurry|fuzzy|distracting|confusing|cluttered|messy"
_POLITE = re.compile(
    r"^(?:(?:(?:what a|that s a) )?(?:nice|good|great|lovely|beautiful|perfect|wonderful|brilliant)"
    r" (?:shot|picture|image|view)(?= and )|please|ok|okay|alright|all right|right now"
    r"|right(?= (?:and|so|then|now) )|right o|now|cheers|hey|kindly|just"
    r"|so|well|then|and|also|uh|um|oh|good(?= and )|fluorosam|robot|computer|system(?! (?:arm|dis|to|off|on))"
    r"|(?:that s |that is )?(?:a (?:bit|little) )?too (?:far|much|tight|wide|close|big|small)(?= and )"
    r"|over ?shot(?= and )"
    r"|thanks|thank you|lovely|great|perfect|i do beg your pardon|hmm|hm|ah|aha|oops|whoops|whew|hello|hi"
    r"|good (?:morning|afternoon|evening)|sorry(?= (?:and )?(?:can|could|would|please))"
    r"|(?:can|could|would|will) you(?: please)?|(?:would|will) we|you can|shall we(?: see| have| try| do)?|we ll do"
    r"|i (?:want|would like|d like|need) you to|go ahead and|try to|have a go at"
    r"|(?:might|may|could|can) i trouble you for|(?:is it|would it be) possible to"
    r"|i (?:would|d) prefer|i (?:would |d )?like to try|(?:i|we) could do with|(?:i m|i am) after|i m looking for"
    rf"|(?:it s|it is|that s|this is|things are|looks|it looks) (?:(?:{_VERY}) )*(?:{_POOR})(?: and)?"
    rf"|(?:if|when|whenever) you (?:{_CONVENIENT})(?: (?:just|please|and))*"
    r"|(?:can|could|would|will) (?:the )?(?:c arm|arm|gantry|machine|unit)(?: be)?"
    r"(?= (?:come|go|move|turn|rotat|swing|tilt|rais|lower))"
    r"|mind|go and(?= (?:cent|coll|find|seg|show|take|out))"
    r"|(?:(?:can|could|may|might) (?:i|we)|let me|let us|lets|let s|we (?:need|want|ll want|ll need)"
    r"|i (?:want|need|would like|d like|ll take|ll want|ll need))"
    r"(?: (?:get|have|to have|to get))*(?! (?:you|to (?!see|look|have|get|be)))|give (?:me|us))\s+"
)
# Whoever says "when we are ready" may not be ready: a condition, where "when you are ready" is a courtesy.
_POLITE_END = re.compile(
    r"(?:\s+and)*\s+(?:please|now|next|(?<!the )right now|at this point|from (?:here|now) on(?:wards?)?|asap"
    r"|would be (?:good|great|nice|lovely|perfect|helpful|useful|fine|ideal)"
    r"|(?:many )?thanks(?: (?:a lot|a million|very much))?|thank you(?: (?:very|so) much)?|cheers|ta"
    r"|for (?:me|us|now)|would you|will you|can you|could you|won t you|kindly|ok|okay|alright|all right"
    r"|mate|love|guys?|folks|everyone|everybody|team|buddy|pal|dear|boss|doc|doctor|robot|computer|fluorosam"
    r"|no rush|no hurry|(?:there s )?no (?:need to )?(?:rush|hurry)|as soon as (?:you can|possible)"
    r"|at your (?:leisure|convenience)|go on|off you go|on you go|there we go|there you go"
    r"|that s (?:it|all|great|good|perfect|lovely)|lovely|perfect|great|brilliant|good|nice"
    r"|if (?:possible|that s ok|that s okay|that s all right|it s not too much trouble|we can|we could)"
    rf"|(?:if|when|whenever|once) you (?:{_CONVENIENT}|get a (?:moment|second|sec|minute))"
    r"|(?:it s|it is|that s|this is|we re|i m|things are|that looks|it looks|looks|we are|i am) "
    rf"(?:(?:{_VERY}|all|just|now|still) )*(?:{_POOR}|ready|done|good|fine|great|perfect|lovely|busy|all set|set))$"
)
_MANNER = re.compile(
    r"\b(?:exactly|nicely|properly|precisely|simply|directly|basically|all the way(?= to ))(?: |$)"
    r"|\b(?:right|smack|straight) (?=over |in the (?:middle|cent)|at |back|up$|open|on top|down )"
)
_AMOUNT_ASIDE = re.compile(rf" and (?=(?:by |about )?\d+(?:\.\d+)? {_UNITS}\w*$)")
"""A comma before an amount at the end: "towards the feet, 3 cm"."""
_TWO = re.compile(r"\b(?:the|these|those|my|his|her) two (?=[a-z]+s\b)")
_ASKED_KINDLY = re.compile(
    r"^(?:please |ok |okay |hey |and |now |so )*(?:(?:can|could|would|will|may|might) (?:you|we|i)\b"
    r"|(?:would you )?mind\b|(?:can|could|may|might) .+ be \w+(?:ed|en|set|put)\b"
    r"|(?:is it|would it be) possible to\b|(?:is there )?any (?:chance|way)\b)"
    r"|\b(?:please|(?:would|will|could|can|won t) you|if you would|ok|okay)$"
)
_FRAGMENT = re.compile(r"[{}]|\?\w+=|<[/!]?\w|<!|^\s*[\"'“”‘’«»`;:,/\-–—…(\[]|(?:--|–|—|…|\.\.\.|[\"'“”‘’«»`:;,(])\s*$")
_QUESTION = re.compile(r"(?:what|how|where|which|why|when|who|is|are|does|do|did|should|shall|was|has|have)\b")
_WISH = re.compile(r"\b(?:can|could|would|will|may|might) (?:you|we|i)\b")


def plain(text: str) -> str:
    """Lower-case words and signed decimal numbers, single spaces, list separators as "and"; all other signs gone."""
    # A zero-width character inside a word must not hide a "stop".
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    folded = unicodedata.normalize("NFKD", visible).casefold()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    folded = folded.replace("°", " degrees ").replace("−", "-").replace("–", "-").replace("_", " ")
    folded = _SENTENCE_END.sub(" and ", folded)
    folded = _AND_A_HALF.sub(_and_a_half, folded)
    folded = _SHORT.sub(lambda short: _SHORTHAND[short[0]], folded)
    folded = re.sub(r"(?<=[a-z])-(?=\d)|-(?!\d)|(?<=\d)-", " ", folded)
    folded = re.sub(rf"(?<=\d)(?={_UNITS})", " ", folded)
    folded = re.sub(r"\bx(?=\d)", "x ", folded)
    folded = re.sub(r"(?<=[a-z])\.|\.(?!\d)", " ", folded)
    folded = re.sub(r"[;/&\n]|,(?!\d)|(?<!\d),|\+(?!\d)", " and ", folded)
    words = re.sub(r"[^\w\s.,+-]", " ", folded).split()
    words = [word for word in words if word not in _FILLED_PAUSES]
    words = [word for at, word in enumerate(words) if word != "and" or words[at + 1 : at + 2] != ["and"]]
    while words and words[-1] == "and":
        words.pop()
    return " ".join(words)


def _and_a_half(found: re.Match[str]) -> str:
    """ "Two and a half" as "2.5", "an inch and a half" as "1.5 inch"."""
    if found["unit"]:
        return f"{found['more'] or ''}1.5 {found['unit']}"
    return f"{_WHOLE.get(found['whole']) or found['whole']}.5"


_FILLED_PAUSES = frozenset(("um", "uh", "uhm", "umm", "erm", "uhh"))
_NAMED_SO = re.compile(
    r"\b(?:save|store|remember|keep|bookmark|memori[sz]e|label|call|name)\b.* as (?:\w+ )+"
    r"(?:good|nice|perfect|great|lovely|brilliant|fine|done|ok)$"
)
"""Praise at the end of a name under which a view is saved: "inlet good"."""


def bare(words: str) -> str:
    """Plain text without what is only politeness or manner of speaking."""
    words = _AMOUNT_ASIDE.sub(" ", _TWO.sub("both ", _MANNER.sub("", words))).strip()
    if _NAMED_SO.search(words):
        return _POLITE.sub("", words)
    while (shorter := _POLITE_END.sub("", _POLITE.sub("", words))) != words:
        words = shorter
    return words


def asks(text: str, words: str) -> bool:
    """Whether a text is put as a question, and not as a kindly asked request ("can you rotate 20 degrees?")."""
    if not text.rstrip(" \"'”").endswith("?") or _ASKED_KINDLY.search(words):
        return False
    return _QUESTION.match(words) is not None or _WISH.search(words) is None


def questions(text: str) -> list[str]:
    """The sentences of a text that end in a question mark."""
    return [each for each in re.split(r"(?<=[.!?])\s+", text.strip()) if each.endswith("?")]


def fragment(text: str) -> bool:
    """Whether a text is quoted, is a format of machines, or begins or breaks off in the middle of a sentence ("… take a
    shot --")."""
    return _FRAGMENT.search(text) is not None


def odd_number(text: str) -> bool:
    """Whether folding could turn a number of the text into another one: digits other than 0-9 ("20²", "½"), "--15"."""
    foreign = any(not c.isascii() and unicodedata.category(c).startswith("N") for c in text)
    return foreign or re.search(r"[-+−–]\s*[-+−–]\s*\d", text) is not None


def limits(text: str) -> Refuse | None:
    """Why a text is no prompt at all, or None."""
    if len(text) > MAX_TEXT:
        return Refuse(f"This prompt is longer than {MAX_TEXT} characters.")
    if not text.strip():
        return Refuse("The prompt is empty.")
    if any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in text):
        return Refuse("The prompt contains control characters.")
    return None
