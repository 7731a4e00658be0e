"""Answers to what was asked back."""

import pytest

from fluorosam_ros.control.answers import completed
from fluorosam_ros.control.command_types import (
    Ask,
    Center,
    CollimateBy,
    GoToView,
    Rotate,
    SaveView,
    Stop,
    TakeShot,
    Tilt,
    Translate,
    acts,
)
from fluorosam_ros.control.commands import by_rules, parse
from fluorosam_ros.control.context import Context


def answer(asked, said):
    return parse(said, Context().after(asked))


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("rotate 20 degrees", {"LAO": Rotate(delta_deg=20), "towards RAO please": Rotate(delta_deg=-20)}),
        ("tilt to 12", {"cranial": Tilt(to_deg=12), "to caudal": Tilt(to_deg=-12)}),
        ("move 30 mm", {"to the head": Translate("head", 30.0)}),
        ("move towards the feet", {"2 cm": Translate("feet", 20.0), "15 mm, please": Translate("feet", 15.0)}),
        ("rotate towards RAO", {"by eight": Rotate(delta_deg=-8)}),
        ("open the collimator by", {"1 cm": CollimateBy(10.0)}),
    ],
)
def test_what_is_missing_is_asked_for_and_can_be_answered(text, answers):
    asked = parse(text)
    assert isinstance(asked, Ask), text
    for said, command in answers.items():
        assert answer(asked, said) == command, said
    for said in ("the weather is fine", "maybe", "not that", ""):
        assert not acts(answer(asked, said)), said


def test_names_and_levels_are_answers_too():
    assert answer(parse("save this view"), "as bottom screw") == SaveView("bottom screw")
    view = answer(parse("lateral of a vertebra"), "L2")
    assert isinstance(view, GoToView) and view.structure.key == "vertebrae_L2"
    assert isinstance(answer(parse("center on it"), "the liver"), Center)


def test_a_command_of_its_own_is_no_answer():
    asked = parse("move towards the feet")
    assert answer(asked, "take a shot") == TakeShot() and answer(asked, "stop") == Stop()
    assert completed("take a shot", Context().after(asked), by_rules) is None
    assert completed("2 cm", Context(), by_rules) is None, "nothing was asked"
    guess = Ask("Did you mean “Center on the heart”? Say yes or no.", guess=True)
    assert completed("2 cm", Context(question=guess), by_rules) is None
