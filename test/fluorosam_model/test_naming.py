"""What clicks and boxes mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from test_predictor import ScriptedBackend

from fluorosam_model.naming import Naming
from fluorosam_model.predictor import Predictor
from fluorosam_model.prompts import Prompt
from fluorosam_model.runtime.backend import Decoded, PromptBatch
from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_sim.anatomy import structure

PLACES = {"lung_left": np.s_[4:60, 4:40], "heart": np.s_[20:44, 20:44], "liver": np.s_[44:62, 30:62]}


def _plane(key: str) -> npt.NDArray[np.float32]:
    plane = np.full((64, 64), -6, np.float32)
    plane[PLACES[key]] = 6
    return plane


@pytest.fixture
def naming() -> Naming:
    logits = np.stack([_plane(key) for key in PLACES])
    return Naming(tuple(structure(key) for key in PLACES), np.full(3, 0.9, np.float32), logits, logits > 0)


def _likeliest(naming: Naming, points: list[tuple[float, float]], labels: list[float]) -> str | None:
    number = naming.likeliest(np.array(points, np.float32) * 4 + 1.5, np.array(labels, np.float32))
    return None if number is None else naming.structures[number].key


@pytest.mark.parametrize(
    ("points", "labels", "meant"),
    [
        ([(31, 31)], [1], "heart"),  # on the lung, too, but in the heart's middle
        ([(20, 30)], [1], "lung_left"),  # on the heart, too, but at its edge
        ([(31, 31), (10, 10)], [1, 1], "lung_left"),
        ([(20, 32), (22, 8)], [1, 0], "heart"),
        ([(31, 31), (10, 10)], [1, 0], "heart"),
        ([(4, 4), (40, 60)], [2, 3], "lung_left"),
        ([(21, 19), (43, 44)], [2, 3], "heart"),
        ([(50, 10)], [1], None),  # on nothing known
        ([(50, 2), (62, 14)], [2, 3], None),
        ([(31, 31)], [0], None),  # only what it is not
    ],
)
def test_the_structure_that_explains_them_best_is_meant(
    naming: Naming, points: list[tuple[float, float]], labels: list[float], meant: str | None
) -> None:
    assert _likeliest(naming, points, labels) == meant


def test_what_is_doubtful_is_less_likely_meant(naming: Naming) -> None:
    doubtful = Naming(naming.structures, np.array([0.9, 0.05, 0.9], np.float32), naming.logits, naming.masks)
    assert _likeliest(naming, [(30, 32)], [1]) == "heart" and _likeliest(doubtful, [(30, 32)], [1]) == "lung_left"
    none = Naming((), np.zeros(0, np.float32), np.zeros((0, 64, 64), np.float32), np.zeros((0, 64, 64), bool))
    assert _likeliest(none, [(30, 32)], [1]) is None


def test_a_click_after_an_answer_lies_in_the_middle_of_what_that_got_wrong() -> None:
    masks = np.zeros((2, 64, 64), bool)
    masks[0, 4:60, 4:40] = masks[1, 4:60, 4:62] = True
    logits = np.where(masks, 6, -6).astype(np.float32)
    naming = Naming((structure("lung_left"), structure("lungs")), np.full(2, 0.9, np.float32), logits, masks)
    points, labels = np.array([[28, 32], [35, 32]], np.float32) * 4 + 1.5, np.array([1, 1], np.float32)
    answered = np.zeros((64, 64), bool)
    answered[4:60, 4:30] = True
    assert naming.likeliest(points, labels) == 1
    assert naming.likeliest(points, labels, answered) == 0, "all that the smaller one lacks is around the click"
    points[1], labels[1] = (48 * 4 + 1.5, 32 * 4 + 1.5), 0
    answered[:, 30:62] = True
    assert naming.likeliest(points, labels, answered) == 0, "what is too much"


class NamesBackend(ScriptedBackend):
    """Knows three structures by their sentence, and answers all else with nothing; clicks alone with a rectangle."""

    def __init__(self, sentences: SentenceEncoder) -> None:
        super().__init__()
        self._texts = {key: sentences.embed([structure(key).name])[0] for key in PLACES}

    def decode(self, features: object, prompts: PromptBatch) -> Decoded:
        decoded = super().decode(features, prompts)  # type: ignore[arg-type]
        for row in np.flatnonzero(prompts.has_text):
            known = [key for key, text in self._texts.items() if np.allclose(prompts.text[row], text, atol=1e-4)]
            decoded.mask_logits[row, 0] = _plane(known[0]) if known else -6
            decoded.presence_logit[row] = 4 if known else -4
        return decoded


@pytest.fixture
def backend(sentence_encoder: SentenceEncoder) -> NamesBackend:
    return NamesBackend(sentence_encoder)


def _predictor(backend: NamesBackend, sentences: SentenceEncoder, naming: bool = True) -> Predictor:
    made = Predictor(backend, sentences, naming=naming)
    made.set_image(np.random.default_rng(0).integers(0, 4000, (256, 256)).astype(np.uint16))
    return made


def test_clicks_are_answered_as_what_they_mean(backend: NamesBackend, sentence_encoder: SentenceEncoder) -> None:
    predictor = _predictor(backend, sentence_encoder)
    found = predictor.predict(points=[(127, 127)])
    assert found.structures == ("heart",) and found.prompt == "" and found.present
    assert found.box == pytest.approx((80, 80, 175, 175), abs=2)
    asked = backend.batches[-1]
    assert asked.has_text[0] == 1 and asked.has_mask[0] == 1 and np.array_equal(asked.mask_input[0, 0], _plane("heart"))
    before = len(backend.batches)
    more = predictor.predict_prompts([Prompt(points=[(127, 127), (41, 41)], previous=found)])[0]
    assert more.structures == ("lung_left",), "a second click may show that something else was meant"
    assert np.array_equal(backend.batches[-1].mask_input[0, 0], _plane("lung_left"))
    assert len(backend.batches) == before + 1, "all names are asked for once an image"
    predictor.set_image(np.zeros((256, 256), np.uint8) + np.eye(256, dtype=np.uint8))
    predictor.predict(points=[(127, 127)])
    assert len(backend.batches) > before + 2


def test_many_clicks_go_on_from_the_answer_before(backend: NamesBackend, sentence_encoder: SentenceEncoder) -> None:
    predictor = _predictor(backend, sentence_encoder)
    first = predictor.predict(points=[(127, 127)])
    clicks = [(127, 127), (41, 41), (42, 200), (150, 41)]
    predictor.predict_prompts([Prompt(points=clicks, previous=first)])
    assert np.array_equal(backend.batches[-1].mask_input[0, 0], first.logits)


def test_other_places_drawn_masks_and_texts_mean_what_they_say(
    backend: NamesBackend, sentence_encoder: SentenceEncoder
) -> None:
    predictor = _predictor(backend, sentence_encoder)
    assert predictor.predict(points=[(210, 30)]).structures == ()
    drawn = np.zeros((256, 256), bool)
    drawn[80:176, 80:176] = True
    assert predictor.predict(mask=drawn).structures == ()
    assert predictor.predict(points=[(127, 127)], mask=drawn).structures == ()
    assert predictor.predict("liver", points=[(127, 127)]).structures == ("liver",)
    plain = _predictor(backend, sentence_encoder, naming=False)
    asked = len(backend.batches)
    assert plain.predict(points=[(127, 127)]).structures == ()
    assert len(backend.batches) == asked + 1
