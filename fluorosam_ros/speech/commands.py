"""`fluorosam bench speech`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Adds it to the program's `bench` group."""
    bench.command("speech")(bench_speech_command)


def bench_speech_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")] = False,
    commands: Annotated[int, typer.Option(help="How many of the hundred commands.", min=1, max=100)] = 100,
    log: Annotated[Path | None, typer.Option(help="File to keep what was heard in, and to go on from.")] = None,
) -> int:
    """Speaks commands with five synthetic voices, clean and in noise; fails when a wrong motion comes of it."""
    from fluorosam_ros.speech.bench import bench_speech
    from fluorosam_ros.speech.bench_commands import COMMANDS
    from fluorosam_ros.speech.recogniser import RecogniserError
    from fluorosam_ros.speech.synthetic_voices import NoVoice

    # In an order that has some of every kind in its first few.
    spoken = list(COMMANDS)
    random.Random(0).shuffle(spoken)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Speaking and listening", total=None)
        try:
            result = bench_speech(
                spoken[:commands], log, tell=lambda n, of: progress.update(task, completed=n, total=of)
            )
        except (RecogniserError, NoVoice) as error:
            raise ValueError(str(error)) from error
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        names = [row["condition"] for row in result["rows"]]
        table = Table("", *names, title=f"{result['commands']} commands by five synthetic voices")
        for measure in list(result["rows"][0])[1:]:
            table.add_row(measure.replace("_", " "), *(str(row[measure]) for row in result["rows"]))
        Console().print(table)
        voices = Table("voice", *names, title="Carried out")
        for voice, shares in result["voices"].items():
            voices.add_row(voice, *map(str, shares.values()))
        Console().print(voices)
    return 1 if any(row["wrong_motions"] for row in result["rows"]) else 0
