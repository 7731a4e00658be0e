"""`fluorosam dose`: what a dose report says."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]


def register(program: typer.Typer) -> None:
    """Adds the command `dose`."""
    program.command("dose")(dose)


def dose(
    file: Annotated[Path, typer.Argument(help="DICOM X-Ray Radiation Dose SR, of the twin or of a real device.")],
    as_json: JsonOption = False,
) -> None:
    """Prints a dose report: the sums of the case, and every irradiation event."""
    from fluorosam_sim.dose_report import read_dose_report

    report = read_dose_report(file)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    table = Table("event", "kind", "pulses", "s", "Gy·cm²", "mGy", "kV", "angles", "asked for by")
    for number, event in enumerate(report.events, 1):
        angles = f"{_number(event.primary_deg, 1, 1)}° / {_number(event.secondary_deg, 1, 1)}°"
        table.add_row(
            str(number),
            event.kind,
            _number(event.pulses, 1, 0),
            _number(event.duration_s, 1, 2),
            _number(event.dap_gym2, 1e4, 4),
            _number(event.kerma_gy, 1e3, 3),
            _number(event.kvp, 1, 0),
            angles,
            event.command,
        )
    Console().print(table)
    typer.echo(
        f"Dose-area product {_number(report.dap_gym2, 1e4, 4)} Gy·cm², air kerma at the reference point "
        f"{_number(report.kerma_gy, 1e3, 3)} mGy, fluoroscopy {_number(report.fluoro_s, 1, 1)} s, "
        f"{_number(report.frames, 1, 0)} shots."
    )


def _number(value: float | None, factor: float, digits: int) -> str:
    return "–" if value is None else f"{value * factor:.{digits}f}"
