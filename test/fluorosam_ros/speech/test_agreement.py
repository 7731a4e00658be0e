"""Who has to hear what before something moves."""

import pytest

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.speech.agreement import Decision, Dialogue, confirms, decide
from fluorosam_ros.speech.interpretation import needs_agreement, understand
from fluorosam_ros.speech.recogniser import Heard


def heard(text, confidence=0.9):
    return Heard(text, confidence)


def said(general, checking, confidence=0.9, context=None):
    return decide(understand(heard(general, confidence), context), understand(heard(checking), context), context)


@pytest.mark.parametrize(
    "command",
    ["center on the heart", "rotate to LAO 30", "take a shot", "fluoro on", "arm", "raise the dose", "reset",
     "center on the heart and take a shot", "go back"],
)  # fmt: skip
def test_motion_exposure_dose_and_permission_need_both(command):
    assert needs_agreement(parse(command))
    assert said(command, command) == Decision("pass", command)
    for other in ("", "left lung", "where is the heart", "rotate to rao 30"):
        for decision in (said(command, other), said(other or "mumble", command)):
            assert decision.kind in ("ask", "nothing") or not needs_agreement(parse(decision.text))


@pytest.mark.parametrize("command", ["left lung", "where is the heart", "what do you see", "fluoro off", "disarm"])
def test_what_is_harmless_passes_with_one(command):
    assert not needs_agreement(parse(command))
    assert said(command, "") == Decision("pass", command)
    assert said(command, "rotate to lao ten") == Decision("pass", command)
    assert said(command, "", confidence=0.3).kind == "ask"


@pytest.mark.parametrize("other", ["", "rotate to LAO 30", "mumble", "left lung"])
def test_stop_from_either_stops(other):
    assert said("Stop!", other).text == "stop"
    assert said(other, "stop").text == "stop"


def test_both_have_to_mean_the_same_not_to_write_the_same():
    assert said("Rotate to L.A.O. 30.", "rotate to lao thirty").kind == "pass"
    assert said("Rotate to LAO 30.", "rotate to rao thirty").kind == "ask"
    assert said("Tilt 15 degrees cranial.", "tilt fifty degrees cranial").kind == "ask"


def test_two_guesses_are_no_agreement():
    assert said("Collimate to femur time.", "collimate to the thigh bones").kind != "pass"
    assert said("center on the hart", "center on the heart").kind == "ask"
    assert said("center on the heart", "center on the heart", confidence=0.4).kind == "ask"
    assert said("left kidny", "left kidney").kind == "pass"


def test_no_speech_is_nothing_whatever_the_grammar_makes_of_it():
    assert said("", "take a shot") == Decision("nothing")
    assert said("", "left lung") == Decision("nothing")


def test_only_the_checking_one_understood():
    assert said("Sandman to the left ulna", "segment the left ulna").kind == "pass"
    assert said("Tilt 20 degrees cardal", "tilt twenty degrees caudal").kind == "ask"
    assert said("Thank you very much", "take a shot").kind == "nothing"


def test_what_is_only_like_a_command_is_asked_about():
    words = "Swing the field to a 15 cm diameter would you"
    assert said(words, "").kind == "ask"
    assert said(words, "", confidence=0.3).kind == "nothing"


def test_an_answer_to_a_question_needs_both_as_it_may_move():
    question = parse("center on the kidney")
    context = Context().after(question)
    assert context.question is not None
    assert said("left", "", context=context).kind != "pass"
    assert said("the left one", "left kidney", context=context).kind == "pass"


def test_an_ambiguous_motion_is_not_passed_on_by_one():
    assert needs_agreement(parse("center on the kidney"))
    assert said("center on the kidney", "left lung").kind == "ask"
    assert not needs_agreement(parse("kidney"))


def test_confirm():
    assert confirms("Confirm.", "confirm") and confirms("Yes, confirm.", "confirm") and confirms("Contem.", "confirm")
    for other in ("cancel", "stop", "no", "do not confirm", "cancil", "rotate to lao thirty", ""):
        assert not confirms("confirm", other) and not confirms(other, "confirm")


def ask(dialogue, now_s=0.0):
    decision = dialogue.take(heard("Rotate to LAO 30."), heard("left lung"), now_s)
    assert decision.kind == "ask" and "confirm" in decision.reason and dialogue.pending == decision.text
    return decision.text


def test_a_confirmed_question_passes_the_words_once():
    dialogue = Dialogue()
    text = ask(dialogue)
    assert dialogue.take(heard("Confirm."), heard("confirm"), 1.0) == Decision("pass", text)
    assert dialogue.take(heard("Confirm."), heard("confirm"), 2.0).kind == "nothing"


def test_a_cancelled_or_expired_question_passes_nothing():
    dialogue = Dialogue(expiry_s=8.0)
    ask(dialogue)
    assert dialogue.take(heard("Cancel."), heard("cancel"), 1.0).kind == "nothing"
    assert dialogue.take(heard("Confirm."), heard("confirm"), 2.0).kind == "nothing"
    ask(dialogue, 10.0)
    assert dialogue.expired(17.9) is None and dialogue.expired(18.0)
    assert dialogue.take(heard("Confirm."), heard("confirm"), 18.1).kind == "nothing"
    ask(dialogue, 20.0)
    assert dialogue.take(heard("Confirm."), heard("confirm"), 40.0).kind == "nothing"


def test_talk_leaves_the_question_open_a_stop_and_another_clear_command_end_it():
    dialogue = Dialogue()
    text = ask(dialogue)
    assert dialogue.take(heard(""), heard("take a shot"), 1.0) == Decision("nothing")
    assert dialogue.take(heard("left lung"), heard("bowel"), 2.0).kind == "nothing" and dialogue.pending == text
    assert dialogue.take(heard("stop"), heard(""), 3.0).text == "stop" and dialogue.pending is None
    ask(dialogue, 4.0)
    assert dialogue.take(heard("zoom in"), heard("zoom in"), 5.0).kind == "pass" and dialogue.pending is None
