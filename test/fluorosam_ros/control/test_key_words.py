"""Commands that are understood by key words: nothing is left over, or nothing is understood."""

import pytest

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.key_words import by_key_words
from fluorosam_ros.control.wording import describe


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("get a nicely centered view of the heart", "Center on the heart"),
        ("the c arm aligned with L5", "Center on the L5 vertebra"),
        ("apply some collimation to the left hip", "Collimate to the left hip bone"),
        ("run a segmentation of the right lung", "Segment the right lung"),
        ("overlay for L3 on", "Segment the L3 vertebra"),
        ("disable the overlays", "Stop segmenting everything"),
        ("get the liver contour off", "Stop segmenting the liver"),
        ("take the shutters fully away", "Open the collimator fully"),
        ("get the fluoro running", "Turn fluoro on"),
        ("make fluoro go off", "Turn fluoro off"),
    ],
)
def test_a_key_word_a_structure_and_nothing_else(said: str, meant: str) -> None:
    command = by_key_words(said, Context())
    assert command is not None and describe(command).removesuffix(".") == meant


def test_it_is_what_was_named_before() -> None:
    before = Context().after(parse("show me the left kidney"))
    command = by_key_words("get that nicely centered", before)
    assert command is not None and describe(command) == "Center on the left kidney."
    assert by_key_words("get that nicely centered", Context()) is None


@pytest.mark.parametrize(
    "said",
    [
        "center of the heart",  # a place
        "the heart is centered",  # a report
        "how centered is the heart",
        "should the heart be centered",
        "never have the heart centered",
        "not centered on the heart",
        "have the heart centered and collimated",  # two commands at once
        "center the collimation on the heart",
        "have the heart centered by 5",
        "have the gizmo centered",
        "collimation fully away from the heart",
        "fluoro",
        "fluoro on the heart",
        "the shutters",
        "perfectly centered",
    ],
)
def test_anything_more_is_not_understood_here(said: str) -> None:
    assert by_key_words(said, Context()) is None
