"""The reference backend, and the export command on top of it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fluorosam_model import cli
from fluorosam_model.preprocess import to_input
from fluorosam_model.prompts import Prompt
from fluorosam_model.registry import ModelError, load_predictor
from fluorosam_model.sentence_encoder import SentenceEncoder

torch = pytest.importorskip("torch")

IMAGE = np.random.default_rng(0).integers(0, 4000, (200, 200)).astype(np.uint16)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights as a safetensors file, alone in its folder."""
    from fluorosam_model.checkpoint import Checkpoint, write_checkpoint
    from fluorosam_model.modeling import FluoroSAM, ModelConfig

    path = tmp_path_factory.mktemp("random") / "random.safetensors"
    torch.manual_seed(0)
    config = ModelConfig(warm_start=False)
    write_checkpoint(Checkpoint(config, FluoroSAM(config).state_dict(), {}, ()), path)
    return path


def test_answers_are_those_of_the_network(weights: Path, sentence_encoder: SentenceEncoder) -> None:
    from fluorosam_model.checkpoint import read_checkpoint
    from fluorosam_model.modeling import deployable

    predictor = load_predictor(weights.parent, "torch")
    predictor.set_image(IMAGE)
    found = predictor.predict("heart", points=[(100, 50)])

    model = deployable(read_checkpoint(weights).build())
    image, letterbox = to_input(IMAGE)
    with torch.no_grad():
        expected = model.decode(
            *model.encode(torch.from_numpy(image[None])),
            text=torch.from_numpy(sentence_encoder.embed(["heart"])),
            has_text=torch.ones(1),
            points=torch.from_numpy(letterbox.points_to_input([[(100, 50)]])),
            point_labels=torch.ones(1, 1),
            mask_input=torch.zeros(1, 1, 64, 64),
            has_mask=torch.zeros(1),
        )
    hypotheses = expected.mask_logits[0].numpy()
    (best,) = (number for number in range(3) if np.allclose(found.logits, hypotheses[number], atol=1e-4))
    assert found.iou == pytest.approx(float(expected.iou[0, best]), abs=1e-5)
    assert found.code == int(expected.code[0])


def test_an_answer_can_be_refined(weights: Path) -> None:
    predictor = load_predictor(weights, "torch")
    predictor.set_image(IMAGE)
    first = predictor.predict("left lung")
    (second,) = predictor.predict_prompts([Prompt("left lung", previous=first)])
    assert not np.allclose(first.logits, second.logits)


def test_export_writes_beside_each_other(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    from fluorosam_model import export
    from fluorosam_model.modeling import FluoroSAM

    def quick(model: FluoroSAM, folder: Path, name: str) -> tuple[Path, Path]:
        """Instead of the export itself, which takes half a minute and has its own tests."""
        folder.mkdir(parents=True)
        paths = folder / f"{name}_encoder.onnx", folder / f"{name}_decoder.onnx"
        for path in paths:
            path.write_text(str(sum(parameter.numel() for parameter in model.parameters())))
        return paths

    monkeypatch.setattr(export, "export_onnx", quick)
    card = weights.with_suffix(".json")
    card.write_text("{}")
    app = typer.Typer()
    app.command("export")(cli.export)
    app.command("other")(lambda: None)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["export", str(weights), "--out", str(out)])
    assert result.exit_code == 0, result.output
    names = ["random.json", "random_decoder.onnx", "random_encoder.onnx"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert all(name in result.stdout for name in names)
    assert int((out / "random_encoder.onnx").read_text()) > 1e6
    refused = CliRunner().invoke(app, ["export", "nonsense"])
    assert isinstance(refused.exception, ModelError)


def test_a_missing_torch_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fluorosam_model.runtime.torch_backend", None)
    with pytest.raises(ModelError, match="needs the package"):
        load_predictor(weights, "torch")
