"""Commands around instruments and implants: `fluorosam tools list|show|sheet`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fluorosam_sim import tools
from fluorosam_sim.cli_picture import write_picture

app = typer.Typer(help="Instruments and implants: what there is, what they look like.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]


def register(program: typer.Typer) -> None:
    """Adds the group `tools` to the program."""
    program.add_typer(app, name="tools")


@app.command("list")
def list_tools(
    as_json: JsonOption = False,
    family: Annotated[str | None, typer.Option(help="Only this family, such as nails.")] = None,
) -> None:
    """Lists all tools, or those of one family."""
    chosen = [tool for tool in tools.TOOLS if family is None or tool.family == tools.family(family).key]
    if as_json:
        rows = [
            {"key": t.key, "name": t.name, "family": t.family, "kind": t.kind, "length_mm": t.length_mm} for t in chosen
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table()
    for column in ("key", "name", "family", "kind", "mm"):
        table.add_column(column, justify="right" if column == "mm" else "left", no_wrap=column == "key")
    for tool in chosen:
        table.add_row(tool.key, tool.name, tool.family, tool.kind, f"{tool.length_mm:g}")
    Console().print(table)
    typer.echo(f"{len(chosen)} tools.")


@app.command()
def show(
    keys: Annotated[list[str], typer.Argument(help="Keys or names; see `fluorosam tools list`.")],
    out: Annotated[Path | None, typer.Option(help="PNG or JPEG file of a picture of them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Says what tools are made of, how big and heavy they are and what they are called; draws them."""
    from fluorosam_sim.tools.sheet import contact_sheet

    chosen = [tools.tool(key) for key in keys]
    rows = [_described(tool) for tool in chosen]
    if out is not None:
        write_picture(out, contact_sheet(chosen, columns=min(len(chosen), 4), cell_px=(480, 320)), jpeg_quality=85)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for tool, row in zip(chosen, rows, strict=True):
        size = " × ".join(f"{value:.1f}" for value in np.diff(tool.bounds_mm, axis=0)[0])
        typer.echo(f"{tool.name} ({tool.key}): {tool.kind}, {size} mm, {tool.mass_g:.3g} g.")
        for part in row["parts"]:
            typer.echo(f"  {part['material']}: {part['volume_mm3']:.4g} mm³, {part['triangles']} triangles")
        typer.echo(f"  called: {' · '.join(row['texts'][:8])} …")
    if out is not None:
        typer.echo(f"Wrote {out}.")


@app.command()
def sheet(
    out: Annotated[Path, typer.Option(help="PNG or JPEG file of the contact sheet.")] = Path("tools.jpg"),
    page: Annotated[Path | None, typer.Option(help="Also write the documentation's page on tools here.")] = None,
) -> None:
    """Draws all tools in one picture."""
    from fluorosam_sim.tools.page import page as markdown
    from fluorosam_sim.tools.sheet import contact_sheet

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("building", total=len(tools.TOOLS))
        text = markdown(lambda tool: progress.advance(task))
    with Console(stderr=True).status("Drawing …"):
        write_picture(out, contact_sheet(tools.TOOLS), jpeg_quality=50)
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {len(tools.TOOLS)} tools to {out}{f' and {page}' if page else ''}.")


def _described(tool: tools.Tool) -> dict:  # type: ignore[type-arg]
    low, high = tool.bounds_mm
    return {
        "key": tool.key,
        "name": tool.name,
        "family": tool.family,
        "kind": tool.kind,
        "length_mm": tool.length_mm,
        "size_mm": [round(float(value), 2) for value in high - low],
        "mass_g": round(tool.mass_g, 4),
        "parts": [
            {
                "material": part.material.name,
                "volume_mm3": round(part.mesh.volume_mm3, 3),
                "triangles": len(part.mesh.faces),
            }
            for part in tool.build()
        ],
        "texts": list(tools.texts(tool)),
    }
