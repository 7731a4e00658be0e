"""python -m fluorosam_model.model_card NAME EVALUATION.json …: writes weights/NAME.md from what was measured.

A card holds no number that was typed by hand: training facts come from weights/NAME.json, scores from the JSON that
`fluorosam evaluate NAME DATA --json` printed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "weights"
_MODES = {
    "text": "text only",
    "points2": "2 points",
    "points8": "8 points",
    "box": "box",
    "text_points2": "text, then 2 points",
    "text_points8": "text, then 8 points",
}
# The paper's scores on its own synthetic data, to put ours beside: another data set, so a yardstick, not a contest.
_PAPER_DICE = {"text": 0.59, "points2": 0.70, "points8": 0.79}


def model_card(name: str, facts: dict[str, Any], evaluations: Sequence[dict[str, Any]]) -> str:
    """Markdown of a model's card. Raises KeyError for an evaluation of another format."""
    minutes: dict[str, float] = {}
    for run in facts.get("runs", []):
        device = run.get("device", "two CPU cores")
        minutes[device] = minutes.get(device, 0.0) + run.get("minutes", 0.0)
    trained = " and ".join(f"{total:.0f} minutes on {device}" for device, total in minutes.items())
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
        "Of a CT random views, every other one with the contrast medium taken out of the vessels; of synthetic bodies",
        "standard views and random ones. Domain randomisation as in `fluorosam_model/training/augment.py`. One cell in",
        "eight of 10° × 10° of all viewing directions was never trained on (`fluorosam_sim.views.is_held_out`): scores",
        "on a CT are on such views. Scores on synthetic bodies are on bodies never trained on, seeds from 9000 on. It",
        "has seen no real radiograph: on those expect less.",
        "",
        "## Model",
        "",
        *(f"- {key}: {value}" for key, value in facts["model"].items()),
        *([f"- training: {trained}, all runs together"] if trained else []),
        "",
        "Again with `make train`, then `make evaluate`.",
        "",
        "## Known failures",
        "",
        "- Instruments and implants have no class: the system answers that they are not in the image.",
        "- What is weakest: the ends of the tables below.",
        "",
    ]
    for evaluation in evaluations:
        lines += _scores(evaluation)
    return "\n".join(lines)


def _scores(evaluation: dict[str, Any]) -> list[str]:
    overall, sides, presence = evaluation["overall"], evaluation["sides"], evaluation["presence"]
    rows = [
        f"| {label} | {_cell(overall[mode]['dice'])} | {_cell(overall[mode]['iou'])} | {_cell(overall[mode]['hd_px'])} "
        f"| {overall[mode]['n']} | {_PAPER_DICE.get(mode, '–')} |"
        for mode, label in _MODES.items()
    ]
    return [
        f"## Scores on {', '.join(evaluation['data'])}",
        "",
        f"{evaluation['images']} images; structures that cover at least 2.5 % of the image; a structure called absent",
        "counts with an empty mask.",
        "",
        "| prompt | Dice | IoU | Hausdorff px | n | paper's Dice on its own data |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"- left and right told apart in {_percent(sides['accuracy'])} of {sides['n']} paired prompts, and in "
        f"{_percent(sides['scored']['accuracy'])} of the {sides['scored']['n']} about structures of at least 2.5 % of "
        "the image",
        f"- presence: AUROC {_cell(presence['auroc'])}, calibration error {_cell(presence['ece'])}",
        f"- held-out wordings lose {_cell(evaluation['wordings']['dice_drop'])} Dice",
        "",
        *_robustness(evaluation.get("robustness", {})),
        *(_table("series of views", evaluation["series"]) if len(evaluation["series"]) > 1 else []),
        *(_table("patient", evaluation["patients"]) if len(evaluation["patients"]) > 1 else []),
        *_table("structure", evaluation["structures"]),
    ]


def _robustness(conditions: dict[str, Any]) -> list[str]:
    """Text Dice under worse conditions, where an evaluation has them."""
    if not conditions:
        return []
    rows = [
        f"| {condition} | {strength} | {_cell(row['dice'])} | {row['change']:+.2f} | {row['n']} |"
        for condition, strengths in conditions.items()
        for strength, row in strengths.items()
    ]
    head = ["| worse conditions | | text Dice | against the same before | n |", "| --- | --- | --- | --- | --- |"]
    return [*head, *rows, ""]


def _table(what: str, groups: dict[str, Any]) -> list[str]:
    ordered = sorted(groups.items(), key=lambda item: -(item[1]["text"]["dice"] or 0.0))
    return [
        f"| {what} | text | 2 points | 8 points | box | n |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {key} | {_cell(scores['text']['dice'])} | {_cell(scores['points2']['dice'])} "
            f"| {_cell(scores['points8']['dice'])} | {_cell(scores['box']['dice'])} | {scores['text']['n']} |"
            for key, scores in ordered
        ),
        "",
    ]


def main() -> None:
    """Reads the JSON files and writes the card."""
    if len(sys.argv) < 3:
        sys.exit("usage: python -m fluorosam_model.model_card NAME EVALUATION.json …")
    name, files = sys.argv[1], [Path(each) for each in sys.argv[2:]]
    facts = WEIGHTS / f"{name}.json"
    if missing := [str(each) for each in (facts, *files) if not each.is_file()]:
        sys.exit(f"There is no {missing[0]}: run `make evaluate`.")
    evaluations = [json.loads(each.read_text("utf-8")) for each in files]
    card = model_card(name, json.loads(facts.read_text("utf-8")), evaluations)
    (WEIGHTS / f"{name}.md").write_text(card, encoding="utf-8")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    main()
