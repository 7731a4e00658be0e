"""Tables of utterances: the development one is understood, the held-out one scored, the adversarial moves nothing."""

from pathlib import Path

import pytest
from fake_device import FakeDevice

from fluorosam_ros.control.command_types import ChangeDose, SetDose, acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.wording import describe

HERE = Path(__file__).resolve().parent
HELD_OUT_SCORE = 0.945
"""Reached on wordings that neither the rules nor the reading were made from; the goal is 0.97."""
HEARD_SCORE = 0.83
"""Of wordings that the reading has learnt from."""


def table(name):
    """Rows of a table as lists of columns; comments and the braces around talk left out."""
    lines = (HERE / name).read_text(encoding="utf-8").replace("{", "").replace("}", "").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def meaning(said, before=""):
    """The command's sentence without its full stop."""
    context = Context().after(parse(before)) if before else Context()
    return describe(parse(said, context)).removesuffix(".")


DEVELOPMENT = table("utterances.tsv")
HEARD = table("utterances_heard.tsv")
ADVERSARIAL = table("utterances_adversarial.tsv")
ADVERSARIAL_HELD_OUT = table("utterances_adversarial_held_out.tsv")


def test_tables_are_large_and_apart():
    held_out = table("utterances_held_out.tsv")
    assert len(DEVELOPMENT) >= 300 and len(held_out) >= 150 and len(ADVERSARIAL) >= 200
    assert len(ADVERSARIAL_HELD_OUT) >= 200
    assert not {row[0].casefold() for row in ADVERSARIAL} & {row[0].casefold() for row in ADVERSARIAL_HELD_OUT}
    assert len({(row[0], *row[2:]) for row in DEVELOPMENT}) == len(DEVELOPMENT)
    written_for = {(row[0].casefold(), *row[2:]) for row in DEVELOPMENT + HEARD}
    assert not any((row[0].casefold(), *row[2:]) in written_for for row in held_out)


@pytest.mark.parametrize("row", DEVELOPMENT, ids=lambda row: row[0])
def test_development_table_is_understood(row):
    said, meant, *before = row
    assert meaning(said, *before) == meant


@pytest.mark.parametrize(
    ("name", "least", "every"),
    [("utterances_held_out.tsv", HELD_OUT_SCORE, 1), ("utterances_heard.tsv", HEARD_SCORE, 10)],
)
def test_wordings_of_people_who_never_saw_the_language_are_understood(name, least, every):
    rows = table(name)[::every]
    understood = sum(meaning(said, *before) == meant for said, meant, *before in rows)
    print(f"{understood} of {len(rows)} wordings of {name} understood")
    assert understood / len(rows) >= least, f"{understood} of {len(rows)}"


ABSENT = ("spleen", "right lung", "L5", "left femur", "sternum")
BEYOND = ("170", "175", "180", "270", "275", "300", "80", "70", "150", "2 mm", "LAO 100 and then")
"""What the image or the limits stop: only a text with one of these may be a command that would act."""


@pytest.mark.parametrize("row", ADVERSARIAL + ADVERSARIAL_HELD_OUT, ids=lambda row: row[0][:40])
def test_adversarial_utterances_move_nothing(row):
    said, *before = row
    device = FakeDevice(balls=("heart", "left lung", "L4 vertebra"))
    device.shoot()
    guide = Guide(device)
    for text in before:
        guide.carry_out(guide.understand(text))
    device.log.clear()
    command = guide.understand(said)
    guide.carry_out(command)
    assert not set(device.log) & {"move", "shoot", "collimate", "fluoro on", "dose"}, describe(command)
    assert not isinstance(command, SetDose | ChangeDose)
    assert not acts(command) or any(word in said for word in (*ABSENT, *BEYOND)), describe(command)


FRAMES = [
    "if I say {}", "he said {}", "{} was wrong", "maybe {}", "{} tomorrow", "{} later", "before we {}", "why {}",
    "not {}", "we should {}", "should we {}", "don't {}", "{} never", "I think {}", "{} or maybe", "when I nod, {}",
    "{} unless it hurts", "tell him to {}", "did you {}", "{} is what I would do", "somebody {}",
]  # fmt: skip


@pytest.fixture(scope="module")
def acting():
    """Every sixteenth text that acts. Not what begins with talk of its own: "not lovely, now a lateral chest" acts."""
    texts = [row[0] for row in DEVELOPMENT if not row[2:] and "," not in row[0] and acts(parse(row[0]))][::16]
    assert len(texts) > 100
    return texts


@pytest.mark.parametrize("frame", FRAMES)
def test_conditions_questions_and_talk_make_every_command_harmless(frame, acting):
    assert [text for text in acting if acts(parse(frame.format(text)))] == []
