"""Joints: their bones are asked for, and nothing moves before one is named."""

import pytest

from fluorosam_ros.control.command_types import Ask, Center, CollimateTo, GoToView, Segment, Target
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.joints import BONES
from fluorosam_sim.anatomy import structure


@pytest.mark.parametrize("joint", BONES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_bones_of_a_joint_are_offered(joint, side):
    question = parse(f"center on the {side} {joint}")
    assert isinstance(question, Ask)
    assert {choice.structure.side for choice in question.choices} == {side}
    for choice in question.choices:
        answer = parse(choice.structure.name, Context().after(question))
        assert answer == Center(Target((choice.structure,)))


def test_a_bone_is_enough_of_an_answer():
    asked = Context().after(parse("collimate to the right knee"))
    assert parse("the patella", asked) == CollimateTo(Target((structure("patella_right"),)))


def test_a_joint_alone_is_asked_about_as_something_to_outline():
    asked = Context().after(parse("left wrist"))
    answer = parse("carpal bones", asked)
    assert isinstance(answer, Segment) and answer.structures == (structure("carpal_left"),)


def test_the_side_is_asked_for():
    question = parse("center on the knee")
    assert isinstance(question, Ask) and not question.choices and "left or the right knee" in question.question


@pytest.mark.parametrize("said", ["left and right knee", "center on the left knee prosthesis", "the left knee cap"])
def test_other_phrases_with_a_joint_are_none(said):
    assert "bones meet" not in getattr(parse(said), "question", "")


def test_views_of_joints_are_still_views():
    assert isinstance(parse("lateral view of the left knee"), GoToView)
