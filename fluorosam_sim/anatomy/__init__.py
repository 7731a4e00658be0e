"""Vocabulary and its language: names and ids of what can be segmented, and free text resolved to them."""

from fluorosam_sim.anatomy.matching import MAX_TEXT, Match, find
from fluorosam_sim.anatomy.normalization import normalize
from fluorosam_sim.anatomy.structures import (
    APPENDICULAR,
    LABELS,
    RIB_NUMBERS,
    STRUCTURES,
    VERTEBRAE,
    AnatomyError,
    Side,
    Structure,
    other_side,
    structure,
    structures_in,
)
from fluorosam_sim.anatomy.wordings import REGISTERS, Wording, held_out_texts, held_out_wordings, texts, wordings

__all__ = [
    "APPENDICULAR",
    "LABELS",
    "MAX_TEXT",
    "REGISTERS",
    "RIB_NUMBERS",
    "STRUCTURES",
    "VERTEBRAE",
    "AnatomyError",
    "Match",
    "Side",
    "Structure",
    "Wording",
    "find",
    "held_out_texts",
    "held_out_wordings",
    "normalize",
    "other_side",
    "structure",
    "structures_in",
    "texts",
    "wordings",
]
