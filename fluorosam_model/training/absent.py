"""Prompts for what the vocabulary does not have: instruments, implants, other things, no language at all."""

from __future__ import annotations

import random

_DEVICES = (
    "prosthesis", "implant", "total joint replacement", "screw", "cannulated screw", "pedicle screw", "lag screw",
    "k-wire", "Kirschner wire", "guide wire", "Schanz pin", "intramedullary nail", "bone plate", "locking plate", "rod",
    "spinal rod", "catheter", "central venous catheter", "pacemaker", "pacemaker lead", "defibrillator", "stent",
    "chest tube", "drain", "endotracheal tube", "feeding tube", "needle", "biopsy needle", "drill", "drill sleeve",
    "surgical clip", "staples", "embolisation coil", "sheath", "cannula", "retractor", "forceps", "scalpel", "clamp",
    "electrode", "external fixator", "bone cement", "trocar", "scissors", "suture anchor", "interbody cage", "filter",
    "reamer", "chisel", "metal marker", "hearing aid", "port catheter", "heart valve", "bypass graft",
)  # fmt: skip
_PLACES = (
    "knee", "hip", "shoulder", "elbow", "ankle", "wrist", "femur", "tibia", "humerus", "clavicle", "lumbar spine",
    "thoracic spine", "L4", "T8", "pelvis", "sacrum", "heart", "aorta", "lung", "jaw", "foot", "hand", "rib",
)  # fmt: skip
_OTHER = (
    "fracture", "tumour", "pneumothorax", "pleural effusion", "lymph node", "nodule", "cartilage defect", "meniscus",
    "anterior cruciate ligament", "appendix", "uterus", "ovary", "breast", "eye", "ear", "tooth", "tongue", "larynx",
    "cat", "dog", "banana", "bicycle", "car", "house", "tree", "coffee cup", "keyboard", "a red apple", "the moon",
    "telephone", "guitar", "umbrella", "pizza", "shoe", "ring", "necklace", "zip", "button", "coin", "table", "sheet",
    "hello there", "what time is it", "thank you very much", "turn off the lights", "who are you", "I like music",
    "next patient", "open the door", "make it brighter", "nothing", "everything", "something else", "background",
    "yes", "no", "test test", "lorem ipsum dolor sit amet", "12345", "?", "...", "the quick brown fox",
    "guten Morgen", "bonjour tout le monde", "select all", "undo", "save the image", "louder please",
)  # fmt: skip
_TEMPLATES = ("{}", "the {}", "segment the {}", "show me the {}", "find the {}", "where is the {}?")


def absent_texts(seed: int = 0, count: int = 1500) -> tuple[str, ...]:
    """Training prompts that mean nothing of the vocabulary, without repetitions; the same seed gives the same texts."""
    rng = random.Random(seed)
    found: dict[str, None] = dict.fromkeys((*_OTHER, *_DEVICES))
    while len(found) < count:
        kind = rng.random()
        if kind < 0.7:
            text = rng.choice(_DEVICES)
            side = rng.choice(("left ", "right ", ""))
            place = rng.choice(_PLACES)
            text = rng.choice((f"{side}{place} {text}", f"{text} in the {side}{place}", f"{side}{text}", text))
        elif kind < 0.85:
            text = rng.choice(_OTHER)
        else:
            letters = "abcdefghijklmnopqrstuvwxyz   "
            text = "".join(rng.choice(letters) for _ in range(rng.randint(2, 30))).strip() or "x"
            found[text] = None
            continue
        found[rng.choice(_TEMPLATES).format(text)] = None
    return tuple(found)
