"""A command among talk: done where it only shows, asked back where it would act, and left alone where talk decides."""

import pytest

from fluorosam_ros.control.command_types import Ask, Cancel, NotUnderstood, Refuse, Segment, TakeShot, acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.surmise import NO, YES
from fluorosam_ros.control.wording import describe


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("honestly the surgeon hopes so please center on the spleen", "Center on the spleen."),
        ("rotate to LAO 20 for a prettier picture of my patient", "Rotate to LAO 20°."),
        ("the AP chest would cheer everybody", "Go to the chest AP view."),
        ("such a pity, raise the dose my friends", "Raise the dose."),
    ],
)
def test_what_would_act_is_asked_back_and_done_on_a_yes(said, meant):
    question = parse(said)
    assert isinstance(question, Ask) and meant.removesuffix(".") in question.question and not acts(question)
    context = Context().after(question)
    for yes in (YES[0], "Yes, please.", "Go ahead!"):
        assert describe(parse(yes, context)) == meant
    for no in (NO[0], "No, thanks."):
        assert isinstance(parse(no, context), Cancel), "what was asked is dropped, and nothing is stopped"


def test_yes_means_nothing_where_nothing_was_asked():
    assert not acts(parse("yes")) and not acts(parse("go ahead"))


def test_an_okay_is_no_yes():
    context = Context().after(parse("the AP chest would cheer everybody"))
    assert not any(acts(parse(said, context)) for said in ("ok", "Okay.", "hm, right"))


def test_what_only_shows_needs_no_question():
    command = parse("the resident giggles so outline the liver for the youngsters among us")
    assert isinstance(command, Segment) and [each.key for each in command.structures] == ["liver"]


@pytest.mark.parametrize(
    "said",
    [
        "center on the heart surgeon's invoice 20",  # a number is left over
        "my cousin's left kidney hurts so center on the liver",  # another structure
        "yesterday we had to center on the liver",  # a report
        "whenever somebody has to center on the liver",  # a condition
        "center on the liver whereas the registrar would rotate to LAO 20",  # two commands
        "arm the troops",
        "somebody please arm the system quickly folks",  # permission is asked for by itself
    ],
)
def test_talk_that_could_change_the_meaning_leaves_nothing_to_ask(said):
    command = parse(said)
    assert isinstance(command, Refuse | NotUnderstood), describe(command)


def test_a_structure_in_talk_is_no_wish_to_see_it():
    assert not isinstance(parse("my uncle praised the pancreas because of poetry"), Segment)


def test_a_shot_among_talk_is_asked_back():
    question = parse("take a shot and pray")
    assert isinstance(question, Ask) and parse("yes", Context().after(question)) == TakeShot()
