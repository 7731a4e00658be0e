"""Training: pictures, prompts, losses, and a whole small run that is interrupted and continued."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fluorosam_model.training import ConfigError, augment, bodies, load_config, pool, run
from fluorosam_model.training.absent import absent_texts
from fluorosam_model.training.config import TrainingConfig, dump_config
from fluorosam_model.training.losses import hypotheses_loss, mask_loss, side_loss
from fluorosam_model.training.pool import View, vocabulary_bits
from fluorosam_model.training.promptable import error_points
from fluorosam_model.training.prompting import Vocabulary, jittered_box, random_point, sample_prompts
from fluorosam_model.training.wordings import UNKNOWN, Wordings
from fluorosam_sim.anatomy import LABELS, STRUCTURES, find
from fluorosam_sim.patients.names import expand_names
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render import CpuRenderer, Rendering
from fluorosam_sim.views import is_held_out

NAMES = ("heart", "lung_upper_lobe_left", "lung_upper_lobe_right", "rib_left_4", "rib_right_4")
INDEX = {each.key: i for i, each in enumerate(STRUCTURES)}


@pytest.fixture(scope="module")
def wordings() -> Wordings:
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(UNKNOWN + 1), 2)
    means = rng.standard_normal((UNKNOWN + 1, 384))[owner]
    embeddings = means + 0.1 * rng.standard_normal(means.shape)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return Wordings(
        embeddings.astype(np.float32), owner, tuple(np.array([2 * i, 2 * i + 1]) for i in range(UNKNOWN + 1))
    )


@pytest.fixture
def view() -> View:
    y, x = np.mgrid[:256, :256].astype(np.float32)
    soft = 20 * np.exp(-(((x - 128) / 70) ** 2) - ((y - 128) / 90) ** 2)
    bits = np.zeros((128, 128, 1), np.uint64)
    bits[20:60, 30:70, 0] |= np.uint64(1) << np.uint64(1)
    bits[50:100, 40:80, 0] |= np.uint64(1) << np.uint64(3)
    return View(soft, (x / 256).astype(np.float32), bits)


def test_coverage_counts_pixels(view: View) -> None:
    cover = augment.coverage(view.label_bits, np.array([1, 2, 3]))
    assert cover.shape == (3, 64, 64) and cover[1].max() == 0
    assert cover[0].sum() == 40 * 40 / 4 and cover[2].sum() == 50 * 40 / 4


def test_pictures_are_inputs_and_repeatable(view: View) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        appearance = augment.sample(rng)
        image, cover = augment.apply(view, appearance, np.array([1, 3]))
        again, _ = augment.apply(view, appearance, np.array([1, 3]))
        assert image.shape == (3, 256, 256) and image.dtype == np.float32 and np.abs(image).max() <= 1
        assert cover.min() >= 0 and cover.max() <= 1
        np.testing.assert_array_equal(image, again)


def test_masks_move_with_the_picture_and_end_at_the_shutter(view: View) -> None:
    base = next(a for a in (augment.sample(np.random.default_rng(i)) for i in range(50)) if a.warp is None)
    plain = vars(base) | {"letterbox": (0, 0), "round_field": 0.0}
    shifted = augment.Appearance(**plain | {"warp": np.array([[1, 0, 16], [0, 1, 0]], np.float32)})
    _, before = augment.apply(view, augment.Appearance(**plain | {"field": (0.0, 0.0, 1.0, 1.0)}), np.array([1]))
    _, after = augment.apply(view, augment.Appearance(**vars(shifted) | {"field": (0.0, 0.0, 1.0, 1.0)}), np.array([1]))
    np.testing.assert_array_equal(after[0, :, :56], before[0, :, 4:60])
    _, cut = augment.apply(view, augment.Appearance(**plain | {"field": (0.0, 0.0, 0.375, 1.0)}), np.array([1]))
    assert cut[0, :, 24:].max() == 0 and np.array_equal(cut[0, :, :24], before[0, :, :24])


def test_prompts_tell_the_truth(view: View, wordings: Wordings) -> None:
    vocabulary = Vocabulary(NAMES)
    cover = np.zeros((5, 64, 64), np.float32)
    cover[0, 10:40, 10:40] = 1
    cover[1, 5:30, 30:60] = 1
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(20):
        prompts = sample_prompts(vocabulary, wordings, cover, 16, rng)
        for k in range(16):
            index = int(prompts.structure[k])
            expected = vocabulary.mask(index, cover) if index != UNKNOWN else np.zeros((64, 64))
            assert bool(prompts.present[k]) == bool(expected.any())
            np.testing.assert_array_equal(prompts.masks[k], expected)
            other = int(vocabulary.counterpart[index]) if expected.any() else -1
            rival = vocabulary.mask(other, cover) if other >= 0 else np.zeros((64, 64))
            np.testing.assert_array_equal(prompts.rivals[k], rival)
            assert wordings.owner[prompts.text_row[k]] == index
            seen.add((*prompts.point_labels[k].tolist(), float(prompts.has_text[k])))
            if prompts.point_labels[k, 0] == 1:
                x, y = ((prompts.points[k, 0] + 0.5) / 4).astype(int)
                assert expected[y, x] == 1
    assert seen == {(-1, -1, 1), (1, -1, 0), (1, -1, 1), (2, 3, 0)}


def test_counterparts_are_the_other_side() -> None:
    counterpart = Vocabulary(NAMES).counterpart
    assert counterpart[INDEX["rib_left_4"]] == INDEX["rib_right_4"]
    assert counterpart[INDEX["heart"]] == -1 and counterpart[INDEX["atrial_appendage_left"]] == -1


def test_points_and_boxes_lie_on_the_mask() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[20:30, 40:44] = 1
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = random_point(mask, rng)
        assert 160 - 0.5 <= x <= 176 - 0.5 and 80 - 0.5 <= y <= 120 - 0.5
        box = jittered_box(mask, rng)
        assert np.abs(box - [[159.5, 79.5], [175.5, 119.5]]).max() <= 4.01


def test_error_points_are_where_the_answer_is_wrong() -> None:
    truth = torch.zeros(2, 64, 64, dtype=torch.bool)
    truth[:, :32] = True
    logits = torch.where(truth, 5.0, -5.0)
    logits[0, 40:44, 8:12] = 5.0
    points, labels = error_points(logits, truth, 6)
    assert (labels[0] == 0).all() and (labels[1] == 1).all()
    assert ((points[0] >= torch.tensor([31.5, 159.5])) & (points[0] <= torch.tensor([47.5, 175.5]))).all()


def test_losses_prefer_the_truth() -> None:
    target = torch.zeros(1, 64, 64)
    target[:, 10:30, 10:30] = 1
    right = (target * 2 - 1) * 8
    assert mask_loss(right, target) < 0.02 < 0.5 < mask_loss(-right, target)
    three = torch.stack([-right[0], right[0], -right[0]])[None]
    iou, points, text = torch.tensor([[0.0, 1.0, 0.0]]), torch.ones(1), torch.zeros(1)
    assert hypotheses_loss(three, target, iou, points) < hypotheses_loss(three, target, 1 - iou, points)
    assert hypotheses_loss(three, target, iou, points) < hypotheses_loss(three, target, iou, text) - 1


def test_the_other_side_costs_only_where_there_is_one() -> None:
    own, other = torch.zeros(2, 1, 64, 64)
    own[:, 10:30, 10:30], other[:, 10:30, 20:40] = 1, 1
    loss, paired = side_loss((own * 2 - 1) * 8, own, other)
    mistaken, _ = side_loss((other * 2 - 1) * 8, own, other)
    both, _ = side_loss((torch.maximum(own, other) * 2 - 1) * 8, own, other)
    assert paired == 1 and loss < 0.01 < 3 < both < mistaken
    assert side_loss(own, own, torch.zeros_like(own))[1] == 0
    assert side_loss((other * 2 - 1) * 8, own, own)[0] == 0, "where both are one there is nothing to tell apart"


def test_absent_texts_mean_nothing_of_the_vocabulary() -> None:
    texts = absent_texts(seed=0, count=400)
    assert len(set(texts)) == 400 and texts == absent_texts(seed=0, count=400)
    assert not [text for text in texts if find(text).structures]


def test_configurations_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dense: {minutes: 5, lr: 1.0e-4}\nname: x\n", encoding="utf-8")
    config = load_config(path)
    assert config.dense.minutes == 5.0 and config.promptable == TrainingConfig().promptable
    path.write_text(dump_config(config), encoding="utf-8")
    assert load_config(path) == config
    for text, named in (
        ("dense: {minuts: 5}", "dense.minuts"),
        ("seed: often", "seed"),
        ("- 1", "mapping"),
        ("a: [", "YAML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=named):
            load_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_shipped_configurations_load() -> None:
    for path in (Path(__file__).parents[2] / "configs").glob("*.yaml"):
        assert load_config(path).name


@pytest.fixture
def small_world(monkeypatch: pytest.MonkeyPatch, wordings: Wordings) -> None:
    i, j, k = np.mgrid[-1:1:40j, -1:1:40j, -1:1:40j]
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[(np.abs(i + 0.5) < 0.3) & (np.abs(j) < 0.4) & (np.abs(k) < 0.6)] = 3
    labels[(np.abs(i - 0.5) < 0.3) & (np.abs(j) < 0.4) & (np.abs(k) < 0.6)] = 2
    labels[i**2 + (j + 0.1) ** 2 + k**2 < 0.1] = 1
    body = i**2 + (j / 0.7) ** 2 < 0.95
    hu = np.where(labels > 1, -800, np.where(body, 30, -1000)).astype(np.int16)
    affine = np.diag([7.0, 7.0, 7.0, 1.0])
    affine[:3, 3] = -7.0 * 19.5
    patient = Patient("small", hu, labels, ("", *NAMES), affine, frozenset(), "made for a test", "none")
    monkeypatch.setattr(run, "load_patient", lambda name: patient)
    monkeypatch.setattr(bodies, "load_patient", lambda name: patient)
    monkeypatch.setattr(run, "training_wordings", lambda cache, progress: wordings)
    monkeypatch.setattr(run, "held_out_wordings", lambda cache: wordings)


SMALL = """
device: cpu
precision: float32
model: {warm_start: false, image_size: 128, dim: 32, high_channels: 16, codes: 256, code_dim: 32}
data: {initial_views: 6, pool_views: 8, new_views_per_batch: 1, preview: false}
text: {steps: 20, batch: 64}
dense: {steps: 3, batch: 2}
promptable: {steps: 2, batch: 2, prompts: 6, refined: 2, rounds: 2}
validation: {views: 2}
"""


def test_a_run_that_is_interrupted_goes_on(small_world: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(SMALL, encoding="utf-8")
    steps = []

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    def counted(*arguments: object) -> object:
        steps.append(1)
        return dense_step(*arguments)  # type: ignore[arg-type]

    dense_step = run.dense_step
    monkeypatch.setattr(run, "dense_step", counted)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(run, "promptable_step", interrupted)
        run.train(config, tmp_path / "run")
    assert len(steps) == 3
    assert run.train(config, tmp_path / "run") == tmp_path / "run"
    assert len(steps) == 3, "the dense stage was finished and must not run again"
    content = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert content["progress"][0] == "done"
    assert (tmp_path / "run" / "best.pt").is_file() and (tmp_path / "run" / "config.yaml").is_file()
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = next(line["validation"] for line in lines if "validation" in line)
    assert 0 <= scores["text_dice"] <= 1 and scores["pairs"] > 0


def test_the_same_seed_gives_the_same_weights(small_world: None, tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(SMALL, encoding="utf-8")
    first, second = (run.train(config, tmp_path / name) / "best.pt" for name in ("first", "second"))
    again = torch.load(second, weights_only=True)["networks"]
    for name, value in torch.load(first, weights_only=True)["networks"].items():
        assert torch.equal(again[name], value), name


def test_a_new_run_starts_from_other_weights(small_world: None, tmp_path: Path) -> None:
    # The first with views from a process of its own, and pictures made of them where it trains.
    processes = SMALL.replace("data: {", "data: {pictures: device, renderers: 1, ")
    (tmp_path / "first.yaml").write_text(processes, encoding="utf-8")
    first = run.train(tmp_path / "first.yaml", tmp_path / "first")
    again = SMALL.replace("dense: {steps: 3", "dense: {steps: 0, minutes: 0.0")
    again = again.replace("promptable: {steps: 2", "promptable: {steps: 0, minutes: 0.0")
    (tmp_path / "second.yaml").write_text(f"start_from: {first / 'best.pt'}\n{again}", encoding="utf-8")
    second = run.train(tmp_path / "second.yaml", tmp_path / "second")
    begun = torch.load(second / "last.pt", weights_only=True)["average"]
    for name, value in torch.load(first / "best.pt", weights_only=True)["average"].items():
        # The text's MLP learns the wordings anew; the codes keep their meaning.
        assert torch.equal(begun[name], value) or name.startswith("model.text_encoder.mlp"), name
    other = again.replace("dim: 32", "dim: 64")
    (tmp_path / "third.yaml").write_text(f"start_from: {first / 'best.pt'}\n{other}", encoding="utf-8")
    with pytest.raises(ValueError, match="another model"):
        run.train(tmp_path / "third.yaml", tmp_path / "third")


def test_patients_kept_for_testing_are_refused() -> None:
    assert expand_names(["chest", "synthetic:3-5@2"]) == ("chest", *(f"synthetic:{i}@2" for i in (3, 4, 5)))
    for names in (["synthetic:8999-9000"], ["gias3:pelvis"], []):
        with pytest.raises(ConfigError):
            bodies.training_patients(names)


def test_synthetic_bodies_take_turns_and_share_the_views(phantom: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []

    def counted(patient: Patient, preview: bool) -> CpuRenderer:
        prepared.append(patient.name)
        return CpuRenderer(patient, preview)

    monkeypatch.setattr(pool, "CpuRenderer", counted)
    monkeypatch.setattr(pool, "VIEWS_A_BODY", 3)
    several = [phantom, *(dataclasses.replace(phantom, name=f"synthetic:{seed}") for seed in range(5))]
    source = pool.ViewSource(several, seed=1, held_out=False, synthetic_share=0.75, active_bodies=2)
    directions = []
    for _ in range(40):
        _, _, pose = source.render()
        directions.append((pose.primary_deg, pose.secondary_deg))
    assert prepared[:2] == ["phantom", "phantom"], "with and without contrast medium"
    assert len(set(prepared)) == 6 and len(prepared) > 8, "all bodies had a turn, some a second one"
    assert not any(is_held_out(*direction) for direction in directions)


def test_label_sets_are_put_in_the_vocabulary_s_order() -> None:
    labels = np.zeros((4, 4, 1), np.uint64)
    labels[0, 0] = 1 << 1 | 1 << 2
    labels[2, 2] = 1 << 2
    labels[1, 1] = 1 << 1
    names = ("", "rib_right_4", "heart")
    flat = np.zeros((4, 4), np.float32)
    bits = vocabulary_bits(Rendering(flat, flat, labels, names))
    cover = np.unpackbits(bits.view(np.uint8), axis=2, bitorder="little")
    assert np.argwhere(cover).tolist() == sorted(
        [[0, 0, LABELS.index("heart")], [0, 0, LABELS.index("rib_right_4")], [1, 1, LABELS.index("heart")]]
    )
