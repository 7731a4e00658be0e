"""More wordings from a file, such as a language model's paraphrases.

One JSON object a line, UTF-8: {"structure": "kidney_left", "text": "the bean on the patient's left"}. `structure` is a
key or a plain name of the vocabulary. Empty lines and lines that start with # are left out.
"""

from __future__ import annotations

import json
from pathlib import Path

from fluorosam_sim.anatomy.matching import MAX_TEXT, find
from fluorosam_sim.anatomy.structures import AnatomyError, structure
from fluorosam_sim.anatomy.wordings import held_out_texts


class ParaphraseError(ValueError):
    """A file that cannot be used; the message names the line and says why, in one sentence."""


def read_paraphrases(path: Path) -> tuple[tuple[str, str], ...]:
    """(structure key, wording) of every line, in order, without repeats.

    A wording may be one that `find` does not understand, that is what paraphrases are for; but it must not be one that
    it understands as something else. Raises ParaphraseError for that, for a wording that is kept for validation, and
    for lines of another form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ParaphraseError(f"{path} cannot be read as UTF-8 text.") from error
    found: dict[tuple[str, str], None] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            found[_pair(line, f"{path}, line {number}")] = None
    if not found:
        raise ParaphraseError(f"{path} holds no paraphrases.")
    return tuple(found)


def _pair(line: str, where: str) -> tuple[str, str]:
    try:
        values = json.loads(line)
        key, text = values["structure"], values["text"]
        target = structure(key)
    except AnatomyError as error:
        raise ParaphraseError(f"{where}: {error}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ParaphraseError(f'{where} is not of the form {{"structure": KEY, "text": WORDING}}.') from error
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        raise ParaphraseError(f"{where}: the text must be 1 to {MAX_TEXT} characters.")
    text = " ".join(text.split())
    match = find(text)
    if match.structures and match.structures != (target,):
        understood = ", ".join(item.name for item in match.structures)
        raise ParaphraseError(f"{where}: {text!r} means {understood}, not {target.name}.")
    if text.lower() in {held_out.lower() for held_out in held_out_texts(target)}:
        raise ParaphraseError(f"{where}: {text!r} is kept for validation.")
    return target.key, text
