"""The vocabulary: 128 organ classes, 22 sides of the paired limb bones and 38 groups, with stable ids.

Class names and ids are TotalSegmentator's (v2 ``total`` 1-117, ``appendicular_bones`` 301-311), so its segmentations
load without a translation table. The eleven appendicular classes hold both sides; their halves have ids 501-522.
Groups have ids 401-438.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
Kind = Literal["class", "side", "group"]


class AnatomyError(KeyError):
    """No structure of the vocabulary has this key, name or id."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Structure:
    """One entry of the vocabulary.

    Attributes:
        key: stable identifier ("femur_left", "vertebrae_L4", "ribs_left", "tibia").
        id: stable number; 1-117 and 301-311 classes, 401-438 groups, 501-522 sides.
        name: plain English ("left femur", "L4 vertebra").
        members: leaf label names that make it up, paired bones split by side.
        side: "left", "right" or None.
        kind: "class", "side" (half of an appendicular class) or "group".
    """

    key: str
    id: int
    name: str
    members: tuple[str, ...]
    side: Side | None
    kind: Kind


VERTEBRAE = tuple(
    f"{region}{number}" for region, count in (("C", 7), ("T", 12), ("L", 5), ("S", 1)) for number in range(1, count + 1)
)
"""Levels from head to tail, C1 to S1."""

RIB_NUMBERS = tuple(range(1, 13))

APPENDICULAR = (
    "patella",
    "tibia",
    "fibula",
    "tarsal",
    "metatarsal",
    "phalanges_feet",
    "ulna",
    "radius",
    "carpal",
    "metacarpal",
    "phalanges_hand",
)

_TOTAL = (
    "spleen kidney_right kidney_left gallbladder liver stomach pancreas adrenal_gland_right adrenal_gland_left "
    "lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right "
    "esophagus trachea thyroid_gland small_bowel duodenum colon urinary_bladder prostate kidney_cyst_left "
    "kidney_cyst_right sacrum "
    + " ".join(f"vertebrae_{level}" for level in reversed(VERTEBRAE))
    + " heart aorta pulmonary_vein brachiocephalic_trunk subclavian_artery_right subclavian_artery_left "
    "common_carotid_artery_right common_carotid_artery_left brachiocephalic_vein_left brachiocephalic_vein_right "
    "atrial_appendage_left superior_vena_cava inferior_vena_cava portal_vein_and_splenic_vein iliac_artery_left "
    "iliac_artery_right iliac_vena_left iliac_vena_right humerus_left humerus_right scapula_left scapula_right "
    "clavicula_left clavicula_right femur_left femur_right hip_left hip_right spinal_cord gluteus_maximus_left "
    "gluteus_maximus_right gluteus_medius_left gluteus_medius_right gluteus_minimus_left gluteus_minimus_right "
    "autochthon_left autochthon_right iliopsoas_left iliopsoas_right brain skull "
    + " ".join(f"rib_{side}_{number}" for side in ("left", "right") for number in RIB_NUMBERS)
    + " sternum costal_cartilages"
).split()

LABELS: tuple[str, ...] = (*_TOTAL, *(f"{bone}_{side}" for bone in APPENDICULAR for side in ("left", "right")))
"""The 139 leaf labels a labelled volume is made of: 117 classes and 22 sides of the appendicular bones."""


def _pair(stem: str) -> tuple[str, str]:
    return f"{stem}_left", f"{stem}_right"


def _pairs(*stems: str) -> tuple[str, ...]:
    return tuple(label for stem in stems for label in _pair(stem))


def _one_side(side: Side, *stems: str) -> tuple[str, ...]:
    return tuple(f"{stem}_{side}" for stem in stems)


def _region(letter: str) -> tuple[str, ...]:
    return tuple(f"vertebrae_{level}" for level in VERTEBRAE if level.startswith(letter))


def _ribs(side: Side) -> tuple[str, ...]:
    return tuple(f"rib_{side}_{number}" for number in RIB_NUMBERS)


_LUNG_LEFT = ("lung_upper_lobe_left", "lung_lower_lobe_left")
_LUNG_RIGHT = ("lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right")
_GLUTEI = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
_GREAT_VESSELS = (
    "aorta", "pulmonary_vein", "brachiocephalic_trunk", "subclavian_artery_right", "subclavian_artery_left",
    "common_carotid_artery_right", "common_carotid_artery_left", "brachiocephalic_vein_left",
    "brachiocephalic_vein_right", "superior_vena_cava", "inferior_vena_cava",
)  # fmt: skip

# Key, plain English, members. The order fixes the ids 401-438: append only.
_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ribs", "ribs", _ribs("left") + _ribs("right")),
    ("ribs_left", "left ribs", _ribs("left")),
    ("ribs_right", "right ribs", _ribs("right")),
    ("rib_cage", "rib cage", (*_ribs("left"), *_ribs("right"), "sternum", "costal_cartilages")),
    ("cervical_vertebrae", "cervical vertebrae", _region("C")),
    ("thoracic_vertebrae", "thoracic vertebrae", _region("T")),
    ("lumbar_vertebrae", "lumbar vertebrae", _region("L")),
    ("spine", "spine", tuple(f"vertebrae_{level}" for level in VERTEBRAE)),
    ("lungs", "lungs", _LUNG_LEFT + _LUNG_RIGHT),
    ("lung_left", "left lung", _LUNG_LEFT),
    ("lung_right", "right lung", _LUNG_RIGHT),
    ("pelvis", "pelvis", (*_pair("hip"), "sacrum")),
    ("hip_bones", "hip bones", _pair("hip")),
    ("kidneys", "kidneys", _pair("kidney")),
    ("adrenal_glands", "adrenal glands", _pair("adrenal_gland")),
    ("gluteal_muscles", "gluteal muscles", _pairs(*_GLUTEI)),
    ("gluteal_muscles_left", "left gluteal muscles", _one_side("left", *_GLUTEI)),
    ("gluteal_muscles_right", "right gluteal muscles", _one_side("right", *_GLUTEI)),
    ("femurs", "femurs", _pair("femur")),
    ("humeri", "humeri", _pair("humerus")),
    ("shoulder_blades", "shoulder blades", _pair("scapula")),
    ("collar_bones", "collar bones", _pair("clavicula")),
    ("shoulder_girdle_left", "left shoulder girdle", _one_side("left", "scapula", "clavicula")),
    ("shoulder_girdle_right", "right shoulder girdle", _one_side("right", "scapula", "clavicula")),
    ("iliac_arteries", "iliac arteries", _pair("iliac_artery")),
    ("iliac_veins", "iliac veins", _pair("iliac_vena")),
    ("carotid_arteries", "carotid arteries", _pair("common_carotid_artery")),
    ("subclavian_arteries", "subclavian arteries", _pair("subclavian_artery")),
    ("brachiocephalic_veins", "brachiocephalic veins", _pair("brachiocephalic_vein")),
    ("great_vessels", "great vessels", _GREAT_VESSELS),
    # The left atrial appendage is a label of its own but part of the heart.
    ("cardiomediastinum", "cardiomediastinum",
     ("heart", "atrial_appendage_left", *_GREAT_VESSELS, "trachea", "esophagus")),
    ("bowel", "bowel", ("small_bowel", "duodenum", "colon")),
    ("iliopsoas_muscles", "iliopsoas muscles", _pair("iliopsoas")),
    ("back_muscles", "back muscles", _pair("autochthon")),
    ("forearm_bones", "forearm bones", _pairs("ulna", "radius")),
    ("hand_bones", "hand bones", _pairs("carpal", "metacarpal", "phalanges_hand")),
    ("lower_leg_bones", "lower-leg bones", _pairs("tibia", "fibula")),
    ("foot_bones", "foot bones", _pairs("tarsal", "metatarsal", "phalanges_feet")),
)  # fmt: skip

_PLAIN = {
    "adrenal_gland": "adrenal gland", "kidney_cyst": "kidney cyst", "subclavian_artery": "subclavian artery",
    "common_carotid_artery": "common carotid artery", "brachiocephalic_vein": "brachiocephalic vein",
    "atrial_appendage": "atrial appendage", "iliac_artery": "iliac artery", "iliac_vena": "iliac vein",
    "clavicula": "clavicle", "hip": "hip bone", "autochthon": "deep back muscle", "iliopsoas": "iliopsoas muscle",
    "lung_upper_lobe": "upper lobe of the lung", "lung_middle_lobe": "middle lobe of the lung",
    "lung_lower_lobe": "lower lobe of the lung", "gluteus_maximus": "gluteus maximus",
    "gluteus_medius": "gluteus medius", "gluteus_minimus": "gluteus minimus", "tarsal": "tarsal bones",
    "metatarsal": "metatarsal bones", "phalanges_feet": "toe bones", "carpal": "carpal bones",
    "metacarpal": "metacarpal bones", "phalanges_hand": "finger bones",
}  # fmt: skip


def _side_of(key: str) -> Side | None:
    words = key.split("_")
    if "left" in words:
        return "left"
    return "right" if "right" in words else None


def _plain_name(key: str) -> str:
    words = key.split("_")
    if words[0] == "vertebrae":
        return f"{words[1]} vertebra"
    if words[0] == "rib":
        return f"{words[1]} rib {words[2]}"
    side = _side_of(key)
    stem = key.removesuffix(f"_{side}") if side else key
    plain = _PLAIN.get(stem, stem.replace("_", " "))
    return f"{side} {plain}" if side else plain


def _build() -> tuple[Structure, ...]:
    found: list[Structure] = []
    for number, key in enumerate(_TOTAL, start=1):
        found.append(Structure(key, number, _plain_name(key), (key,), _side_of(key), "class"))
    for number, key in enumerate(APPENDICULAR, start=301):
        found.append(Structure(key, number, _plain_name(key), _pair(key), None, "class"))
    for number, (key, name, members) in enumerate(_GROUPS, start=401):
        found.append(Structure(key, number, name, members, _side_of(key), "group"))
    for number, key in enumerate(_pairs(*APPENDICULAR), start=501):
        found.append(Structure(key, number, _plain_name(key), (key,), _side_of(key), "side"))
    return tuple(found)


STRUCTURES: tuple[Structure, ...] = _build()
"""All 188 structures: 128 classes, then 38 groups, then 22 sides."""

_BY_NAME: dict[str, Structure] = {s.name: s for s in STRUCTURES} | {s.key: s for s in STRUCTURES}
_BY_ID: dict[int, Structure] = {s.id: s for s in STRUCTURES}


def structure(key_or_name: str | int) -> Structure:
    """The structure with this key ("femur_left"), plain name ("left femur") or id (75).

    Raises:
        AnatomyError: nothing in the vocabulary is called so; free text goes through ``find`` instead.
    """
    found = _BY_ID.get(key_or_name) if isinstance(key_or_name, int) else _BY_NAME.get(key_or_name)
    if found is None:
        raise AnatomyError(f"no structure is called {key_or_name!r}")
    return found


def other_side(one: Structure) -> Structure | None:
    """The same structure on the other side of the body; None for what has no side or is there once."""
    if one.side is None:
        return None
    side = "right" if one.side == "left" else "left"
    return _BY_NAME.get("_".join(side if word == one.side else word for word in one.key.split("_")))


def structures_in(labels: Iterable[str], *, complete: bool = False) -> tuple[Structure, ...]:
    """The structures of which at least one member is among these leaf labels, in the order of ``STRUCTURES``.

    Args:
        labels: leaf label names, as in ``LABELS``; others are ignored.
        complete: ask for every member instead of one.
    """
    present = frozenset(labels)
    check = all if complete else any
    return tuple(s for s in STRUCTURES if check(member in present for member in s.members))
