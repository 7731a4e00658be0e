"""Structures, numbers and lengths are taken out of a text; what stays is what tells the kind of command."""

import pytest

from fluorosam_ros.control.slots import NAME, slots


@pytest.mark.parametrize(
    ("said", "words", "names"),
    [
        ("put the beam on the tenth thoracic vertebra", f"put beam on {NAME}", ["T10 vertebra"]),
        ("left and right femur in the middle", f"{NAME} in middle", ["femurs"]),
        ("the left kidney and the liver", NAME, ["left kidney", "liver"]),
        ("rib 5 on the left please", f"{NAME} please", ["left rib 5"]),
        ("slide it towards the feet", "slide it towards feet", []),
        ("outline the feet", f"outline {NAME}", ["foot bones"]),
        ("go towards the patient s head", "go towards head", []),
    ],
)
def test_names_become_one_word_and_directions_stay(said, words, names):
    found = slots(said)
    assert " ".join(found.words) == words
    assert [each.name for group in found.structures for each in group] == names


def test_numbers_and_lengths_are_kept_with_their_units():
    found = slots("ease it over by one and a half centimetres")
    assert found.numbers == (1.5,) and found.units_mm == (10.0,) and not found.bit
    assert "20 millimeters" in " ".join(found.words)
    assert slots("two hundred mm").numbers == (200.0,) and slots("a little to the left").bit
    assert slots("rotate").numbers == () and slots("").words == ()
