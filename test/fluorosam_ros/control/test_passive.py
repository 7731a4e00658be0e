"""The passive voice as an order."""

import pytest

from fluorosam_ros.control.command_types import acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.passive import active


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("could the dose be reduced", "reduce the dose"),
        ("the c arm should be raised by 4 cm", "raise the c arm by 4 cm"),
        ("the left kidney is to be centered", "center the left kidney"),
        ("the field has to be cropped to the liver", "crop the field to the liver"),
        ("can we have the heart outlined", "outline the heart"),
        ("it may now be hidden again", "hide it again"),
    ],
)
def test_passive_voice_is_an_order(words, order):
    assert active(words) == order


@pytest.mark.parametrize(
    "words",
    [
        "the dose was reduced", "the dose must not be reduced", "i want you to be moved by this", "reduce the dose",
        "the field should have been closed by 2 cm", "the liver can be seen",
    ],
)  # fmt: skip
def test_what_is_told_or_forbidden_is_none(words):
    assert active(words) is None


@pytest.mark.parametrize(
    "text",
    [
        "should the dose be reduced?",
        "the field must not be closed by 2 cm",
        "the arm should have been rotated by 10 degrees",
    ],
)
def test_questions_and_prohibitions_do_nothing(text):
    assert not acts(parse(text))
