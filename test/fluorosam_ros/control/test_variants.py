"""The last command about something else."""

import pytest

from fluorosam_ros.control.command_types import Ask, Rotate, Translate
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.variants import about, neighbour, on_both_sides, on_other_side, opposite
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import structure


@pytest.mark.parametrize(
    ("last", "side", "other"),
    [
        ("center on the left femur", "other", "Center on the right femur."),
        ("segment the lungs", "left", "Segment the left lung."),
        ("go to the right knee lateral view", "left", "Go to the left knee lateral view."),
        ("rotate 10 degrees LAO", "other", "Rotate by 10° towards RAO."),
    ],
)
def test_the_other_side(last, side, other):
    assert describe(on_other_side(parse(last), side)) == other


@pytest.mark.parametrize(
    ("last", "side"), [("segment the heart", "left"), ("take a shot", "other"), ("zoom in", "right")]
)
def test_what_has_no_sides_is_asked_back(last, side):
    assert isinstance(on_other_side(parse(last), side), Ask)


def test_the_same_command_about_another_structure():
    assert (
        describe(about(parse("lateral of L4"), (structure("vertebrae_L3"),)))
        == "Go to the lateral view of the L3 vertebra."
    )
    assert describe(about(parse("collimate to the liver"), (structure("spleen"),))) == "Collimate to the spleen."
    assert about(parse("lateral of L4"), (structure("spleen"),)) is None
    assert about(parse("take a shot"), (structure("spleen"),)) is None


def test_levels_end_with_the_spine():
    assert describe(neighbour(parse("center on L4"), 1)) == "Center on the L5 vertebra."
    assert neighbour(parse("center on L4"), 20) is None
    assert neighbour(parse("center on the liver"), 1) is None


def test_both_sides_and_the_opposite():
    assert describe(on_both_sides(parse("segment the left kidney"), structure("kidney_left"))) == "Segment the kidneys."
    assert opposite(Rotate(delta_deg=5.0)) == Rotate(delta_deg=-5.0)
    assert opposite(Translate("head", 20.0)) == Translate("feet", 20.0)
    assert opposite(parse("take a shot")) is None
