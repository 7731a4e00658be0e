"""Prompts that must not simply be answered with a mask: ambiguous ones, instruments, everything else.

What should be answered is part of each; that a structure asked for is *not in the image* depends on the image and is no
property of the prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fluorosam_sim.anatomy.structures import Structure, structure
from fluorosam_sim.anatomy.synonyms import CONCEPTS

Answer = Literal["ask back", "instrument", "unknown"]


@dataclass(frozen=True)
class HardPrompt:
    """A text and what should be answered.

    answer: "ask back" which of structures is meant; "instrument": it is about an instrument, implant or device, never
    about the bone it is in; "unknown": it is not in the vocabulary, or says a side that is not the patient's.
    """

    text: str
    answer: Answer
    structures: tuple[Structure, ...] = ()


_TRAIN = ("{}", "the {}", "segment the {}", "show me the {}", "where is the {}?")
_HELD_OUT = ("can you highlight the {}", "{}, please", "could you point out the {}")
_PLACES = ("knee", "hip", "shoulder", "elbow", "ankle", "wrist", "left femur", "right tibia", "humerus", "clavicle",
           "lumbar spine", "L4", "T8", "pelvis", "sacrum", "heart", "aorta", "jaw", "left foot", "right hand",
           "rib")  # fmt: skip
_DEVICES = ("prosthesis", "implant", "screw", "cannulated screw", "pedicle screw", "K-wire", "guide wire", "nail",
            "plate", "rod", "catheter", "pacemaker", "stent", "chest tube", "drain", "needle", "drill", "clip",
            "staples", "retractor", "forceps", "scalpel", "clamp", "electrode", "external fixator", "trocar",
            "scissors", "reamer")  # fmt: skip
_UNKNOWN = ("fracture", "tumour", "pneumothorax", "pleural effusion", "lymph node", "lung nodule", "meniscus",
            "anterior cruciate ligament", "appendix", "uterus", "ovary", "eye", "tooth", "tongue", "larynx",
            "femoral head", "neck of the left femur", "L4-L5 disc", "skull base", "heart valve", "knee",
            "left shoulder", "left liver", "left heart", "right middle lobe of the left lung", "rib 13", "L6", "T13",
            "pulmonary artery", "cat", "bicycle", "coffee cup", "weather", "everything except the heart",
            "lungs without ribs", "my left lung", "lung on the left side of the image", "kidney on my right",
            "next patient", "asdf qwer", "心臓")  # fmt: skip


def _ambiguous() -> Iterator[tuple[str, tuple[Structure, ...]]]:
    for concept in CONCEPTS:
        ask = concept.ask or concept.left + concept.right
        if ask and not concept.alone:
            for word in (*concept.singular, *concept.latin, *concept.described[:1]):
                yield word, tuple(map(structure, ask))


def _all() -> Iterator[tuple[str, Answer, tuple[Structure, ...]]]:
    for text, structures in _ambiguous():
        yield text, "ask back", structures
    for row, device in enumerate(_DEVICES):
        yield device, "instrument", ()
        for turn in range(4):
            place = _PLACES[(5 * row + 6 * turn) % len(_PLACES)]
            yield (f"{place} {device}" if turn % 2 else f"{device} in the {place}"), "instrument", ()
    for text in _UNKNOWN:
        yield text, "unknown", ()


@lru_cache(maxsize=2)
def hard_prompts(held_out: bool = False) -> tuple[HardPrompt, ...]:
    """Prompts to train on, or, in other words, never trained on; no text is in both."""
    templates = _HELD_OUT if held_out else _TRAIN
    found: dict[str, HardPrompt] = {}
    for row, (text, answer, structures) in enumerate(_all()):
        chosen = templates if answer == "ask back" else (templates[row % len(templates)], templates[0])
        for template in chosen:
            filled = template.format(text)
            found.setdefault(filled.lower(), HardPrompt(filled, answer, structures))
    return tuple(found.values())
