import pytest

from fluorosam_sim.anatomy import STRUCTURES, find, held_out_texts, structure, texts


@pytest.mark.parametrize("s", STRUCTURES, ids=lambda s: s.key)
def test_every_wording_means_its_structure(s):
    assert len(texts(s)) >= 30
    assert len(held_out_texts(s)) >= 6
    for text in (*texts(s), *held_out_texts(s), s.key, s.name):
        match = find(text)
        assert match.structures == (s,) and match.clear, text


def test_wordings_are_distinct():
    train = [text.lower() for s in STRUCTURES for text in texts(s)]
    held_out = [text.lower() for s in STRUCTURES for text in held_out_texts(s)]
    assert len(set(train)) == len(train)
    assert len(set(held_out)) == len(held_out)
    assert not set(train) & set(held_out)


def test_wordings_hold_what_people_say():
    kidney = {text.lower() for text in texts(structure("kidney_left"))}
    assert {"left kidney", "kidney left", "kidney on the left", "patient's left kidney", "l kidney",
            "segment the left kidney", "show me the left kidney", "where is the left kidney?",
            "left kidny"} <= kidney  # fmt: skip
    level = {text.lower() for text in texts(structure("vertebrae_L4"))}
    assert {"l4", "fourth lumbar vertebra", "lumbar 4", "l-4", "where is l4?"} <= level
    assert {"5th rib on the right", "rib 5 on the right"} <= set(texts(structure("rib_right_5")))
    assert {"windpipe", "trachia"} <= set(texts(structure("trachea")))
