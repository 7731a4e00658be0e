"""Commands around patients: `fluorosam patients list|show|gallery|mesh|build|check`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fluorosam_sim import anatomy
from fluorosam_sim.patients import load_patient
from fluorosam_sim.patients.build_many import build_many, parse_seeds
from fluorosam_sim.patients.held_out import FIRST_HELD_OUT_SEED, is_held_out_patient
from fluorosam_sim.patients.packaged import installed
from fluorosam_sim.patients.patient import PatientError
from fluorosam_sim.patients.store import SUFFIX, cache_folder, open_patient

app = typer.Typer(help="Digital patients: what there is, what they look like, building them.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
SpacingOption = Annotated[float, typer.Option(help="Voxel size in mm.", min=0.8, max=4.0)]
SeedsOption = Annotated[str, typer.Option(help="Seeds, such as 0-19 or 3,7,9000.")]


def register(program: typer.Typer) -> None:
    """Adds the group `patients` to the program."""
    program.add_typer(app, name="patients")


@app.command("list")
def list_patients(as_json: JsonOption = False) -> None:
    """Lists the packaged patients and what the cache holds."""
    rows: list[dict[str, str | bool | int | None]] = [
        {"name": name, "kind": "packaged", "held_out": False, "mib": None} for name in installed()
    ]
    folder = cache_folder()
    for path in sorted(folder.glob(f"synthetic-*{SUFFIX}")) if folder.is_dir() else []:
        try:
            patient = open_patient(path)
        except PatientError:
            continue
        name = f"{patient.name}@{patient.spacing_mm[0]:g}"
        size = round(path.stat().st_size / 2**20)
        rows.append({"name": name, "kind": "synthetic", "held_out": is_held_out_patient(name), "mib": size})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table()
    for column in ("name", "kind", "kept from training", "MiB in the cache"):
        table.add_column(column)
    for row in rows:
        size_text = "" if row["mib"] is None else str(row["mib"])
        table.add_row(str(row["name"]), str(row["kind"]), "yes" if row["held_out"] else "", size_text)
    Console().print(table)
    typer.echo(f"Any seed builds a synthetic patient: synthetic:SEED (from {FIRST_HELD_OUT_SEED} on never trained on).")


@app.command()
def show(
    patient: Annotated[str, typer.Argument(help="Packaged name, synthetic:SEED, or a CT's path.")],
    out: Annotated[Path | None, typer.Option(help="PNG file of the contact sheet.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Says what a patient is; writes a contact sheet (AP, lateral, labels, section)."""
    with Console(stderr=True).status("Loading the patient …"):
        body = load_patient(patient)
    if out is not None:
        from fluorosam_sim.patients.sheet import contact_sheet

        out.parent.mkdir(parents=True, exist_ok=True)
        if not cv2.imwrite(str(out), contact_sheet(body)):
            raise OSError(f"Could not write {out}: give a name that ends in .png.")
    if as_json:
        summary = {
            "name": body.name,
            "structures": list(body.structures),
            "cut": sorted(body.cut),
            "spacing_mm": list(body.spacing_mm),
            "shape": list(body.hu.shape),
            "provenance": body.provenance,
            "licence": body.licence,
        }
        typer.echo(json.dumps(summary, indent=2))
        return
    voxels = " × ".join(map(str, body.hu.shape))
    spacing = " × ".join(f"{s:.2f}" for s in body.spacing_mm)
    typer.echo(f"{body.name}: {voxels} voxels of {spacing} mm, {len(body.structures)} labels ({len(body.cut)} cut).")
    typer.echo(f"{body.provenance}. Licence: {body.licence}.")
    if out is not None:
        typer.echo(f"Wrote {out}.")


@app.command()
def gallery(
    patients: Annotated[list[str], typer.Argument(help="Packaged names, synthetic:SEED, or paths.")],
    out: Annotated[Path, typer.Option(help="PNG or JPEG file of the picture.")],
    real: Annotated[
        Path | None, typer.Option(help="Data folder of the package pydicom-data, for a row of real radiographs.")
    ] = None,
    tile: Annotated[int, typer.Option(help="Width of one radiograph in pixels.", min=64, max=1024)] = 200,
) -> None:
    """Radiographs of skull, chest, spine, pelvis and limbs of several patients side by side, and of real ones."""
    from fluorosam_sim.patients.gallery import REGIONS, gallery

    bodies = [load_patient(name) for name in patients]
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("rendering", total=len(bodies) * len(REGIONS))
        picture = gallery(bodies, real, tile_px=tile, progress=lambda: progress.advance(task))
    out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(out), picture):
        raise OSError(f"Could not write {out}: give a name that ends in .png or .jpg.")
    typer.echo(f"Wrote {out} ({picture.shape[1]} × {picture.shape[0]}).")


@app.command()
def mesh(
    patient: Annotated[str, typer.Argument(help="Packaged name, synthetic:SEED, or a CT's path.")],
    structure: Annotated[str, typer.Argument(help='Structure or group, such as "left hip" or ribs.')],
    out: Annotated[Path, typer.Option(help="STL file.")],
) -> None:
    """Writes the surface of a structure as STL, in millimetres of the world frame."""
    from fluorosam_sim.patients.surface import structure_mesh, write_stl

    found = anatomy.find(structure)
    if not found.structures:
        choices = ", ".join(item.name for item in found.alternatives[:6])
        raise ValueError(f"{structure!r} is no structure" + (f": say one of {choices}." if choices else "."))
    surface = structure_mesh(load_patient(patient), [leaf for item in found.structures for leaf in item.members])
    out.parent.mkdir(parents=True, exist_ok=True)
    write_stl(surface, out)
    typer.echo(f"Wrote {out}: {len(surface.faces)} faces, {surface.volume_mm3 / 1000:.0f} ml.")


@app.command()
def build(seeds: SeedsOption = "0-19", spacing: SpacingOption = 1.25) -> None:
    """Builds synthetic patients into the cache; those that are there already are left."""
    wanted = parse_seeds(seeds)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("patients", total=len(wanted))
        made = 0
        for seed in wanted:
            start = time.perf_counter()
            done = build_many(
                [seed],
                spacing,
                lambda number, text: progress.update(task, description=f"synthetic:{number} {text}"),
            )
            made += done[0][2]
            progress.advance(task)
            if done[0][2]:
                progress.console.print(f"synthetic:{seed} in {time.perf_counter() - start:.0f} s")
    typer.echo(f"Built {made} of {len(wanted)} patients; they are in {cache_folder()}.")


@app.command()
def check(seeds: SeedsOption = "0-19", spacing: SpacingOption = 2.0, as_json: JsonOption = False) -> None:
    """Measures synthetic patients against published adult ranges; exit status 1 when one is out of them."""
    from fluorosam_sim.patients.synthetic.checks import CHECKS, measure_patient, summary

    wanted = parse_seeds(seeds)
    rows = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("measuring", total=len(wanted))
        for seed in wanted:
            rows.append(measure_patient(seed, spacing))
            progress.advance(task)
    result = summary(rows)
    if as_json:
        typer.echo(json.dumps({"spacing_mm": spacing, "patients": rows, "summary": result}, indent=2))
    else:
        table = Table(title=f"{len(wanted)} synthetic patients at {spacing:g} mm")
        for column in ("measure", "lowest", "median", "highest", "allowed", "outside", "source"):
            table.add_column(column)
        for row in result:
            item = CHECKS[row["name"]]
            values = [f"{row[key]:.4g}" for key in ("low", "median", "high")]
            table.add_row(item.text, *values, f"{item.low:g} – {item.high:g}", str(row["outside"]), item.source)
        Console().print(table)
    if any(row["outside"] for row in result):
        raise typer.Exit(1)
