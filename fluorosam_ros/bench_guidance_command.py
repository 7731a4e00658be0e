"""The command `fluorosam bench guidance`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table


def register(bench: typer.Typer) -> None:
    """Adds the command to the program's `bench` group."""
    bench.command("guidance")(guidance)


def guidance(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")] = False,
    poses: Annotated[
        int, typer.Option(help="Random starting poses, spread over the patients.", min=1, max=10000)
    ] = 100,
    patients: Annotated[list[str] | None, typer.Option(help="Patient; may be repeated. Default: five.")] = None,
    oracle: Annotated[bool, typer.Option("--oracle", help="The patient's labels in place of the segmenter.")] = False,
    segmenter: Annotated[str, typer.Option(help="A model's name, or the path of an exported one.")] = "lite",
    seed: Annotated[int, typer.Option(help="Seed of the starting poses and commands.")] = 0,
    askew: Annotated[
        float, typer.Option(help="Patients lie turned by up to so many degrees about each axis.", min=0, max=20)
    ] = 8.0,
    log: Annotated[Path | None, typer.Option(help="File of measured rows: go on with it after an end.")] = None,
) -> int:
    """Scores “center on X”, “collimate to X” and named views on the twin, from random starting poses."""
    from fluorosam_ros.bench_guidance import PATIENTS, bench_guidance

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Guiding the C-arm", total=poses)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        names = patients or PATIENTS
        result = bench_guidance(names, poses, "truth" if oracle else segmenter, seed, log, tell, askew_deg=askew)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        _print(result["summary"], "the patient's labels" if oracle else segmenter, result["goals"])
    return 0


def _print(summary: dict[str, Any], segmenter: str, goals: dict[str, dict[str, float]]) -> None:
    table = Table("", "center on X", "collimate to X", "named view", title=f"Guidance with {segmenter}")
    parts = [summary[family] for family in goals]

    def row(name: str, key: str, form: str) -> None:
        table.add_row(name, *(form.format(part[key]) if key in part else "–" for part in parts))

    row("commands", "n", "{}")
    row("carried out", "done", "{:.0%}")
    row("within all goals at once", "reached", "{:.0%}")
    row("mm off, median", "median_mm", "{:.1f}")
    row("mm off, 90th percentile", "p90_mm", "{:.1f}")
    row("degrees off, median", "median_degrees", "{:.1f}")
    row("degrees off, 90th percentile", "p90_degrees", "{:.1f}")
    row("by the textbook, unseen", "median_degrees_textbook", "{:.1f}")
    row("by the mean of bodies, unseen", "median_degrees_typical", "{:.1f}")
    row("shots, median", "median_shots", "{:.0f}")
    row("shots, mean", "mean_shots", "{:.1f}")
    row("target kept, mean", "mean_coverage", "{:.1%}")
    row("dose-area product of open field", "mean_dap_ratio", "{:.0%}")
    row("seconds, median", "median_seconds", "{:.1f}")
    Console().print(table)
    shots = summary["view"]["mean_shots"]
    typer.echo(
        f"People take {summary['people_shots']} shots for a named view, this {shots}; unsafe: {summary['unsafe']}."
    )
