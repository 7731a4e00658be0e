"""The hundred commands of `fluorosam bench speech`, as an operator would word them; written before any measurement.

What each means is what the command language makes of it when it is typed.
"""

from __future__ import annotations

COMMANDS: tuple[str, ...] = (
    # what to outline
    "left lung", "heart", "right kidney", "ribs", "show me the liver", "segment the aorta", "outline the sternum",
    "highlight the left hip", "find the right femur", "segment the sacrum", "outline the left clavicle",
    "L4", "segment the third lumbar vertebra", "mark the right scapula for me", "the spleen please",
    "show the left humerus", "both lungs", "segment the skull", "outline the pelvis", "trace the trachea",
    "segment the fifth rib on the right", "show me the spine", "outline both kidneys", "segment the left ulna",
    "show the right patella",
    # questions
    "what do you see", "where is the heart", "where is the left kidney", "where are we",
    "where would I find the liver", "what can you see in this image",
    # centring and collimating
    "center on the heart", "center on the left lung", "center on the right hip", "center on L4",
    "center on the sternum", "center the image on the liver", "put the heart in the middle",
    "bring the left kidney into the center", "center on the sacrum", "center on the right femur",
    "collimate to the heart", "collimate to the left lung", "collimate to the right kidney",
    "collimate to the pelvis", "collimate to L3", "cone down on the left hip", "collimate to the spine",
    "open the collimator", "open the collimator by two centimeters", "close the collimator by ten millimeters",
    "give me the full field", "zoom in", "zoom out",
    # turning
    "rotate to LAO 30", "rotate to RAO 20", "rotate 15 degrees LAO", "rotate 10 degrees RAO",
    "tilt 10 degrees cranial", "tilt 20 degrees caudal", "tilt to caudal 15", "rotate to zero", "tilt to zero",
    "five degrees more LAO", "LAO 45", "RAO 60", "cranial 25", "tilt 12 degrees cranial",
    "swing 40 degrees LAO", "tilt to cranial 30",
    # moving
    "move 2 centimeters to the feet", "move 5 centimeters to the head", "move 10 millimeters to the left",
    "move 3 centimeters to the right", "move a bit to the head", "shift 20 millimeters towards the feet",
    "raise the C-arm 5 centimeters", "lower the C-arm 2 centimeters",
    # views
    "chest AP view", "pelvis inlet view", "pelvis outlet view", "lateral view of L4",
    "obturator oblique of the right hip", "iliac oblique of the left hip", "go to the chest AP view",
    # images, dose, permission
    "take a shot", "take an image", "shoot", "one more shot please", "fluoro on", "fluoro off", "lower the dose",
    "raise the dose", "low dose", "arm", "disarm", "go back", "cancel", "stop", "stop moving",
)  # fmt: skip
