import pytest

from fluorosam_sim.anatomy import (
    APPENDICULAR,
    LABELS,
    STRUCTURES,
    VERTEBRAE,
    AnatomyError,
    other_side,
    structure,
    structures_in,
)


def test_counts_of_the_vocabulary():
    kinds = [s.kind for s in STRUCTURES]
    assert (kinds.count("class"), kinds.count("group"), kinds.count("side")) == (128, 38, 22)
    assert len(LABELS) == len(set(LABELS)) == 139
    for field in ("id", "key", "name"):
        assert len({getattr(s, field) for s in STRUCTURES}) == 188


@pytest.mark.parametrize(
    ("number", "key"),
    [(1, "spleen"), (2, "kidney_right"), (10, "lung_upper_lobe_left"), (25, "sacrum"), (26, "vertebrae_S1"),
     (27, "vertebrae_L5"), (31, "vertebrae_L1"), (32, "vertebrae_T12"), (43, "vertebrae_T1"), (44, "vertebrae_C7"),
     (50, "vertebrae_C1"), (51, "heart"), (61, "atrial_appendage_left"), (69, "humerus_left"), (79, "spinal_cord"),
     (91, "skull"), (92, "rib_left_1"), (103, "rib_left_12"), (104, "rib_right_1"), (115, "rib_right_12"),
     (116, "sternum"), (117, "costal_cartilages"), (301, "patella"), (306, "phalanges_feet"),
     (311, "phalanges_hand"), (401, "ribs"), (408, "spine"), (438, "foot_bones"), (501, "patella_left"),
     (522, "phalanges_hand_right")],
)  # fmt: skip
def test_ids_are_those_of_totalsegmentator(number, key):
    assert structure(number).key == key
    assert structure(key).id == number


def test_ids_fill_their_ranges():
    ids = {s.id for s in STRUCTURES}
    assert ids == {*range(1, 118), *range(301, 312), *range(401, 439), *range(501, 523)}


def test_members_are_leaves_on_the_named_side():
    for s in STRUCTURES:
        assert s.members and set(s.members) <= set(LABELS)
        assert len(set(s.members)) == len(s.members)
        other = {"left": "right", "right": "left"}.get(s.side or "")
        assert not any(other in member.split("_") for member in s.members if other)


@pytest.mark.parametrize(
    ("key", "count"),
    [("ribs", 24), ("ribs_left", 12), ("ribs_right", 12), ("rib_cage", 26), ("cervical_vertebrae", 7),
     ("thoracic_vertebrae", 12), ("lumbar_vertebrae", 5), ("spine", 25), ("lungs", 5), ("lung_left", 2),
     ("lung_right", 3), ("pelvis", 3), ("gluteal_muscles", 6), ("great_vessels", 11), ("bowel", 3),
     ("forearm_bones", 4), ("hand_bones", 6), ("lower_leg_bones", 4), ("foot_bones", 6)],
)  # fmt: skip
def test_groups_have_all_their_members(key, count):
    assert len(structure(key).members) == count


def test_published_group_mistakes_are_not_repeated():
    assert all(member.startswith("rib_left_") for member in structure("ribs_left").members)
    assert {m.rsplit("_", 1)[1] for m in structure("gluteal_muscles_right").members} == {"right"}
    assert structure("spine").members.count("vertebrae_S1") == 1


def test_appendicular_classes_hold_both_sides():
    for bone in APPENDICULAR:
        assert structure(bone).members == (f"{bone}_left", f"{bone}_right")
        assert bone not in LABELS


def test_structure_by_key_name_and_id():
    assert structure("femur_left") is structure("left femur") is structure(75)
    assert structure("L4 vertebra").key == "vertebrae_L4"
    assert len(VERTEBRAE) == 25 and VERTEBRAE[0] == "C1" and VERTEBRAE[-1] == "S1"


@pytest.mark.parametrize("unknown", ["", "carpal_middle", 0, 118, "the heart"])
def test_unknown_structure(unknown):
    with pytest.raises(AnatomyError, match="no structure is called"):
        structure(unknown)


def test_structures_in_labels():
    labels = {"lung_upper_lobe_left", "heart", "tibia_left", "not a label"}
    assert {s.key for s in structures_in(labels)} == {
        "lung_upper_lobe_left", "heart", "tibia", "tibia_left", "lungs", "lung_left", "cardiomediastinum",
        "lower_leg_bones",
    }  # fmt: skip
    assert {s.key for s in structures_in(labels, complete=True)} == {"lung_upper_lobe_left", "heart", "tibia_left"}
    assert structures_in(LABELS, complete=True) == STRUCTURES
    assert structures_in(()) == ()


def test_the_other_side_is_the_same_thing_there():
    assert other_side(structure("femur_left")) == structure("femur_right")
    assert other_side(structure("ribs_right")) == structure("ribs_left")
    assert other_side(structure("heart")) is None
    for one in STRUCTURES:
        if (other := other_side(one)) is not None:
            assert other_side(other) == one and other.side != one.side and other.kind == one.kind
