"""Texts that no rule understands: done where they are plain, asked back where a word is strange, left alone in talk."""

from pathlib import Path

import pytest

from fluorosam_ros.control.command_types import Ask, Cancel, ChangeDose, NotUnderstood, Refuse, Segment, acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.leaning import FOLLOW_UPS
from fluorosam_ros.control.plain_text import plain
from fluorosam_ros.control.plainly import KINDS, NOTHING, SEVERAL, kind_of
from fluorosam_ros.control.reader import Reader, masked
from fluorosam_ros.control.reading import NO, YES
from fluorosam_ros.control.wording import describe

TABLE_OF_TESTS = Path(__file__).with_name("utterances.tsv")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            "we should slide the contraption by two inches towards the feet",
            "Move 50.8 mm towards the feet.",
        ),
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
    context = Context().after(parse("we should slide the contraption by two inches towards the feet"))
    assert not any(acts(parse(said, context)) for said in ("ok", "Okay.", "hm, right"))


@pytest.mark.parametrize(
    "said",
    [
        "center on the heart surgeon's invoice 20",  # a number is left over
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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("central ray over the liver please", "Center on the liver."),
        ("only the left clavicle in the shutters", "Collimate to the left clavicle."),
        ("would you bring the liver into the middle of the screen for me", "Center on the liver."),
    ],
)
def test_new_words_for_what_is_known_are_read(said, meant):
    assert describe(parse(said)) == meant


def test_a_strange_word_may_change_everything_so_that_a_motion_is_asked_back_or_refused():
    for said in ("centre it on the left kidney stone", "bring the liver transplant to the middle of the picture"):
        command = parse(said)
        assert isinstance(command, Ask | Refuse | NotUnderstood) and not acts(command)


@pytest.mark.parametrize(
    "said",
    [
        "beam just above the liver",
        "get the middle of the picture next to the heart",
        "rotate towards LAO and RAO by twenty in equal parts",
        "tilt the tube twenty centimetres cranial",
        "zoom in out",
        "chest AP lateral RAO view",
        "set the dose",
        "center on the left liver",
    ],
)
def test_what_is_left_over_or_contradicts_is_not_read(said):
    assert not acts(parse(said)) and not isinstance(parse(said), ChangeDose), describe(parse(said))


def test_permission_and_beam_are_never_given_by_likeness():
    for said in ("put the whole system into the armed state now", "get the arm armed for us"):
        assert isinstance(parse(said), Ask | Refuse | NotUnderstood), describe(parse(said))


def test_talk_beside_a_command_is_taken_out():
    reading = Reader().read("scatter s awful and close the collimator by 20 mm")
    assert reading.command == "close the collimator by 20 mm" and reading.kind == "Close the collimator by"
    assert reading.talk == "scatter s awful and" and reading.harm < 0.1


def test_what_forbids_or_delays_is_harmful():
    for said in ("as soon as the cement sets center on the liver", "center on the liver and no forget that"):
        assert Reader().read(said).harm > 0.5, said


def test_names_are_one_to_the_reader():
    assert " ".join(masked(["the", "left", "femur", "and", "l4", "to", "35", "cm"])) == "the heart to 20 cm"


def test_the_network_is_made_from_the_tables_of_the_tests():
    """A text of the development table is read as its kind by the network alone, and talk as none."""
    reader = Reader()
    assert reader.read("the registrar is late again because of the trains").kind == NOTHING
    assert {*KINDS, NOTHING, SEVERAL} <= set(reader.kinds) <= {*KINDS, *FOLLOW_UPS, NOTHING, SEVERAL}
    rows = [line.split("\t") for line in TABLE_OF_TESTS.read_text(encoding="utf-8").splitlines() if "\t" in line]
    alone = [(said, kind_of(meant)) for said, meant, *before in rows if not before][::25]
    right = sum(reader.read(plain(said)).kind == kind for said, kind in alone)
    assert right / len(alone) > 0.97, "the tables have changed: run scripts/fit_reading.py"
