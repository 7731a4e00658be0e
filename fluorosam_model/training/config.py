"""What a training run is made of, read from YAML."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from fluorosam_model.modeling import ModelConfig

T = TypeVar("T")
PICTURES = ("cpu", "device")


class ConfigError(ValueError):
    """A configuration that cannot be used; the message says which key, in one sentence."""


@dataclass(frozen=True)
class DataConfig:
    """Where pictures come from.

    patients: names or paths for `load_patient`; "synthetic:0-19@2" means twenty of them; one named twice is drawn twice
    as often. synthetic_share: share of the views that are of synthetic bodies, where real CTs are named, too. renderer:
    "cpu" or "cuda". preview: half the in-plane resolution of fine CTs. Views are kept in memory: initial_views are
    rendered first, new_views_per_batch are added or replaced afterwards. pictures: where views become pictures and
    prompts are drawn: "cpu", in a thread, enough beside a CPU, or "device", the one that trains. renderers: processes
    that render new views all the time, which a GPU keeps busy; 0 renders beside the batches. active_bodies: synthetic
    bodies that each of them keeps ready to be rendered.
    """

    patients: tuple[str, ...] = ("chest",)
    synthetic_share: float = 0.5
    renderer: str = "cpu"
    preview: bool = True
    randomised: float = 0.7
    initial_views: int = 1200
    pool_views: int = 4000
    new_views_per_batch: int = 2
    pictures: str = "cpu"
    renderers: int = 0
    active_bodies: int = 4


@dataclass(frozen=True)
class TextConfig:
    """The text head alone: classification of wordings, then the codebook."""

    steps: int = 1500
    batch: int = 512
    lr: float = 2e-3


@dataclass(frozen=True)
class DenseConfig:
    """Stage 1: every label at once. Ends after `minutes`, or `steps` where that is not 0; left out without either."""

    minutes: float = 28.0
    steps: int = 0
    batch: int = 8
    lr: float = 1e-3
    weight_decay: float = 0.02
    warmup_steps: int = 50


@dataclass(frozen=True)
class PromptableConfig:
    """Stage 2: prompts. `prompts` of each image are decoded, `refined` of them in `rounds` more with points and a mask.

    Without minutes and steps it is left out, and the dense stage's read-out, one channel per label, is the result.
    sides_weight: of telling left from right where both are in the picture; dense_weight: of the labels all at once; a
    text's mask counts 1.
    """

    minutes: float = 45.0
    steps: int = 0
    batch: int = 8
    prompts: int = 24
    refined: int = 8
    rounds: int = 1
    lr: float = 1e-3
    encoder_lr: float = 4e-4
    weight_decay: float = 0.02
    warmup_steps: int = 100
    dense_weight: float = 0.5
    sides_weight: float = 0.0


@dataclass(frozen=True)
class ValidationConfig:
    """How often and on how many held-out views; seed fixes the views. patients: as in DataConfig, held-out ones too."""

    patients: tuple[str, ...] = ("chest",)
    views: int = 64
    every_minutes: float = 6.0
    seed: int = 20000


@dataclass(frozen=True)
class TrainingConfig:
    """A whole run. device: "cpu", "cuda" or "auto". precision: "float32", "bfloat16" or "measure" (the faster one).

    frozen_blocks: how many blocks of the lite encoder, counted from the image, keep their ImageNet weights.
    start_from: weights that a new run begins with, a run's best.pt or a safetensors file; their codebook stays.
    """

    name: str = "lite"
    start_from: str = ""
    seed: int = 0
    device: str = "auto"
    precision: str = "measure"
    threads: int = 0
    frozen_blocks: int = 0
    ema_decay: float = 0.996
    checkpoint_minutes: float = 3.0
    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    text: TextConfig = field(default_factory=TextConfig)
    dense: DenseConfig = field(default_factory=DenseConfig)
    promptable: PromptableConfig = field(default_factory=PromptableConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)


def load_config(path: str | Path) -> TrainingConfig:
    """Read a YAML file; keys left out keep their defaults. Raises ConfigError for unknown keys and wrong types."""
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"The configuration {path} is not YAML.") from error
    config = _build(TrainingConfig, document, "")
    if config.data.pictures not in PICTURES:
        raise ConfigError(f"data.pictures must be {' or '.join(PICTURES)}, not {config.data.pictures!r}.")
    return config


def dump_config(config: TrainingConfig) -> str:
    """The configuration as YAML that `load_config` reads back to an equal one."""
    return yaml.safe_dump(dataclasses.asdict(config), sort_keys=False)


def _build(kind: type[T], document: Any, where: str) -> T:
    if not isinstance(document, dict):
        raise ConfigError(f"{where or 'The configuration'} must be a mapping of keys to values.")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(document) - set(hints), key=str)
    if unknown:
        raise ConfigError(f"There is no setting {where}{unknown[0]}.")
    values: dict[str, Any] = {}
    for key, value in document.items():
        wanted = hints[key]
        if dataclasses.is_dataclass(wanted):
            values[key] = _build(typing.cast(type, wanted), value, f"{where}{key}.")
        elif wanted == tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise ConfigError(f"{where}{key} must be a list of names, not {value!r}.")
            values[key] = tuple(value)
        elif wanted is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        elif type(value) is not wanted:
            raise ConfigError(f"{where}{key} must be of type {wanted.__name__}, not {value!r}.")
        else:
            values[key] = value
    return kind(**values)
