"""What talk beside a command makes of it."""

import pytest

from fluorosam_ros.control.commands import by_rules, parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.doubts import doubted, negated
from fluorosam_ros.control.reader import Reading


def reading(command, *stretches, kind="Rotate to", likeness=1.0, harm=0.0, asides=()):
    return Reading(kind, likeness, harm, command, " ".join(stretches), asides, stretches)


LAO = "rotate to lao 30"


@pytest.mark.parametrize(
    ("before", "after", "harm", "doubtful"),
    [
        ("", "", 0.0, False),
        ("", "was too steep for me", 0.0, True),  # spoken of
        ("", "that was what he wanted", 0.0, True),
        ("", "or was it 40 i cannot remember", 0.0, True),
        ("before lunch i am always slow", "", 0.0, False),  # the doubt is about something else
        ("before lunch i am always slow", "", 0.05, True),
        ("maybe", "", 0.0, True),
        ("", "for 20 more", 0.0, True),  # which number?
    ],
)
def test_talk_may_make_a_motion_doubtful(before, after, harm, doubtful):
    words = " and ".join(filter(None, (before, LAO, after)))
    stretches = tuple(filter(None, (before, after)))
    assert doubted(words, reading(LAO, *stretches, harm=harm), parse(LAO)) is doubtful


def test_a_command_that_breaks_off_is_doubtful():
    assert doubted("zoom out on the pacs screen", reading("zoom out on", "the pacs screen"), parse("zoom out"))


@pytest.mark.parametrize(
    ("words", "aside", "forbidden"),
    [
        (f"{LAO} and i cannot see a thing here", "i cannot see a thing here", False),
        (f"{LAO} and do not show me the ribs", "do not show me the ribs", True),
        (f"not {LAO}", "", True),
    ],
)
def test_a_negation_counts_unless_it_is_in_talk_of_its_own(words, aside, forbidden):
    stretches = (aside,) if aside else ()
    command = LAO if aside else words
    assert negated(words, reading(command, *stretches, asides=stretches), Context(), by_rules) is forbidden
