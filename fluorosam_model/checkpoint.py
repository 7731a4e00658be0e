"""Weights in files: what a training run keeps (.pt) and what ships (.safetensors). Needs torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from fluorosam_model.modeling import FluoroSAM, ModelConfig

_DENSE = "dense_head."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights from which a model is built or trained on.

    model: tensors as in `FluoroSAM.state_dict`. dense: weight (L, C, 1, 1) and bias (L,) of the read-out of all labels
    that training starts with; empty where it was not kept. labels: the L label names.
    """

    config: ModelConfig
    model: dict[str, Tensor]
    dense: dict[str, Tensor]
    labels: tuple[str, ...]

    def build(self) -> FluoroSAM:
        """The model on the CPU, in evaluation mode. Raises ValueError where the tensors are not those of the model."""
        # The weights follow: no others need to be loaded first.
        model = FluoroSAM(ModelConfig(**{**asdict(self.config), "warm_start": False}))
        try:
            model.load_state_dict(self.model)
        except RuntimeError as error:
            raise ValueError(f"The weights do not fit their model: {str(error).splitlines()[-1].strip()}") from error
        return model.eval()


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a run's best.pt or last.pt (their averaged weights), or a shipped safetensors file, all as float32.

    Raises ValueError, in one sentence, for a file that holds no such weights.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no weights file {path}.")
    try:
        return _from_run(path) if path.suffix == ".pt" else _from_safetensors(path)
    except (SafetensorError, KeyError, TypeError, AttributeError, RuntimeError, OSError) as error:
        raise ValueError(f"{path} holds no FluoroSAM model: {str(error).splitlines()[0]}") from error


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a safetensors file: matrices and kernels in half precision, vectors (statistics among them) as they are."""
    named = {**checkpoint.model, **{f"{_DENSE}{name}": value for name, value in checkpoint.dense.items()}}
    tensors = {name: _stored(value) for name, value in named.items()}
    about = {
        "format": "pt",
        "model": json.dumps(asdict(checkpoint.config)),
        "labels": json.dumps(checkpoint.labels),
    }
    save_file(tensors, path, metadata=about)


def _stored(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() and value.ndim >= 2 else value).contiguous()


def _from_safetensors(path: Path) -> Checkpoint:
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    return _sorted_out(json.loads(about["model"]), json.loads(about.get("labels", "[]")), tensors, _DENSE, "")


def _from_run(path: Path) -> Checkpoint:
    content = torch.load(path, map_location="cpu", weights_only=True)
    return _sorted_out(content["config"], content["labels"], content["average"], "dense.", "model.")


def _sorted_out(
    config: dict[str, Any], labels: list[str], tensors: dict[str, Tensor], dense: str, model: str
) -> Checkpoint:
    values = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    head = {name.removeprefix(dense): value for name, value in values.items() if name.startswith(dense)}
    rest = {name.removeprefix(model): value for name, value in values.items() if not name.startswith(dense)}
    return Checkpoint(ModelConfig(**config), rest, head, tuple(labels))
