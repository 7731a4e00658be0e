"""Whatever the grammar allows is understood, every structure can be named, and every word has a sound."""

import random
import re

import pytest

from fluorosam_ros.control.command_types import NotUnderstood, Refuse
from fluorosam_ros.control.commands import parse
from fluorosam_ros.speech.bench_commands import COMMANDS
from fluorosam_ros.speech.grammar import CONFIRM, NUMBER, jsgf, number_words, phrases, said, structure_names
from fluorosam_ros.speech.interpretation import snap
from fluorosam_ros.speech.pronunciations import PRONUNCIATIONS, SPELLED
from fluorosam_sim.anatomy import STRUCTURES, find

_PHONES = set(
    re.findall(
        "[A-Z]+",
        "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH",
    )
)


def test_numbers_and_names_in_words():
    assert [number_words(n) for n in (0, 7, 15, 20, 99)] == ["zero", "seven", "fifteen", "twenty", "ninety nine"]
    assert said("Left rib 5") == "left rib five" and said("4th lumbar vertebra") == "fourth lumbar vertebra"


def test_names_mean_their_structure():
    for structure in STRUCTURES:
        for name in structure_names(structure)[:4]:
            assert structure in find(name).structures or find(name).structures, name


def test_phrases_are_understood():
    """Every one would take a minute: a sample, with a number put in, and nothing in it that the language refuses."""
    chosen = random.Random(0).sample(phrases(), 600)
    refused = []
    for phrase in chosen:
        text = phrase.replace(NUMBER, "twelve")
        if text != CONFIRM and isinstance(parse(text), Refuse | NotUnderstood):
            refused.append(text)
    assert len(refused) <= len(chosen) // 50, refused


def test_every_spelling_is_of_known_phones():
    for sounds in (*PRONUNCIATIONS.values(), *((sound,) for sound in SPELLED.values())):
        for sound in sounds:
            assert set(sound.split()) <= _PHONES


def test_the_grammar_has_the_names_and_leaves_out_what_has_no_sound():
    everything = {word for phrase in phrases() for word in phrase.split()}
    grammar = jsgf(everything)
    assert "left kidney" in grammar and "obturator oblique of the right hip" in grammar and "lao" in grammar
    assert "left kidney" not in jsgf(everything - {"kidney"})


def test_snapping_keeps_numbers_and_sides():
    assert snap("High light on the left hip") in ("highlight left hip", "highlight left hip bone")
    assert snap("lower the nose") == "lower the dose"
    for text in ("", "thank you very much", "rotate 20 degrees or 30", "the quick brown fox", "x" * 5000):
        assert snap(text) is None
    for command in COMMANDS:
        slipped = re.sub(r"the", "de", command)
        near = snap(slipped)
        if near is not None:
            assert re.findall(r"\d+|left|right", near) == re.findall(r"\d+|left|right", slipped), (command, near)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_benchmark_says_what_the_command_language_understands(command):
    assert not isinstance(parse(command), Refuse | NotUnderstood)
