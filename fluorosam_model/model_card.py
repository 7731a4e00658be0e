"""python -m fluorosam_model.model_card NAME EVALUATION.json: writes weights/NAME.md from what was measured.

A card holds no number that was typed by hand: training facts come from weights/NAME.json, scores from the JSON that
`fluorosam evaluate NAME DATA --json` printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "weights"
_MODES = {"text": "text only", "points2": "2 points", "points8": "8 points", "box": "box"}
# The paper's scores on its own synthetic data, to put ours beside: another data set, so a yardstick, not a contest.
_PAPER_DICE = {"text": 0.59, "points2": 0.70, "points8": 0.79}
_WEAK_DICE = 0.4


def model_card(name: str, facts: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Markdown of a model's card. Raises KeyError for an evaluation of another format."""
    overall = evaluation["overall"]
    rows = [
        f"| {label} | {_cell(overall[mode]['dice'])} | {_cell(overall[mode]['iou'])} | {_cell(overall[mode]['hd_px'])} "
        f"| {overall[mode]['n']} | {_PAPER_DICE.get(mode, '–')} |"
        for mode, label in _MODES.items()
    ]
    structures = sorted(evaluation["structures"].items(), key=lambda item: -(item[1]["text"]["dice"] or 0.0))
    table = [
        f"| {key} | {_cell(scores['text']['dice'])} | {_cell(scores['points2']['dice'])} "
        f"| {_cell(scores['points8']['dice'])} | {_cell(scores['box']['dice'])} | {scores['text']['n']} |"
        for key, scores in structures
    ]
    weak = [key for key, scores in structures if (scores["text"]["dice"] or 0.0) < _WEAK_DICE]
    minutes = sum(run.get("minutes", 0.0) for run in facts.get("runs", []))
    sides, presence = evaluation["sides"], evaluation["presence"]
    lines = [
        f"# Model card: {name}",
        "",
        "Written by `python -m fluorosam_model.model_card`; every number below was printed by a command.",
        "",
        "## Data",
        "",
        "Simulated radiographs of",
        "",
        *(f"- {patient}: {provenance}" for patient, provenance in facts["patients"].items()),
        "",
        "Random views, every other one of a CT with the contrast medium taken out of the vessels, domain randomisation",
        "as in `fluorosam_model/training/augment.py`. One cell in eight of 10° × 10° of all viewing directions was",
        "never trained on (`fluorosam_sim.views.is_held_out`); all scores are on such views.",
        *(["It has seen **one body**: on others expect less."] if list(facts["patients"]) == ["chest"] else []),
        "It has seen no real radiograph: on those expect less.",
        "",
        "## Model",
        "",
        *(f"- {key}: {value}" for key, value in facts["model"].items()),
        *([f"- training: {minutes:.0f} minutes"] if minutes else []),
        "",
        "Again with `make train`, then `make evaluate`.",
        "",
        "## Scores",
        "",
        "Structures that cover at least 2.5 % of the image; a structure called absent counts with an empty mask.",
        "",
        "| prompt | Dice | IoU | Hausdorff px | n | paper's Dice on its own data |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"- left and right told apart in {sides['accuracy']:.1%} of {sides['n']} paired prompts",
        f"- presence: AUROC {_cell(presence['auroc'])}, calibration error {_cell(presence['ece'])}",
        f"- held-out wordings lose {_cell(evaluation['wordings']['dice_drop'])} Dice",
        "",
        "## Known failures",
        "",
        "- Instruments and implants have no class: the system answers that they are not in the image.",
        "- Structures outside the chest were never seen in an image; they are only known to be absent.",
        f"- Below {_WEAK_DICE} Dice from text alone: {', '.join(weak) if weak else 'none'}.",
        "",
        "## Every structure",
        "",
        "| structure | text | 2 points | 8 points | box | n |",
        "| --- | --- | --- | --- | --- | --- |",
        *table,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Reads the two JSON files and writes the card."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m fluorosam_model.model_card NAME EVALUATION.json")
    name, evaluation = sys.argv[1], Path(sys.argv[2])
    facts = WEIGHTS / f"{name}.json"
    if not facts.is_file() or not evaluation.is_file():
        sys.exit(f"Both {facts} and {evaluation} must exist: run `make evaluate`.")
    card = model_card(name, json.loads(facts.read_text("utf-8")), json.loads(evaluation.read_text("utf-8")))
    (WEIGHTS / f"{name}.md").write_text(card, encoding="utf-8")


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    main()
