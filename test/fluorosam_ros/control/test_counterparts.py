"""Which structure or view differs from the last one in what is said."""

import pytest

from fluorosam_ros.control.command_types import GoToView
from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.counterparts import counterpart, counterpart_view
from fluorosam_sim.anatomy import find


@pytest.mark.parametrize(
    ("last", "said", "numbers", "meant"),
    [
        ("left iliac artery", "and the vein", (), "left iliac vein"),
        ("superior vena cava", "the inferior one", (), "inferior vena cava"),
        ("left rib 11", "the twelfth", (12.0,), "left rib 12"),
        ("iliac arteries", "now the veins", (), "iliac veins"),
        ("left femur", "the kidney", (), None),
        ("liver", "the vein", (), None),
    ],
)
def test_one_word_of_the_name_is_enough(last, said, numbers, meant):
    found = counterpart(find(last).structures, said, numbers)
    assert (found and found.name) == meant


@pytest.mark.parametrize(
    ("last", "said", "meant"),
    [
        ("go to the left wrist PA view", "the hand", "left hand PA"),
        ("go to the left hip AP view", "the right one", "right hip AP"),
        ("go to the chest AP view", "the liver", None),
    ],
)
def test_a_view_keeps_what_is_not_said_anew(last, said, meant):
    command = parse(last)
    assert isinstance(command, GoToView)
    found = counterpart_view(command, said)
    assert (found and found.view.name) == meant
