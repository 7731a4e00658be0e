"""Which question marks are requests."""

import pytest

from fluorosam_ros.control.plain_text import asks, plain, questions


@pytest.mark.parametrize(
    "text",
    [
        "can you rotate 20 degrees to LAO?",
        "May we have the shutters wide open, please?",
        "Pan 25 mm to the patient's left, would you?",
        "the bleeding is deeper, may I have an oblique on the left?",
        "Would it be possible to have LAO 90?",
    ],
)
def test_a_kindly_asked_request_is_no_question(text):
    assert not asks(text, plain(text))


@pytest.mark.parametrize(
    "text",
    [
        "rotate to LAO 30?",
        "how far can we rotate to RAO?",
        "is LAO 30 enough for what you want?",
        "should we rotate to LAO 30?",
        "what would you do, rotate to LAO 30?",
    ],
)
def test_a_question_is_one(text):
    assert asks(text, plain(text))


def test_only_sentences_with_a_question_mark_are_questions():
    assert questions("Ready? Then go. 1.5 cm to the head? No room.") == ["Ready?", "1.5 cm to the head?"]
    assert questions("take a shot") == []
