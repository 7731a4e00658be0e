"""A finished run → the files that ship, with the presence head calibrated on held-out views."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fluorosam_model.checkpoint import read_checkpoint, write_checkpoint
from fluorosam_model.evaluation.calibration import CalibrationViews, answer_weights, calibrate, log_odds
from fluorosam_model.evaluation.presence import presence_answers
from fluorosam_model.export import export_onnx, write_card
from fluorosam_model.modeling import deployable
from fluorosam_model.predictor import Predictor
from fluorosam_model.registry import ModelFiles, load_backend
from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_model.training.config import load_config
from fluorosam_model.training.pool import ViewSource
from fluorosam_model.training.prompting import Vocabulary
from fluorosam_model.training.run import CACHE
from fluorosam_model.training.text import codes_of
from fluorosam_model.training.validation import Validator
from fluorosam_model.training.wordings import held_out_wordings, training_wordings
from fluorosam_sim.anatomy import LABELS, STRUCTURES
from fluorosam_sim.patients import load_patient
from fluorosam_sim.patients.names import expand_names

_SEED = 30000  # other views than those that chose the checkpoint


def release(run_dir: str | Path, folder: str | Path, name: str = "lite", views: int = 64) -> dict[str, float]:
    """Export the best checkpoint of a run as <name>_encoder.onnx, <name>_decoder.onnx, <name>.safetensors, <name>.json,
    its presence head calibrated on `views` held-out views.

    Returns the scores of the exported weights on `views` held-out views that neither trained nor chose them.
    Raises ValueError, in one sentence, for a folder that holds no finished run.
    """
    run, out = Path(run_dir), Path(folder)
    config = load_config(run / "config.yaml")
    out.mkdir(parents=True, exist_ok=True)
    runs = _earlier_runs(config.start_from)  # before anything is replaced
    weights = out / f"{name}.safetensors"
    write_checkpoint(read_checkpoint(run / "best.pt"), weights)
    # Read back, so that what is scored and exported is what the file holds.
    checkpoint = read_checkpoint(weights)
    model = deployable(checkpoint.build())
    names = expand_names(config.validation.patients)
    patients = [load_patient(each) for each in names]
    labels = np.array([LABELS.index(label) for label in checkpoint.labels], np.int64)
    vocabulary = Vocabulary(checkpoint.labels)
    plain, held_out = training_wordings(CACHE), held_out_wordings(CACHE)
    data = config.data
    size = config.model.image_size
    source = ViewSource(patients, _SEED, True, data.preview, data.renderer, data.synthetic_share, size)
    validator = Validator(source, views, _SEED, labels, vocabulary, plain, held_out)
    scores = {key: round(value, 4) for key, value in validator.score(model).items()}
    codes = codes_of(model.text_encoder, plain)
    by_key = {each.key: int(codes[rows[0]]) for each, rows in zip(STRUCTURES, plain.rows, strict=False)}
    export_onnx(model, out, name)
    presence = _presence_calibration(ModelFiles(name, out), names, views)
    minutes = config.dense.minutes + config.promptable.minutes
    made_by = json.loads((run / "run.json").read_text(encoding="utf-8").splitlines()[0])
    runs.append({"config": config.name, "start_from": config.start_from, "minutes": minutes, **made_by})
    bodies = {each: load_patient(expand_names([each])[0]).provenance for each in dict.fromkeys(config.data.patients)}
    facts = {"patients": bodies, "model": vars(config.model), "runs": runs, "scores": scores}
    write_card(out / f"{name}.json", by_key, presence, facts)
    return scores


def _presence_calibration(files: ModelFiles, patients: tuple[str, ...], views: int) -> dict[str, float]:
    """Calibrates what runs, on what it will see: the exported files, asked by name for what held-out views show and for
    as much that they do not."""
    predictor = Predictor(load_backend(files), SentenceEncoder())
    answers = presence_answers(predictor, CalibrationViews(patients, views))
    logits = log_odds([each.score for each in answers])
    return calibrate(logits, [each.present for each in answers], answer_weights(answers))


def _earlier_runs(start_from: str) -> list[dict[str, Any]]:
    """What made the weights that a run went on from, as far as the card beside them says so."""
    card = Path(start_from).with_suffix(".json")
    if not start_from or not card.is_file():
        return []
    return list(json.loads(card.read_text(encoding="utf-8")).get("runs", []))
