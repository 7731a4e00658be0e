"""`fluorosam generate`, `dataset …`, `bench generate` and `prompts …`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner, Result

from fluorosam_sim import cli_fluoroseg, cli_prompts
from fluorosam_sim.anatomy import held_out_texts, structure
from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError
from fluorosam_sim.fluoroseg import bench as benching
from fluorosam_sim.fluoroseg import generate as generating
from fluorosam_sim.fluoroseg.shards import Shard, make_shard
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.store import save_patient


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The commands; datasets are made in this process."""

    def here(
        config: DatasetConfig, numbers: Iterable[int], workers: int, progress: Callable[[int], None]
    ) -> Iterator[Shard]:
        images = 0
        for number in numbers:
            yield make_shard(config, number)
            images += config.shard(number).count
            progress(images)

    monkeypatch.setattr(generating, "local_shards", here)
    monkeypatch.setattr(benching, "local_shards", here)
    app, bench = typer.Typer(), typer.Typer()
    app.add_typer(bench, name="bench")
    cli_prompts.register(app)
    cli_fluoroseg.register(app, bench)
    return app


@pytest.fixture
def body(tmp_path: Path, phantom: Patient) -> str:
    path = tmp_path / "body.patient"
    save_patient(replace(phantom, name="body"), path)
    return str(path)


def _run(program: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments))


def test_a_dataset_from_beginning_to_end(program: typer.Typer, tmp_path: Path, body: str) -> None:
    folder = str(tmp_path / "data")
    begun = ["generate", folder, "--images", "5", "--patients", body, "--size", "32", "--shard-images", "2"]
    made = _run(program, *begun, "--json")
    assert made.exit_code == 0, made.output
    report = json.loads(made.stdout)
    assert report["images"] == report["made"] == 5 and report["damaged"] == [] and len(report["sha256"]) == 64

    again = _run(program, *begun)
    assert isinstance(again.exception, DatasetError) and "--resume" in str(again.exception)
    resumed = _run(program, "generate", folder, "--resume")  # nothing has to be said twice
    assert resumed.exit_code == 0 and "5 images in 3 shards, 0 of them made now" in resumed.stdout
    other = _run(program, "generate", folder, "--resume", "--seed", "3")
    assert "seed 0, not 3" in str(other.exception)

    told = json.loads(_run(program, "dataset", "info", folder, "--json").stdout)
    assert told["finished"] and told["split_images"] == {"train": 5, "val": 0} and told["patients"]["train"] == [body]
    assert "Finished: 3 shards" in _run(program, "dataset", "info", folder).stdout
    assert json.loads(_run(program, "dataset", "stats", folder, "--json").stdout)["images"] == 5
    assert "5 images" in _run(program, "dataset", "stats", folder).stdout

    assert _run(program, "dataset", "check", folder, "--deep").exit_code == 0
    tar = tmp_path / "data" / "train-000001.tar"
    tar.write_bytes(tar.read_bytes()[:-1] + b"x")
    broken = _run(program, "dataset", "check", folder)
    assert broken.exit_code == 1 and "train-000001.tar" in broken.stdout and "--resume" in broken.stdout
    assert json.loads(_run(program, "dataset", "check", folder, "--json").stdout)["whole"] is False
    assert "Made again because they were damaged: train-000001." in _run(program, "generate", folder, "--resume").stdout

    picture = tmp_path / "sheet.png"
    drawn = _run(program, "dataset", "sheet", folder, "--out", str(picture), "--images", "4", "--columns", "2")
    assert drawn.exit_code == 0 and "Wrote 4 images" in drawn.stdout
    assert cv2.imread(str(picture)).shape == (2 * (256 + 32), 2 * 256, 3)
    wrong = _run(program, "dataset", "sheet", folder, "--out", str(tmp_path / "sheet.txt"))
    assert isinstance(wrong.exception, OSError) and "ends in .png or .jpg" in str(wrong.exception)

    out = tmp_path / "coco.json"
    assert _run(program, "dataset", "coco", folder, "--out", str(out), "--split", "train").exit_code == 0
    assert len(json.loads(out.read_text())["images"]) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "{}"], "--images 1000"),
        (["generate", "{}", "--images", "1", "--patients", "nobody"], "no patient 'nobody'"),
        (["dataset", "info", "{}"], "holds no dataset"),
        (["dataset", "check", "{}"], "holds no dataset"),
        (["bench", "generate", "--workers", "two"], "numbers of processes"),
        (["prompts", "list", "banana"], "not one structure"),
        (["prompts", "list", "kidney"], "not one structure"),
    ],
)
def test_wrong_input_is_one_sentence(program: typer.Typer, tmp_path: Path, arguments: list[str], message: str) -> None:
    folder = tmp_path / "new"
    result = _run(program, *(argument.format(folder) for argument in arguments))
    assert isinstance(result.exception, ValueError) and message in str(result.exception)
    assert not folder.exists()


def test_paraphrases_from_a_file(program: typer.Typer, tmp_path: Path, body: str) -> None:
    file = tmp_path / "more.jsonl"
    file.write_text('# a comment\n{"structure": "kidney_left", "text": "the  bean over there"}\n')
    folder = tmp_path / "data"
    begun = ["generate", str(folder), "--images", "1", "--patients", body, "--size", "16"]
    assert _run(program, *begun, "--paraphrases", str(file)).exit_code == 0
    table = json.loads((folder / "texts.json").read_text())["structures"][str(structure("kidney_left").id)]
    assert table["train"][-1] == "the bean over there"
    kept = held_out_texts(structure("liver"))[0]
    for line, message in (
        ('{"structure": "liver"}', "line 1 is not of the form"),
        ('{"structure": "livver", "text": "x"}', "no structure is called 'livver'"),
        ('{"structure": "liver", "text": "spleen"}', "means spleen, not liver"),
        ('{"structure": "liver", "text": " "}', "1 to 500 characters"),
        (json.dumps({"structure": "liver", "text": kept}), "kept for validation"),
        ("", "holds no paraphrases"),
    ):
        file.write_text(line + "\n")
        result = _run(program, "generate", str(tmp_path / "other"), "--images", "1", "--paraphrases", str(file))
        assert isinstance(result.exception, ValueError) and message in str(result.exception), line
        assert not (tmp_path / "other").exists()


def test_bench_counts_what_it_makes(program: typer.Typer, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benching, "_SHARD_IMAGES", 3)
    monkeypatch.setattr(benching, "_ALONE_S", 0.1)
    arguments = ["bench", "generate", "--patients", body, "--workers", "1", "--shards", "2", "--size", "16", "--json"]
    result = _run(program, *arguments)
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["paper_images_per_s"] == 6.5 and values["machine"]
    (row,) = values["rows"]
    assert row["processes"] == 1 and row["images"] == 6 and row["images_per_s"] > 0 and row["bytes_per_image"] > 500
    assert row["speedup"] == 1 and row["machine_speedup"] > 0


def test_prompts_are_counted_and_listed(program: typer.Typer) -> None:
    values = json.loads(_run(program, "prompts", "table", "--json").stdout)
    assert len(values["structures"]) == 188
    assert values["totals"]["all"] == sum(row["all"] for row in values["structures"])
    listed = json.loads(_run(program, "prompts", "list", "what's the bone next to the left hip?", "--json").stdout)
    assert listed["key"] == "femur_left"
    assert {"text": "os femoris sinistrum", "register": "Latin"} in listed["trained"]
    hard = json.loads(_run(program, "prompts", "hard", "--json").stdout)
    row = next(row for row in hard if row["text"] == "the kidney")
    assert row["answer"] == "ask back" and row["structures"] == ["kidney_left", "kidney_right"]


def test_the_documented_table_is_the_program_s(program: typer.Typer) -> None:
    printed = _run(program, "prompts", "table", "--markdown").stdout.strip()
    assert printed in (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
