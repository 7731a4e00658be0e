"""What is looked for when somebody asks what is in the image: the large and the often wanted structures."""

from __future__ import annotations

SURVEY = (
    "skull", "clavicula_left", "clavicula_right", "scapula_left", "scapula_right", "humerus_left", "humerus_right",
    "sternum", "ribs", "lung_left", "lung_right", "heart", "aorta", "liver", "spleen", "kidney_left", "kidney_right",
    "spine", "vertebrae_L4", "sacrum", "hip_left", "hip_right", "femur_left", "femur_right",
)  # fmt: skip
"""Keys of the vocabulary."""
