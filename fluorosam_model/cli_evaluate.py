"""Commands that measure a model: `fluorosam evaluate` and `fluorosam ablate`."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs instead of a table.")]
NamingOption = typer.Option(
    "--names/--no-names", help="Read points and boxes as the structure that fits them best, where one does."
)
DataArgument = Annotated[
    list[str],
    typer.Argument(help='Patients ("chest", a CT, "synthetic:9000-9003@2"), or a folder of images with masks.'),
]


class Part(str, Enum):
    """Parts of the model that can be left out or replaced in a measurement."""

    text = "text"
    presence = "presence"
    hypotheses = "hypotheses"


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command("evaluate")(evaluate)
    app.command("ablate")(ablate)


def require_torch(what: str) -> None:
    """Raises ValueError, which says what to do, where torch is not installed; what: the beginning of the sentence."""
    if importlib.util.find_spec("torch") is None:
        raise ValueError(f"{what} needs torch: run `make train-env` and use its .venv-test/bin/fluorosam.")


def evaluate(
    weights: Annotated[str, typer.Argument(help="Name of a shipped model, or a path to an exported one.")],
    data: DataArgument,
    views: Annotated[int, typer.Option(min=1, help="Number of held-out views of each patient.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the views.")] = 0,
    texts_only: Annotated[bool, typer.Option("--texts-only", help="Leave out points and boxes.")] = False,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Texts again with less dose, narrow fields, turned, other grey levels.")
    ] = False,
    naming: Annotated[bool, NamingOption] = True,
    per_class: Annotated[
        bool,
        typer.Option("--per-class", help="Texts only, read out of one channel per class: the baseline. Needs torch."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on views it was never trained on, or on images with masks.

    With --per-class, WEIGHTS is a run's best.pt or a safetensors file.
    """
    from fluorosam_model.evaluation import evaluate as measure
    from fluorosam_model.evaluation.tables import print_tables

    predictor = _per_class(weights) if per_class else _predictor(weights, naming)
    dataset = _dataset(data, views, seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Evaluating", total=len(dataset))
        evaluation = measure(
            predictor,
            dataset,
            seed,
            lambda count: progress.update(task, completed=count),
            texts_only=texts_only,
            robustness=robustness,
        )
    if as_json:
        typer.echo(json.dumps({"data": data, "images": len(dataset), **evaluation.report()}, indent=2))
    else:
        print_tables(evaluation, Console())


def ablate(
    part: Annotated[Part, typer.Argument(help="What to leave out or replace.", show_default=False)],
    data: Annotated[list[str] | None, typer.Argument(help="Patients to measure on, as for `evaluate`.")] = None,
    weights: Annotated[str, typer.Option(help="Name of a shipped model, or a path to an exported one.")] = "lite",
    views: Annotated[int, typer.Option(min=1, help="Held-out views of each patient.")] = 18,
    calibration: Annotated[
        list[str] | None,
        typer.Option(help="Patients to calibrate on, as chest and synthetic:9000-9003@2."),
    ] = None,
    calibration_views: Annotated[int, typer.Option(min=1, help="Views to calibrate on, all together.")] = 64,
    steps: Annotated[int, typer.Option(min=1, help="Training steps of each text head.")] = 600,
    as_json: JsonOption = False,
) -> None:
    """Measure what a part of the model is worth.

    text trains the text head with other features and without its codebook (no DATA; needs torch). presence compares the
    presence head with what a mask alone says. hypotheses compares the mask that is chosen with the others of three.
    """
    data = data or ["chest", "synthetic:9010-9013@2"]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Without {part.value}", total=None)

        def advance(total: int) -> Callable[[int], None]:
            return lambda count: progress.update(task, completed=count, total=total)

        if part == Part.text:
            rows = _text_rows(steps, advance)
        elif part == Part.presence:
            rows = _presence_rows(weights, calibration or ["chest", "synthetic:9000-9003@2"], calibration_views,
                                  data, views, advance)  # fmt: skip
        else:
            from fluorosam_model.ablation.heads import hypotheses_ablation

            dataset = _dataset(data, views, 0)
            rows = hypotheses_ablation(_predictor(weights, naming=False), dataset, advance(len(dataset)))
    if as_json:
        typer.echo(json.dumps({"part": part.value, "data": data if part != Part.text else [], "rows": rows}, indent=2))
        return
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)


Advance = Callable[[int], Callable[[int], None]]
"""From the number of steps there are to what is told how many are done."""


def _text_rows(steps: int, advance: Advance) -> list[dict[str, Any]]:
    require_torch("The text ablation")
    from fluorosam_model.ablation.text import VARIANTS, text_ablation
    from fluorosam_model.training.config import TextConfig
    from fluorosam_model.training.run import CACHE

    return text_ablation(CACHE, TextConfig(steps=steps), progress=advance(len(VARIANTS)))


def _presence_rows(
    weights: str, calibration: list[str], calibration_views: int, data: list[str], views: int, advance: Advance
) -> list[dict[str, Any]]:
    from fluorosam_model.ablation.heads import presence_ablation
    from fluorosam_model.evaluation.calibration import CalibrationViews
    from fluorosam_sim.patients.names import expand_names

    fitted_on, dataset = CalibrationViews(expand_names(calibration), calibration_views), _dataset(data, views, 0)
    return presence_ablation(_predictor(weights), fitted_on, dataset, advance(len(fitted_on) + len(dataset)))


def _predictor(weights: str, naming: bool = True) -> Any:
    from fluorosam_model.registry import load_predictor

    return load_predictor(weights, naming=naming)


def _per_class(weights: str) -> Any:
    require_torch("The baseline")
    from fluorosam_model.checkpoint import read_checkpoint
    from fluorosam_model.evaluation.per_class import PerClassPredictor
    from fluorosam_model.registry import find_model

    path = Path(weights)
    return PerClassPredictor(read_checkpoint(path if path.is_file() else find_model(weights).weights))


def _dataset(data: list[str], views: int, seed: int) -> Any:
    from fluorosam_model.evaluation import FolderDataset, TwinViews
    from fluorosam_sim.patients import load_patient
    from fluorosam_sim.patients.names import expand_names

    folder = Path(data[0])
    if folder.is_dir() and not any(folder.glob("ct.nii*")):
        if len(data) > 1:
            raise ValueError("A folder of images is evaluated on its own: name one folder, or patients.")
        return FolderDataset(folder)
    names = expand_names(data)
    load_patient(names[0])  # a wrong name is said before anything is measured
    return TwinViews(names, views, seed)
