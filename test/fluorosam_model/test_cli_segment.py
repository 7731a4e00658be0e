from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from fluorosam_model import cli

HEIGHT, WIDTH = 90, 120


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    bench = typer.Typer()
    made.add_typer(bench, name="bench")
    cli.register(made, bench)
    return made


@pytest.fixture
def radiograph(tmp_path: Path) -> Path:
    """Dark on the left, bright on the right, 16 bit."""
    image = np.full((HEIGHT, WIDTH), 500, np.uint16)
    image[:, WIDTH // 2 :] = 30000
    path = tmp_path / "chest.png"
    assert cv2.imwrite(str(path), image)
    return path


def run(app: typer.Typer, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refusal(result: Result) -> str:
    """The one-line error; the main program prints it and exits with status 2."""
    assert isinstance(result.exception, ValueError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_json_has_the_agreed_keys(app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(app, "segment", radiograph, "-p", "left lung; heart", "-p", "knee prosthesis", "--point",
                 "100,45,1", "--model", tiny_folder, "--out", out, "--json")  # fmt: skip
    assert "one -p" in refusal(result)
    result = run(app, "segment", radiograph, "--point", "100,45,1", "--model", tiny_folder, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert list(row) == ["image", "prompt", "structures", "present", "score", "box", "mask", "seconds"]
    assert row["present"]
    assert row["score"] == pytest.approx(0.9)
    mask = cv2.imread(row["mask"], cv2.IMREAD_UNCHANGED)
    assert mask.shape == (HEIGHT, WIDTH)
    assert set(np.unique(mask)) == {0, 255}
    columns = np.flatnonzero(mask.any(axis=0))
    assert row["box"] == pytest.approx([columns[0], 0, columns[-1], HEIGHT - 1])
    assert columns[0] == pytest.approx(100, abs=2)


def test_texts_of_one_image_each_have_a_row(
    app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    result = run(app, "segment", radiograph, "-p", "left lung; heart", "-p", "knee prosthesis", "--model", tiny_folder,
                 "--out", tmp_path / "out", "--json")  # fmt: skip
    rows = json.loads(result.stdout)
    assert [row["prompt"] for row in rows] == ["left lung; heart", "left lung; heart", "knee prosthesis"]
    assert [row["structures"] for row in rows] == [["lung_left"], ["heart"], []]
    absent = rows[-1]
    assert (absent["present"], absent["score"], absent["box"], absent["mask"]) == (False, 0, None, None)
    masks = {Path(row["mask"]).name for row in rows if row["mask"]}
    assert masks == {f"chest__{row['structures'][0]}.png" for row in rows if row["present"]}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*masks, "chest-overlay.png"}


def test_the_overlay_is_a_colour_picture_of_the_images_size(
    app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    options = ("--box", "5,5,100,80", "--no-names", "--model", tiny_folder, "--out", tmp_path / "out")
    run(app, "segment", radiograph, *options)
    overlay = cv2.imread(str(tmp_path / "out" / "chest-overlay.png"), cv2.IMREAD_UNCHANGED)
    assert overlay.shape == (HEIGHT, WIDTH, 3)
    assert (overlay.max(axis=2) != overlay.min(axis=2)).any()
    assert (tmp_path / "out" / "chest__mask.png").is_file()


def test_people_get_a_table(app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path) -> None:
    result = run(app, "segment", radiograph, "-p", "k-wire", "--model", tiny_folder, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "k-wire" in result.stdout
    assert "no" in result.stdout


def test_images_of_the_same_name_do_not_overwrite_each_other(
    app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "chest.tif"
    cv2.imwrite(str(twin), cv2.imread(str(radiograph), cv2.IMREAD_UNCHANGED))
    result = run(app, "segment", radiograph, twin, "--point", "90,40", "--model", tiny_folder, "--out",
                 tmp_path / "out", "--json")  # fmt: skip
    masks = [row["mask"] for row in json.loads(result.stdout)]
    assert len(set(masks)) == 2
    first, second = (cv2.imread(mask, cv2.IMREAD_UNCHANGED) for mask in masks)
    assert np.array_equal(first, second)


def test_dicom_and_colour_are_read(app: typer.Typer, tiny_folder: Path, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset

    image = np.zeros((HEIGHT, WIDTH), np.uint16)
    image[:, 60:] = 4000
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.Rows, dataset.Columns = image.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME1"
    dataset.PixelData = image.tobytes()
    dicom = tmp_path / "a.dcm"
    dataset.save_as(dicom, enforce_file_format=True)
    colour = tmp_path / "b.png"
    cv2.imwrite(str(colour), np.repeat((image // 16).astype(np.uint8)[:, :, None], 3, axis=2))
    result = run(
        app,
        "segment",
        dicom,
        colour,
        "--box",
        "2,2,110,80",
        "--no-names",
        "--model",
        tiny_folder,
        "--out",
        tmp_path,
        "--json",
    )
    first, second = (cv2.imread(row["mask"], cv2.IMREAD_UNCHANGED) for row in json.loads(result.stdout))
    assert np.mean(first == second) > 0.99
    assert np.mean((first > 0) == (image > 0)) > 0.97


@pytest.mark.filterwarnings("ignore:End of file reached")
def test_wrong_input_is_refused_in_one_line(
    app: typer.Typer, radiograph: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.png"
    text.write_text("no image")
    empty = tmp_path / "empty.png"
    empty.touch()
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    tiny = tmp_path / "tiny.png"
    cv2.imwrite(str(tiny), np.zeros((4, 4), np.uint8))
    model = ("--model", tiny_folder, "--out", tmp_path / "out")

    def refused(*arguments: str | Path) -> str:
        return refusal(run(app, "segment", *arguments, *model))

    assert "no file" in refused(tmp_path / "missing.png", "-p", "heart")
    assert "no file" in refused(tmp_path, "-p", "heart")
    assert "notes.png: The file" in refused(text, "-p", "heart")
    assert "not an image" in refused(empty, "-p", "heart")
    assert "DICOM" in refused(broken, "-p", "heart")
    assert "4×4 px" in refused(tiny, "-p", "heart")
    assert "empty" in refused(radiograph, "-p", " ")
    assert "-p, --point or --box" in refused(radiograph)
    assert "(500, 3) is outside the image of 120×90 px" in refused(radiograph, "--point", "500,3")
    assert "X,Y" in refused(radiograph, "--point", "left")
    assert "X,Y" in refused(radiograph, "--point", "1,2,3,4")
    assert "label" in refused(radiograph, "--point", "1,2,7")
    assert "finite" in refused(radiograph, "--point", "nan,2")
    assert "X0,Y0,X1,Y1" in refused(radiograph, "--box", "1,2")
    assert "x0 < x1" in refused(radiograph, "--box", "50,2,10,20")
    assert "characters" in refused(radiograph, "-p", "x" * 10_000)
    assert "no model" in refusal(run(app, "segment", radiograph, "-p", "heart", "--model", "nonsense"))
    assert not (tmp_path / "out").exists()


def test_evaluate_prints_json_or_tables(app: typer.Typer, tiny_folder: Path, tmp_path: Path) -> None:
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    image[20:70, 30:90] = 200
    cv2.imwrite(str(tmp_path / "a.png"), image)
    cv2.imwrite(str(tmp_path / "a__heart.png"), image)
    result = run(app, "evaluate", tiny_folder, tmp_path, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["structures"]["heart"]["box"]["n"] == 1
    assert report["overall"]["box"]["dice"] > 0.5
    table = run(app, "evaluate", tiny_folder, tmp_path, "--texts-only", "--robustness").stdout
    assert "heart" in table
    assert "paper" in table
    assert "worse conditions" in table and "polarity" in table
    robust = run(app, "evaluate", tiny_folder, tmp_path, "--texts-only", "--robustness", "--json")
    report = json.loads(robust.stdout)
    assert report["overall"]["box"]["n"] == 0
    assert set(report["robustness"]["gamma"]["2"]) == {"dice", "change", "n"}


def test_evaluate_refuses_what_it_cannot_use(app: typer.Typer, tiny_folder: Path, tmp_path: Path) -> None:
    assert "no model" in refusal(run(app, "evaluate", "nonsense", "chest"))
    assert "no image" in refusal(run(app, "evaluate", tiny_folder, tmp_path))
    assert "no patient" in refusal(run(app, "evaluate", tiny_folder, "nobody"))


def test_bench_times_every_step(app: typer.Typer, tiny_folder: Path) -> None:
    result = run(app, "bench", "segment", "--model", tiny_folder, "--repeats", "3", "--threads", "1", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report) == {"machine", "rows", "ratios"}
    for row in report["rows"]:
        assert list(row) == ["backend", "model", "size", "encode_ms", "first_prompt_ms", "next_prompt_ms",
                             "frame_to_mask_ms", "p95_ms", "memory_mb"]  # fmt: skip
        assert all(row[column] > 0 for column in list(row)[2:])
        assert row["frame_to_mask_ms"] <= row["p95_ms"]


def test_no_command_needs_torch(tmp_path: Path, radiograph: Path, tiny_folder: Path) -> None:
    import subprocess

    program = (
        "import sys; sys.modules['torch'] = None; import typer; from fluorosam_model import cli;"
        "app = typer.Typer(); cli.register(app, typer.Typer()); app()"
    )
    command = [sys.executable, "-c", program, "segment", str(radiograph), "-p", "heart", "--json"]
    command += ["--model", str(tiny_folder), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["structures"] == ["heart"]
