"""Commands around FluoroSeg: `fluorosam generate`, `dataset info|check|stats|coco|sheet`, `bench generate`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from fluorosam_sim.anatomy.paraphrases import read_paraphrases
from fluorosam_sim.cli_picture import write_picture
from fluorosam_sim.fluoroseg.check import check
from fluorosam_sim.fluoroseg.config import DEFAULT_PATIENTS, SPLITS, DatasetConfig, DatasetError, parse_patients
from fluorosam_sim.fluoroseg.generate import Progress as Told
from fluorosam_sim.fluoroseg.generate import complete_shards, generate
from fluorosam_sim.fluoroseg.layout import CONFIG, STATISTICS, read_description, read_manifest
from fluorosam_sim.fluoroseg.pools import PoolError
from fluorosam_sim.fluoroseg.reader import Reader

app = typer.Typer(help="FluoroSeg datasets: what is in them, whether they are whole, exports.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="The dataset's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
_BYTES_PER_PIXEL = 1.6  # of a shard: measured 1.4, with some room


def register(program: typer.Typer, bench: typer.Typer) -> None:
    """Adds `generate`, the group `dataset` and `bench generate`."""
    program.command("generate")(generate_command)
    program.add_typer(app, name="dataset")
    bench.command("generate")(bench_generate_command)


def generate_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset; made if it is missing.")],
    images: Annotated[int | None, typer.Option(help="Images in the whole dataset.", min=1)] = None,
    patients: Annotated[
        list[str] | None,
        typer.Option(help=f"Patients, such as {','.join(DEFAULT_PATIENTS)} (the default); may be repeated."),
    ] = None,
    validation: Annotated[
        list[str] | None, typer.Option(help="Which of them are for validation; held-out ones always are.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Width and height in pixels; default 512.", min=16, max=4096)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all chance; default 0.", min=0)] = None,
    shard_images: Annotated[int | None, typer.Option(help="Images in one shard; default 128.", min=1)] = None,
    tools: Annotated[
        float | None, typer.Option(help="Share of images with instruments or implants; default 0.35.", min=0, max=1)
    ] = None,
    paraphrases: Annotated[Path | None, typer.Option(help="File with more wordings, see docs/prompts.md.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default one per core.", min=1, max=1024)] = None,
    ray: Annotated[str | None, typer.Option(help="Address of a Ray cluster to use instead of processes.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is there; repairs damaged shards.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Makes a dataset of radiographs with all masks and prompts; interrupted at any moment, --resume goes on."""
    asked: dict[str, Any] = {
        "images": images,
        "patients": parse_patients(patients) if patients else None,
        "validation": parse_patients(validation) if validation else None,
        "size_px": size,
        "seed": seed,
        "shard_images": shard_images,
        "tool_share": tools,
        "paraphrases": read_paraphrases(paraphrases) if paraphrases else None,
    }
    config = _configuration(folder, {key: value for key, value in asked.items() if value is not None}, resume)
    count = workers or len(os.sched_getaffinity(0))
    try:
        with _progress(folder, config) as told:
            report = generate(folder, config, count, ray, resume, told)
    except KeyboardInterrupt:
        done = complete_shards(folder, config)
        typer.echo(f"Interrupted: {done} of {config.shards} shards are complete. Go on with --resume.", err=True)
        raise
    except PoolError as error:
        typer.echo(f"fluorosam: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(vars(report) | {"folder": str(folder)}, indent=2))
        return
    if report.damaged:
        typer.echo(f"Made again because they were damaged: {', '.join(report.damaged)}.")
    typer.echo(f"{folder}: {report.images} images in {config.shards} shards, {report.made} of them made now.")
    typer.echo(f"Manifest sha256 {report.sha256}")


def _configuration(folder: Path, asked: dict[str, Any], resume: bool) -> DatasetConfig:
    """What is asked for; what is not said is as it was begun, or the default."""
    if resume and (folder / CONFIG).is_file():
        begun = DatasetConfig.from_json(read_description(folder)["config"])
        return DatasetConfig(**{**vars(begun), **asked})
    if "images" not in asked:
        raise DatasetError("Say how many images the dataset shall have, such as --images 1000.")
    return DatasetConfig(**({"patients": parse_patients(DEFAULT_PATIENTS)} | asked))


@contextmanager
def _progress(folder: Path, config: DatasetConfig) -> Iterator[Told]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
               TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, speed_estimate_period=120) as bars:
        checking = bars.add_task("shards checked", total=None, visible=False)
        making = bars.add_task("images", total=None, visible=False)
        there = 0

        def checked(done: int, total: int) -> None:
            bars.update(checking, completed=done, total=total, visible=total > 100)

        def started(done: int, total: int) -> None:
            nonlocal there
            there = done
            bars.update(making, completed=done, total=total, visible=done < total)
            needed = (total - done) * config.size_px**2 * _BYTES_PER_PIXEL
            free = shutil.disk_usage(folder).free
            if needed > free:
                console.print(f"About {needed / 1e9:.1f} GB will be needed in {folder}, {free / 1e9:.1f} GB are free.")

        def made(images: int) -> None:
            bars.update(making, completed=there + images)

        yield Told(checked, started, made)


class _Rate(ProgressColumn):
    """Images a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


@app.command()
def info(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Says what a dataset is made of and how far it is."""
    description = read_description(folder)
    config = DatasetConfig.from_json(description["config"])
    done = complete_shards(folder, config)
    summary = {
        "images": config.images,
        "size_px": config.size_px,
        "seed": config.seed,
        "tool_share": config.tool_share,
        "shards": config.shards,
        "complete_shards": done,
        "finished": False,
        "patients": {split: [name for name in config.patients if config.split(name) == split] for split in SPLITS},
        "made_with": description["made_with"],
    }
    if done == config.shards:
        manifest = read_manifest(folder)
        rows = manifest["shards"]
        summary |= {"finished": True, "split_images": manifest["images"], "bytes": sum(row["bytes"] for row in rows)}
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    typer.echo(f"{config.images} images of {config.size_px} × {config.size_px} pixels, seed {config.seed}.")
    for split, names in cast(dict[str, list[str]], summary["patients"]).items():
        typer.echo(
            f"{split}: {len(names)} patients"
            + (f" ({', '.join(names[:6])}{', …' if len(names) > 6 else ''})" if names else "")
        )
    if summary["finished"]:
        counts = ", ".join(f"{count} {split}" for split, count in cast(dict[str, int], summary["split_images"]).items())
        typer.echo(f"Finished: {config.shards} shards, {counts}, {cast(int, summary['bytes']) / 1e6:.1f} MB.")
    else:
        typer.echo(f"Not finished: {done} of {config.shards} shards. Go on with fluorosam generate {folder} --resume.")


@app.command("check")
def check_command(
    folder: FolderArgument,
    deep: Annotated[bool, typer.Option("--deep", help="Also decode every image and mask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compares every file with its checksum; exit status 1 when something is damaged."""
    with _bar("shards") as step:
        problems = check(folder, deep, step)
    if as_json:
        typer.echo(json.dumps({"whole": not problems, "problems": problems}, indent=2))
    else:
        for problem in problems:
            typer.echo(problem)
        typer.echo(f"Repair it with fluorosam generate {folder} --resume." if problems else f"{folder} is whole.")
    if problems:
        raise typer.Exit(1)


@app.command()
def stats(
    folder: FolderArgument,
    top: Annotated[int, typer.Option(help="Structures to list: the commonest and the rarest.", min=1)] = 10,
    as_json: JsonOption = False,
) -> None:
    """What the images show: structures, directions, sizes. The plots are in statistics.svg."""
    read_manifest(folder)
    try:
        values = json.loads((folder / STATISTICS).read_bytes())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder / STATISTICS} is damaged: repair the dataset with --resume.") from error
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    title = f"{values['images']} images, {values['masks']} masks of leaf labels, {values['tool_masks']} of tools"
    table = Table(title=title)
    for column in ("structure", "images", "share"):
        table.add_column(column, justify="left" if column == "structure" else "right")
    rows = sorted(values["structures"].items(), key=lambda row: -row[1])
    for key, count in rows if len(rows) <= 2 * top else [*rows[:top], ("…", None), *rows[-top:]]:
        cells = ("", "") if count is None else (str(count), f"{count / values['images']:.1%}")
        table.add_row(key, *cells)
    Console().print(table)


@app.command()
def coco(
    folder: FolderArgument,
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    split: Annotated[Literal["train", "val", "all"], typer.Option(help="Which images.")] = "all",
    images: Annotated[
        Path | None, typer.Option(help="Folder for the images as PNG; left out, none are written.")
    ] = None,
) -> None:
    """Exports COCO instance annotations with run-length masks, one per structure."""
    from fluorosam_sim.fluoroseg.coco import export

    reader = Reader(folder, None if split == "all" else split)
    with _bar("images") as step:
        annotated = export(reader, out, images, step)
    typer.echo(f"Wrote {out}: {len(reader)} images, {annotated} annotations.")


@app.command()
def sheet(
    folder: FolderArgument,
    out: Annotated[Path, typer.Option(help="PNG or JPEG file of the contact sheet.")],
    images: Annotated[int, typer.Option(help="Images on it, spread over the dataset.", min=1, max=1000)] = 24,
    columns: Annotated[int, typer.Option(help="Images in a row.", min=1, max=40)] = 6,
) -> None:
    """Draws some images with outlines of structures and tools."""
    from fluorosam_sim.fluoroseg.sheet import contact_sheet

    reader = Reader(folder)
    numbers = sorted({int(number) for number in np.linspace(0, len(reader) - 1, min(images, len(reader)))})
    picture = contact_sheet((reader[number] for number in numbers), columns)
    write_picture(out, picture, jpeg_quality=70)
    typer.echo(f"Wrote {len(numbers)} images to {out}.")


def bench_generate_command(
    as_json: JsonOption = False,
    patients: Annotated[str, typer.Option(help="Patients to render.")] = "synthetic:0-3@2",
    workers: Annotated[str, typer.Option(help="Numbers of processes to time, such as 1,2.")] = "1,2",
    shards: Annotated[int, typer.Option(help="Shards of 32 images per process.", min=1, max=100)] = 2,
    size: Annotated[int, typer.Option(help="Width and height in pixels.", min=16, max=4096)] = 512,
) -> None:
    """Times the making of images with all masks, beside the paper's 6.5 a second on a GPU."""
    from fluorosam_sim.fluoroseg.bench import bench_generate

    try:
        counts = tuple(int(part) for part in workers.split(","))
    except ValueError:
        raise DatasetError(f"{workers!r} is not a list of numbers of processes like 1,2.") from None
    if min(counts) < 1:
        raise DatasetError("The number of processes must be at least 1.")
    with Console(stderr=True).status("Making images …"):
        result = bench_generate(parse_patients([patients]), counts, shards, size)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    table = Table(title=result["machine"])
    for column in (
        "processes",
        "size",
        "images",
        "images/s",
        "CPU s per image",
        "bytes per image",
        "speed-up",
        "machine's",
    ):
        table.add_column(column, justify="right")
    for row in result["rows"]:
        table.add_row(*map(str, row.values()))
    Console().print(table)
    typer.echo("The machine's speed-up is what programs get that share nothing.")
    typer.echo(f"The paper's generator: {result['paper_images_per_s']} images/s on an A6000.")


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
