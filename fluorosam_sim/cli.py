"""Commands of the digital twin: `fluorosam render`, `patients`, `views`, `dose`, `bench render`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fluorosam_sim import anatomy, cli_dose, cli_fluoroseg, cli_patients, cli_prompts, cli_tools, cli_views
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient
from fluorosam_sim.twin import Twin
from fluorosam_sim.views import solve

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Adds this floor's commands to the program and to its `bench` group."""
    app.command("render")(render)
    cli_patients.register(app)
    cli_views.register(app)
    cli_prompts.register(app)
    cli_tools.register(app)
    cli_fluoroseg.register(app, bench)
    cli_dose.register(app)
    bench.command("render")(bench_render_command)


def render(
    out: Annotated[Path, typer.Option(help="Folder for the pictures; made if it is missing.")],
    patient: Annotated[str, typer.Option(help="Packaged patient or path of a NIfTI CT.")] = "chest",
    view: Annotated[str | None, typer.Option(help='Named view, such as "chest AP"; instead of angles.')] = None,
    primary: Annotated[float | None, typer.Option(help="DICOM primary angle in degrees, + is LAO.")] = None,
    secondary: Annotated[float | None, typer.Option(help="DICOM secondary angle in degrees, + is CRAN.")] = None,
    center: Annotated[str | None, typer.Option(help="Structure to put on the central ray.")] = None,
    mask: Annotated[list[str] | None, typer.Option(help="Structure whose mask to write; may be repeated.")] = None,
    device: Annotated[str, typer.Option(help=f"C-arm geometry: {', '.join(VENDORS)}.")] = "standard",
    size: Annotated[int | None, typer.Option(help="Width of the image in pixels.", min=16, max=4096)] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
) -> None:
    """Takes one radiograph of a patient: a 16-bit PNG of the detector signal, and masks of the named structures."""
    if device not in VENDORS:
        raise ValueError(f"There is no device {device!r}: choose one of {', '.join(VENDORS)}.")
    config = VENDORS[device]
    wanted = [_structure(name) for name in mask or []]
    target = _structure(center) if center else None
    named, level = cli_views.one_view(view) if view is not None else (None, None)
    if named is not None and (primary, secondary, center) != (None, None, None):
        raise ValueError("A named view has its own angles and centre: give --view alone, or angles and --center.")
    body = load_patient(patient)
    size_px = (size, round(size * config.detector_px[1] / config.detector_px[0])) if size else None
    twin = Twin(body, config, seed=seed, size_px=size_px)
    if named is not None:
        found = solve(named, body, config, level)
        twin.place(found.pose)
        twin.set_collimation(found.collimation)
        angles = f"{found.pose.primary_deg:+.1f}°, {found.pose.secondary_deg:+.1f}°"
        typer.echo(f"{found.view.name}: {angles}{' (from behind, mirrored)' if found.reversed else ''}")
    else:
        x, y, z = body.centroid_mm(target.members) if target else (0.0, 0.0, 0.0)
        twin.place(CArmPose(primary or 0.0, secondary or 0.0, (float(x), float(y), float(z))))
    frame = twin.acquire()
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "image.png", frame.image)
    truth = twin.truth()
    for structure in wanted:
        shown = truth.mask(structure.members)
        _write(out / f"mask_{structure.key}.png", shown.astype(np.uint8) * 255)
        typer.echo(f"{structure.name}: {shown.mean():.1%} of the image")
    typer.echo(f"Wrote {out / 'image.png'} ({frame.image.shape[1]} × {frame.image.shape[0]}, {config.kvp:g} kV).")


def bench_render_command(
    as_json: JsonOption = False,
    repeats: Annotated[int, typer.Option(help="Timed calls of each, in turn; the median counts.", min=1, max=100)] = 9,
) -> None:
    """Times this renderer, and itk-rtk and DiffDRR where they are installed, on the chest CT in one run."""
    from fluorosam_sim.bench import bench_render

    with Console(stderr=True).status("Rendering the chest CT …"):
        result = bench_render(repeats=repeats)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    table = Table(title=result["machine"])
    for column in ("renderer", "size", "labels", "quality", "CPU ms", "wall ms", "relative error"):
        table.add_column(column, justify="left" if column in ("renderer", "quality") else "right")
    for row in result["rows"]:
        error = "–" if row["rel_error"] is None else f"{row['rel_error']:.1e}"
        cpu = "–" if row["cpu_ms"] is None else row["cpu_ms"]
        cells = (row["size"], row["labels"], row["quality"], cpu, row["wall_ms"])
        table.add_row(row["renderer"], *map(str, cells), error)
    Console().print(table)
    for name, ratio in result["ratios"].items():
        typer.echo(f"{name}: {ratio:.1f}")


def _structure(text: str) -> anatomy.Structure:
    found = anatomy.find(text)
    if len(found.structures) != 1:
        choices = ", ".join(item.name for item in found.alternatives[:6])
        raise ValueError(f"{text!r} is not one structure" + (f": say one of {choices}." if choices else "."))
    return found.structures[0]


def _write(path: Path, image: np.ndarray) -> None:
    if not cv2.imwrite(str(path), image):
        raise OSError(f"Could not write {path}.")
