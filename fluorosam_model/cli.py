"""Commands of the model: `fluorosam segment`, `train`, `release`, `export` and `bench segment`."""

from __future__ import annotations

import json
import re
import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from fluorosam_model import cli_evaluate
from fluorosam_model.cli_evaluate import JsonOption, NamingOption, require_torch

MAX_SLUG = 40


class ExportFormat(str, Enum):
    """Formats that a model can be exported to."""

    onnx = "onnx"


def register(app: typer.Typer, bench: typer.Typer) -> None:
    """Adds this floor's commands to the program and to its `bench` group."""
    app.command("segment")(segment)
    app.command("train")(train)
    app.command("release")(release)
    cli_evaluate.register(app)
    app.command("export")(export)
    bench.command("segment")(bench_segment_command)


def segment(
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG, TIFF, BMP or DICOM files.", show_default=False)],
    prompt: Annotated[list[str] | None, typer.Option("-p", "--prompt", help='What to find, as "left lung".')] = None,
    point: Annotated[list[str] | None, typer.Option(help="X,Y or X,Y,LABEL; label 1 inside, 0 outside.")] = None,
    box: Annotated[str | None, typer.Option(help="X0,Y0,X1,Y1 around the structure.")] = None,
    out: Annotated[Path, typer.Option(help="Where masks and overlays go.")] = Path("segmentation"),
    model: Annotated[str, typer.Option(help="Name of a shipped model, or a path to an exported one.")] = "lite",
    naming: Annotated[bool, NamingOption] = True,
    as_json: JsonOption = False,
) -> None:
    """Find structures in X-ray images by text, points or a box."""
    from fluorosam_model.registry import load_predictor

    prompts = _prompts(prompt, point, box)
    for path in images:
        if not path.is_file():
            raise ValueError(f"There is no file {path}.")
    predictor = load_predictor(model, naming=naming)
    rows: list[dict[str, Any]] = []
    with Progress(console=Console(stderr=True), transient=True, disable=as_json or len(images) == 1) as progress:
        for path in progress.track(images, description="Segmenting"):
            unique = sum(other.stem == path.stem for other in images) == 1
            try:
                rows += _segment(predictor, path, prompts, out, path.stem if unique else path.name)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("image", "prompt", "structure", "in the image", "score", "mask")
    for row in rows:
        structures = ", ".join(row["structures"]).replace("_", " ")
        cells = (row["image"], row["prompt"], structures, "yes" if row["present"] else "no", f"{row['score']:.2f}")
        table.add_row(*map(escape, cells), escape(row["mask"] or ""))
    Console().print(table)


def train(
    config: Annotated[Path, typer.Argument(help="YAML file, as those in configs/.", show_default=False)],
    run: Annotated[Path | None, typer.Option(help="Run folder [default: runs/NAME].")] = None,
) -> None:
    """Train a model, or go on with a run that was interrupted. Needs torch."""
    require_torch("Training")
    from fluorosam_model.training import train as train_model

    folder = train_model(config, run)
    typer.echo(f"{folder}: make the files that ship with `fluorosam release {folder} FOLDER`.")


def release(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Folder for the files.", show_default=False)],
    name: Annotated[str, typer.Option(help="Name of the model.")] = "lite",
    views: Annotated[int, typer.Option(help="Held-out views to calibrate on.", min=1)] = 64,
) -> None:
    """Make the files that ship from a run: weights, ONNX, calibration on held-out views. Needs torch."""
    require_torch("A release")
    from fluorosam_model.training.release import release as release_run

    with Console(stderr=True).status("Calibrating and exporting …"):
        scores = release_run(run, out, name, views)
    typer.echo(json.dumps(scores, indent=1))


def export(
    weights: Annotated[str, typer.Argument(help="Name of a shipped model, or a safetensors file.")],
    to: Annotated[ExportFormat, typer.Option(help="What to export to.")] = ExportFormat.onnx,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("exported"),
) -> None:
    """Write the files that run a model without torch. Needs torch itself."""
    from fluorosam_model.registry import ModelError, find_model

    files = find_model(weights)
    try:
        from fluorosam_model.checkpoint import read_checkpoint
        from fluorosam_model.export import export_onnx
        from fluorosam_model.modeling import deployable
    except ModuleNotFoundError as error:
        raise ModelError(f"Exporting needs the package {error.name}: install the extra `train`, and torch.") from error
    with Console(stderr=True).status(f"Exporting to {to.value} …"):
        written = [*export_onnx(deployable(read_checkpoint(files.weights).build()), out, files.name)]
    if files.card.is_file():
        card = out / files.card.name
        card.write_bytes(files.card.read_bytes())
        written.append(card)
    for each in written:
        typer.echo(f"{each}  {each.stat().st_size / 1e6:.1f} MB")


def bench_segment_command(
    model: Annotated[str, typer.Option(help="Name of a shipped model, or a path to an exported one.")] = "lite",
    repeats: Annotated[int, typer.Option(help="Timed frames at each size.", min=3, max=100)] = 30,
    threads: Annotated[int | None, typer.Option(help="At most that many threads.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Times the way from a frame and a prompt to the mask."""
    from fluorosam_model.bench import bench_segment

    with Console(stderr=True).status("Segmenting …"):
        result = bench_segment(model, repeats=repeats, threads=threads)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    table = Table(title=result["machine"])
    columns = tuple(result["rows"][0])
    for column in columns:
        table.add_column(column.replace("_", " "), justify="left" if column in ("backend", "model") else "right")
    for row in result["rows"]:
        table.add_row(*(str(row[column]) for column in columns))
    Console().print(table)


def _segment(predictor: Any, path: Path, prompts: list[Any], out: Path, name: str) -> list[dict[str, Any]]:
    """Segment one file, write its pictures, and return its rows of the report."""
    from fluorosam_model.image_files import read_image

    picture = read_image(path)
    start = time.perf_counter()
    predictor.set_image(picture)
    predictions = predictor.predict_prompts(prompts)
    seconds = time.perf_counter() - start
    masks = _write(out, name, picture, predictions)
    return [
        {
            "image": str(path),
            "prompt": prediction.prompt,
            "structures": list(prediction.structures),
            "present": prediction.present,
            "score": round(prediction.score, 4),
            "box": list(prediction.box) if prediction.box else None,
            "mask": str(mask) if mask else None,
            "seconds": round(seconds, 4),
        }
        for prediction, mask in zip(predictions, masks, strict=True)
    ]


def _prompts(texts: list[str] | None, points: list[str] | None, box: str | None) -> list[Any]:
    """One prompt per text, or one without text; checked as far as it goes without an image."""
    from fluorosam_model.prompts import Prompt

    coordinates = [_numbers(each, (2, 3), "--point", "X,Y or X,Y,LABEL") for each in points or []]
    corners = _numbers(box, (4,), "--box", "X0,Y0,X1,Y1") if box is not None else None
    if not texts and not coordinates and corners is None:
        raise ValueError("Say what to find with -p, --point or --box.")
    if texts and any(not text.strip() for text in texts):
        raise ValueError("The prompt is empty.")
    if texts and len(texts) > 1 and (coordinates or corners):
        raise ValueError("Points and a box go with one -p at a time.")
    labels = [each[2] if len(each) == 3 else 1 for each in coordinates]
    clicks = [each[:2] for each in coordinates] or None
    wanted: list[str | None] = [*texts] if texts else [None]
    return [Prompt(text, clicks, labels if clicks else None, corners) for text in wanted]


def _numbers(text: str, counts: tuple[int, ...], option: str, form: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in counts:
        raise ValueError(f"{option} takes {form} in pixels, not {text!r}.")
    return values


def _write(out: Path, name: str, picture: Any, predictions: list[Any]) -> list[Path | None]:
    """Write masks (0 and 255) and an overlay; returns the mask's path for each prediction, None for absent ones."""
    import cv2
    import numpy as np

    from fluorosam_model.overlay import draw_overlay

    out.mkdir(parents=True, exist_ok=True)
    paths: list[Path | None] = []
    for prediction in predictions:
        path = None
        if prediction.present:
            base = f"{name}__{prediction.structures[0] if prediction.structures else _slug(prediction.prompt)}"
            path = out / f"{base}.png"
            _save(path, prediction.mask.astype(np.uint8) * 255)
        paths.append(path)
    _save(out / f"{name}-overlay.png", cv2.cvtColor(draw_overlay(picture, predictions), cv2.COLOR_RGB2BGR))
    return paths


def _save(path: Path, picture: Any) -> None:
    import cv2

    # Encoding first: unlike imwrite, this works with any file name and says why it fails.
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")[:MAX_SLUG] or "mask"
