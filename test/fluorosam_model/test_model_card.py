"""The card says what was measured, and nothing else."""

from __future__ import annotations

from fluorosam_model.evaluation import MODES
from fluorosam_model.model_card import model_card

MEASURED = {"dice": 0.71, "iou": 0.6, "hd_px": 31.4, "n": 12}
WEAK = {"dice": 0.2, "iou": 0.1, "hd_px": 80.0, "n": 3}
NOTHING = {"dice": None, "iou": None, "hd_px": None, "n": 0}


def test_card_lists_scores_and_names_the_weak_structures() -> None:
    modes = {mode: NOTHING if mode == "box" else MEASURED for mode in MODES}
    evaluation = {
        "data": ["chest"],
        "images": 8,
        "overall": modes,
        "series": {"random": modes},
        "patients": {"chest": modes, "other": {**modes, "text": WEAK}},
        "structures": {"trachea": {**modes, "text": WEAK}, "heart": modes},
        "sides": {"accuracy": 0.97, "n": 40, "scored": {"accuracy": 0.98, "n": 30}},
        "presence": {"auroc": 0.98, "ece": 0.04},
        "wordings": {"dice_drop": 0.01},
    }
    robustness = {"dose": {"1/16": {"dice": 0.61, "change": -0.1, "n": 12}}}
    other = {
        **evaluation,
        "data": ["synthetic:9000"],
        "sides": {"accuracy": None, "n": 0, "scored": {"accuracy": None, "n": 0}},
        "robustness": robustness,
    }
    card = model_card("lite", {"patients": {"chest": "a CT"}, "model": {"encoder": "lite"}}, [evaluation, other])
    assert "## Scores on chest" in card and "## Scores on synthetic:9000" in card
    assert "| text only | 0.71 | 0.60 | 31.4 | 12 | 0.59 |" in card
    assert "| box | – | – | – | 0 | – |" in card
    assert "97.0% of 40 paired prompts" in card and "– of 0 paired prompts" in card
    assert card.index("| heart") < card.index("| trachea")
    assert card.count("worse conditions") == 1 and "| dose | 1/16 | 0.61 | -0.10 | 12 |" in card
    assert "series of views" not in card and "| patient | text" in card
