"""Commands around prompts: `fluorosam prompts table|list|hard`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fluorosam_sim.anatomy import (
    REGISTERS,
    STRUCTURES,
    AnatomyError,
    Structure,
    find,
    held_out_wordings,
    structure,
    wordings,
)
from fluorosam_sim.anatomy.hard_prompts import hard_prompts

app = typer.Typer(help="The wordings that structures are trained and tested on.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]


def register(program: typer.Typer) -> None:
    """Adds the group `prompts` to the program."""
    program.add_typer(app, name="prompts")


def prompt_counts() -> list[dict[str, Any]]:
    """One row per structure: id, key, kind, training wordings by register and in all, wordings kept back."""
    rows = []
    for each in STRUCTURES:
        by_register = Counter(wording.register for wording in wordings(each))
        counts = {name: by_register[name] for name in REGISTERS}
        rows.append(
            {"id": each.id, "key": each.key, "kind": each.kind}
            | counts
            | {"all": sum(counts.values()), "kept back": len(held_out_wordings(each))}
        )
    return rows


@app.command("table")
def table_command(
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/prompts.md.")] = False,
) -> None:
    """Counts the wordings of every structure, group and side by register."""
    rows = prompt_counts()
    totals = {name: sum(row[name] for row in rows) for name in (*REGISTERS, "all", "kept back")}
    if as_json:
        typer.echo(json.dumps({"structures": rows, "totals": totals}, indent=2))
    elif markdown:
        typer.echo(markdown_table(rows, totals))
    else:
        table = Table()
        for name in rows[0]:
            table.add_column(name, justify="left" if name in ("key", "kind") else "right")
        for row in rows:
            table.add_row(*map(str, row.values()), end_section=row is rows[-1])
        table.add_row("", f"{len(rows)} structures", "", *map(str, totals.values()))
        Console().print(table)


def markdown_table(rows: list[dict[str, Any]], totals: dict[str, int]) -> str:
    """The counts as a Markdown table."""
    lines = [list(rows[0]), ["---:", "---", "---", *["---:"] * len(totals)], *([*row.values()] for row in rows)]
    lines.append(["", f"**{len(rows)} structures**", "", *totals.values()])
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


@app.command("list")
def list_command(
    name: Annotated[str, typer.Argument(metavar="STRUCTURE", help="Key, name, id or any wording of it.")],
    as_json: JsonOption = False,
) -> None:
    """Lists all wordings of one structure, with the register of each."""
    target = _structure(name)
    trained, kept = wordings(target), held_out_wordings(target)
    if as_json:
        values = {"key": target.key, "trained": list(map(vars, trained)), "kept_back": list(map(vars, kept))}
        typer.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    table = Table(title=f"{target.name} ({target.key}, id {target.id})")
    for column in ("wording", "register", "kept from training"):
        table.add_column(column)
    for wording in trained:
        table.add_row(wording.text, wording.register, "")
    for wording in kept:
        table.add_row(wording.text, wording.register, "yes")
    Console().print(table)


@app.command()
def hard(as_json: JsonOption = False) -> None:
    """Lists ambiguous prompts, instruments and unknown things, and what should be answered to each."""
    rows: list[dict[str, Any]] = [
        {
            "text": prompt.text,
            "answer": prompt.answer,
            "structures": [item.key for item in prompt.structures],
            "kept_back": kept,
        }
        for kept in (False, True)
        for prompt in hard_prompts(kept)
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table(title=f"{len(rows)} prompts that are not answered with a mask")
    for column in ("prompt", "answer", "structures to offer", "kept from training"):
        table.add_column(column)
    for row in rows:
        table.add_row(row["text"], row["answer"], ", ".join(row["structures"]), "yes" if row["kept_back"] else "")
    Console().print(table)


def _structure(text: str) -> Structure:
    try:
        return structure(int(text) if text.isdecimal() else text)
    except AnatomyError:
        found = find(text).structures
    if len(found) != 1:
        raise ValueError(f"{text!r} is not one structure of the vocabulary: fluorosam prompts table lists all.")
    return found[0]
