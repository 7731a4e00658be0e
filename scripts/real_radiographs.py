"""docs/images/real_*.jpg: what the shipped model answers on two real radiographs, good and bad alike.

    pip install --no-deps pydicom-data==1.0.0
    python scripts/real_radiographs.py docs/images

The radiographs (a chest and an ankle, MIT) have no masks: the answers are for looking at, and are printed as a table.
"""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path

import cv2
import numpy as np

from fluorosam_model.image_files import read_image
from fluorosam_model.overlay import draw_overlay
from fluorosam_model.registry import load_predictor

PICTURES = {
    "chest": (
        "RG1_UNCR.dcm",
        ("left lung", "right lung", "heart", "liver", "rib cage", "spine", "left clavicle", "trachea", "left 5th rib",
         "left hip"),
    ),
    "ankle": (
        "RG3_UNCR.dcm",
        ("tibia", "fibula", "left tibia", "right tibia", "tarsal bones", "talus", "foot", "metatarsals", "femur",
         "heart"),
    ),
}  # fmt: skip
_PANEL_PX, _COLUMNS = 320, 5


def _panel(image: np.ndarray, caption: str) -> np.ndarray:
    scale = _PANEL_PX / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    panel = np.full((_PANEL_PX + 26, _PANEL_PX, 3), 255, np.uint8)
    top, left = (_PANEL_PX - small.shape[0]) // 2, (_PANEL_PX - small.shape[1]) // 2
    panel[top : top + small.shape[0], left : left + small.shape[1]] = small
    cv2.putText(panel, caption, (4, _PANEL_PX + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return panel


def main() -> None:
    """Writes the pictures and prints the answers."""
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/real_radiographs.py FOLDER")
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    predictor = load_predictor("lite")
    print("| radiograph | prompt | in the image | score | share of the image |\n| --- | --- | --- | --- | --- |")
    for name, (file, prompts) in PICTURES.items():
        with importlib.resources.as_file(importlib.resources.files("data_store") / "data" / file) as path:
            image = read_image(path)
        predictor.set_image(image)
        panels = []
        for prompt in prompts:
            answers = predictor.predict_many([prompt])
            best = max(answers, key=lambda each: each.score)
            answer = f"{best.score:.2f}" if best.present else "not in this image"
            panels.append(_panel(draw_overlay(image, answers), f"{prompt}: {answer}"))
            share = f"{np.mean(best.mask):.1%}" if best.present else "–"
            print(f"| {name} | {prompt} | {'yes' if best.present else 'no'} | {best.score:.2f} | {share} |")
        rows = [np.hstack(panels[start : start + _COLUMNS]) for start in range(0, len(panels), _COLUMNS)]
        sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
        (out / f"real_{name}.jpg").write_bytes(cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


if __name__ == "__main__":
    main()
