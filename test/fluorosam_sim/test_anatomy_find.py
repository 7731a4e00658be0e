import random
import time

import pytest

from fluorosam_sim.anatomy import MAX_TEXT, STRUCTURES, Match, find, normalize


def keys(structures):
    return [s.key for s in structures]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("L-4", "L4"), ("l four", "L4"), ("th 12", "T12"), ("D5", "T5"), ("the 5th rib", "5 rib"),
     ("FIFTH rib, on the patient's RIGHT side!", "5 rib right"), ("lt. femur", "left femur"),
     ("R kidney", "right kidney"),
     ("œsophagus", "oesophagus"), ("Show me  the\theart, please", "heart"), ("rib no. 5", "rib number 5"),
     ("el four", "L4"), ("fémur gauche", "femur gauche"), ("", ""), ("?!", "")],
)  # fmt: skip
def test_normalize(text, expected):
    assert normalize(text) == expected
    assert normalize(normalize(text)) == expected


RESOLVED = {
    "left lung": ["lung_left"],
    "lung left": ["lung_left"],
    "lung, left": ["lung_left"],
    "L lung": ["lung_left"],
    "lung on the left side": ["lung_left"],
    "patient's left lung": ["lung_left"],
    "leftlung": ["lung_left"],
    "left and right lung": ["lungs"],
    "both lungs": ["lungs"],
    "left and the right kidney": ["kidney_left", "kidney_right"],
    "RUL": ["lung_upper_lobe_right"],
    "middle lobe": ["lung_middle_lobe_right"],
    "kidneys": ["kidneys"],
    "tibia": ["tibia"],
    "left tibia": ["tibia_left"],
    "kneecap on the right": ["patella_right"],
    "left hand": ["carpal_left", "metacarpal_left", "phalanges_hand_left"],
    "right forearm bones": ["ulna_right", "radius_right"],
    "ribs; heart": ["ribs", "heart"],
    "ribs and heart": ["ribs", "heart"],
    "heart, lungs, liver and spleen": ["heart", "lungs", "liver", "spleen"],
    "left scapula and right clavicle": ["scapula_left", "clavicula_right"],
    "left scapula and clavicle": ["shoulder_girdle_left"],
    "portal vein and splenic vein": ["portal_vein_and_splenic_vein"],
    "radius and ulna": ["forearm_bones"],
    "L4": ["vertebrae_L4"],
    "lumbar 4": ["vertebrae_L4"],
    "fourth lumbar vertebra": ["vertebrae_L4"],
    "L4 and L5": ["vertebrae_L4", "vertebrae_L5"],
    "L4/5": ["vertebrae_L4", "vertebrae_L5"],
    "T11-L2": ["vertebrae_T11", "vertebrae_T12", "vertebrae_L1", "vertebrae_L2"],
    "5th right rib": ["rib_right_5"],
    "rib 5 on the right": ["rib_right_5"],
    "5th ribs": ["rib_left_5", "rib_right_5"],
    "left ribs 3 to 6": ["rib_left_3", "rib_left_4", "rib_left_5", "rib_left_6"],
    "ribs 4 and 5 on the right": ["rib_right_4", "rib_right_5"],
    "4th and 5th right ribs": ["rib_right_4", "rib_right_5"],
    "C spine": ["cervical_vertebrae"],
    "l spine": ["lumbar_vertebrae"],
    "collar bone on the left": ["clavicula_left"],
    "breast bone": ["sternum"],
    "windpipe": ["trachea"],
    "gullet": ["esophagus"],
    "tail bone area": ["sacrum"],
    "left kidny": ["kidney_left"],
    "right femer": ["femur_right"],
    "stomack": ["stomach"],
    "vertebrae_L4": ["vertebrae_L4"],
    "the heart in this image": ["heart"],
    "heart ❤️": ["heart"],
}  # fmt: skip


@pytest.mark.parametrize("text", RESOLVED)
def test_resolves(text):
    match = find(text)
    assert keys(match.structures) == RESOLVED[text]
    assert match.clear


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [("kidney", ["kidney_left", "kidney_right"]), ("femur", ["femur_left", "femur_right"]),
     ("humerus", ["humerus_left", "humerus_right"]), ("lung", ["lung_left", "lung_right"]),
     ("hip", ["hip_left", "hip_right"]), ("rib 5", ["rib_left_5", "rib_right_5"]), ("rib", ["ribs_left", "ribs_right"]),
     ("lumbar vertebra", [f"vertebrae_L{n}" for n in range(1, 6)]), ("atrial appendage", ["atrial_appendage_left"]),
     ("scapula and clavicle", ["shoulder_girdle_left", "shoulder_girdle_right"])],
)  # fmt: skip
def test_asks_where_a_side_is_missing(text, alternatives):
    match = find(text)
    assert keys(match.alternatives) == alternatives
    assert match.structures == () and match.unknown == ()


@pytest.mark.parametrize(
    "text",
    ["left heart", "left liver", "right L4", "left middle lobe", "right atrial appendage", "left right lung",
     "lift lung",
     "heart valve", "lung nodule", "left lung tumor", "femoral head", "neck of the left femur", "fractured left femur",
     "pulmonary artery", "subclavian vein", "L4-L5 disc", "skull base", "L6", "T13", "rib 13", "knee", "left shoulder",
     "not the left lung", "everything except the heart", "lungs without ribs", "remove the heart", "image left lung",
     "my left lung", "lung on the left side of the image", "river", "lever", "color", "asdf qwer", "心臓", "heart 心",
     "left", "Österreich", "rib rib rib"],
)  # fmt: skip
def test_is_unknown_rather_than_something_near(text):
    match = find(text)
    assert match.structures == () and match.alternatives == () and match.tools == ()
    assert match.unknown


@pytest.mark.parametrize(
    "text",
    ["right knee prosthesis", "hip implant", "left hip implant", "pedicle screw", "K-wire", "catheter", "pacemaker",
     "needle in the heart", "endotracheal tube", "knee prothesis", "hip replacement", "L4 pedicle screw"],
)  # fmt: skip
def test_devices_are_not_anatomy(text):
    match = find(text)
    assert match.tools == (normalize(text),)
    assert match.structures == () and match.alternatives == () and match.unknown == ()


def test_mixed_text_keeps_everything():
    match = find("heart; pacemaker; blorb; kidney")
    assert keys(match.structures) == ["heart"]
    assert keys(match.alternatives) == ["kidney_left", "kidney_right"]
    assert (match.tools, match.unknown, match.clear) == (("pacemaker",), ("blorb",), False)


def test_corrections_are_reported():
    assert find("left kidny").corrections == (("kidny", "kidney"),)
    assert find("left kidney").corrections == ()


@pytest.mark.parametrize("text", ["", "   ", "??", ";;;", "\x00\x01", "❤️", "the", "please show me"])
def test_nothing_said_is_nothing_found(text):
    assert find(text) == Match()


def test_sides_are_never_swapped():
    wrong = {"left": "right", "right": "left"}
    for s in STRUCTURES:
        bare = normalize(s.name).replace("left", "").replace("right", "").strip()
        for side in ("left", "right"):
            for text in (f"{side} {bare}", f"{bare} on the {side}", f"{bare}, {side}"):
                match = find(text)
                assert all(f.side != wrong[side] for f in (*match.structures, *match.alternatives)), text


def _junk():
    source = random.Random(1)
    unicode_noise = "".join(chr(source.randrange(0x20, 0xD7FF)) for _ in range(MAX_TEXT))
    return [
        "a" * 10_000,
        "asdf " * 2_000,
        "心" * 10_000,
        "a;" * 250,
        ";" * MAX_TEXT,
        unicode_noise,
        "brachiocefalicx " * 31,
    ]


@pytest.mark.parametrize("text", _junk(), ids=range(len(_junk())))
def test_junk_is_quick_and_resolves_nothing(text):
    find("warm up")
    start = time.process_time()
    match = find(text)
    assert time.process_time() - start < 0.05
    assert match.structures == () and match.alternatives == ()
