"""What is put right, and what is named shortly."""

import pytest

from fluorosam_ros.control.command_types import acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.corrections import named_shortly
from fluorosam_ros.control.wording import describe


def after(*texts):
    context = Context()
    for text in texts:
        context = context.after(parse(text, context))
    return context


@pytest.mark.parametrize(
    ("before", "text", "meant"),
    [
        ("move 3 cm to the head", "feet, not head", "Move 30 mm towards the feet."),
        ("center on the left hip bone", "not the hip, the femur", "Center on the left femur."),
        ("go to the left knee lateral view", "no the ankle", "Go to the left ankle lateral view."),
        ("center on the right kidney and collimate to it", "no, the left kidney",
         "Center on the left kidney, then collimate to the left kidney."),
        ("rotate to LAO 20 and tilt to cranial 10", "LAO 15 instead", "Rotate to LAO 15°."),
    ],
)  # fmt: skip
def test_what_was_wrong_is_replaced(before, text, meant):
    assert describe(parse(text, after(before))) == meant


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("tilt to caudal 10", "RAO, not caudal"),  # another axis: is the tilt to be undone?
        ("rotate to LAO 20 and tilt to cranial 10", "no, 25"),  # which of the two?
        ("move 2 cm to the left", "no, up"),  # head or ceiling?
    ],
)
def test_what_could_be_either_moves_nothing(before, text):
    assert not acts(parse(text, after(before)))


def test_a_shot_between_changes_nothing():
    assert describe(parse("no, RAO", after("LAO 20", "take a shot"))) == "Rotate to RAO 20°."
    assert (
        describe(parse("the left one", after("center on the right femur", "take a shot")))
        == "Center on the left femur."
    )


@pytest.mark.parametrize(
    ("before", "words", "key"),
    [
        ("outline the left gluteus maximus", "medius", "gluteus_medius_left"),
        ("outline the right rib 7", "8", "rib_right_8"),
        ("center on the left femur", "the tibia", "tibia_left"),
        ("outline the heart", "bigger", None),
    ],
)
def test_a_word_of_the_name_is_enough(before, words, key):
    found = named_shortly(words, after(before))
    assert (found.key if found else None) == key
