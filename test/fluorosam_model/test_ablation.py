"""Ablations: what is compared is comparable, and the tables say what was measured."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from fluorosam_model import cli_evaluate  # noqa: E402
from fluorosam_model.ablation import heads, text  # noqa: E402
from fluorosam_model.evaluation import Sample  # noqa: E402
from fluorosam_model.predictor import Predictor  # noqa: E402
from fluorosam_model.registry import load_predictor  # noqa: E402
from fluorosam_model.training.config import TextConfig  # noqa: E402
from fluorosam_model.training.wordings import UNKNOWN  # noqa: E402
from fluorosam_sim.anatomy import STRUCTURES, texts  # noqa: E402


@pytest.fixture
def predictor(tiny_folder: Path) -> Predictor:
    return load_predictor(tiny_folder, threads=1)


@pytest.fixture
def sample() -> Sample:
    """The tiny model outlines what is bright: the heart, which is right, and the liver's place, too."""
    masks = {"heart": np.zeros((64, 64), bool), "liver": np.zeros((64, 64), bool)}
    masks["heart"][8:30, 8:50] = True
    masks["liver"][40:60, 8:50] = True
    return Sample(np.where(masks["heart"], 200, 20).astype(np.uint8), masks, ("skull", "brain"), "chest", "b")


def test_a_slip_changes_one_place() -> None:
    rng = np.random.default_rng(0)
    for wording in ("left lung", "L4", "heart"):
        found = {text.slip(wording, rng) for _ in range(60)}
        assert all(abs(len(each) - len(wording)) <= 1 for each in found)
        assert len(found) > 3 if wording != "L4" else found == {"L4"}


def test_held_out_texts_are_not_trained_on() -> None:
    held_out, slips = text.HeldOutTexts.build(), text.HeldOutTexts.build(slips=True)
    assert np.array_equal(held_out.owner, slips.owner) and set(held_out.owner) >= set(range(UNKNOWN))
    trained = {wording.lower() for each in STRUCTURES for wording in texts(each)}
    named = {wording.lower() for wording, owner in zip(held_out.texts, held_out.owner, strict=True) if owner != UNKNOWN}
    assert named and not trained & named


def test_hashed_words_meet_where_words_are_shared() -> None:
    words = text.hashed(["left lung", "lung left", "the left lung", "right kidney", ""], letters=False)
    assert np.allclose(words[0], words[1]) and words[0] @ words[2] > 0.7 > 0.1 > abs(words[0] @ words[3])
    assert not words[4].any()
    letters = text.hashed(["clavicle", "clavicel", "sacrum"], letters=True)
    assert letters[0] @ letters[1] > 0.4 > abs(letters[0] @ letters[2])


def test_every_variant_is_a_row_and_the_rules_are_the_last(tmp_path: Path) -> None:
    variants = (text.Variant("words", True, True), text.Variant("words", True, False))
    rows = text.text_ablation(tmp_path, TextConfig(steps=30, batch=128), variants)
    names = [row["name"] for row in rows]
    assert names == ["words, normalised, VQ", "words, normalised, no VQ", "rules", "rules, then words, normalised, VQ"]
    assert all(0 <= row[key] <= 1 for row in rows for key in ("held_out", "slips", "slips_wrong", "unknown"))
    rules, then = rows[2:]
    assert rules["held_out"] == 1 and then["slips"] >= rules["slips"]


def test_presence_is_measured_with_the_head_and_without(predictor: Predictor, sample: Sample) -> None:
    rows = heads.presence_ablation(predictor, [sample], [sample, sample])  # type: ignore[arg-type]
    assert [row["name"] for row in rows] == ["presence head", "mask's highest probability", "mask's area"]
    assert all(row["n"] == 8 and 0 <= row["auroc"] <= 1 and 0 <= row["ece"] <= 1 for row in rows)
    # The tiny model's mask does not depend on the text: without a head it cannot tell at all.
    assert rows[1]["auroc"] == rows[2]["auroc"] == 0.5


def test_hypotheses_are_compared_on_the_same_clicks(predictor: Predictor, sample: Sample) -> None:
    heart = dataclasses.replace(sample, masks={"heart": sample.masks["heart"]})
    rows = heads.hypotheses_ablation(predictor, [heart, sample])  # type: ignore[arg-type]
    assert [row["clicks"] for row in rows] == [1, 2, 3] and all(row["n"] == 3 for row in rows)
    assert all(max(row["first"], row["chosen"], row["iou_head"]) <= row["best"] for row in rows)
    # Of what is bright the tiny model's second hypothesis is right, and the first is the rest of the picture.
    alone = heads.hypotheses_ablation(predictor, [heart])[0]  # type: ignore[arg-type]
    assert alone["first"] < 0.2 < 0.6 < alone["chosen"] == alone["best"]


def test_the_command_prints_rows(tiny_folder: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_evaluate, "_dataset", lambda data, views, seed: [sample])
    app = typer.Typer()
    app.callback()(lambda: None)
    cli_evaluate.register(app)
    result = CliRunner().invoke(app, ["ablate", "hypotheses", "chest", "--weights", str(tiny_folder), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["part"] == "hypotheses" and document["data"] == ["chest"] and len(document["rows"]) == 3
