"""Standard views of the pelvis and the limbs. Primary angles are towards the side's lateral."""

from __future__ import annotations

from fluorosam_sim.views.wording import AO, AP, BONTRAGER, LATERAL, MERRILL, PA, Row, build

_JUDET = "Judet, Judet & Letournel, J. Bone Joint Surg. Am. 46 (1964) 1615"
_PELVIC = "Starr, Reinert & Jones, J. Orthop. Trauma 12 (1998) 81; AO Surgery Reference"
_INT_OBLIQUE = ("internal oblique", "medial oblique", "internal rotation oblique")
_EXT_OBLIQUE = ("external oblique", "lateral oblique", "external rotation oblique")

_PELVIS = ("hip_left", "hip_right")
_ACETABULUM_NEEDS = (*_PELVIS, "femur_*")
_RING = ("pelvis", "pelvic ring")
_PELVIS_ROWS = (
    Row("pelvis_ap", "pelvis AP", "pelvis", 0, 0, 380, _PELVIS, AP, _RING, AO),
    Row("pelvis_inlet", "pelvis inlet", "pelvis", 0, 40, 340, _PELVIS, ("inlet", "Bridgeman"), (*_RING, "pelvic"), AO,
        also=("inlet",)),
    Row("pelvis_outlet", "pelvis outlet", "pelvis", 0, -40, 340, _PELVIS, ("outlet", "Taylor"), (*_RING, "pelvic"), AO,
        also=("outlet",)),
    Row("pelvis_lateral", "pelvis lateral", "pelvis", 90, 0, 340, _PELVIS, (*LATERAL, "left lateral"), _RING, AO),
    Row("pelvis_right_lateral", "pelvis right lateral", "pelvis", -90, 0, 340, _PELVIS, ("right lateral",), _RING, AO),
)  # fmt: skip

_HIP_BONE = ("hip_*",)
_ACETABULUM = ("acetabulum", "hip", "hemipelvis", "pelvis")
_ACETABULUM_ROWS = (
    Row("obturator_oblique", "obturator oblique", "acetabulum", 45, 0, 260, _HIP_BONE,
        ("obturator oblique", "obturator", "Judet obturator"), (*_ACETABULUM, "ramus"), _JUDET, _ACETABULUM_NEEDS,
        also=("obturator oblique", "obturator")),
    Row("iliac_oblique", "iliac oblique", "acetabulum", -45, 0, 260, _HIP_BONE,
        ("iliac oblique", "Judet iliac"), _ACETABULUM, _JUDET, _ACETABULUM_NEEDS, also=("iliac oblique",
        "Judet iliac")),
    Row("obturator_inlet", "obturator inlet", "acetabulum", 30, 30, 260, _HIP_BONE,
        ("obturator inlet", "inlet obturator oblique"), (*_ACETABULUM, "ramus"), _PELVIC, _ACETABULUM_NEEDS,
        also=("obturator inlet",)),
    Row("obturator_outlet", "obturator outlet", "acetabulum", 45, -30, 260, _HIP_BONE,
        ("obturator outlet", "outlet obturator oblique"), (*_ACETABULUM, "ramus"), _PELVIC, _ACETABULUM_NEEDS,
        also=("obturator outlet",)),
    Row("iliac_inlet", "iliac inlet", "acetabulum", -30, 30, 260, _HIP_BONE,
        ("iliac inlet", "inlet iliac oblique"), _ACETABULUM, _PELVIC, _ACETABULUM_NEEDS, also=("iliac inlet",)),
    Row("teardrop", "teardrop", "teardrop", 30, -25, 200, _HIP_BONE, ("teardrop",), _ACETABULUM, _PELVIC,
        _ACETABULUM_NEEDS, also=("teardrop",)),
)  # fmt: skip

_SI = ("sacroiliac joint", "sacroiliac joints", "SI joint", "SI joints")
_SI_ROWS = (
    Row("sacroiliac_ap", "sacroiliac joints AP axial", "sacroiliac", 0, -33, 260, ("sacrum", *_PELVIS),
        (*AP, "AP axial", "Ferguson"), _SI, MERRILL, also=("Ferguson",)),
)  # fmt: skip
_SI_OBLIQUE_ROWS = (
    Row("sacroiliac_oblique", "sacroiliac joint oblique", "sacroiliac_joint", 27, 0, 200, ("sacrum", "hip_*"),
        ("oblique",), _SI, MERRILL, ("sacrum", *_PELVIS)),
)  # fmt: skip

_FEMUR = ("femur_*",)
_PROXIMAL = ("proximal femur", "upper femur", "proximal thigh")
_DISTAL = ("distal femur", "lower femur", "distal thigh")
_FEMUR_ROWS = (
    Row("hip_ap", "hip AP", "hip", 0, 0, 200, _FEMUR, (*AP, "true AP"), ("hip", "hip joint", "femoral neck"), MERRILL,
        ("femur_*", "hip_*")),
    Row("hip_lateral", "hip lateral (frog-leg)", "hip", 90, 0, 200, _FEMUR,
        (*LATERAL, "frog leg", "frog leg lateral", "Lauenstein"), ("hip", "hip joint", "femoral neck"), MERRILL,
        ("femur_*", "hip_*")),
    Row("hip_cross_table", "hip cross-table lateral", "hip", 90, 45, 200, _FEMUR,
        ("cross table lateral", "axiolateral", "Danelius-Miller", "cross table", "axial", "shoot through lateral"),
        ("hip", "hip joint", "femoral neck"), MERRILL, ("femur_*", "hip_*")),
    Row("femur_proximal_ap", "proximal femur AP", "femur_proximal", 0, 0, 300, _FEMUR, AP, _PROXIMAL, MERRILL),
    Row("femur_proximal_lateral", "proximal femur lateral", "femur_proximal", 90, 0, 300, _FEMUR, LATERAL, _PROXIMAL,
        MERRILL, either_way=True),
    Row("femur_shaft_ap", "femur AP", "femur_shaft", 0, 0, 380, _FEMUR, AP, ("femur", "thigh", "femoral shaft"),
        MERRILL),
    Row("femur_shaft_lateral", "femur lateral", "femur_shaft", 90, 0, 380, _FEMUR, LATERAL,
        ("femur", "thigh", "femoral shaft"), MERRILL, either_way=True),
    Row("femur_distal_ap", "distal femur AP", "femur_distal", 0, 0, 300, _FEMUR, AP, _DISTAL, MERRILL),
    Row("femur_distal_lateral", "distal femur lateral", "femur_distal", 90, 0, 300, _FEMUR, LATERAL, _DISTAL, MERRILL,
        either_way=True),
)  # fmt: skip

_KNEE_LABELS = ("femur_*", "tibia_*")
_KNEE = ("knee", "knee joint")
_KNEE_ROWS = (
    Row("knee_ap", "knee AP", "knee", 0, 0, 180, _KNEE_LABELS, AP, _KNEE, MERRILL),
    Row("knee_lateral", "knee lateral", "knee", 90, 0, 180, _KNEE_LABELS, LATERAL, _KNEE, MERRILL, either_way=True),
    Row("knee_internal_oblique", "knee internal oblique", "knee", 45, 0, 180, _KNEE_LABELS, _INT_OBLIQUE, _KNEE,
        MERRILL),
    Row("knee_external_oblique", "knee external oblique", "knee", -45, 0, 180, _KNEE_LABELS, _EXT_OBLIQUE, _KNEE,
        MERRILL),
    Row("knee_notch", "knee notch", "knee_notch", 0, -45, 180, _FEMUR,
        ("notch", "tunnel", "intercondylar", "intercondylar fossa", "Camp Coventry"), _KNEE, MERRILL,
        also=("notch", "tunnel", "intercondylar fossa", "Camp Coventry")),
    Row("patella_ap", "patella AP", "patella", 0, 0, 120, ("patella_*",), (*AP, *PA), ("patella", "kneecap"), MERRILL,
        ("patella_*", *_KNEE_LABELS)),
    Row("patella_lateral", "patella lateral", "patella", 90, 0, 120, ("patella_*",), LATERAL, ("patella", "kneecap"),
        MERRILL, ("patella_*", *_KNEE_LABELS), either_way=True),
)  # fmt: skip

_LEG_LABELS = ("tibia_*", "fibula_*")
_LEG = ("tibia", "fibula", "tibia and fibula", "tib-fib", "lower leg", "leg")
_LEG_ROWS = (
    Row("tibia_ap", "tibia and fibula AP", "tibia", 0, 0, 430, _LEG_LABELS, AP, _LEG, MERRILL),
    Row("tibia_lateral", "tibia and fibula lateral", "tibia", 90, 0, 430, _LEG_LABELS, LATERAL, _LEG, MERRILL,
        either_way=True),
)  # fmt: skip

_ANKLE_LABELS = ("tibia_*", "fibula_*", "tarsal_*")
_ANKLE = ("ankle", "ankle joint")
_ANKLE_ROWS = (
    Row("ankle_ap", "ankle AP", "ankle", 0, 0, 160, _ANKLE_LABELS, AP, _ANKLE, MERRILL),
    Row("ankle_mortise", "ankle mortise", "ankle", 20, 0, 160, _ANKLE_LABELS, ("mortise",), _ANKLE, MERRILL,
        also=("mortise",)),
    Row("ankle_lateral", "ankle lateral", "ankle", 110, 0, 160, _ANKLE_LABELS, LATERAL, _ANKLE, MERRILL,
        either_way=True),
    Row("ankle_internal_oblique", "ankle internal oblique", "ankle", 45, 0, 160, _ANKLE_LABELS, _INT_OBLIQUE, _ANKLE,
        MERRILL),
    Row("ankle_external_oblique", "ankle external oblique", "ankle", -45, 0, 160, _ANKLE_LABELS, _EXT_OBLIQUE, _ANKLE,
        MERRILL),
)  # fmt: skip

_FOOT_LABELS = ("tarsal_*", "metatarsal_*", "phalanges_feet_*")
_FOOT = ("foot",)
_FOOT_ROWS = (
    Row("foot_ap", "foot AP", "foot", 0, 80, 280, _FOOT_LABELS, (*AP, "dorsoplantar", "DP"), _FOOT, MERRILL),
    Row("foot_oblique", "foot oblique", "foot", 90, 50, 280, _FOOT_LABELS, ("oblique", *_INT_OBLIQUE), _FOOT, MERRILL),
    Row("foot_lateral", "foot lateral", "foot", 90, 0, 280, _FOOT_LABELS, LATERAL, _FOOT, MERRILL, either_way=True),
    Row("calcaneus_axial", "calcaneus axial", "calcaneus", 0, -40, 140, ("tarsal_*",),
        ("axial", "Harris", "Harris axial", "plantodorsal"), ("calcaneus", "heel", "os calcis"), MERRILL, _FOOT_LABELS),
    Row("calcaneus_lateral", "calcaneus lateral", "calcaneus", 90, 0, 140, ("tarsal_*",), LATERAL,
        ("calcaneus", "heel", "os calcis"), MERRILL, _FOOT_LABELS, either_way=True),
)  # fmt: skip

_SHOULDER_LABELS = ("scapula_*", "humerus_*")
_SHOULDER = ("shoulder", "shoulder joint")
_SHOULDER_ROWS = (
    Row("shoulder_ap", "shoulder AP", "shoulder", 0, 0, 220, _SHOULDER_LABELS, AP, _SHOULDER, MERRILL),
    Row("shoulder_grashey", "shoulder Grashey", "glenohumeral", -40, 0, 220, _SHOULDER_LABELS,
        ("Grashey", "true AP", "glenohumeral AP", "glenoid profile"), (*_SHOULDER, "glenohumeral joint"), MERRILL,
        also=("Grashey",)),
    Row("shoulder_y", "scapular Y", "glenohumeral", 50, 0, 220, _SHOULDER_LABELS,
        ("scapular Y", "scapula Y", "Y", "transscapular"), (*_SHOULDER, "scapula"), MERRILL,
        also=("scapular Y", "scapula Y", "transscapular", "Y shoulder", "lateral shoulder", "scapular lateral",
        "lateral scapula", "shoulder lateral view")),
    Row("shoulder_outlet", "shoulder outlet", "glenohumeral", 50, -12, 220, _SHOULDER_LABELS,
        ("supraspinatus outlet", "outlet", "Neer"), _SHOULDER, MERRILL, also=("supraspinatus outlet", "Neer")),
    Row("shoulder_garth", "shoulder Garth", "glenohumeral", -45, 45, 220, _SHOULDER_LABELS,
        ("Garth", "apical oblique"), _SHOULDER,
        "Garth, Slappey & Ochs, J. Bone Joint Surg. Am. 66 (1984) 1450", also=("Garth", "apical oblique")),
    Row("acromioclavicular_zanca", "acromioclavicular joint Zanca", "acromioclavicular", 0, -12, 140,
        ("clavicula_*", "scapula_*"), ("Zanca", "AP"), ("acromioclavicular joint", "AC joint"),
        "Zanca, Am. J. Roentgenol. 112 (1971) 493", also=("Zanca",)),
    Row("scapula_ap", "scapula AP", "glenohumeral_scapula", -40, 0, 240, ("scapula_*",), AP, ("scapula",
        "shoulder blade"),
        BONTRAGER, _SHOULDER_LABELS),
)  # fmt: skip

_CLAVICLE = ("clavicle", "collarbone", "clavicula")
_CLAVICLE_ROWS = (
    Row("clavicle_ap", "clavicle AP", "clavicle", 0, 0, 200, ("clavicula_*",), (*AP, *PA), _CLAVICLE, MERRILL),
    Row("clavicle_axial", "clavicle AP axial", "clavicle", 0, -22, 200, ("clavicula_*",),
        ("AP axial", "axial", "cephalad"), _CLAVICLE, MERRILL),
)  # fmt: skip
_STERNOCLAVICULAR_ROWS = (
    Row("sternoclavicular_serendipity", "sternoclavicular joints serendipity", "sternoclavicular", 0, -40, 200,
        ("clavicula_left", "clavicula_right", "sternum"), ("serendipity", "Rockwood", "AP axial"),
        ("sternoclavicular joints", "sternoclavicular joint", "SC joint", "SC joints"),
        "Rockwood & Green, Fractures in Adults (1984)", also=("serendipity",)),
)  # fmt: skip

_HUMERUS = ("humerus", "upper arm")
_HUMERUS_ROWS = (
    Row("humerus_ap", "humerus AP", "humerus", 0, 0, 380, ("humerus_*",), AP, _HUMERUS, MERRILL),
    Row("humerus_lateral", "humerus lateral", "humerus", 90, 0, 380, ("humerus_*",), LATERAL, _HUMERUS, MERRILL,
        either_way=True),
    Row("humerus_transthoracic", "proximal humerus transthoracic lateral", "shoulder", 90, 0, 220, ("humerus_*",),
        ("transthoracic lateral", "transthoracic"), ("proximal humerus", *_HUMERUS, *_SHOULDER),
        MERRILL, _SHOULDER_LABELS, also=("transthoracic lateral", "transthoracic")),
)  # fmt: skip

_ELBOW_LABELS = ("humerus_*", "ulna_*", "radius_*")
_ELBOW = ("elbow", "elbow joint")
_ELBOW_ROWS = (
    Row("elbow_ap", "elbow AP", "elbow", 0, 0, 160, _ELBOW_LABELS, AP, _ELBOW, MERRILL, either_way=True),
    Row("elbow_lateral", "elbow lateral", "elbow", 90, 0, 160, _ELBOW_LABELS, LATERAL, _ELBOW, MERRILL,
        either_way=True),
    Row("elbow_internal_oblique", "elbow internal oblique", "elbow", 45, 0, 160, _ELBOW_LABELS, _INT_OBLIQUE, _ELBOW,
        MERRILL, either_way=True),
    Row("elbow_external_oblique", "elbow external oblique", "elbow", -45, 0, 160, _ELBOW_LABELS, _EXT_OBLIQUE, _ELBOW,
        MERRILL, either_way=True),
)  # fmt: skip

_FOREARM_LABELS = ("ulna_*", "radius_*")
_FOREARM = ("forearm", "radius and ulna", "lower arm")
_FOREARM_ROWS = (
    Row("forearm_ap", "forearm AP", "forearm", 0, 0, 300, _FOREARM_LABELS, AP, _FOREARM, MERRILL, either_way=True),
    Row("forearm_lateral", "forearm lateral", "forearm", 90, 0, 300, _FOREARM_LABELS, LATERAL, _FOREARM, MERRILL,
        either_way=True),
)  # fmt: skip

_WRIST_LABELS = ("carpal_*", "radius_*", "ulna_*")
_WRIST_NEEDS = ("carpal_*", "metacarpal_*", "radius_*", "ulna_*")
_HAND_LABELS = ("carpal_*", "metacarpal_*", "phalanges_hand_*")
_HAND_NEEDS = (*_HAND_LABELS, "radius_*", "ulna_*")
_HAND_ROWS = (
    Row("hand_pa", "hand PA", "hand", 0, 0, 220, _HAND_LABELS, (*PA, *AP), ("hand",), MERRILL, _HAND_NEEDS,
        either_way=True),
    Row("hand_oblique", "hand oblique", "hand", -45, 0, 220, _HAND_LABELS, ("oblique", "PA oblique"), ("hand",),
        MERRILL, _HAND_NEEDS, either_way=True),
    Row("hand_lateral", "hand lateral", "hand", 90, 0, 220, _HAND_LABELS, LATERAL, ("hand", "fingers"), MERRILL,
        _HAND_NEEDS, either_way=True),
    Row("wrist_pa", "wrist PA", "wrist", 0, 0, 130, _WRIST_LABELS, (*PA, *AP), ("wrist", "carpus"), MERRILL,
        _WRIST_NEEDS, either_way=True),
    Row("wrist_oblique", "wrist oblique", "wrist", -45, 0, 130, _WRIST_LABELS, ("oblique", "PA oblique"),
        ("wrist", "carpus"), MERRILL, _WRIST_NEEDS, either_way=True),
    Row("wrist_lateral", "wrist lateral", "wrist", 90, 0, 130, _WRIST_LABELS, LATERAL, ("wrist", "carpus"), MERRILL,
        _WRIST_NEEDS, either_way=True),
    Row("scaphoid", "scaphoid PA axial", "wrist", 0, -20, 110, ("carpal_*",), ("scaphoid", "Stecher", "PA axial"),
        ("wrist", "scaphoid"), MERRILL, _WRIST_NEEDS, either_way=True,
        also=("scaphoid", "Stecher")),
)  # fmt: skip

LIMB_VIEWS = (
    *build("pelvis", _PELVIS_ROWS),
    *build("pelvis", _ACETABULUM_ROWS, sided=True),
    *build("sacroiliac joint", _SI_ROWS),
    *build("sacroiliac joint", _SI_OBLIQUE_ROWS, sided=True),
    *build("femur", _FEMUR_ROWS, sided=True),
    *build("knee", _KNEE_ROWS, sided=True),
    *build("tibia/fibula", _LEG_ROWS, sided=True),
    *build("ankle", _ANKLE_ROWS, sided=True),
    *build("foot", _FOOT_ROWS, sided=True),
    *build("shoulder", _SHOULDER_ROWS, sided=True),
    *build("clavicle", _CLAVICLE_ROWS, sided=True),
    *build("clavicle", _STERNOCLAVICULAR_ROWS),
    *build("humerus", _HUMERUS_ROWS, sided=True),
    *build("elbow", _ELBOW_ROWS, sided=True),
    *build("forearm", _FOREARM_ROWS, sided=True),
    *build("hand", _HAND_ROWS, sided=True),
)
