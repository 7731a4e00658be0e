"""What a run keeps on disk: networks, their running average, optimiser, progress, curves."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fluorosam_model.checkpoint import read_checkpoint
from fluorosam_model.modeling import FluoroSAM
from fluorosam_model.training.config import TrainingConfig, dump_config
from fluorosam_model.training.dense import DenseHead


class RunState:
    """The networks of a run and where it stands; `save` and `load` make it resumable.

    networks["model"] and networks["dense"] are trained; `average` holds their exponential moving average, which is what
    is validated and exported.
    """

    def __init__(self, config: TrainingConfig, labels: tuple[str, ...], device: torch.device) -> None:
        """labels: names of what the dense head reads out."""
        layout = config.model.memory_format
        # What a run starts from takes the place of ImageNet's weights, whose package need not be there.
        model = dataclasses.replace(config.model, warm_start=config.model.warm_start and not config.start_from)
        self.model = FluoroSAM(model).to(device).to(memory_format=layout)  # type: ignore[call-overload]
        self.dense = DenseHead(config.model.high_channels, len(labels)).to(device)
        self.networks = nn.ModuleDict({"model": self.model, "dense": self.dense})
        self.average = copy.deepcopy(self.networks).requires_grad_(False).eval()
        self.stage = "text"
        self.step = 0
        self.elapsed_s = 0.0
        self.updates = 0
        self.best = 0.0
        self.optimizer_state: dict[str, Any] | None = None
        self._decay = config.ema_decay
        self._config, self._labels = config.model, labels

    @property
    def averaged_model(self) -> FluoroSAM:
        """The model with averaged weights."""
        model = self.average["model"]
        assert isinstance(model, FluoroSAM)
        return model

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the average a step towards the networks; faster at the start of a stage, when weights change quickly."""
        self.updates += 1
        weight = 1 - min(self._decay, (1 + self.updates) / (10 + self.updates))
        ours, theirs = _tensors(self.average), _tensors(self.networks)
        torch._foreach_lerp_(ours[0], theirs[0], weight)
        for own, new in zip(ours[1], theirs[1], strict=True):
            own.copy_(new)

    def begin_stage(self, stage: str) -> None:
        """Enter a stage from its start."""
        self.stage, self.step, self.elapsed_s, self.updates, self.optimizer_state = stage, 0, 0.0, 0, None
        self.best = 0.0

    def save(self, path: Path, optimizer: torch.optim.Optimizer | None = None) -> None:
        """Write a checkpoint; an interrupted write leaves the old one."""
        partial = path.with_suffix(".partial")
        content = {
            "config": dataclasses.asdict(self._config),
            "labels": list(self._labels),
            "networks": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": optimizer.state_dict() if optimizer else None,
            "progress": [self.stage, self.step, self.elapsed_s, self.updates, self.best],
        }
        torch.save(content, partial)
        os.replace(partial, path)

    def start_from(self, path: str | Path) -> None:
        """Begin with other weights; read-outs of labels that they do not know start afresh.

        Raises ValueError for a file without weights, or with those of another kind of model.
        """
        checkpoint = read_checkpoint(path)
        ours = dataclasses.replace(self._config, warm_start=False)
        if dataclasses.replace(checkpoint.config, warm_start=False) != ours:
            raise ValueError(f"The weights {path} belong to another model: {checkpoint.config}.")
        self.model.load_state_dict(checkpoint.build().state_dict())
        known = {label: row for row, label in enumerate(checkpoint.labels)} if checkpoint.dense else {}
        with torch.no_grad():
            for row, label in enumerate(self._labels):
                if label in known:
                    for name, value in self.dense.named_parameters():
                        value[row] = checkpoint.dense[name][known[label]]
        self.average.load_state_dict(self.networks.state_dict())

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same configuration."""
        content = torch.load(path, map_location="cpu", weights_only=True)
        self.networks.load_state_dict(content["networks"])
        self.average.load_state_dict(content["average"])
        self.optimizer_state = content["optimizer"]
        self.stage, self.step, self.elapsed_s, self.updates, self.best = content["progress"]


def _tensors(module: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Floating-point tensors, which are averaged, and the others, which are copied."""
    state = list(module.state_dict().values())
    return [t for t in state if t.is_floating_point()], [t for t in state if not t.is_floating_point()]


class RunFolder:
    """config.yaml, run.json (what made it), log.jsonl (curves), last.pt, best.pt and model.json."""

    def __init__(self, path: Path, config: TrainingConfig) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.last, self.best = path / "last.pt", path / "best.pt"
        (path / "config.yaml").write_text(dump_config(config), encoding="utf-8")
        made_by = {"git": _revision(), "torch": torch.__version__, "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        with (path / "run.json").open("a", encoding="utf-8") as file:
            file.write(json.dumps(made_by) + "\n")

    def log(self, **values: object) -> None:
        """Append a line to the curves."""
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": round(time.time(), 1), **values}) + "\n")


def _revision() -> str:
    """Git revision of this source, with "+" when files differ from it; "unknown" outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
