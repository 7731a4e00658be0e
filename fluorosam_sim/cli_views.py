"""Commands around named views: `fluorosam views list|check|sheet`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fluorosam_sim.cli_picture import write_picture
from fluorosam_sim.fluoroseg.config import parse_patients
from fluorosam_sim.patients import load_patient
from fluorosam_sim.views import LEFT_OUT, SERIES, VIEWS, NamedView, find_view, view

app = typer.Typer(help="Named standard views: what there is, how exact they are, a picture of each.",
                  no_args_is_help=True)  # fmt: skip

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
SHOWN = "synthetic:3"
"""The body of the documentation's contact sheet."""

SeriesOption = Annotated[str | None, typer.Option(help="Only one series, such as knee.")]


def register(program: typer.Typer) -> None:
    """Adds the group `views` to the program."""
    program.add_typer(app, name="views")


@app.command("list")
def list_views(series: SeriesOption = None, as_json: JsonOption = False) -> None:
    """Lists the named views: angles in the axes of the part they show, field, how people say them."""
    rows = _of_series(series)
    if as_json:
        typer.echo(json.dumps([asdict(item) for item in rows], indent=2))
        return
    table = Table()
    for column in ("key", "name", "series", "primary°", "secondary°", "field mm", "site"):
        table.add_column(column, justify="right" if column[-1] in "°m" else "left")
    for item in rows:
        angles = (f"{item.nominal_primary_deg:+g}", f"{item.nominal_secondary_deg:+g}")
        table.add_row(item.key, item.name, item.series, *angles, f"{item.field_mm:g}", item.site)
    Console().print(table)
    typer.echo(f"{len(rows)} views. Left out, because a part of the body has to be held in a special way:")
    for name, _, reason in LEFT_OUT:
        typer.echo(f"  {name}: {reason}")


@app.command()
def check(
    patient: Annotated[
        list[str] | None, typer.Option(help="Patients, such as synthetic:0-15@2; may be repeated.")
    ] = None,
    series: SeriesOption = None,
    page: Annotated[Path | None, typer.Option(help="Also write the documentation's page on views here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measures every view against its definition by a second method; exit status 1 when one is beyond 5° or 10 mm."""
    from fluorosam_sim.views.check import ANGLE_LIMIT_DEG, OFFSET_LIMIT_MM, check_view, summarise
    from fluorosam_sim.views.page import page as markdown

    names = parse_patients(patient or ["synthetic:0-2@2"])
    wanted, rows = _of_series(series), []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("views", total=len(names) * len(wanted))
        for name in names:
            body = load_patient(name)
            for item in wanted:
                progress.update(task, description=f"{name} {item.name}")
                rows.append(check_view(item, body))
                progress.advance(task)
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown(rows, SHOWN), encoding="utf-8")
    result = summarise(rows)
    beyond = [row for row in rows if not row.within]
    if as_json:
        typer.echo(json.dumps({"rows": [asdict(row) for row in rows], "summary": [asdict(row) for row in result]}))
    else:
        table = Table(title=f"{len(wanted)} views, {len(names)} patients: limits {ANGLE_LIMIT_DEG:g}° and "
                            f"{OFFSET_LIMIT_MM:g} mm")  # fmt: skip
        for column in ("view", "found", "within", "median °", "worst °", "median mm", "worst mm"):
            table.add_column(column, justify="left" if column == "view" else "right")
        for line in result:
            numbers = (line.angle_deg, line.worst_angle_deg, line.offset_mm, line.worst_offset_mm)
            shown = ["–" if value is None else f"{value:.1f}" for value in numbers]
            table.add_row(line.view, f"{line.found}/{line.patients}", f"{line.within}/{line.patients}", *shown)
        Console().print(table)
        for row in beyond:
            if row.problem:
                typer.echo(f"{row.patient}, {row.view}: {row.problem}")
        complete = sum(line.within == line.patients for line in result)
        typer.echo(f"{len(rows) - len(beyond)} of {len(rows)} are within both limits.")
        typer.echo(f"{complete} of {len(result)} views are within them on every patient.")
    if beyond:
        raise typer.Exit(1)


@app.command()
def sheet(
    out: Annotated[Path, typer.Option(help="PNG or JPEG file of the contact sheet.")],
    patient: Annotated[str, typer.Option(help="Packaged name, synthetic:SEED, or a CT's path.")] = f"{SHOWN}@2",
    series: SeriesOption = None,
    columns: Annotated[int, typer.Option(help="Pictures in a row.", min=1, max=40)] = 14,
    size: Annotated[int, typer.Option(help="Width of one picture in pixels.", min=64, max=1024)] = 128,
) -> None:
    """Writes a contact sheet of the named views of one patient."""
    from fluorosam_sim.views.sheet import contact_sheet

    wanted = _of_series(series)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("views", total=len(wanted))
        picture = contact_sheet(load_patient(patient), wanted, columns, size, lambda: progress.advance(task))
    write_picture(out, picture, jpeg_quality=60)
    typer.echo(f"Wrote {out} ({picture.shape[1]} × {picture.shape[0]}, {len(wanted)} views).")


def one_view(text: str) -> tuple[NamedView, str | None]:
    """(view, vertebra's label or None) of a key, a name or free text; raises ValueError unless it is exactly one."""
    try:
        return view(text), None
    except ValueError:
        found = find_view(text)
    if found.refusal:
        raise ValueError(found.refusal)
    if len(found.views) == 1 and not found.rest:
        return found.views[0], found.structure.key if found.structure else None
    if len(found.views) > 1:
        choices = ", ".join(item.name for item in found.views[:6])
        raise ValueError(f"{text!r} is not one view: say one of {choices}.")
    raise ValueError(f"{text[:80]!r} is no view: `fluorosam views list` prints those there are.")


def _of_series(series: str | None) -> list[NamedView]:
    if series is not None and series not in SERIES:
        raise ValueError(f"There is no series {series[:40]!r}: choose one of {', '.join(SERIES)}.")
    return [item for item in VIEWS if series in (None, item.series)]
