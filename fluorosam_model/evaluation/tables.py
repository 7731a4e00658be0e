"""Evaluations as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from fluorosam_model.evaluation.evaluator import MODES, SCORED_FRACTION, Evaluation
from fluorosam_sim.anatomy import structure

_TITLES = {
    "text": "text",
    "points2": "2 points",
    "points8": "8 points",
    "box": "box",
    "text_points2": "text, 2 points",
    "text_points8": "text, 8 points",
}

# Mean Dice that the FluoroSAM paper reports for itself on its own data; it has no box results of its own. It trains
# with points that follow a text, and does not say whether its points are scored after one.
PAPER_DICE = {
    "paper, synthetic": {"text": 0.59, "points2": 0.70, "points8": 0.79},
    "paper, cadaver": {"text": 0.60, "points2": 0.69, "points8": 0.77},
    "paper, chest X-ray": {"text": 0.66, "points2": 0.80, "points8": 0.89},
}


def print_tables(evaluation: Evaluation, console: Console) -> None:
    """Print the scores of every structure, the overall ones beside the paper's, presence, sides and wordings, and those
    under worse conditions where they were measured."""
    report = evaluation.report()
    _print_structures(report["structures"], console)
    _print_overall(evaluation, report["overall"], console)
    sides, presence, wordings = report["sides"], report["presence"], report["wordings"]
    scored = sides["scored"]
    console.print(
        f"left and right told apart: {_percent(sides['accuracy'])} of {sides['n']} paired prompts, "
        f"{_percent(scored['accuracy'])} of the {scored['n']} about structures of at least 2.5 % of the image"
    )
    console.print(f"present or not: AUROC {_cell(presence['auroc'])}, calibration error {_cell(presence['ece'])}")
    console.print(f"Dice lost on wordings never trained on: {_cell(wordings['dice_drop'])}")
    if "robustness" in report:
        _print_robustness(report["robustness"], console)


def _print_structures(structures: dict[str, dict[str, dict[str, float | None]]], console: Console) -> None:
    table = Table(
        title=f"Mean Dice of structures that cover at least {SCORED_FRACTION:.1%} of the image; IoU, HD: text only"
    )
    table.add_column("structure", no_wrap=True)
    for title in ("n", *(_TITLES[mode] for mode in MODES), "IoU", "HD px"):
        table.add_column(title, justify="right")
    ordered = sorted(structures.items(), key=lambda item: -(item[1]["text"]["dice"] or 0))
    for key, modes in ordered:
        text = modes["text"]
        dices = [_cell(modes[mode]["dice"]) for mode in MODES]
        table.add_row(structure(key).name, str(text["n"]), *dices, _cell(text["iou"]), _cell(text["hd_px"], 0))
    console.print(table)


def _print_overall(evaluation: Evaluation, overall: dict[str, dict[str, float | None]], console: Console) -> None:
    table = Table(title="Mean Dice over all images and structures, with 95 % bootstrap intervals")
    table.add_column("", no_wrap=True)
    for mode in MODES:
        table.add_column(_TITLES[mode], justify="right")
    cells = []
    for mode in MODES:
        low, high = evaluation.dice_interval(mode)
        cells.append(f"{_cell(overall[mode]['dice'])} ({low:.2f}–{high:.2f})" if overall[mode]["n"] else "–")
    table.add_row("this model", *cells, style="bold")
    for name, row in PAPER_DICE.items():
        table.add_row(name, *(_cell(row.get(mode), 2) for mode in MODES))
    console.print(table)


def _print_robustness(robustness: dict[str, dict[str, dict[str, float]]], console: Console) -> None:
    table = Table(title="Text Dice under worse conditions; change: against the same structures before")
    for title in ("condition", "strength"):
        table.add_column(title, no_wrap=True)
    for title in ("Dice", "change", "n"):
        table.add_column(title, justify="right")
    for condition, strengths in robustness.items():
        for strength, row in strengths.items():
            table.add_row(condition, strength, _cell(row["dice"]), f"{row['change']:+.3f}", str(row["n"]))
    console.print(table)


def _cell(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
