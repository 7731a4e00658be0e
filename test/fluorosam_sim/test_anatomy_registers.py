"""Wordings in every register, and prompts that must not be answered with a mask."""

from __future__ import annotations

import pytest

from fluorosam_sim.anatomy import (
    REGISTERS,
    STRUCTURES,
    find,
    held_out_texts,
    held_out_wordings,
    texts,
    wordings,
)
from fluorosam_sim.anatomy.hard_prompts import HardPrompt, hard_prompts


def test_every_structure_has_at_least_thirty_texts_in_several_registers() -> None:
    for s in STRUCTURES:
        assert texts(s)[0] == s.name
        assert len(texts(s)) >= 30 and len(held_out_texts(s)) >= 8
        registers = {wording.register for wording in wordings(s)}
        assert {"question", "request"} <= registers <= set(REGISTERS) and len(registers) >= 4, s.key
        assert {w.register for w in held_out_wordings(s)} <= {"question", "request"}


@pytest.mark.parametrize(
    ("text", "keys"),
    [("what's the bone next to the left hip?", ["femur_left"]), ("os coxae sinistrum", ["hip_left"]),
     ("costae dextrae", ["ribs_right"]), ("costa quinta dextra", ["rib_right_5"]), ("ren dexter", ["kidney_right"]),
     ("vertebra lumbalis quarta", ["vertebrae_L4"]), ("ossa tarsi sinistra", ["tarsal_left"]),
     ("L fem", ["femur_left"]), ("rt clav", ["clavicula_right"]), ("el four", ["vertebrae_L4"]),
     ("which is the vertebra above L5?", ["vertebrae_L4"]), ("right rib below rib 4", ["rib_right_5"]),
     ("kid knees", ["kidneys"]), ("left fee mer", ["femur_left"]), ("pan creas", ["pancreas"]),
     ("left four arm", ["ulna_left", "radius_left"]), ("what organ makes insulin?", ["pancreas"]),
     ("bones between elbow and wrist on the right", ["ulna_right", "radius_right"]),
     ("hip flexor on the right", ["iliopsoas_right"]), ("ear of the heart on the left", ["atrial_appendage_left"])],
)  # fmt: skip
def test_registers_are_understood(text: str, keys: list[str]) -> None:
    match = find(text)
    assert [s.key for s in match.structures] == keys and match.clear


@pytest.mark.parametrize("text", ["what's the bone next to the hip?", "os coxae", "ren", "fem", "fee mer"])
def test_registers_ask_for_the_side_as_plain_names_do(text: str) -> None:
    match = find(text)
    assert match.structures == () and {s.side for s in match.alternatives} == {"left", "right"}


def _answered_rightly(prompt: HardPrompt) -> bool:
    match = find(prompt.text)
    if match.structures:
        return False
    if prompt.answer == "ask back":
        return match.alternatives == prompt.structures and not match.unknown and not match.tools
    if prompt.answer == "instrument":
        return bool(match.tools) and not match.alternatives
    return bool(match.unknown) and not match.alternatives and not match.tools


@pytest.mark.parametrize("held_out", [False, True])
def test_hard_prompts_are_answered_as_they_say(held_out: bool) -> None:
    prompts = hard_prompts(held_out)
    assert {prompt.answer for prompt in prompts} == {"ask back", "instrument", "unknown"}
    assert [prompt.text for prompt in prompts if not _answered_rightly(prompt)] == []
    assert all(prompt.structures for prompt in prompts if prompt.answer == "ask back")


def test_no_hard_prompt_is_a_wording_or_in_both_lists() -> None:
    trained = {prompt.text.lower() for prompt in hard_prompts()}
    kept = {prompt.text.lower() for prompt in hard_prompts(held_out=True)}
    said = {text.lower() for s in STRUCTURES for text in (*texts(s), *held_out_texts(s))}
    assert not trained & kept and not (trained | kept) & said
