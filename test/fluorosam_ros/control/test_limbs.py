"""Sides that a limb has say which bone is meant."""

import pytest

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.limbs import on_its_side, said_of_its_side, with_sides
from fluorosam_ros.control.plain_text import plain
from fluorosam_sim.anatomy import find, structure


def after(text):
    """The context after a command."""
    return Context().after(parse(text)) if text else Context()


@pytest.mark.parametrize(
    ("said", "sided"),
    [
        ("outline the carpal bones of the left wrist", "outline the left carpal bones"),
        ("mask on the metatarsals, right foot", "mask on the right metatarsals"),
        ("center on the fingers of the right hand", "center on the right fingers"),
        ("draw round the kneecap of the left leg", "draw round the left kneecap"),
    ],
)
def test_the_side_of_a_limb_is_that_of_its_bone(said, sided):
    assert with_sides(plain(said), Context()) == sided


@pytest.mark.parametrize(
    "said",
    [
        "lateral of the left knee",  # a view
        "outline the femur and the right foot",  # a foot has no femur
        "center on the right tarsal bones of the left foot",  # two sides
        "outline the liver of the left leg",
        "move 2 cm to the right",
    ],
)
def test_other_texts_stay_as_they_are(said):
    assert with_sides(plain(said), after("center on the left femur")) == plain(said)


@pytest.mark.parametrize(
    ("said", "before", "sided"),
    [
        ("the fibula too, same leg", "outline the right tibia", "the right fibula"),
        ("now the obturator inlet, same side", "left obturator outlet", "now the obturator inlet of the left side"),
        ("frog-leg lateral of the same hip", "AP of the right hip", "frog leg lateral of the right hip"),
        ("same side", "center on the liver", "same side"),
        ("same side", "", "same side"),
    ],
)
def test_the_same_limb_is_that_of_the_command_before(said, before, sided):
    assert with_sides(plain(said), after(before)) == sided


@pytest.mark.parametrize(
    ("said", "before", "meant"),
    [
        ("fibula", "outline the right tibia", "fibula_right"),
        ("fibula", "outline the tibia", "fibula"),
        ("left fibula", "outline the right tibia", "fibula_left"),
        ("liver", "outline the right tibia", "liver"),
    ],
)
def test_a_bone_without_a_side_is_on_the_side_of_the_last_one(said, before, meant):
    assert on_its_side(find(said).structures, after(before)) == (structure(meant),)


def test_a_bone_that_needs_a_side_gets_it_only_from_a_limb():
    assert said_of_its_side("not that and the collarbone", after("center on the left scapula")) == (
        structure("clavicula_left"),
    )
    assert said_of_its_side("the collarbone", after("center on the left kidney")) == ()
    assert said_of_its_side("the collarbone or the scapula", after("center on the left humerus")) == ()
    assert said_of_its_side("the collarbone", Context()) == ()
