"""Weights in files: a run's averages and a shipped file give the same model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from fluorosam_model.checkpoint import Checkpoint, read_checkpoint, write_checkpoint  # noqa: E402
from fluorosam_model.modeling import FluoroSAM, ModelConfig  # noqa: E402

CONFIG = ModelConfig(image_size=64, dim=32, high_channels=16, codes=32, code_dim=16, warm_start=False)
LABELS = ("heart", "liver")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    dense = {"weight": torch.randn(2, 16, 1, 1), "bias": torch.tensor([-3.0, 1.0])}
    return Checkpoint(CONFIG, FluoroSAM(CONFIG).state_dict(), dense, LABELS)


def test_a_run_s_averages_are_read(checkpoint: Checkpoint, tmp_path: Path) -> None:
    average = {f"model.{name}": value for name, value in checkpoint.model.items()}
    average |= {f"dense.{name}": value for name, value in checkpoint.dense.items()}
    torch.save({"config": asdict(CONFIG), "labels": list(LABELS), "average": average}, tmp_path / "best.pt")
    read = read_checkpoint(tmp_path / "best.pt")
    assert read.config == CONFIG and read.labels == LABELS
    assert torch.equal(read.dense["weight"], checkpoint.dense["weight"])
    assert torch.equal(read.build().mask_decoder.outputs, checkpoint.model["mask_decoder.outputs"])


def test_a_shipped_file_holds_the_same_to_half_precision(checkpoint: Checkpoint, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    path = tmp_path / "tiny.safetensors"
    write_checkpoint(checkpoint, path)
    stored = load_file(path)
    assert {value.dtype for value in stored.values() if value.is_floating_point() and value.ndim > 1} == {torch.float16}
    read = read_checkpoint(path)
    assert read.config == CONFIG and read.labels == LABELS and set(read.model) == set(checkpoint.model)
    for name, value in checkpoint.model.items():
        assert torch.allclose(read.model[name].float(), value.float(), rtol=1e-3, atol=1e-4), name
    assert torch.equal(read.dense["bias"], checkpoint.dense["bias"])


def test_files_without_weights_are_named(tmp_path: Path) -> None:
    torch.save({"something": torch.zeros(1)}, tmp_path / "other.pt")
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    for name in ("other.pt", "other.safetensors"):
        with pytest.raises(ValueError, match=f"{name} holds no FluoroSAM model"):
            read_checkpoint(tmp_path / name)
    with pytest.raises(ValueError, match="no weights file"):
        read_checkpoint(tmp_path / "missing.safetensors")


def test_weights_of_another_shape_do_not_build(checkpoint: Checkpoint) -> None:
    wrong = {**checkpoint.model, "mask_decoder.outputs": torch.zeros(1, 2, 3)}
    with pytest.raises(ValueError, match="do not fit"):
        Checkpoint(CONFIG, wrong, {}, ()).build()
