"""Texts that lean on the one before, by rule: taken back, put right in one breath, the other way."""

import pytest

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.wording import describe


def meaning(said, before=""):
    """The sentence of the command that a text means after another."""
    context = Context().after(parse(before)) if before else Context()
    return describe(parse(said, context)).removesuffix(".")


@pytest.mark.parametrize(
    ("before", "meant"),
    [
        ("segment the liver", "Stop segmenting the liver"),
        ("raise the dose", "Lower the dose"),
        ("zoom in 2 times", "Zoom out 2 times"),
        ("open the collimator by 2 cm", "Close the collimator by 20 mm"),
        ("turn fluoro off", "Turn fluoro on"),
        ("rotate by 10 degrees towards LAO", "Go back to the pose before"),
        ("move 2 cm towards the head", "Go back to the pose before"),
        ("center on the liver", "Go back to the pose before"),
    ],
)
def test_what_moved_nothing_is_undone_by_its_opposite(before, meant):
    assert meaning("undo that", before) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("move two centimetres to the left no wait to the right", "Move 20 mm towards the right"),
        ("rotate to lao twenty no thirty", "Rotate to LAO 30°"),
        ("set the field to fifteen centimetres uh make that eighteen", "Set the field to 180 mm"),
        ("center on L4 sorry L5", "Center on the L5 vertebra"),
    ],
)
def test_what_is_put_right_in_one_breath(said, meant):
    assert meaning(said) == meant


@pytest.mark.parametrize("said", ["rotate to lao twenty no", "center on L4 no wait", "take a shot no don't"])
def test_what_is_taken_back_in_one_breath_is_not_done(said):
    assert not meaning(said).startswith(("Rotate", "Center", "Take"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop segmenting the liver, then segment the spleen", "Stop segmenting the liver, then segment the spleen"),
        ("hide the lungs and show the ribs instead", "Stop segmenting the lungs, then segment the ribs"),
        ("stop outlining the liver, it distracts me", "Stop segmenting the liver"),
        ("stop outlining the liver and stop", "Stop all motion and exposure"),
        ("the outline of the aorta can go now", "Stop segmenting the aorta"),
        ("drive to the right kidney and outline it", "Center on the right kidney, then segment the right kidney"),
        ("center and cone down to L1", "Center on the L1 vertebra, then collimate to the L1 vertebra"),
        ("save this as start and go to the chest PA view", "Save this view as “start”, then go to the chest PA view"),
        ("lovely picture, save this view as entry", "Save this view as “entry”"),
        ("get in closer, zoom by 2", "Zoom in 2 times"),
        ("nudge the rotation three degrees in the lao direction", "Rotate by 3° towards LAO"),
        ("back off seven degrees towards RAO", "Rotate by 7° towards RAO"),
        ("abort the current command", "Cancel what is under way"),
        ("abort the current command and stop", "Stop all motion and exposure"),
        ("abort", "Stop all motion and exposure"),
        ("the emergency stop, please reset it", "Reset the emergency stop"),
        ("emergency stop, reset", "Stop all motion and exposure"),
        ("emergency stop", "Stop all motion and exposure"),
        ("reset the emergency stop and hit the emergency stop", "Stop all motion and exposure"),
    ],
)
def test_several_wishes_and_what_sounds_like_a_stop(said, meant):
    assert meaning(said) == meant
