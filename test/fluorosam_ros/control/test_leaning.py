"""What each kind of follow-up makes of the command before."""

import pytest

from fluorosam_ros.control.commands import by_rules, parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.leaning import CONTRAST, FOLLOW_UPS
from fluorosam_ros.control.plain_text import bare, plain
from fluorosam_ros.control.slots import slots
from fluorosam_ros.control.wording import describe


def made(kind, said, before):
    """The sentence of the command that a text of a kind means after another, or None."""
    context = Context()
    for text in (before,) if isinstance(before, str) else before:
        context = context.after(parse(text, context))
    words = bare(plain(said))
    plainly = FOLLOW_UPS[kind](slots(words), words, context)
    return plainly and describe(by_rules(plain(plainly), context)).removesuffix(".")


@pytest.mark.parametrize(
    ("kind", "said", "before", "meant"),
    [
        ("+ way", "no, towards RAO", "rotate by 12 degrees towards LAO", "Rotate by 12° towards RAO"),
        ("+ way", "caudal, not cranial", "tilt to cranial 20", "Tilt to caudal 20°"),
        ("+ way", "headwards, sorry", "move 5 cm towards the feet", "Move 50 mm towards the head"),
        ("+ way", "up towards the head", "move 5 cm towards the feet", "Move 50 mm towards the head"),
        ("+ way", "no, high", "set the dose to normal", "Set the dose to high"),
        ("+ way", "in, not out", "zoom out 2 times", "Zoom in 2 times"),
        ("+ way", "wider, I mean", "close the collimator by 25 mm", "Open the collimator by 25 mm"),
        ("+ way", "up with it", "lower the dose", "Raise the dose"),
        ("+ way", "on again", "turn fluoro off", "Turn fluoro on"),
        ("+ way", "left and right", "rotate by 12 degrees towards LAO", None),
        ("+ number", "make that 18", "set the field to 15 cm", "Set the field to 180 mm"),
        ("+ number", "30 rather than 20", "rotate to RAO 20", "Rotate to RAO 30°"),
        ("+ number", "make it 6 instead of 10", "rotate by 10 degrees towards LAO", "Rotate by 6° towards LAO"),
        ("+ number", "three centimetres", "move 3 mm towards the feet", "Move 30 mm towards the feet"),
        ("+ number", "by three", "zoom in 2 times", "Zoom in 3 times"),
        ("+ number", "minus 3", "zoom in 2 times", None),
        ("+ scaled", "half of that", "move 4 cm towards the head", "Move 20 mm towards the head"),
        ("+ scaled", "double it", "set the field to 80 mm", "Set the field to 160 mm"),
        ("+ scaled", "half or double", "set the field to 80 mm", None),
        ("+ opposite", "the other way", "move 3 cm to the left", "Move 30 mm towards the right"),
        ("+ opposite", "undo that", "raise the dose", "Lower the dose"),
        ("+ opposite", "off with it", "segment the liver", "Stop segmenting the liver"),
        ("+ opposite", "show it again", "stop segmenting the liver", "Segment the liver"),
        ("+ opposite", "undo that", "take a shot", None),
        ("+ more", "another 3", "rotate by 10 degrees towards LAO", "Rotate by 3° towards LAO"),
        ("+ more", "a bit more", "move 4 cm towards the head", "Move 10 mm towards the head"),
        ("+ back", "back by 3", "rotate to LAO 30", "Rotate by 3° towards RAO"),
        ("+ back", "a touch back", "tilt by 10 degrees towards cranial", "Tilt by 5° towards caudal"),
        ("+ level up", "two levels up", "center on L4", "Center on the L2 vertebra"),
        ("+ level down", "next rib down", "segment the right rib 10", "Segment the right rib 11"),
        ("+ level down", "one down", "segment the right rib 12", None),
        ("+ level up", "one up", "go to the lateral view of C4", "Go to the lateral view of the C3 vertebra"),
        ("+ view", "lateral instead", "AP view of L3", "Go to the lateral view of the L3 vertebra"),
        ("+ view", "iliac rather than obturator", "left obturator oblique", "Go to the left iliac oblique view"),
        ("+ view", "from the side", "lumbar spine AP", "Go to the lumbar spine lateral view"),
        ("+ view", "the lateral of it", "center on T9", "Go to the lateral view of the T9 vertebra"),
        ("+ another", "and the spleen", "where is the liver", "Say where the spleen is"),
        ("+ another", "same for L3", "center on L2 and take a shot", "Center on the L3 vertebra, then take one shot"),
        ("+ another", "the spleen", "stop segmenting the liver", "Stop segmenting the spleen"),
        ("+ another", "the fibula, not the tibia", "segment the left tibia", "Segment the left fibula"),
        ("+ another", "collarbone", "center on the right scapula", "Center on the right clavicle"),
        ("+ another", "the kidney", "center on the left femur", None),
        ("+ another", "and the vein of that artery", "outline the left iliac artery", "Segment the left iliac vein"),
        (
            "+ another",
            "the upper lobe",
            "center on the right lower lobe of the lung",
            "Center on the right upper lobe of the lung",
        ),
        ("+ another", "the hand, not the wrist", "left wrist PA", "Go to the left hand PA view"),
        ("+ view", "the oblique of that hand", "right hand PA", "Go to the right hand oblique view"),
        ("+ view", "the modified one", "skull Waters view", "Go to the skull modified Waters view"),
        ("+ view", "mortise and not AP", "left ankle AP", "Go to the left ankle mortise view"),
        ("+ level down", "two levels below that one", "center on L1", "Center on the L3 vertebra"),
        ("+ scaled", "half of that back", "move 4 cm towards the head", "Move 20 mm towards the feet"),
        ("+ scaled", "half of that back", "rotate to LAO 30", None),
        ("+ back", "the other way by 5", "move 25 mm towards the left", "Move 5 mm towards the right"),
        ("+ other side", "same angle, other side", "rotate to LAO 30", "Rotate to RAO 30°"),
        ("+ other side", "with the right hand", "left hand oblique", "Go to the right hand oblique view"),
        ("+ other side", "same side", "center on the left femur", None),
        ("+ both", "both of them", "center on the left kidney", "Center on the kidneys"),
        ("+ again", "once more", "move 4 cm towards the head", "Move 40 mm towards the head"),
        ("+ saved", "back to that one", ("save this view as entry", "zoom in"), "Go to the saved view “entry”"),
    ],
)
def test_a_follow_up_changes_the_command_before(kind, said, before, meant):
    assert made(kind, said, before) == meant


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_nothing_leans_on_nothing(kind):
    assert (
        FOLLOW_UPS[kind](slots("20 degrees left up lateral half"), "20 degrees left up lateral half", Context()) is None
    )


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("no and towards rao", "and towards rao"),
        ("rao and not lao", "rao"),
        ("make it 6 instead of 10", "make it 6"),
        ("not the left and the right", "the right"),
        ("do not rotate", "do not rotate"),
    ],
)
def test_the_wrong_part_of_a_correction_is_taken_out(words, left):
    assert " ".join(CONTRAST.sub(" ", words).split()).removeprefix("and ") == left.removeprefix("and ")
