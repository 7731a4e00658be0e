"""Names of models → built predictors and their files."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from fluorosam_model.predictor import Calibration, Predictor
from fluorosam_model.runtime.backend import Backend
from fluorosam_model.runtime.onnxruntime_backend import OnnxruntimeBackend
from fluorosam_model.sentence_encoder import WEIGHTS, SentenceEncoder
from fluorosam_sim.anatomy import AnatomyError, structure

_CALIBRATION = ("scale", "bias", "threshold")
BACKENDS = ("onnxruntime", "torch")
_ENCODER_SUFFIX = "_encoder.onnx"


class ModelError(ValueError):
    """A model that cannot be found or read; the message says why in one sentence."""


@dataclass(frozen=True)
class ModelFiles:
    """Where one exported model lies: <name>_encoder.onnx, <name>_decoder.onnx and the card data <name>.json."""

    name: str
    folder: Path

    @property
    def encoder(self) -> Path:
        """The image encoder."""
        return self.folder / f"{self.name}{_ENCODER_SUFFIX}"

    @property
    def decoder(self) -> Path:
        """The prompt encoder and mask decoder."""
        return self.folder / f"{self.name}_decoder.onnx"

    @property
    def weights(self) -> Path:
        """The weights themselves, for torch."""
        return self.folder / f"{self.name}.safetensors"

    @property
    def card(self) -> Path:
        """Calibration and provenance."""
        return self.folder / f"{self.name}.json"


@dataclass(frozen=True)
class ModelCard:
    """What a predictor needs from <name>.json; other keys there are for people."""

    calibration: Calibration = field(default_factory=Calibration)
    codes: dict[str, int] = field(default_factory=dict)


def available_models(folder: Path = WEIGHTS) -> tuple[str, ...]:
    """Names of the models in a folder, exported or as weights for torch, sorted."""
    exported = {path.name.removesuffix(_ENCODER_SUFFIX) for path in folder.glob(f"*{_ENCODER_SUFFIX}")}
    return tuple(sorted(exported | {path.stem for path in folder.glob("*.safetensors")}))


def find_model(model: str | Path) -> ModelFiles:
    """Where the files of a model lie, by its name, its folder or any of its files.

    Raises ModelError where there is no such model.
    """
    # Names first: a folder that happens to be called like a model must not hide it.
    if str(model) in available_models():
        return ModelFiles(str(model), WEIGHTS)
    path = Path(model)
    if path.is_dir():
        names = available_models(path)
        if len(names) != 1:
            what = f"several models ({', '.join(names)})" if names else "no model"
            raise ModelError(f"The folder {path} holds {what}; name one <name>{_ENCODER_SUFFIX}.")
        return ModelFiles(names[0], path)
    if path.is_file():
        return ModelFiles(path.stem.removesuffix("_encoder").removesuffix("_decoder"), path.parent)
    known = ", ".join(available_models()) or "none"
    raise ModelError(f"There is no model {str(model)!r} (shipped: {known}).")


def read_card(path: Path) -> ModelCard:
    """Read calibration and codes from a card; a missing card means an uncalibrated model.

    Keys: "presence": {"scale", "bias", "threshold"}; "codes": {structure key: the code-book entry its name is read as}.
    Raises ModelError for a file that is no such card.
    """
    if not path.is_file():
        return ModelCard()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        values = {name: float(value) for name, value in document.get("presence", {}).items() if name in _CALIBRATION}
        codes = {structure(key).key: int(code) for key, code in document.get("codes", {}).items()}
    except (ValueError, TypeError, AttributeError, AnatomyError) as error:
        raise ModelError(f"The model card {path} cannot be read: {error}.") from error
    if not all(math.isfinite(value) for value in values.values()):
        raise ModelError(f"The model card {path} has a calibration that is not finite.")
    return ModelCard(Calibration(**values), codes)


def load_backend(files: ModelFiles, backend: str = "onnxruntime", threads: int | None = None) -> Backend:
    """Load a model into an inference library.

    Raises ModelError where the library or the files that it needs are not there.
    """
    if backend not in BACKENDS:
        raise ModelError(f"There is no backend {backend!r}; choose one of: {', '.join(BACKENDS)}.")
    for part in (files.weights,) if backend == "torch" else (files.encoder, files.decoder):
        if not part.is_file():
            raise ModelError(f"The model {files.name} is incomplete: there is no {part}.")
    if backend == "onnxruntime":
        return OnnxruntimeBackend(files.encoder, files.decoder, threads)
    try:
        from fluorosam_model.runtime.torch_backend import TorchBackend
    except ModuleNotFoundError as error:
        raise ModelError(f"The backend torch needs the package {error.name}, which is not installed.") from error
    return TorchBackend(files.weights, threads)


def load_predictor(
    model: str | Path = "lite", backend: str = "onnxruntime", threads: int | None = None, naming: bool = True
) -> Predictor:
    """Build a predictor.

    Args:
        model: name of a shipped model, a folder with one exported model, or one of its files.
        backend: inference library.
        threads: at most that many threads per run; None leaves it to the library.
        naming: whether clicks and boxes are read as structures, see `Predictor`.

    Raises:
        ModelError: one sentence saying what is missing.
    """
    files = find_model(model)
    card = read_card(files.card)
    sentences = SentenceEncoder(threads=threads)
    return Predictor(load_backend(files, backend, threads), sentences, card.calibration, card.codes, naming)
