"""Commands of the ROS floor: `fluorosam up`, `demo`, `doctor`, `bench loop`."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
PatientOption = Annotated[str, typer.Option(help="Packaged patient or path of a NIfTI CT.")]


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Adds this floor's commands to the program and to its `bench` group."""
    app.command("up")(up)
    app.command("demo")(demo)
    app.command("doctor")(doctor)
    bench.command("loop")(bench_loop_command)


def up(
    patient: PatientOption = "chest",
    prompt: Annotated[str | None, typer.Option(help="Prompt to publish once everything runs.")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Do not open RViz even where it is installed.")] = False,
    fluoro_hz: Annotated[float, typer.Option(help="Live images a second while armed; 0: single shots.")] = 0.0,
    device: Annotated[str, typer.Option(help="C-arm geometry and limits.")] = "standard",
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show what the nodes print.")] = False,
) -> int:
    """Starts the twin, the segmenter, the guidance and the interlock, as `ros2 launch` would, until Ctrl-C."""
    _require_ros()
    from fluorosam_ros import bringup
    from fluorosam_ros.demo.operator import Operator

    console = Console()

    def ready(graph: bringup.Graph) -> None:
        console.print(f"[green]Up[/]: {', '.join(graph.processes)}. Prompts go to /fluorosam/prompt; Ctrl-C ends.")
        if prompt is not None:
            with Operator() as operator:
                operator.wait_until_ready(30.0)
                console.print(f"{prompt!r}: {operator.ask(prompt).text}", highlight=False)

    return bringup.up(
        rviz=not headless and shutil.which("rviz2") is not None,
        ready=ready,
        echo=None if quiet else print,
        patient=patient,
        device=device,
        fluoro_hz=fluoro_hz,
    )


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the report and its pictures.")] = Path("demo"),
    patient: PatientOption = "chest",
) -> int:
    """Runs the main job on the twin and writes report.html, report.json and pictures; fails when a step fails."""
    _require_ros()
    # A graph of its own: other fluorosam graphs on this machine must not hear its prompts.
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 100)))
    from fluorosam_ros.demo.run import run_demo

    return 0 if run_demo(patient, out) else 1


def doctor(as_json: JsonOption = False) -> int:
    """Says what is installed, what works, and what to do about the rest; fails when something needed is missing."""
    from fluorosam_ros.doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            mark = "[green]✓[/]" if finding.ok else ("[red]✗[/]" if finding.needed else "[yellow]–[/]")
            Console().print(f"{mark} {finding.name}: {finding.detail}", highlight=False)
    return 0 if all(finding.ok for finding in findings if finding.needed) else 1


def bench_loop_command(
    as_json: JsonOption = False,
    patient: Annotated[list[str] | None, typer.Option(help="Patient; may be repeated. Default: chest.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Structure; may be repeated. Default: heart.")] = None,
    starts: Annotated[int, typer.Option(help="Random starting poses for each structure.", min=1, max=1000)] = 5,
    segmenter: Annotated[str, typer.Option(help="A model's name, or truth for the patient's labels.")] = "lite",
    seed: Annotated[int, typer.Option(help="Seed of the starting poses.")] = 0,
) -> int:
    """Scores centring and collimating on the twin from random starting poses, in mm, shots, dose and coverage."""
    from fluorosam_ros.bench_loop import bench_loop

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Centring and collimating", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        result = bench_loop(patient or ["chest"], target or ["heart"], starts, segmenter, seed, tell)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        columns = ("task", "success", "mm_before", "mm", "shots", "dap_ratio", "coverage", "seconds")
        table = Table(*columns, title="Closed loop on the twin")
        for row in result["rows"]:
            table.add_row(*(str(row[name]) for name in columns))
        Console().print(table)
        typer.echo(json.dumps(result["summary"], indent=2))
    return 0


def _require_ros() -> None:
    import importlib.util

    if importlib.util.find_spec("rclpy") is None:
        raise ValueError("ROS 2 is not installed here: run `pip install -e .[ros]`, or source a ROS 2 install.")
