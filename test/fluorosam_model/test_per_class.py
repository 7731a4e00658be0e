"""The baseline with one channel per class: the U-Net, its training without prompts, and texts looked up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fluorosam_model.checkpoint import Checkpoint  # noqa: E402
from fluorosam_model.evaluation import Sample, evaluate  # noqa: E402
from fluorosam_model.evaluation.per_class import PerClassPredictor  # noqa: E402
from fluorosam_model.modeling import FluoroSAM, ModelConfig  # noqa: E402
from fluorosam_model.modeling.unet import UNet  # noqa: E402

SIZE = 64
CONFIG = ModelConfig("unet", SIZE, 32, 16, codes=32, code_dim=16)


def test_the_u_net_gives_maps_at_strides_16_and_4() -> None:
    embedding, high4 = UNet(32, 24)(torch.zeros(2, 3, SIZE, SIZE))
    assert embedding.shape == (2, 32, 4, 4) and high4.shape == (2, 24, 16, 16)


@pytest.fixture(scope="module")
def predictor() -> PerClassPredictor:
    """Its read-out is made so that the left lung is everywhere, the heart nowhere, and the rest not known."""
    torch.manual_seed(0)
    labels = ("heart", "lung_upper_lobe_left")
    dense = {"weight": torch.zeros(2, 16, 1, 1), "bias": torch.tensor([-9.0, 3.0])}
    made = PerClassPredictor(Checkpoint(CONFIG, FluoroSAM(CONFIG).state_dict(), dense, labels))
    made.set_image(np.random.default_rng(0).integers(0, 4000, (50, 80)).astype(np.uint16))
    return made


def test_texts_are_looked_up_in_any_wording(predictor: PerClassPredictor) -> None:
    answers = predictor.predict_many(["left lung; cardiac silhouette", "the lung on the left, please", "skull"])
    assert [each.structures for each in answers] == [("lung_left",), ("heart",), ("lung_left",), ("skull",)]
    lung, heart, again, skull = answers
    assert (
        lung.present
        and lung.mask.all()
        and lung.mask.shape == (50, 80)
        and lung.score == pytest.approx(0.953, abs=0.01)
    )
    assert not heart.present and not heart.mask.any() and heart.score < 0.01
    assert np.array_equal(lung.mask, again.mask)
    assert not skull.present and skull.score < 1e-6


def test_it_is_evaluated_by_texts_alone(predictor: PerClassPredictor) -> None:
    mask = np.zeros((50, 80), bool)
    mask[:25] = True
    sample = Sample(np.zeros((50, 80), np.uint16), {"lung_left": mask}, ("skull",), "a", "b")
    report = evaluate(predictor, [sample], robustness=True).report()  # type: ignore[arg-type]
    assert report["overall"]["text"] == {"dice": 0.6667, "iou": 0.5, "hd_px": 25, "n": 1}
    assert report["overall"]["box"]["n"] == 0 and report["presence"]["auroc"] == 1
    assert report["robustness"]["polarity"]["inverted"]["change"] == 0


def test_weights_without_a_read_out_are_refused() -> None:
    with pytest.raises(ValueError, match="no read-out"):
        PerClassPredictor(Checkpoint(CONFIG, {}, {}, ()))


def test_the_baseline_s_configurations_have_no_prompts() -> None:
    from fluorosam_model.training import load_config

    folder = Path(__file__).parents[2] / "configs"
    for baseline, model in (("unet_cpu", "lite_cpu"), ("unet_gpu", "lite_gpu")):
        own, other = load_config(folder / f"{baseline}.yaml"), load_config(folder / f"{model}.yaml")
        assert own.model.encoder == "unet" and own.promptable.minutes == own.promptable.steps == 0
        assert own.data == other.data, "the same pictures"
        assert own.dense.minutes == other.dense.minutes + other.promptable.minutes, "the same time"
