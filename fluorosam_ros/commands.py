"""Commands of the ROS floor: `fluorosam up`, `replay`, `demo`, `doctor`, `bench loop`, `bench stop`."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
PatientOption = Annotated[str, typer.Option(help="Packaged patient or path of a NIfTI CT.")]


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Adds this floor's commands to the program and to its `bench` group."""
    app.command("up")(up)
    app.command("replay")(replay)
    app.command("demo")(demo)
    app.command("doctor")(doctor)
    bench.command("loop")(bench_loop_command)
    bench.command("stop")(bench_stop_command)
    bench.command("latency")(bench_latency_command)


def up(
    patient: PatientOption = "chest",
    prompt: Annotated[str | None, typer.Option(help="Prompt to publish once everything runs.")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Do not open RViz even where it is installed.")] = False,
    fluoro_hz: Annotated[float, typer.Option(help="Live images a second while armed; 0: single shots.")] = 0.0,
    device: Annotated[str, typer.Option(help="C-arm geometry and limits.")] = "standard",
    breathing: Annotated[str, typer.Option(help="Of the patient, whose heart beats, too: none, free, held.")] = "none",
    quality: Annotated[str, typer.Option(help="Of the twin's images: full, or preview for more of them.")] = "full",
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show what the nodes print.")] = False,
    record: Annotated[Path | None, typer.Option(help="Folder to record everything into, as an MCAP file.")] = None,
    namespace: Annotated[str, typer.Option(help="Namespace of all nodes, for a second C-arm in the graph.")] = "",
    voice: Annotated[bool, typer.Option("--voice", help="Also listen to the default sound device.")] = False,
    console_page: Annotated[bool, typer.Option("--console", help="Also serve the operator's page.")] = False,
    port: Annotated[int, typer.Option(help="Port of the operator's page; 0: any.", min=0, max=65535)] = 8080,
) -> int:
    """Starts the twin, the segmenter, the guidance and the interlock, as `ros2 launch` would, until Ctrl-C."""
    _require_ros()
    from fluorosam_ros import bringup
    from fluorosam_ros.console.commands import OPERATOR_TIMEOUT_S, require_console
    from fluorosam_ros.demo.operator import Operator

    if console_page:
        require_console()
    namespace = bringup.check_namespace(namespace)
    if record is not None and record.exists() and not record.is_dir():
        raise ValueError(f"{record} is no folder: recordings go into one, each in a file of its own.")
    console = Console()

    def ready(graph: bringup.Graph) -> None:
        console.print(
            f"[green]Up[/]: {', '.join(graph.processes)}. Prompts go to {namespace}/fluorosam/prompt; Ctrl-C ends."
        )
        if console_page and port:
            console.print(f"The operator's page: http://127.0.0.1:{port}", highlight=False)
        if prompt is not None:
            with Operator(namespace) as operator:
                operator.wait_until_ready(30.0)
                console.print(f"{prompt!r}: {operator.ask(prompt).text}", highlight=False)

    return bringup.up(
        rviz=not headless and shutil.which("rviz2") is not None,
        ready=ready,
        echo=None if quiet else print,
        patient=patient,
        device=device,
        fluoro_hz=fluoro_hz,
        breathing=breathing,
        quality=quality,
        namespace=namespace,
        record=record is not None,
        record_folder=str(record.resolve()) if record else "",
        voice=voice,
        console=console_page,
        port=port,
        # Whoever starts graph and page together wants a lost browser to count as a lost operator.
        operator_timeout_s=OPERATOR_TIMEOUT_S if console_page else 0.0,
    )


def replay(
    file: Annotated[Path, typer.Argument(help="MCAP file that the recorder wrote.")],
    model: Annotated[str | None, typer.Option(help="Another model's name or path; default: the recorded one.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Feeds recorded frames to the segmenter again and compares every mask bit by bit; fails when one differs."""
    _require_ros()
    from fluorosam_ros.replay import replay_file

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Replaying", total=None)
        report = replay_file(file, model, lambda done, total: progress.update(task, completed=done, total=total))
    if as_json:
        typer.echo(json.dumps(vars(report), indent=2))
    else:
        frames = f"{report.segmentations} segmentations with {report.model}"
        typer.echo(f"{frames}: {report.equal} masks equal, {report.different} different.")
        for stamp_ns, prompt in report.different_at[:10]:
            typer.echo(f"  {stamp_ns / 1e9:.3f} s: {prompt!r}")
        if report.without_frame:
            typer.echo(f"{report.without_frame} segmentations are of frames that are not in the recording.")
        if not report.complete:
            typer.echo("The recorder did not end in good order: the recording was read up to its last whole chunk.")
    return 1 if report.different else 0


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
            Console().print(f"{mark} {finding.name}: {escape(finding.detail)}", highlight=False)
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


def bench_stop_command(
    as_json: JsonOption = False,
    repeats: Annotated[int, typer.Option(help="Fresh graphs; in each every node is killed once.", min=1, max=20)] = 1,
) -> int:
    """Kills nodes during a motion and measures how long the C-arm goes on moving; fails when one takes over 200 ms."""
    _require_ros()
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 100)))
    from fluorosam_ros.bench_stop import LIMIT_MS, bench_stop

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Killing nodes", total=None)
        result = bench_stop(repeats, lambda done, total: progress.update(task, completed=done, total=total))
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        table = Table("node killed", "ms until rest", "what the C-arm says", title="Motion after kill -9")
        for row in result["rows"]:
            table.add_row(row["node"], str(row["ms"]), row["reason"])
        Console().print(table)
    return 0 if result["worst_ms"] <= LIMIT_MS else 1


def bench_latency_command(
    as_json: JsonOption = False,
    size: Annotated[int, typer.Option(help="Width and height of the live images.", min=64, max=4096)] = 1024,
    rate: Annotated[float, typer.Option(help="Live images a second.", min=0.5, max=60.0)] = 15.0,
    seconds: Annotated[float, typer.Option(help="How long to measure.", min=3.0, max=600.0)] = 30.0,
) -> int:
    """Measures how old an outline is when it is seen, and how long a prompt takes, with every node running."""
    _require_ros()
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 100)))
    from fluorosam_ros.bench_latency import bench_latency

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Live images", total=1.0)
        result = bench_latency(size, rate, seconds, tell=lambda share: progress.update(task, completed=share))
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        table = Table("", "n", "median ms", "p95 ms", title=f"{size}² at {rate:g} Hz, {result['machine']}")
        table.add_row("frame → overlay", str(result["overlays"]), *map(str, result["overlay_ms"].values()))
        table.add_row("prompt → outline", str(result["prompts"]), *map(str, result["prompt_ms"].values()))
        Console().print(table)
        typer.echo(f"{result['overlays']} of {result['frames']} frames got an overlay.")
    return 0


def _require_ros() -> None:
    import importlib.util

    if importlib.util.find_spec("rclpy") is None:
        raise ValueError("ROS 2 is not installed here: run `pip install -e .[ros]`, or source a ROS 2 install.")
