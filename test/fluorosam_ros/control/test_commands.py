import time

import pytest

from fluorosam_ros.control.command_types import (
    Arm,
    Ask,
    Cancel,
    Center,
    CollimateTo,
    Disarm,
    GoBack,
    GoToView,
    NotUnderstood,
    OpenCollimator,
    Refuse,
    ResetStop,
    Rotate,
    Segment,
    Steps,
    Stop,
    StopSegmenting,
    TakeShot,
    Target,
    Tilt,
    Translate,
    WhereIs,
    acts,
)
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.control.plain_text import MAX_TEXT
from fluorosam_ros.control.wording import describe
from fluorosam_sim.anatomy import structure
from fluorosam_sim.views import VIEWS


def at(kind, *keys):
    return kind, keys


TURNS = {
    "rotate +20 degrees": Rotate(delta_deg=20),
    "rotate the c-arm by 20 degrees to LAO": Rotate(delta_deg=20),
    "rotate by -15": Rotate(delta_deg=-15),
    "rotate by −15°": Rotate(delta_deg=-15),
    "rotate minus fifteen": Rotate(delta_deg=-15),
    "rotate twenty five degrees LAO": Rotate(delta_deg=25),
    "rotate one hundred and five degrees LAO": Rotate(delta_deg=105),
    "rotate 1.5° LAO": Rotate(delta_deg=1.5),
    "rotate two point five degrees LAO": Rotate(delta_deg=2.5),
    "rotate +15": Rotate(delta_deg=15),
    "rotate to LAO 30": Rotate(to_deg=30),
    "Rotate to RAO thirty!": Rotate(to_deg=-30),
    "rotate to +30": Rotate(to_deg=30),
    "rotate to -30 degrees": Rotate(to_deg=-30),
    "rotate to 0": Rotate(to_deg=0),
    "set rotation to LAO 20": Rotate(to_deg=20),
    "go to LAO 30": Rotate(to_deg=30),
    "RAO 20": Rotate(to_deg=-20),
    "LAO-30": Rotate(to_deg=30),
    "L.A.O. 30": Rotate(to_deg=30),
    "left anterior oblique 30": Rotate(to_deg=30),
    "20 degrees LAO": Rotate(to_deg=20),
    "rotate LAO 20": Rotate(to_deg=20),
    "rotate 20 degrees LAO": Rotate(delta_deg=20),
    "10 degrees more LAO": Rotate(delta_deg=10),
    "10 more degrees RAO": Rotate(delta_deg=-10),
    "5 degrees less LAO": Rotate(delta_deg=-5),
    "rotate 15 degrees to the left": Rotate(delta_deg=15),
    "rotate right by 10": Rotate(delta_deg=-10),
    "turn left 10 degrees": Rotate(delta_deg=10),
    "rotate to the patient's right by 10": Rotate(delta_deg=-10),
    "can you please rotate 20 degrees LAO?": Rotate(delta_deg=20),
    "tilt +10 degrees": Tilt(delta_deg=10),
    "tilt 10 degrees cranial": Tilt(delta_deg=10),
    "tilt 5 degrees toward the head": Tilt(delta_deg=5),
    "tilt 5 towards the feet": Tilt(delta_deg=-5),
    "tilt to caudal 20": Tilt(to_deg=-20),
    "tilt to +12": Tilt(to_deg=12),
    "cranial 15": Tilt(to_deg=15),
    "caudal 15": Tilt(to_deg=-15),
    "15 degrees cranial": Tilt(to_deg=15),
    "5 degrees more cranial": Tilt(delta_deg=5),
    "angulate 10 degrees caudal": Tilt(delta_deg=-10),
    "cran 20": Tilt(to_deg=20),
}

PLAIN = {
    "take a shot": TakeShot(), "shoot": TakeShot(), "x-ray": TakeShot(), "expose": TakeShot(), "acquire": TakeShot(),
    "Please, take a shot.": TakeShot(), "take an x-ray": TakeShot(), "one more shot": TakeShot(),
    "acquire an image now": TakeShot(), "open the collimator": OpenCollimator(),
    "open collimator please": OpenCollimator(),
    "fully open the shutters": OpenCollimator(), "full field": OpenCollimator(), "remove collimation": OpenCollimator(),
    "stop": Stop(), "STOP!!!": Stop(), "halt": Stop(), "freeze": Stop(), "emergency stop": Stop(), "cancel": Cancel(),
    "stooop": Stop(), "st\u200bop": Stop(), "don't stop": Stop(), "wait": Stop(), "no": Stop(), "don't move": Stop(),
    "stop segmenting and rotate 20 degrees": Stop(), "center on the heart, no, stop": Stop(), "stop\x00": Stop(),
    "x" * 2000 + " stop": Stop(), "stop " * 3000: Stop(), "arm": Arm(), "arm the system": Arm(), "disarm": Disarm(),
    "reset": ResetStop(), "reset the emergency stop": ResetStop(), "stop segmenting": StopSegmenting(),
    "hide the masks": StopSegmenting(), "stop segmenting the heart": StopSegmenting((structure("heart"),)),
}  # fmt: skip

TARGETED = {
    "center on the heart": at(Center, "heart"),
    "centre the left lung": at(Center, "lung_left"),
    "Center on the patient's left hip, please.": at(Center, "hip_left"),
    "put the heart in the middle": at(Center, "heart"),
    "bring the left hip to the centre of the image": at(Center, "hip_left"),
    "center the image on L4": at(Center, "vertebrae_L4"),
    "go to the heart": at(Center, "heart"),
    "move to the left lung": at(Center, "lung_left"),
    "center on L4 and L5": at(Center, "vertebrae_L4", "vertebrae_L5"),
    "center on the hart": at(Center, "heart"),
    "center on rib no. 5 on the left": at(Center, "rib_left_5"),
    "collimate to the heart": at(CollimateTo, "heart"),
    "collimate on the right femur": at(CollimateTo, "femur_right"),
    "cone down on the left hip": at(CollimateTo, "hip_left"),
    "collimate L4, L5": at(CollimateTo, "vertebrae_L4", "vertebrae_L5"),
    "collimate around the spine": at(CollimateTo, "spine"),
}

SEGMENTED = {
    "left lung": ["lung_left"],
    "ribs; heart": ["ribs", "heart"],
    "show me the left lung please": ["lung_left"],
    "segment the aorta and the liver": ["aorta", "liver"],
    "L4": ["vertebrae_L4"],
    "arm bone on the left": ["humerus_left"],
    "rib no. 5 on the left": ["rib_left_5"],
}


@pytest.mark.parametrize("text", TURNS)
def test_turns(text):
    assert parse(text) == TURNS[text]


@pytest.mark.parametrize("text", PLAIN, ids=lambda text: text[:20])
def test_fixed_commands(text):
    assert parse(text) == PLAIN[text]


@pytest.mark.parametrize("text", TARGETED)
def test_targeted_commands(text):
    kind, keys = TARGETED[text]
    command = parse(text)
    assert isinstance(command, kind)
    assert tuple(s.key for s in command.target.structures) == keys


@pytest.mark.parametrize("text", SEGMENTED)
def test_bare_structures_are_segmented(text):
    command = parse(text)
    assert isinstance(command, Segment)
    assert [s.key for s in command.structures] == SEGMENTED[text]


MUST_NOT_ACT = [
    "", "   ", "??", "asdf qwer", "心臓", "❤️", "heart\x00", "a" * 10_000, "center on the heart " * 30, "heart valve",
    "don't rotate", "do not center on the heart", "never take a shot", "don't take a shot", "do not rotate 20 degrees",
    "not the heart", "rotate", "tilt", "tilt back a bit", "rotate left", "rotate a bit", "more LAO", "LAO", "rao",
    "rotate 20 20", "rotate 10-15 degrees", "rotate 20 degrees and dance",
    "rotate 1,5 degrees", "rotate 20²", "rotate ½ degree", "rotate --15", "rotate 1e3", "rotate nan",
    "rotate inf degrees", "center on left rib ²", "5 more degrees less LAO",
    "can't you rotate 20 degrees", "won't rotate 20 degrees", "dont shoot",
    "rotate 1000", "rotate 20 radians", "rotate ２０² degrees", "rotate twenty hundred", "LAO -30", "LAO 30 RAO 20",
    "rotate by 20 to 30", "rotate by to 20", "rotation 20", "primary angle 20", "tilt left 10",
    "rotate 20 degrees around the heart", "should I rotate 20 degrees?", "if you rotate 20 degrees it breaks",
    "he said rotate 20 degrees", "clockwise 20 degrees", "20 degrees", "30", "move 20 degrees",
    "move 5 left", "move left", "move 2 m left", "move up 2 cm", "back a bit",
    "center", "collimate", "center on", "center on it", "collimate to it", "center on the kidney",
    "collimate to the femur",
    "center on the left", "go to the left", "center on blorb", "center on the heart valve", "center on the left heart",
    "center on the right knee prosthesis", "collimate to the pacemaker", "center on the heart and dance",
    "center on the heart then collimate", "center on the heart; blorb", "center of the heart",
    "center on the left side of the image", "take a shot of the heart", "x-ray the heart", "take two shots",
    "should we take a shot?", "image", "shot gun", "close the collimator", "open the door", "open the heart",
    "lateral view of the knee", "right knee prosthesis", "kidney", "angle of the femur", "secondary tumor",
    "left orbit",
    "what can you do?", "clear", "straight", "rotate the patient 20 degrees", "arm the left arm", "left arm", "c-arm",
]  # fmt: skip


@pytest.mark.parametrize("text", MUST_NOT_ACT, ids=lambda text: text[:30])
def test_nothing_moves(text):
    command = parse(text)
    assert isinstance(command, Ask | Refuse | NotUnderstood | Segment)
    if isinstance(command, Segment):
        assert command.tools and not command.structures
    sentence = describe(command)
    assert sentence[0].isupper() and sentence[-1] in ".?" and "\n" not in sentence


def test_every_view_is_understood_by_its_own_name():
    for view in VIEWS:
        if not view.vertebral:
            assert parse(f"Go to the {view.name} view") == GoToView(view), view.name


def test_missing_numbers_and_sides_are_asked_for():
    for text in ("rotate", "rotate left", "tilt", "LAO", "more LAO", "rotate a bit", "center", "collimate"):
        assert isinstance(parse(text), Ask), text
    question = parse("center on the kidney")
    assert [choice.structure for choice in question.choices] == [structure("kidney_left"), structure("kidney_right")]
    assert question.question == "Do you mean the left kidney or the right kidney?"


def test_unknown_targets_are_refused():
    for text in (
        "center on blorb",
        "center on the left liver",
        "segment the heart valve",
    ):
        assert isinstance(parse(text), Refuse), text
    assert "not in this image" in describe(parse("center on the right knee prosthesis"))
    assert "I do not know that structure" in describe(parse("collimate to the heart valve"))


def test_limits_on_input():
    assert parse("").reason == "The prompt is empty."
    assert parse("a" * 501).reason == f"This prompt is longer than {MAX_TEXT} characters."
    assert parse("heart\x07").reason == "The prompt contains control characters."
    assert isinstance(parse(" heart \n"), Segment)


def test_devices_are_reported_not_segmented():
    command = parse("right knee prosthesis")
    assert command == Segment("right knee prosthesis", (), ("right knee prosthesis",))
    assert "not in this image" in describe(command)


def test_it_is_the_structure_named_before():
    heart = structure("heart")
    named = Context(named=(heart,))
    for text in ("center on it", "center it", "centre on that", "put it in the middle"):
        assert parse(text, named) == Center(Target((heart,))), text
    assert parse("collimate to it", named) == CollimateTo(Target((heart,)))
    assert parse("segment it", named) == Segment("the heart", (heart,))
    assert isinstance(parse("segment", named), Ask)
    assert isinstance(parse("center", named), Ask)


def test_it_is_asked_back_when_several_were_named():
    both = Context(named=(structure("heart"), structure("liver")))
    asked = parse("center on it", both)
    assert isinstance(asked, Ask) and "the heart or the liver" in asked.question
    assert parse("the liver", Context(question=asked)) == Center(Target((structure("liver"),)))
    assert parse("center on them", both) == Center(Target(both.named))


def test_misspelt_targets_are_reported():
    assert parse("center on the hart").target.corrections == (("hart", "heart"),)


def answer(question, text):
    return parse(text, Context(question=question))


def test_answers_complete_questions():
    left = structure("kidney_left")
    asked = parse("center on the kidney")
    for text in ("left", "the left one", "on the left", "left kidney", "the left kidney please"):
        assert answer(asked, text) == Center(Target((left,))), text
    assert answer(parse("kidney"), "left") == Segment("left kidney", (left,))
    assert answer(parse("collimate to the kidney"), "L") == CollimateTo(Target((left,)))
    assert answer(asked, "stop") == Stop()
    for text in ("not the left one", "both", "hmm", "left heart", "center", ""):
        assert not acts(answer(asked, text)), text
    levels = parse("center on the lumbar vertebra")
    assert answer(levels, "L1") == Center(Target((structure("vertebrae_L1"),)))


def test_up_and_down_are_asked_back():
    asked = parse("up 2 cm")
    assert isinstance(asked, Ask) and asked.question == "Up towards the head, or towards the ceiling?"
    assert answer(asked, "the head") == Translate("head", 20.0)
    assert answer(asked, "towards the ceiling") == Translate("ceiling", 20.0)
    assert isinstance(answer(asked, "yes"), Ask | Refuse | NotUnderstood)


def test_several_steps_are_all_understood_or_none():
    steps = parse("rotate 20 degrees LAO; tilt 10 degrees caudal")
    assert steps == Steps((Rotate(delta_deg=20), Tilt(delta_deg=-10)))
    for text in ("center on the heart, then dance", "rotate 20 degrees and center on the kidney",
                 "LAO 30 and RAO 20", "arm and take a shot", "take a shot and then " * 9 + "shoot"):  # fmt: skip
        assert not acts(parse(text)), text
    assert "dance" in describe(parse("center on the heart, then dance"))


def test_corrections_need_something_to_correct():
    for text in ("no, the left one", "I meant the other one", "the other side", "no, a bit more"):
        assert not acts(parse(text)), text
    turned = Context(last=Rotate(delta_deg=10))
    for text in ("I meant the right hip", "I meant 30"):
        assert not acts(parse(text, turned)), text
    assert parse("no, the other way", turned) == Rotate(delta_deg=-10)


def test_a_decimal_point_is_never_lost():
    assert not acts(parse("rotate .5 degrees"))
    assert parse("rotate 0.5 degrees LAO") == Rotate(delta_deg=0.5)
    assert parse("move 2.5 cm left") == Translate("left", 25.0)


def test_where_is_asks_for_a_place():
    assert parse("where is the fifth right rib?") == WhereIs(Target((structure("rib_right_5"),)))
    assert parse("where is T-12?") == WhereIs(Target((structure("vertebrae_T12"),)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("RAO 20", "Rotate to RAO 20°."), ("rotate by -15", "Rotate by 15° towards RAO."),
     ("cranial 15", "Tilt to cranial 15°."), ("rotate to 0", "Rotate to 0°."), ("left lung", "Segment the left lung."),
     ("ribs; heart; liver", "Segment the ribs, the heart and the liver."),
     ("center on the left hip", "Center on the left hip bone."), ("collimate to L4", "Collimate to the L4 vertebra."),
     ("open the collimator", "Open the collimator fully."), ("shoot", "Take one shot."),
     ("stop", "Stop all motion and exposure."), ("stop segmenting", "Stop segmenting everything.")],
)  # fmt: skip
def test_describe(text, sentence):
    assert describe(parse(text)) == sentence


def test_every_command_has_one_sentence():
    for text in (*TURNS, *PLAIN, *TARGETED):
        assert describe(parse(text)).endswith("."), text


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "rotate " * 70, "center on " * 49, "the " * 120, "put " * 124, "to the left " * 40,
             "and " * 120, "zoom in by " * 40, "where is the heart is " * 20, "go back to where we were " * 18,
             "shoot and " * 45, "a bit more " * 40, "no and sorry i mean " * 22],
)  # fmt: skip
def test_long_input_is_quick(text):
    start = time.process_time()
    assert not acts(parse(text))
    assert time.process_time() - start < 0.1


def test_a_motion_that_is_asked_about_is_not_done():
    assert not acts(parse("4 cm towards the table? it is tight there"))
    assert describe(parse("could you move 1.5 cm towards the table? thanks")) == "Move 15 mm towards the table."
    assert describe(parse("all set? rotate to LAO 30 please")) == "Rotate to LAO 30°."


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("back to the saved view entry point", "Go to the saved view “entry point”."),
        ("return to saved view nail tip and take a shot", "Go to the saved view “nail tip”, then take one shot."),
        ("go back to the saved view and take a shot", "No view is saved under that name."),
        ("recall the position", "No view is saved under that name."),
    ],
)
def test_a_view_that_nobody_saved_is_known_by_its_name_alone(text, meant):
    assert describe(parse(text)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "somebody leaned on the button, reset the e-stop please",
        "false alarm, the button is out again, release the emergency stop",
    ],
)
def test_a_reset_said_in_full_counts_beside_harmless_talk(text):
    assert parse(text) == ResetStop()


@pytest.mark.parametrize(
    "text",
    [
        "emergency stop reset",
        "he told me to, reset the emergency stop",
        "don't worry, reset the emergency stop",
        "stop, reset the emergency stop",
        "reset the emergency stop, then reset the emergency stop",
    ],
)
def test_a_reset_beside_anything_else_stays_a_stop(text):
    assert parse(text) == Stop()


def test_arming_is_read_only_where_a_part_of_the_text_says_it_in_full():
    assert parse("the team is ready, arm the system") == Arm()
    for text in ("when he nods, arm the system", "he said arm the system", "we are not ready, arm the system"):
        assert not isinstance(parse(text), Arm), text


def test_the_first_of_several_steps_may_be_called_first():
    assert describe(parse("abdomen AP first, next collimate onto the kidneys")) == (
        "Go to the abdomen AP view, then collimate to the kidneys."
    )


def test_going_back_that_is_said_twice_is_done_once():
    assert parse("undo that last move and take us back") == GoBack()
