"""PocketSphinx with the grammar of `speech.grammar`: hears only commands, numbers up to 99 and names it knows.

It takes whatever it hears for the nearest command, so it is good for checking another recogniser, and for "stop".
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fluorosam_ros.speech.audio import RATE_HZ, Samples, to_int16
from fluorosam_ros.speech.grammar import jsgf
from fluorosam_ros.speech.pronunciations import PRONUNCIATIONS, SPELLED
from fluorosam_ros.speech.recogniser import Heard, RecogniserError

INSTALL = "run `pip install fluorosam[speech]`"
_MIN_S = 0.1
_DITHER = 0.0005
_VARIANT = re.compile(r"(.+)\((\d+)\)$")


class SphinxRecogniser:
    """The checking recogniser. Raises RecogniserError when its package is missing."""

    name = "sphinx"

    def __init__(self) -> None:
        try:
            from pocketsphinx import Config, Decoder, get_model_path
        except ImportError as error:
            raise RecogniserError(f"pocketsphinx is not installed ({error}): {INSTALL}.") from error
        model = Path(get_model_path()) / "en-us"
        sounds = _sounds(model / "cmudict-en-us.dict")
        grammar = jsgf(sounds.keys())
        used = set(re.findall(r"[a-z0-9'-]+", grammar))
        with tempfile.TemporaryDirectory() as folder:
            dictionary = Path(folder) / "words.dict"
            dictionary.write_text(
                "".join(f"{line}\n" for w in sorted(used & sounds.keys()) for line in _lines(w, sounds))
            )
            self._decoder = Decoder(
                Config(
                    hmm=str(model / "en-us"),
                    dict=str(dictionary),
                    lm=None,
                    bestpath=False,
                    loglevel="FATAL",
                    samprate=float(RATE_HZ),
                )
            )
        self._decoder.add_jsgf_string("commands", grammar)
        self._decoder.activate_search("commands")

    def hear(self, samples: Samples) -> Heard:
        """The nearest command; none for less than a tenth of a second, or where no whole command was heard."""
        if samples.size < _MIN_S * RATE_HZ:
            return Heard("", 0.0)
        self._decoder.start_utt()
        # Digital silence has no cepstrum: without a little noise, most clean recordings are not recognised.
        dithered = samples + np.random.default_rng(0).standard_normal(samples.size).astype(np.float32) * _DITHER
        self._decoder.process_raw(to_int16(dithered).tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        if found is None or not found.hypstr:
            return Heard("", 0.0)
        return Heard(found.hypstr, float(min(max(found.prob, 0.0), 1.0)))


def _sounds(dictionary: Path) -> dict[str, list[str]]:
    """Sounds of every word: those of pronunciations.py, else the CMU dictionary's."""
    sounds: dict[str, list[str]] = {}
    with dictionary.open(encoding="utf-8") as file:
        for line in file:
            word, _, sound = line.strip().partition(" ")
            variant = _VARIANT.match(word)
            sounds.setdefault(variant[1] if variant else word, []).append(sound)
    sounds |= {word: list(ways) for word, ways in PRONUNCIATIONS.items()}
    return sounds | {word: [sound] for word, sound in SPELLED.items()}


def _lines(word: str, sounds: dict[str, list[str]]) -> Iterator[str]:
    for number, sound in enumerate(sounds[word], 1):
        yield f"{word} {sound}" if number == 1 else f"{word}({number}) {sound}"
