"""One slip of the fingers in a word of a command is mended; names, numbers, directions, real words are left alone."""

import pytest

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.reading import known_words
from fluorosam_ros.control.spelling import respelt
from fluorosam_ros.control.wording import describe


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("cetner on the liver", "center on the liver"),
        ("roate lao by 7", "rotate lao by 7"),
        ("colimate tightly to it", "collimate tightly to it"),
        ("collimte to it", "collimate to it"),
    ],
)
def test_a_slip_is_mended(said, meant):
    assert respelt(said, *known_words()) == meant


@pytest.mark.parametrize("said", ["lift it five mm", "one and a half", "the night", "oesophagus", "heed", "lefty"])
def test_nothing_else_is(said):
    assert respelt(said, *known_words()) == said


def test_of_two_words_that_it_could_be_it_becomes_neither():
    assert respelt("shart", frozenset(("short", "smart"))) == "shart"


def test_a_misspelt_command_is_carried_out_and_told_in_plain_words():
    assert describe(parse("Cetner on the liver")) == "Center on the liver."
    assert describe(parse("roate LAO by 7 degrees")) == "Rotate by 7° towards LAO."
