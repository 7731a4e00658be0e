"""Hand-written wordings for every structure, without sides: Latin, plain English, surgeon's shorthand.

A ``Concept`` is one thing people name, with what it means alone, with a side, and in the plural. Nothing here knows how
text is cleaned or matched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fluorosam_sim.anatomy.registers import (
    ABBREVIATIONS,
    DESCRIPTIONS,
    LATIN,
    LATIN_ORDINALS,
    LATIN_REGION,
    SPOKEN,
)
from fluorosam_sim.anatomy.structures import RIB_NUMBERS, VERTEBRAE

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Concept:
    """One nameable thing.

    Attributes:
        singular: wordings for one of it ("kidney").
        plural: wordings for all of it ("kidneys").
        left, right: keys meant when a side is said; empty when a side makes no sense.
        both: keys meant by the plural or by "both".
        alone: keys meant by the singular without a side; empty when that has to be asked back.
        ask: keys to offer when it has to be asked back; the two sides if empty.
        latin, latin_plural: Latin for one and for all of it.
        gender: "m", "f" or "n" of the former; "mp", "fp", "np" where that is a plural.
        short: abbreviations. described: what people say who do not know the name; the last is kept from training.
    """

    singular: tuple[str, ...]
    plural: tuple[str, ...] = ()
    left: Keys = ()
    right: Keys = ()
    both: Keys = ()
    alone: Keys = ()
    ask: Keys = ()
    latin: tuple[str, ...] = ()
    latin_plural: tuple[str, ...] = ()
    gender: str = "n"
    short: tuple[str, ...] = ()
    described: tuple[str, ...] = ()

    def wordings(self) -> Iterator[tuple[str, bool]]:
        """(wording, whether it is a plural) in every register."""
        for wording in (*self.singular, *self.latin, *self.short, *self.described):
            yield wording, False
        for wording in (*self.plural, *self.latin_plural):
            yield wording, True


def _one(key: str, *wordings: str) -> Concept:
    return Concept(wordings, alone=(key,))


def _paired(stem: str, group: str | None, singular: tuple[str, ...], plural: tuple[str, ...]) -> Concept:
    left, right = (f"{stem}_left",), (f"{stem}_right",)
    return Concept(singular, plural, left, right, both=(group,) if group else left + right)


def _limb(key: str, singular: tuple[str, ...], plural: tuple[str, ...] = ()) -> Concept:
    """An appendicular class: it covers both sides, so the bare word is not ambiguous."""
    return Concept(singular, plural, (f"{key}_left",), (f"{key}_right",), both=(key,), alone=(key,))


def _limb_group(key: str, parts: tuple[str, ...], *wordings: str) -> Concept:
    """A group of appendicular classes: one side of it is the parts of that side."""
    left, right = (tuple(f"{part}_{side}" for part in parts) for side in ("left", "right"))
    return Concept(wordings, (), left, right, both=(key,), alone=(key,))


_SINGLE = (
    _one("spleen", "spleen", "lien", "splen", "splenic shadow", "spleen shadow"),
    _one("gallbladder", "gallbladder", "gall bladder", "gall-bladder", "vesica biliaris", "vesica fellea",
         "biliary bladder", "cholecyst"),
    _one("liver", "liver", "hepar", "hepatic parenchyma", "liver shadow"),
    _one("stomach", "stomach", "gaster", "ventriculus gastricus", "stomach shadow"),
    _one("pancreas", "pancreas", "pancreatic gland", "pancreas gland"),
    _one("esophagus", "esophagus", "oesophagus", "gullet", "food pipe", "foodpipe"),
    _one("trachea", "trachea", "windpipe", "wind pipe", "tracheal air column", "tracheal airway"),
    _one("thyroid_gland", "thyroid gland", "thyroid", "glandula thyroidea"),
    _one("small_bowel", "small bowel", "small intestine", "intestinum tenue", "small gut", "small bowel loops"),
    _one("duodenum", "duodenum", "duodenal loop", "duodenal sweep", "duodenal C-loop"),
    _one("colon", "colon", "large bowel", "large intestine", "intestinum crassum", "large gut", "colonic frame"),
    _one("urinary_bladder", "urinary bladder", "bladder", "vesica urinaria", "vesica", "urine bladder"),
    _one("prostate", "prostate", "prostate gland", "prostatic gland", "prostata"),
    _one("sacrum", "sacrum", "sacral bone", "os sacrum", "tailbone area", "tail bone area", "tailbone", "tail bone",
         "sacrum bone", "sacrum and coccyx"),
    _one("heart", "heart", "cor", "cardiac silhouette", "cardiac shadow", "heart shadow", "heart silhouette",
         "whole heart", "heart muscle"),
    _one("aorta", "aorta", "main artery", "aorta vessel", "thoracoabdominal aorta"),
    _one("pulmonary_vein", "pulmonary vein", "pulmonary veins", "vena pulmonalis", "venae pulmonales", "lung veins",
         "lung vein"),
    _one("brachiocephalic_trunk", "brachiocephalic trunk", "brachiocephalic artery", "innominate artery",
         "truncus brachiocephalicus", "innominate trunk"),
    _one("superior_vena_cava", "superior vena cava", "SVC", "upper vena cava", "vena cava superior",
         "superior caval vein"),
    _one("inferior_vena_cava", "inferior vena cava", "IVC", "lower vena cava", "vena cava inferior",
         "inferior caval vein"),
    _one("portal_vein_and_splenic_vein", "portal vein and splenic vein", "portal and splenic vein",
         "portal and splenic veins", "portal vein", "portosplenic vein", "vena portae", "portal venous system",
         "splenoportal axis"),
    _one("spinal_cord", "spinal cord", "medulla spinalis", "myelon", "spine cord", "cord of the spine"),
    _one("brain", "brain", "cerebrum", "encephalon", "brain tissue", "whole brain"),
    _one("skull", "skull", "cranium", "skull bone", "skull bones", "cranial bones", "bony skull"),
    _one("sternum", "sternum", "breastbone", "breast bone", "sternal bone", "chest bone", "sternum bone"),
    _one("costal_cartilages", "costal cartilages", "costal cartilage", "rib cartilages", "rib cartilage",
         "cartilage of the ribs", "cartilages of the ribs"),
    _one("rib_cage", "rib cage", "ribcage", "thoracic cage", "bony thorax", "bony chest", "bony rib cage",
         "thoracic skeleton", "chest skeleton"),
    _one("spine", "spine", "vertebral column", "spinal column", "backbone", "back bone", "columna vertebralis",
         "vertebrae", "whole spine", "vertebral bodies"),
    _one("pelvis", "pelvis", "bony pelvis", "pelvic ring", "pelvic bones", "pelvic girdle", "pelvic bone",
         "pelvis bone"),
    _one("great_vessels", "great vessels", "large vessels", "major vessels", "great thoracic vessels",
         "great vessels of the chest", "big vessels"),
    _one("cardiomediastinum", "cardiomediastinum", "mediastinum", "cardiomediastinal silhouette",
         "mediastinal silhouette", "mediastinal shadow", "cardiomediastinal shadow"),
    _one("bowel", "bowel", "bowels", "intestines", "intestine", "guts", "gut", "small and large bowel",
         "bowel loops"),
)  # fmt: skip

_PAIRED = (
    _paired("kidney", "kidneys", ("kidney", "ren", "renal shadow", "kidney shadow"),
            ("kidneys", "renes", "renal shadows", "kidney shadows")),
    _paired("adrenal_gland", "adrenal_glands", ("adrenal gland", "adrenal", "suprarenal gland", "suprarenal"),
            ("adrenal glands", "adrenals", "suprarenal glands", "suprarenals")),
    _paired("kidney_cyst", None, ("kidney cyst", "renal cyst", "cyst of the kidney", "cyst in the kidney"),
            ("kidney cysts", "renal cysts")),
    _paired("subclavian_artery", "subclavian_arteries", ("subclavian artery", "arteria subclavia", "subclavian"),
            ("subclavian arteries", "subclavians", "arteriae subclaviae")),
    _paired("common_carotid_artery", "carotid_arteries",
            ("common carotid artery", "common carotid", "carotid artery", "carotid", "arteria carotis communis"),
            ("carotid arteries", "common carotid arteries", "carotids", "common carotids")),
    _paired("brachiocephalic_vein", "brachiocephalic_veins",
            ("brachiocephalic vein", "innominate vein", "vena brachiocephalica"),
            ("brachiocephalic veins", "innominate veins", "venae brachiocephalicae")),
    _paired("iliac_artery", "iliac_arteries", ("iliac artery", "common iliac artery", "arteria iliaca communis",
                                               "arteria iliaca"),
            ("iliac arteries", "common iliac arteries", "arteriae iliacae")),
    _paired("iliac_vena", "iliac_veins", ("iliac vein", "common iliac vein", "vena iliaca communis", "iliac vena",
                                          "vena iliaca"),
            ("iliac veins", "common iliac veins", "venae iliacae")),
    _paired("humerus", "humeri", ("humerus", "upper arm bone", "humerus bone", "humeral bone", "arm bone"),
            ("humeri", "humeruses", "upper arm bones", "humerus bones")),
    _paired("scapula", "shoulder_blades", ("scapula", "shoulder blade", "shoulderblade", "scapula bone",
                                           "shoulder-blade"),
            ("shoulder blades", "scapulae", "scapulas", "shoulderblades")),
    _paired("clavicula", "collar_bones", ("clavicle", "collar bone", "collarbone", "clavicula", "clavicle bone"),
            ("collar bones", "clavicles", "collarbones", "claviculae", "claviculas")),
    _paired("femur", "femurs", ("femur", "thigh bone", "thighbone", "femur bone", "os femoris"),
            ("femurs", "femora", "thigh bones", "thighbones")),
    _paired("hip", "hip_bones", ("hip", "hip bone", "hipbone", "innominate bone", "os coxae", "hemipelvis",
                                "coxal bone"),
            ("hip bones", "hips", "hipbones", "innominate bones", "ossa coxae", "coxal bones")),
    _paired("gluteus_maximus", None, ("gluteus maximus", "gluteus maximus muscle", "glute max",
                                      "musculus gluteus maximus"),
            ("gluteus maximus muscles",)),
    _paired("gluteus_medius", None, ("gluteus medius", "gluteus medius muscle", "glute med",
                                     "musculus gluteus medius"),
            ("gluteus medius muscles",)),
    _paired("gluteus_minimus", None, ("gluteus minimus", "gluteus minimus muscle", "glute min",
                                      "musculus gluteus minimus"),
            ("gluteus minimus muscles",)),
    _paired("autochthon", "back_muscles",
            ("back muscle", "deep back muscle", "erector spinae", "autochthon", "autochthonous back muscle",
             "paraspinal muscle", "paravertebral muscle"),
            ("back muscles", "deep back muscles", "autochthonous back muscles", "paraspinal muscles",
             "paravertebral muscles")),
    _paired("iliopsoas", "iliopsoas_muscles", ("iliopsoas", "iliopsoas muscle", "psoas muscle", "psoas",
                                               "musculus iliopsoas"),
            ("iliopsoas muscles", "psoas muscles", "musculi iliopsoas")),
    _paired("lung", "lungs", ("lung", "pulmo", "lung field"), ("lungs", "lung fields", "pulmones")),
    Concept(("gluteal muscles", "glutes", "gluteal muscle group", "buttock muscles", "glutei", "gluteals"), (),
            ("gluteal_muscles_left",), ("gluteal_muscles_right",), both=("gluteal_muscles",),
            alone=("gluteal_muscles",)),
    Concept(("gluteal muscle", "gluteus", "buttock muscle"), (), (), (),
            ask=("gluteal_muscles_left", "gluteal_muscles_right")),
    _paired("shoulder_girdle", None, ("shoulder girdle", "pectoral girdle", "scapula and clavicle",
                                      "shoulder blade and collar bone", "clavicle and scapula"),
            ("shoulder girdles", "pectoral girdles")),
)  # fmt: skip

_LOBES = (
    _paired("lung_upper_lobe", None,
            ("upper lobe", "upper lobe of the lung", "upper lung lobe", "superior lobe of the lung", "lung upper lobe"),
            ("upper lobes", "upper lobes of the lungs", "upper lung lobes")),
    _paired("lung_lower_lobe", None,
            ("lower lobe", "lower lobe of the lung", "lower lung lobe", "inferior lobe of the lung", "lung lower lobe"),
            ("lower lobes", "lower lobes of the lungs", "lower lung lobes")),
    # Only the right lung has a middle lobe; the left one has no wording at all.
    Concept(("middle lobe", "middle lobe of the lung", "middle lung lobe", "lung middle lobe"), (), (),
            ("lung_middle_lobe_right",), alone=("lung_middle_lobe_right",)),
    # The right appendage is not in the vocabulary, so the bare word is asked back rather than taken as left.
    Concept(("atrial appendage", "auricle of the heart", "heart auricle", "auricular appendage", "atrial auricle"), (),
            ("atrial_appendage_left",), (), ask=("atrial_appendage_left",)),
)  # fmt: skip

_LIMBS = (
    _limb("patella", ("patella", "kneecap", "knee cap", "patella bone", "patellar bone"),
          ("patellae", "patellas", "kneecaps", "knee caps")),
    _limb("tibia", ("tibia", "shin bone", "shinbone", "tibia bone", "shank bone"),
          ("tibiae", "tibias", "shin bones", "shinbones")),
    _limb("fibula", ("fibula", "calf bone", "calfbone", "fibula bone", "splint bone"),
          ("fibulae", "fibulas", "calf bones")),
    _limb("tarsal", ("tarsal bones", "tarsals", "tarsus", "ankle bones", "tarsal", "tarsal bone", "hindfoot bones")),
    _limb("metatarsal", ("metatarsal bones", "metatarsals", "metatarsus", "midfoot bones", "metatarsal",
                         "metatarsal bone")),
    _limb("phalanges_feet", ("toe bones", "phalanges of the foot", "phalanges of the toes", "toes", "foot phalanges",
                             "toe phalanges", "phalanges of the feet", "phalanges feet")),
    _limb("ulna", ("ulna", "elbow bone", "ulna bone", "ulnar bone"), ("ulnae", "ulnas", "elbow bones", "ulna bones")),
    _limb("radius", ("radius", "radius bone", "radial bone", "spoke bone"),
          ("radii", "radiuses", "radial bones", "radius bones")),
    _limb("carpal", ("carpal bones", "carpals", "carpus", "wrist bones", "carpal", "carpal bone")),
    _limb("metacarpal", ("metacarpal bones", "metacarpals", "metacarpus", "palm bones", "metacarpal",
                         "metacarpal bone")),
    _limb("phalanges_hand", ("finger bones", "phalanges of the hand", "phalanges of the fingers", "fingers",
                             "hand phalanges", "finger phalanges", "phalanges of the hands", "phalanges hand")),
    _limb_group("forearm_bones", ("ulna", "radius"), "forearm bones", "forearm", "bones of the forearm",
                "ulna and radius", "radius and ulna", "lower arm bones", "forearms"),
    _limb_group("hand_bones", ("carpal", "metacarpal", "phalanges_hand"), "hand bones", "hand", "bones of the hand",
                "hands", "hand skeleton", "bones of the hands"),
    _limb_group("lower_leg_bones", ("tibia", "fibula"), "lower-leg bones", "lower leg", "bones of the lower leg",
                "tibia and fibula", "fibula and tibia", "tib-fib", "lower legs", "shank bones"),
    _limb_group("foot_bones", ("tarsal", "metatarsal", "phalanges_feet"), "foot bones", "foot", "bones of the foot",
                "feet", "foot skeleton", "bones of the feet"),
)  # fmt: skip

_ORDINAL = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
            "eleventh", "twelfth")  # fmt: skip
_REGIONS = {"C": ("cervical", "neck"), "T": ("thoracic", "dorsal"), "L": ("lumbar", "lower back"), "S": ("sacral",)}
_EXTRA_LEVELS = {"C1": ("atlas", "atlas vertebra"), "C2": ("axis vertebra", "epistropheus"),
                 "C7": ("vertebra prominens",)}  # fmt: skip


def _suffix(number: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _level(level: str) -> Concept:
    letter, number = level[0], int(level[1:])
    region = _REGIONS[letter][0]
    wordings = [level, f"{level} vertebra", f"{_ORDINAL[number]} {region} vertebra", f"{region} {number}",
                f"{letter}-{number}", f"vertebra {level}", f"{level} vertebral body", f"{region} vertebra {number}",
                f"{_suffix(number)} {region} vertebra", f"vertebral body of {level}", f"{region} vertebra {level}",
                f"{_ORDINAL[number]} {region}", f"vertebrae {level}", f"{level} level",
                f"{_ORDINAL[number]} {region} vertebral body", f"{level} body"]  # fmt: skip
    wordings += [f"{_ORDINAL[number]} {other} vertebra" for other in _REGIONS[letter][1:]]
    concept = _one(f"vertebrae_{level}", *wordings, *_EXTRA_LEVELS.get(level, ()))
    at = VERTEBRAE.index(level)
    described = [f"vertebra above {VERTEBRAE[at + 1]}"] if level != VERTEBRAE[-1] else ["first piece of the sacrum"]
    if at:
        described += [f"vertebra below {VERTEBRAE[at - 1]}", f"vertebra under {VERTEBRAE[at - 1]}"]
    else:
        described += ["vertebra below the skull", "vertebra under the skull"]
    latin = f"vertebra {LATIN_REGION[letter]} {LATIN_ORDINALS[number - 1]}"
    return replace(concept, latin=(latin,), gender="f", described=tuple(described))


def _rib(number: int) -> Concept:
    singular = (f"rib {number}", f"{_suffix(number)} rib", f"{_ORDINAL[number]} rib", f"rib number {number}",
                f"costa {number}")  # fmt: skip
    plural = (f"ribs {number}", f"{_suffix(number)} ribs", f"{_ORDINAL[number]} ribs")
    described = [f"rib above rib {number + 1}"] if number < RIB_NUMBERS[-1] else ["last rib"]
    described += (
        [f"rib below rib {number - 1}", f"rib under rib {number - 1}"] if number > 1 else ["top rib", "highest rib"]
    )
    left, right = f"rib_left_{number}", f"rib_right_{number}"
    return Concept(singular, plural, (left,), (right,), both=(left, right),
                   latin=(f"costa {LATIN_ORDINALS[number - 1]}",), gender="f", described=tuple(described))  # fmt: skip


def _spine_part(letter: str, key: str, *extra: str) -> Concept:
    region = _REGIONS[letter][0]
    return _one(key, f"{region} vertebrae", f"{region} spine", f"{letter}-spine", f"{region} vertebral bodies",
                f"{region} part of the spine", f"{region} segment of the spine", *extra)  # fmt: skip


def _some_vertebra(letter: str) -> Concept:
    region = _REGIONS[letter][0]
    levels = tuple(f"vertebrae_{level}" for level in VERTEBRAE if level.startswith(letter))
    return Concept((f"{region} vertebra", f"{region} vertebral body"), ask=levels)


_NUMBERED = (
    *(_level(level) for level in VERTEBRAE),
    *(_rib(number) for number in RIB_NUMBERS),
    _spine_part("C", "cervical_vertebrae", "neck vertebrae", "cervical column", "bones of the neck"),
    _spine_part("T", "thoracic_vertebrae", "dorsal spine", "dorsal vertebrae", "thoracic column"),
    _spine_part("L", "lumbar_vertebrae", "lumbar column", "lower back vertebrae", "lower spine"),
    *(_some_vertebra(letter) for letter in "CTL"),
    Concept(("vertebra", "vertebral body"), ask=("cervical_vertebrae", "thoracic_vertebrae", "lumbar_vertebrae")),
    Concept(("ribs", "costae", "rib bones"), (), ("ribs_left",), ("ribs_right",), both=("ribs",), alone=("ribs",)),
    # "left rib" does not say which of the twelve: offer all of that side together.
    Concept(("rib", "costa"), ask=("ribs_left", "ribs_right")),
)  # fmt: skip


def _with_registers(concept: Concept) -> Concept:
    """The concept with what the tables of the other registers hold for it."""
    name = concept.singular[0]
    latin, gender, plural = LATIN.get(name, ("", concept.gender, ""))
    return replace(
        concept,
        latin=(latin,) if latin else concept.latin,
        latin_plural=(plural,) if plural else (),
        gender=gender,
        short=ABBREVIATIONS.get(name, ()),
        described=DESCRIPTIONS.get(name, concept.described),
    )


CONCEPTS: tuple[Concept, ...] = tuple(
    _with_registers(concept) for concept in (*_SINGLE, *_PAIRED, *_LOBES, *_LIMBS, *_NUMBERED)
)

_SPOKEN_PHRASES = {slip: word for word, slips in SPOKEN.items() for slip in slips if " " in slip}

SHORTHAND: dict[str, str] = {
    "lul": "left upper lobe", "lll": "left lower lobe", "rul": "right upper lobe", "rml": "right middle lobe",
    "rll": "right lower lobe", "laa": "left atrial appendage", "c spine": "cervical spine",
    "t spine": "thoracic spine", "l spine": "lumbar spine", "cspine": "cervical spine", "tspine": "thoracic spine",
    "lspine": "lumbar spine", "tibfib": "tib fib",
    # The longest first: "cardio media stein um" holds "media stein um".
    **dict(sorted(_SPOKEN_PHRASES.items(), key=lambda pair: -len(pair[0]))),
}  # fmt: skip
"""Abbreviations that stand for a whole phrase, sides included, and sound-alikes of several words."""

SLIPS: dict[str, tuple[str, ...]] = {
    "kidney": ("kidny", "kindey"), "kidneys": ("kidnies", "kidneyes"), "heart": ("hart", "haert"),
    "lung": ("lunge", "lumg"), "lungs": ("lungz", "lugns"), "liver": ("livver", "lver"),
    "spleen": ("spleene", "splean"),
    "stomach": ("stomack", "stomache"), "pancreas": ("pancrias", "pancreus"), "esophagus": ("esofagus", "esophogus"),
    "trachea": ("trachia", "trakea"), "thyroid": ("thyriod", "thiroid"), "bowel": ("bowl", "bowell"),
    "bowels": ("bowles",), "duodenum": ("duodenem", "doudenum"), "colon": ("collon", "colun"),
    "bladder": ("blader", "bladdr"), "gallbladder": ("gallblader", "galbladder"), "prostate": ("prostrate", "prostat"),
    "sacrum": ("sakrum", "sacram"), "aorta": ("aorda", "aeorta"), "pulmonary": ("pulmonry", "pulmanary"),
    "vein": ("vain", "viein"), "veins": ("vains", "viens"), "brachiocephalic": ("brachiocefalic", "brachycephalic"),
    "trunk": ("trunc",), "subclavian": ("subclavien", "subclavean"), "carotid": ("carrotid", "caratid"),
    "appendage": ("appendige", "apendage"), "vena": ("veena",), "cava": ("carva", "kava"), "portal": ("portle",),
    "iliac": ("illiac", "iliack"), "humerus": ("humorous", "humeris"), "humeri": ("humerii",),
    "scapula": ("scapular", "scapulla"), "blade": ("blaid",), "blades": ("blaids",),
    "clavicle": ("clavical", "clavicel"),
    "collar": ("coller",), "femur": ("femer", "feemur"), "femurs": ("femers", "feemurs"), "hip": ("hipp",),
    "hips": ("hipps",), "spinal": ("spinel",), "gluteus": ("glutius", "gluteous"), "gluteal": ("glutial",),
    "erector": ("errector",), "muscle": ("mussel", "muscel"), "muscles": ("mussels", "muscels"),
    "iliopsoas": ("iliopsoaz", "ileopsoas"), "brain": ("brian", "brane"), "skull": ("scull", "skul"),
    "rib": ("ribb",), "ribs": ("ribbs", "ribz"), "sternum": ("sternam", "sturnum"), "cartilages": ("cartileges",),
    "cartilage": ("cartilege", "cartlage"), "patella": ("patela", "pattella"), "tibia": ("tibea", "tybia"),
    "fibula": ("fibbula", "fibular"), "tarsal": ("tarsel",), "metatarsal": ("metatarsel", "metatarsle"),
    "toe": ("tow",), "ulna": ("ulner", "alna"), "radius": ("raydius", "radias"), "carpal": ("carple", "karpal"),
    "metacarpal": ("metacarple", "metacarpel"), "finger": ("fingger",), "vertebra": ("vertibra", "vertabra"),
    "vertebrae": ("vertibrae", "vertebray"), "spine": ("spyne",), "lumbar": ("lumber", "lumbr"),
    "thoracic": ("thorasic", "thorassic"), "cervical": ("servical", "cervicle"), "sacral": ("sakral",),
    "pelvis": ("pelvus", "pelves"), "shoulder": ("sholder", "shoulda"), "girdle": ("gurdle", "girdel"),
    "arteries": ("arterys", "artiries"), "artery": ("artry", "arterey"), "vessels": ("vesels", "vessles"),
    "cardiomediastinum": ("cardiomediastinem", "cardiomediastium"), "mediastinum": ("mediastinem", "mediastium"),
    "forearm": ("forarm", "foream"), "hand": ("hend",), "foot": ("fut",), "leg": ("legg",), "bones": ("boness",),
    "bone": ("boan",), "lobe": ("loab",), "adrenal": ("adrenel", "adreenal"), "gland": ("glend",),
    "cyst": ("sist",), "cage": ("caje",), "back": ("bak",), "intestine": ("intestin", "intestan"),
}  # fmt: skip
"""Typical misspellings of single words."""
SOUND_ALIKES: dict[str, str] = {slip: word for word, slips in SPOKEN.items() for slip in slips if " " not in slip}
"""Single words that speech recognition takes for a word of the vocabulary."""

# Instruments, implants and devices. A phrase that holds one of these is about the device, never about the bone.
_DEVICES = """
prosthesis prostheses prosthetic endoprosthesis implant implants arthroplasty replacement replacements screw screws
wire wires kwire kwires guidewire guidewires kirschner schanz catheter catheters pacemaker pacemakers icd
defibrillator lead leads nail nails plate plates rod rods stent stents drain drains tube tubes needle needles drill
drills clip clips staple staples coil coils sheath sheaths cannula cannulas cannulae retractor retractors forceps
scalpel clamp clamps electrode electrodes fixator fixators bolt bolts pin pins cement hardware instrument instruments
tool tools device devices trocar trocars scissors suture sutures anchor anchors spacer spacers filter cable cables
reamer reamers jamshidi intubation picc port chisel osteotome awl tracker marker markers metal tka tha stimulator pump
stethoscope thermometer shunt balloon introducer
"""
DEVICE_WORDS: frozenset[str] = frozenset(_DEVICES.split())
