"""The log: replies find their prompts, questions get buttons, commands their cost."""

import pytest

from fluorosam_ros.console.conversation import KEPT, Conversation, costliest
from fluorosam_ros.console.reports import Answer
from fluorosam_ros.control.command_types import Ask
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.exposure_budget import Spent
from fluorosam_ros.control.operations import ReplyKind


def said(*prompts):
    talk = Conversation()
    for number, prompt in enumerate(prompts):
        talk.say(prompt, float(number), "12:00:00")
    return talk


def question(prompt):
    command = parse(prompt)
    assert isinstance(command, Ask)
    return Answer(prompt, ReplyKind.QUESTION, command.question)


def test_the_same_prompt_twice_is_answered_in_order():
    talk = said("heart", "heart")
    talk.answer(Answer("heart", ReplyKind.DONE, "first"), 2.0, "")
    talk.answer(Answer("heart", ReplyKind.REFUSED, "second"), 2.1, "")
    assert [(e.kind, e.reply) for e in talk.entries] == [(ReplyKind.DONE, "first"), (ReplyKind.REFUSED, "second")]


def test_a_long_command_is_open_until_its_final_reply():
    talk = said("center on the heart")
    talk.answer(Answer("center on the heart", ReplyKind.UNDERSTOOD, "Center on the heart."), 0.1, "")
    assert talk.entries[0].open and not talk.entries[0].silent(100.0)
    talk.answer(Answer("center on the heart", ReplyKind.DONE, "Centred."), 4.0, "")
    assert not talk.entries[0].open and talk.entries[0].reply == "Centred."


def test_a_reply_to_what_was_not_heard_here_is_shown_all_the_same():
    talk = Conversation()
    talk.answer(Answer("rotate to LAO 40", ReplyKind.REFUSED, "Nobody confirmed."), 0.0, "12:00:00")
    assert talk.entries[0].text == "rotate to LAO 40" and not talk.entries[0].open


@pytest.mark.parametrize(
    ("prompt", "choices"),
    [
        ("we should slide the contraption by two inches towards the feet", ("yes", "no")),
        ("center on the kidney", ("left kidney", "right kidney")),
        ("move up 2 cm", ("head", "ceiling")),
        ("rotate", ()),
    ],
)
def test_a_question_offers_its_answers(prompt, choices):
    talk = said(prompt)
    talk.answer(question(prompt), 0.1, "")
    assert talk.entries[0].choices == choices
    for choice in choices:  # each answers it
        assert not isinstance(parse(choice, talk._context), Ask)
    talk.say("left lung", 1.0, "")
    talk.answer(Answer("left lung", ReplyKind.DONE, "Done."), 1.1, "")
    assert talk.entries[0].choices == (), "only the newest question waits"


def test_a_question_in_other_words_offers_nothing():
    talk = said("kidney")
    talk.answer(Answer("kidney", ReplyKind.QUESTION, "Did you say kidney? Say confirm or cancel."), 0.1, "")
    assert talk.entries[0].choices == ()


def test_every_command_has_its_cost():
    talk = Conversation()
    talk.spent(Spent("1", 0.001, 0.0, 2, 0))
    talk.say("center on the heart", 1.0, "")
    talk.spent(Spent("1", 0.003, 0.0, 4, 0))
    talk.answer(Answer("center on the heart", ReplyKind.DONE, "Done."), 2.1, "")
    talk.say("left lung", 2.15, "")
    talk.spent(Spent("1", 0.004, 0.0, 5, 0))  # the last shot, told a moment after the reply
    (entry,) = costliest(talk.entries, 3)
    assert entry.text == "center on the heart" and entry.exposures == 3 and entry.dap_gym2 == pytest.approx(0.003)


def test_live_images_are_paid_for_by_whoever_switched_them_on():
    talk = Conversation()
    talk.spent(Spent("1", 0.0, 0.0, 0, 0))
    talk.say("take a shot", 1.0, "")
    talk.answer(Answer("take a shot", ReplyKind.DONE, "Done."), 1.2, "")
    talk.spent(Spent("1", 0.001, 0.0, 1, 0))
    talk.say("fluoro on", 1.4, "")
    talk.answer(Answer("fluoro on", ReplyKind.DONE, "On."), 1.5, "")
    talk.spent(Spent("1", 0.002, 0.0, 1, 10))
    talk.say("rotate to LAO 200", 3.0, "")
    talk.answer(Answer("rotate to LAO 200", ReplyKind.REFUSED, "Outside the limits."), 3.1, "")
    talk.say("fluoro off", 4.0, "")
    talk.spent(Spent("1", 0.003, 0.0, 1, 20))
    assert [(e.text, e.exposures) for e in talk.entries if e.exposures] == [("take a shot", 1), ("fluoro on", 20)]


def test_a_new_case_begins_at_nothing():
    talk = Conversation()
    talk.spent(Spent("1", 0.5, 0.0, 50, 0))
    talk.say("take a shot", 1.0, "")
    talk.spent(Spent("2", 0.0, 0.0, 0, 0))
    assert talk.entries[0].dap_gym2 == 0.0 and talk.entries[0].exposures == 0


def test_the_log_does_not_grow_for_ever():
    talk = said(*["heart"] * (KEPT + 5))
    assert len(talk.entries) == KEPT and talk.entries[-1].number == KEPT + 4
