from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fluorosam_model.predictor import Calibration, Predictor
from fluorosam_model.preprocess import to_input
from fluorosam_model.prompts import Prompt
from fluorosam_model.registry import ModelError, available_models, find_model, load_predictor
from fluorosam_model.runtime import Decoded, Features, PromptBatch
from fluorosam_model.sentence_encoder import SentenceEncoder

HEIGHT, WIDTH = 240, 400


class ScriptedBackend:
    """Answers with a fixed rectangle and remembers what it was asked."""

    input_size = 256

    def __init__(self) -> None:
        self.encoded: list[npt.NDArray[np.float32]] = []
        self.batches: list[PromptBatch] = []
        self.presence = 3.0
        self.code = 0
        self.logits = np.full((64, 64), -5, np.float32)
        self.logits[26:38, 16:48] = 5

    def encode(self, image: npt.NDArray[np.float32]) -> Features:
        self.encoded.append(image)
        return Features(np.zeros((1, 8, 16, 16), np.float32), np.zeros((1, 4, 64, 64), np.float32))

    def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
        self.batches.append(prompts)
        count = len(prompts.text)
        texts = np.array(prompts.has_text) > 0
        # With a text the first hypothesis is the answer, as in the network; the others are the rest of the picture.
        several = np.stack([-self.logits, self.logits, -self.logits])
        one = np.stack([self.logits, -self.logits, -self.logits])
        return Decoded(
            np.where(texts[:, None, None, None], one, several),
            np.where(texts[:, None], np.float32([0.8, 0, 0]), np.float32([0.2, 0.8, 0.5])),
            np.full(count, self.presence, np.float32),
            np.full(count, self.code, np.int64),
        )


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def predictor(backend: ScriptedBackend, sentence_encoder: SentenceEncoder) -> Predictor:
    made = Predictor(backend, sentence_encoder, codes={"liver": 0, "lung_left": 1, "heart": 2})
    made.set_image(np.random.default_rng(0).integers(0, 4000, (HEIGHT, WIDTH)).astype(np.uint16))
    return made


def test_the_image_is_encoded_once_for_many_prompts(predictor: Predictor, backend: ScriptedBackend) -> None:
    predictor.predict("heart")
    predictor.predict_many(["liver", "spine", "spleen"])
    assert len(backend.encoded) == 1
    assert [len(batch.text) for batch in backend.batches] == [1, 3]
    assert predictor.image_size == (WIDTH, HEIGHT)


def test_the_best_hypothesis_comes_back_in_the_image_frame(predictor: Predictor) -> None:
    found = predictor.predict("heart")
    assert found.mask.shape == found.probability.shape == (HEIGHT, WIDTH)
    assert found.mask.dtype == bool
    # Rows 26…37 and columns 16…47 of 64 are input pixels 104…151 and 64…191; the image lies in rows 51…204.
    scale = WIDTH / 256
    expected = (64 * scale, (104 - 51) * scale, 192 * scale - 1, (152 - 51) * scale - 1)
    assert np.allclose(found.box, expected, atol=3)
    assert np.allclose(found.centroid, (128 * scale - 0.5, (128 - 51) * scale - 0.5), atol=1)
    assert np.allclose(found.probability[found.mask].max(), 1 / (1 + np.exp(-5)), atol=1e-3)
    assert found.iou == pytest.approx(0.8)


def test_the_score_is_the_calibrated_presence(
    predictor: Predictor, backend: ScriptedBackend, sentence_encoder: SentenceEncoder
) -> None:
    assert predictor.predict("heart").score == pytest.approx(1 / (1 + np.exp(-3)))
    strict = Predictor(backend, sentence_encoder, Calibration(scale=0.5, bias=-1.0, threshold=0.7))
    strict.set_image(np.eye(32, dtype=np.uint8))
    found = strict.predict("heart")
    assert found.score == pytest.approx(1 / (1 + np.exp(-0.5)))
    assert not found.present


def test_an_absent_structure_has_no_mask(predictor: Predictor, backend: ScriptedBackend) -> None:
    backend.presence = -3
    found = predictor.predict("heart")
    assert not found.present
    assert found.score < 0.1
    assert found.box is None
    assert found.centroid is None
    assert not found.mask.any()
    assert found.mask.shape == (HEIGHT, WIDTH)
    assert found.logits.max() == 5


def test_an_empty_mask_is_absent(predictor: Predictor, backend: ScriptedBackend) -> None:
    backend.logits[:] = -5
    assert not predictor.predict("heart").present


def test_wordings_of_one_structure_reach_the_model_as_its_name(
    predictor: Predictor, backend: ScriptedBackend, sentence_encoder: SentenceEncoder
) -> None:
    found = [
        predictor.predict(text) for text in ("left thigh bone", "show me the LEFT femur, please", "femur on the left")
    ]
    assert {answer.structures for answer in found} == {("femur_left",)}
    assert found[0].prompt == "left thigh bone"
    expected = sentence_encoder.embed(["left femur", "right femur"])  # the other side beside it
    assert all(np.array_equal(batch.text, expected) for batch in backend.batches)


def test_a_list_gives_one_prediction_each(predictor: Predictor) -> None:
    found = predictor.predict_many(["ribs; heart", "liver"])
    assert [answer.structures for answer in found] == [("ribs",), ("heart",), ("liver",)]
    assert [answer.prompt for answer in found] == ["ribs; heart", "ribs; heart", "liver"]
    with pytest.raises(ValueError, match="predict_many"):
        predictor.predict("ribs; heart")


def test_a_name_without_its_side_shows_both(predictor: Predictor) -> None:
    found = predictor.predict_many(["kidney"])
    assert {answer.structures for answer in found} == {("kidney_left",), ("kidney_right",)}


@pytest.mark.parametrize("text", ["right knee prosthesis", "please", "?!"])
def test_what_no_model_knows_is_never_present(predictor: Predictor, text: str) -> None:
    found = predictor.predict(text)
    assert not found.present
    assert found.score == 0
    assert found.structures == ()


def test_free_text_read_as_the_other_side_or_as_nothing_is_not_present(
    predictor: Predictor, backend: ScriptedBackend
) -> None:
    backend.code = 1  # the left lung
    assert predictor.predict("left wobbly thing").present
    assert predictor.predict("wobbly thing").present
    refused = predictor.predict("right wobbly thing")
    assert not refused.present
    assert refused.score == 0
    backend.code = 2  # the heart has no side
    assert predictor.predict("right wobbly thing").present
    backend.code = 3  # outside the vocabulary
    assert not predictor.predict("wobbly thing").present
    assert predictor.predict("heart").present


def test_points_and_boxes_reach_the_model_in_its_own_pixels(predictor: Predictor, backend: ScriptedBackend) -> None:
    found = predictor.predict(points=[(10, 20), (399, 239)], point_labels=[1, 0], box=(50, 60, 300, 200))
    batch = backend.batches[-1]
    _, letterbox = to_input(np.zeros((HEIGHT, WIDTH)))
    expected = letterbox.points_to_input([(10, 20), (399, 239), (50, 60), (300, 200)])
    assert np.allclose(batch.points[0], expected)
    assert batch.point_labels.tolist() == [[1, 0, 2, 3]]
    assert batch.has_text.tolist() == [0]
    assert not batch.text.any()
    assert found.prompt == ""


def test_geometry_says_that_it_is_there(predictor: Predictor, backend: ScriptedBackend) -> None:
    backend.presence = -3
    found = predictor.predict(points=[(200, 120)])
    assert found.present
    assert found.score == pytest.approx(0.8)


def test_prompts_of_different_kinds_share_a_batch(predictor: Predictor, backend: ScriptedBackend) -> None:
    before = predictor.predict("heart")
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:, 200:] = True
    found = predictor.predict_prompts(
        [Prompt("liver"), Prompt(points=[(1, 1), (2, 2)]), Prompt(mask=mask), Prompt(previous=before)]
    )
    batch = backend.batches[-1]
    assert len(found) == 4
    assert batch.point_labels.tolist() == [[-1, -1], [1, 1], [-1, -1], [-1, -1]]
    assert batch.has_text.tolist() == [1, 0, 0, 0]
    assert batch.has_mask.tolist() == [0, 0, 1, 1]
    assert batch.mask_input[2, 0, 32, 50] > 5
    assert batch.mask_input[2, 0, 32, 10] < -5
    assert np.array_equal(batch.mask_input[3, 0], before.logits)
    assert all(array.dtype == np.float32 for array in vars(batch).values())


def test_many_prompts_are_cut_into_batches(predictor: Predictor, backend: ScriptedBackend) -> None:
    found = predictor.predict_many(["heart"] * 70)
    assert len(found) == 70
    assert max(len(batch.text) for batch in backend.batches) <= 32
    assert predictor.predict_many([]) == []


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        (Prompt(), "neither text nor points"),
        (Prompt(""), "empty"),
        (Prompt("  \n"), "empty"),
        (Prompt("x" * 10_000), "10000 characters"),
        (Prompt(points=[(400, 10)]), r"\(400, 10\) is outside the image of 400×240 px"),
        (Prompt(points=[(-1, 10)]), "outside"),
        (Prompt(points=[(1, np.nan)]), "finite"),
        (Prompt(points=[("a", "b")]), "numbers"),
        (Prompt(points=[1, 2]), "shape"),
        (Prompt(points=[(1, 2)], point_labels=[1, 0]), "label"),
        (Prompt(points=[(1, 2)], point_labels=[5]), "label"),
        (Prompt(box=(1, 2, 3)), "four"),
        (Prompt(box=(30, 2, 3, 40)), "x0 < x1"),
        (Prompt(box=(500, 10, 600, 20)), "overlap"),
        (Prompt(mask=np.zeros((3, 3), bool)), "mask has shape"),
    ],
)
def test_impossible_prompts_are_refused_in_one_sentence(predictor: Predictor, prompt: Prompt, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        predictor.predict_prompts([prompt])
    assert "\n" not in str(caught.value)


def test_a_bad_image_leaves_the_one_before(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="empty"):
        predictor.set_image(np.zeros((0, 3)))
    assert predictor.image_size == (WIDTH, HEIGHT)
    assert predictor.predict("heart").mask.shape == (HEIGHT, WIDTH)


def test_prompting_without_an_image_is_a_mistake(backend: ScriptedBackend, sentence_encoder: SentenceEncoder) -> None:
    with pytest.raises(RuntimeError, match="image"):
        Predictor(backend, sentence_encoder).predict("heart")


def test_an_exported_model_runs_from_its_folder(tiny_folder: Path) -> None:
    predictor = load_predictor(tiny_folder, threads=1)
    image = np.zeros((128, 128), np.uint8)
    image[:, 64:] = 200
    predictor.set_image(image)
    found = predictor.predict(points=[(96, 64)])
    assert found.box == pytest.approx((96, 0, 127, 127), abs=1)
    assert found.mask.sum() == pytest.approx(32 * 128, rel=0.04)
    assert found.iou == pytest.approx(0.9)
    found = predictor.predict(points=[(10, 64)], point_labels=[0])
    assert np.mean(found.mask == (image > 0)) > 0.98


def test_the_card_calibrates(tmp_path: Path, tiny_folder: Path) -> None:
    for path in tiny_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    card = {
        "presence": {"scale": 0.25, "bias": 0.5, "threshold": 0.9},
        "codes": {"heart": 3},
        "trained_on": "nothing",
    }
    (tmp_path / "tiny.json").write_text(json.dumps(card))
    assert load_predictor(tmp_path).calibration == Calibration(0.25, 0.5, 0.9)
    (tmp_path / "tiny.json").unlink()
    assert load_predictor(tmp_path).calibration == Calibration()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"presence": {"scale": "x"}}',
        '{"presence": {"bias": NaN}}',
        '{"codes": 3}',
        '{"codes": {"unicorn": 1}}',
    ],
)
def test_a_broken_card_is_refused(tmp_path: Path, tiny_folder: Path, text: str) -> None:
    for path in tiny_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "tiny.json").write_text(text)
    with pytest.raises(ModelError, match=r"tiny\.json"):
        load_predictor(tmp_path)


def test_models_are_found_by_folder_file_and_name(tiny_folder: Path, tmp_path: Path) -> None:
    assert (
        find_model(tiny_folder)
        == find_model(tiny_folder / "tiny_decoder.onnx")
        == find_model(tiny_folder / "tiny.json")
    )
    assert available_models(tiny_folder) == ("tiny",)
    with pytest.raises(ModelError, match="holds no model"):
        find_model(tmp_path)
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        find_model("nonsense")
    with pytest.raises(ModelError, match="backend 'abacus'"):
        load_predictor(tiny_folder, backend="abacus")
    (tmp_path / "half_encoder.onnx").write_bytes((tiny_folder / "tiny_encoder.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"half is incomplete: there is no .*half_decoder\.onnx"):
        load_predictor(tmp_path)


def test_all_hypotheses_are_there_for_who_asks(predictor: Predictor) -> None:
    prompts = [Prompt(points=[(100, 120)]), Prompt(box=(100, 82, 300, 157))]
    found = predictor.predict_hypotheses(prompts)
    assert len(found) == 2 and found[0].masks.shape == (3, HEIGHT, WIDTH)
    assert found[0].iou == pytest.approx([0.2, 0.8, 0.5])
    assert np.array_equal(found[1].masks[1], predictor.predict(box=(100, 82, 300, 157)).mask)
    assert not (found[0].masks[0] & found[0].masks[1]).any()


def test_clicks_choose_the_hypothesis_that_agrees_with_them(predictor: Predictor, backend: ScriptedBackend) -> None:
    # The second hypothesis, a rectangle in the middle, is the one of the highest estimated IoU.
    middle = predictor.predict(points=[(200, 120)])
    assert middle.mask[120, 200] and not middle.mask[5, 5]
    outside = predictor.predict(points=[(200, 120), (5, 5)], point_labels=[0, 1])
    assert outside.mask[5, 5] and not outside.mask[120, 200]
    assert outside.iou == pytest.approx(0.5), "the better of the two that agree"


def test_a_text_keeps_its_answer_whatever_its_clicks_say(predictor: Predictor) -> None:
    """The other hypotheses are not trained with texts: a click corrects the answer, it picks no other."""
    prompt = Prompt("heart", points=[(200, 120), (5, 5)], point_labels=[0, 1])
    found = predictor.predict_prompts([prompt])[0]
    assert found.mask[120, 200] and not found.mask[5, 5] and found.iou == pytest.approx(0.8)


def test_nothing_is_found_outside_a_box(predictor: Predictor, backend: ScriptedBackend) -> None:
    backend.logits[:] = 5
    box = (100.0, 60.0, 220.0, 150.0)
    mask = predictor.predict(box=box).mask
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert 75 <= columns[0] <= 100 and 220 <= columns[-1] <= 245
    assert 40 <= rows[0] <= 60 and 150 <= rows[-1] <= 170


class DoubtfulBackend(ScriptedBackend):
    """Sees two places, and takes either for either side; the left one is the likelier left."""

    def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
        decoded = super().decode(features, prompts)
        first, likely, unlikely = np.full((64, 64), -6, np.float32), -0.4, -0.6
        for row in range(len(prompts.text)):
            left = np.allclose(prompts.text[row], self.left)
            plane = first.copy()
            plane[26:38, 8:24] = unlikely if left else likely
            plane[26:38, 40:56] = likely if left else unlikely
            decoded.mask_logits[row, 0] = plane
        return decoded

    left: npt.NDArray[np.float32]


@pytest.mark.parametrize("texts", [["left lung"], ["left lung", "right lung"]])
def test_what_may_be_either_side_goes_to_the_likelier(sentence_encoder: SentenceEncoder, texts: list[str]) -> None:
    backend = DoubtfulBackend()
    backend.left = sentence_encoder.embed(["left lung"])[0]
    predictor = Predictor(backend, sentence_encoder)
    predictor.set_image(np.random.default_rng(0).integers(0, 4000, (256, 256)).astype(np.uint16))
    predictions = predictor.predict_many(texts)
    assert len(predictions) == len(texts)
    assert len(backend.batches[-1].text) == 2, "the other side is asked for once"
    left = predictions[0].mask
    assert left[128, 192] and not left[128, 64]
    if len(texts) == 2:
        right = predictions[1].mask
        assert right[128, 64] and not right[128, 192]


def test_what_has_no_other_side_is_asked_for_alone(predictor: Predictor, backend: ScriptedBackend) -> None:
    predictor.predict_many(["heart"])
    assert len(backend.batches[-1].text) == 1


def test_only_structures_with_another_side_are_looked_at_twice(predictor: Predictor, backend: ScriptedBackend) -> None:
    predictor.predict_many(["liver"])
    assert len(backend.encoded) == 1
    predictor.predict_many(["left lung", "liver"])
    predictor.predict_many(["right femur"])
    assert len(backend.encoded) == 2, "the second look is taken once an image"
    assert not np.array_equal(backend.encoded[0], backend.encoded[1])
    predictor.set_image(np.ones((HEIGHT, WIDTH), np.uint16))
    predictor.predict_many(["right femur"])
    assert len(backend.encoded) == 4


def test_both_looks_count_alike(sentence_encoder: SentenceEncoder) -> None:
    class Wavering(ScriptedBackend):
        def decode(self, features: Features, prompts: PromptBatch) -> Decoded:
            self.logits = -self.logits
            return super().decode(features, prompts)

    predictor = Predictor(Wavering(), sentence_encoder)
    predictor.set_image(np.ones((HEIGHT, WIDTH), np.uint16))
    assert abs(predictor.predict("left lung").logits[32, 32]) < 0.1
    assert abs(predictor.predict("liver").logits[32, 32]) == pytest.approx(5)
