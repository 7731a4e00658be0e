"""Standard views of the chest, abdomen, skull and spine."""

from __future__ import annotations

from fluorosam_sim.views.wording import AO, AP, BONTRAGER, LATERAL, MERRILL, PA, Row, build

_LUNGS = ("lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right", "lung_middle_lobe_right",
          "lung_lower_lobe_right")  # fmt: skip
_CHEST = ("chest", "thorax", "lungs")
_ABDOMEN = ("abdomen", "belly", "abdominal")
_SKULL = ("skull", "head", "cranium")
_CERVICAL = ("cervical spine", "C-spine", "neck", "cervical")
_THORACIC = ("thoracic spine", "T-spine", "dorsal spine", "thoracic")
_LUMBAR = ("lumbar spine", "L-spine", "lower back", "lumbar")
_JUNCTION = ("thoracolumbar junction", "TL junction", "thoracolumbar spine", "T12 L1 junction", "thoracolumbar")
_L5S1 = ("L5 S1", "lumbosacral junction", "L5-S1 disc")
_WIDE_MM = 1800.0
_ZINDRICK = "Zindrick et al., Spine 12 (1987) 160: pedicle angles by level"


def _ribs(*numbers: int) -> tuple[str, ...]:
    return tuple(f"rib_*_{number}" for number in numbers)


def _levels(letter: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"vertebrae_{letter}{number}" for number in range(first, last + 1))


_CHEST_ROWS = (
    Row("chest_ap", "chest AP", "chest", 0, 0, 380, _LUNGS, (*AP, "supine"), _CHEST, MERRILL),
    Row("chest_pa", "chest PA", "chest", 0, 0, 380, _LUNGS, PA, _CHEST, MERRILL, sdd_mm=_WIDE_MM),
    Row("chest_lateral", "chest lateral", "chest", 90, 0, 360, _LUNGS, (*LATERAL, "left lateral"), _CHEST, MERRILL,
        sdd_mm=_WIDE_MM),
    Row("chest_right_lateral", "chest right lateral", "chest", -90, 0, 360, _LUNGS, ("right lateral",), _CHEST, MERRILL,
        sdd_mm=_WIDE_MM),
    Row("chest_rao", "chest RAO", "chest", -45, 0, 380, _LUNGS, ("RAO", "right anterior oblique"), _CHEST, MERRILL),
    Row("chest_lao", "chest LAO", "chest", 45, 0, 380, _LUNGS, ("LAO", "left anterior oblique"), _CHEST, MERRILL),
    Row("chest_lordotic", "chest lordotic", "chest", 0, -18, 380, _LUNGS,
        ("lordotic", "AP axial", "apical lordotic", "Lindblom"), (*_CHEST, "lung apices", "apices"), BONTRAGER),
    Row("sternum_rao", "sternum RAO", "sternum", -18, 0, 220, ("sternum",), ("RAO", "oblique",
        "right anterior oblique"),
        ("sternum", "breastbone"), MERRILL),
    Row("sternum_lateral", "sternum lateral", "sternum", 90, 0, 240, ("sternum",), LATERAL, ("sternum", "breastbone"),
        MERRILL, either_way=True),
)  # fmt: skip

_RIB_ROWS = (
    Row("ribs_upper_ap", "upper ribs AP", "ribs_upper", 0, 0, 300, _ribs(1, 2, 3, 4, 5, 6, 7), AP,
        ("upper ribs", "ribs", "ribs above the diaphragm"), MERRILL),
    Row("ribs_lower_ap", "lower ribs AP", "ribs_lower", 0, 0, 300, _ribs(8, 9, 10, 11, 12), AP,
        ("lower ribs", "ribs below the diaphragm"), MERRILL),
    Row("ribs_oblique", "ribs oblique", "ribs_axillary", 45, 0, 360, _ribs(3, 4, 5, 6, 7, 8, 9),
        ("oblique", "45 degree oblique", "axillary oblique"), ("ribs", "axillary ribs"), MERRILL),
)  # fmt: skip

_ABDOMEN_LABELS = ("liver", "spleen", "colon", "small_bowel")
_ABDOMEN_NEEDS = ("vertebrae_L1", "vertebrae_L3", "vertebrae_L5")
_ABDOMEN_ROWS = (
    Row("abdomen_ap", "abdomen AP", "abdomen", 0, 0, 430, _ABDOMEN_LABELS, (*AP, "supine", "plain"), _ABDOMEN, MERRILL,
        _ABDOMEN_NEEDS, also=("KUB", "kidneys ureters bladder")),
    Row("abdomen_lateral", "abdomen lateral", "abdomen", 90, 0, 430, _ABDOMEN_LABELS,
        (*LATERAL, "left lateral", "cross table lateral", "dorsal decubitus"), _ABDOMEN, MERRILL, _ABDOMEN_NEEDS),
    Row("abdomen_right_lateral", "abdomen right lateral", "abdomen", -90, 0, 430, _ABDOMEN_LABELS, ("right lateral",),
        _ABDOMEN, MERRILL, _ABDOMEN_NEEDS),
    Row("abdomen_rao", "abdomen RAO", "abdomen", -30, 0, 430, _ABDOMEN_LABELS, ("RAO", "right anterior oblique"),
        _ABDOMEN, MERRILL, _ABDOMEN_NEEDS),
    Row("abdomen_lao", "abdomen LAO", "abdomen", 30, 0, 430, _ABDOMEN_LABELS, ("LAO", "left anterior oblique"),
        _ABDOMEN, MERRILL, _ABDOMEN_NEEDS),
)  # fmt: skip

_HEAD = ("skull",)
_HEAD_NEEDS = ("skull", "brain")
_SKULL_ROWS = (
    Row("skull_ap", "skull AP", "skull", 0, 0, 260, _HEAD, (*AP, *PA), _SKULL, MERRILL, _HEAD_NEEDS),
    Row("skull_lateral", "skull lateral", "skull", 90, 0, 260, _HEAD, (*LATERAL, "left lateral"), _SKULL, MERRILL,
        _HEAD_NEEDS),
    Row("skull_right_lateral", "skull right lateral", "skull", -90, 0, 260, _HEAD, ("right lateral",), _SKULL,
        MERRILL, _HEAD_NEEDS),
    Row("skull_towne", "skull Towne", "skull", 0, 30, 260, _HEAD, ("Towne", "AP axial", "half axial"),
        _SKULL, MERRILL, _HEAD_NEEDS, also=("Towne", "half axial")),
    Row("skull_caldwell", "skull Caldwell", "skull_face", 0, -15, 240, _HEAD, ("Caldwell",), _SKULL, MERRILL,
        _HEAD_NEEDS,
        also=("Caldwell",)),
    Row("skull_waters", "skull Waters", "skull_face", 0, -53, 240, _HEAD,
        ("Waters", "occipitomental", "parietoacanthial"), (*_SKULL, "sinuses"), MERRILL, _HEAD_NEEDS,
        also=("Waters", "occipitomental", "parietoacanthial")),
    Row("skull_waters_modified", "skull modified Waters", "skull_face", 0, -35, 240, _HEAD,
        ("modified Waters", "shallow Waters", "modified parietoacanthial"), (*_SKULL, "sinuses"), MERRILL, _HEAD_NEEDS,
        also=("modified Waters", "shallow Waters")),
    Row("skull_haas", "skull Haas", "skull", 0, 25, 260, _HEAD, ("Haas", "PA axial", "nuchofrontal"), _SKULL,
        MERRILL, _HEAD_NEEDS,
        also=("Haas", "nuchofrontal")),
    Row("face_lateral", "facial bones lateral", "skull_face", 90, 0, 220, _HEAD, LATERAL,
        ("face", "facial bones", "sinuses"), MERRILL, _HEAD_NEEDS, either_way=True),
)  # fmt: skip

_CERVICAL_ROWS = (
    Row("cervical_ap", "cervical spine AP", "cervical", 0, -15, 200, _levels("C", 3, 7),
        (*AP, "AP axial"), _CERVICAL, MERRILL),
    Row("cervical_lateral", "cervical spine lateral", "cervical", 90, 0, 220, _levels("C", 1, 7),
        (*LATERAL, "cross table lateral"), _CERVICAL, MERRILL, sdd_mm=_WIDE_MM, either_way=True),
    Row("cervical_lao", "cervical spine LAO", "cervical", 45, -15, 220, _levels("C", 1, 7),
        ("LAO", "left anterior oblique", "left oblique", "oblique"), _CERVICAL, MERRILL, sdd_mm=_WIDE_MM),
    Row("cervical_rao", "cervical spine RAO", "cervical", -45, -15, 220, _levels("C", 1, 7),
        ("RAO", "right anterior oblique", "right oblique", "oblique"), _CERVICAL, MERRILL, sdd_mm=_WIDE_MM),
    Row("odontoid", "odontoid open mouth", "odontoid", 0, 0, 140, _levels("C", 1, 2),
        ("odontoid", "open mouth", "dens", "peg"), ("C1 C2", "dens"), MERRILL,
        also=("odontoid", "open mouth", "open mouth odontoid", "dens", "peg", "AP C1 C2", "AP dens")),
    Row("swimmers", "cervicothoracic swimmer's lateral", "cervicothoracic", 90, -4, 220,
        ("vertebrae_C7", "vertebrae_T1"), ("swimmer's", "Twining", "swimmer's lateral"),
        ("C7 T1", "cervicothoracic junction", "cervical spine", "thoracic spine"), MERRILL,
        also=("swimmer's", "swimmer's lateral", "cervicothoracic swimmer's lateral", "Twining", "lateral C7 T1",
              "lateral cervicothoracic junction"),
        either_way=True),
)  # fmt: skip

_SACRUM_NEEDS = ("sacrum", "hip_left", "hip_right")
_SPINE_ROWS = (
    Row("thoracic_ap", "thoracic spine AP", "thoracic", 0, 0, 360, _levels("T", 1, 12), AP, _THORACIC, MERRILL),
    Row("thoracic_lateral", "thoracic spine lateral", "thoracic", 90, 0, 360, _levels("T", 1, 12), LATERAL, _THORACIC,
        MERRILL, either_way=True),
    Row("thoracolumbar_ap", "thoracolumbar junction AP", "thoracolumbar", 0, 0, 280,
        (*_levels("T", 11, 12), *_levels("L", 1, 2)), AP, _JUNCTION, BONTRAGER, ("vertebrae_T12", "vertebrae_L1")),
    Row("thoracolumbar_lateral", "thoracolumbar junction lateral", "thoracolumbar", 90, 0, 280,
        (*_levels("T", 11, 12), *_levels("L", 1, 2)), LATERAL, _JUNCTION, BONTRAGER,
        ("vertebrae_T12", "vertebrae_L1"), either_way=True),
    Row("lumbar_ap", "lumbar spine AP", "lumbar", 0, 0, 280, _levels("L", 1, 5), AP, _LUMBAR, MERRILL),
    Row("lumbar_lateral", "lumbar spine lateral", "lumbar", 90, 0, 280, _levels("L", 1, 5), LATERAL, _LUMBAR, MERRILL,
        either_way=True),
    Row("lumbar_lao", "lumbar spine LAO", "lumbar", 45, 0, 280, _levels("L", 1, 5),
        ("LAO", "left anterior oblique", "left oblique", "oblique", "Scottie dog"), _LUMBAR, MERRILL),
    Row("lumbar_rao", "lumbar spine RAO", "lumbar", -45, 0, 280, _levels("L", 1, 5),
        ("RAO", "right anterior oblique", "right oblique", "oblique", "Scottie dog"), _LUMBAR, MERRILL),
    Row("lumbosacral_lateral", "L5-S1 lateral", "lumbosacral", 90, 0, 200, ("vertebrae_L5", "vertebrae_S1"),
        (*LATERAL, "spot lateral", "lateral spot"), _L5S1, MERRILL, either_way=True),
    Row("lumbosacral_ap", "L5-S1 AP axial", "lumbosacral", 0, -33, 200, ("vertebrae_L5", "vertebrae_S1"),
        (*AP, "AP axial", "Ferguson"), _L5S1, MERRILL),
    Row("sacrum_ap", "sacrum AP axial", "sacrum", 0, -15, 240, ("sacrum", "vertebrae_S1"), (*AP, "AP axial"),
        ("sacrum",), MERRILL, _SACRUM_NEEDS),
    Row("sacrum_lateral", "sacrum lateral", "sacrum", 90, 0, 240, ("sacrum", "vertebrae_S1"), LATERAL, ("sacrum",),
        MERRILL, _SACRUM_NEEDS, either_way=True),
)  # fmt: skip

_VERTEBRA_ROWS = (
    Row("vertebra_ap", "vertebra AP", "vertebra", 0, 0, 140, (), (*AP, "true AP"), ("vertebra",), AO, vertebral=True),
    Row("vertebra_lateral", "vertebra lateral", "vertebra", 90, 0, 140, (), LATERAL, ("vertebra",), AO, vertebral=True,
        either_way=True),
)  # fmt: skip

_PEDICLE_ROWS = (
    Row("pedicle", "pedicle en face", "pedicle", -15, 0, 120, (),
        ("pedicle", "en face pedicle", "owl's eye", "bullseye"), ("vertebra",), _ZINDRICK, vertebral=True,
        also=("pedicle", "owl's eye")),
)  # fmt: skip

TRUNK_VIEWS = (
    *build("chest", _CHEST_ROWS),
    *build("chest", _RIB_ROWS, sided=True),
    *build("abdomen", _ABDOMEN_ROWS),
    *build("skull", _SKULL_ROWS),
    *build("spine", _CERVICAL_ROWS),
    *build("spine", _SPINE_ROWS),
    *build("spine", _VERTEBRA_ROWS),
    *build("spine", _PEDICLE_ROWS, sided=True),
)
