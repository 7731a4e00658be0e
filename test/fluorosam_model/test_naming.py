"""What clicks and boxes mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from test_predictor import ScriptedBackend

from fluorosam_model.click_evidence import HEADS, PRIOR, Candidates, heads
from fluorosam_model.naming import likeliest
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
def candidates() -> Candidates:
    logits = np.stack([_plane(key) for key in PLACES])
    return Candidates(tuple(structure(key) for key in PLACES), np.full(3, 0.9, np.float32), logits, logits > 0)


def _likeliest(candidates: Candidates, points: list[tuple[float, float]], labels: list[float]) -> str | None:
    number = likeliest(candidates, np.array(points, np.float32) * 4 + 1.5, np.array(labels, np.float32))
    return None if number is None else candidates.structures[number].key


@pytest.mark.parametrize(
    ("points", "labels", "meant"),
    [
        ([(31, 31)], [1], "heart"),  # on the lung, too, but in the heart's middle
        ([(22, 30)], [1], "lung_left"),  # on the heart, too, but at its edge
        ([(31, 31), (10, 10)], [1, 1], "lung_left"),
        ([(31, 31), (10, 10)], [1, 0], "heart"),
        ([(4, 4), (40, 60)], [2, 3], "lung_left"),
        ([(21, 19), (43, 44)], [2, 3], "heart"),
        ([(50, 10)], [1], None),  # on nothing known
        ([(50, 2), (62, 14)], [2, 3], None),
        ([(31, 31)], [0], None),  # only what it is not
    ],
)
def test_the_structure_that_explains_them_best_is_meant(
    candidates: Candidates, points: list[tuple[float, float]], labels: list[float], meant: str | None
) -> None:
    assert _likeliest(candidates, points, labels) == meant


def test_what_is_doubtful_is_less_likely_meant(candidates: Candidates) -> None:
    doubtful = Candidates(
        candidates.structures, np.array([0.9, 0.01, 0.9], np.float32), candidates.logits, candidates.masks
    )
    sure, doubted = (heads()["first"](each.prior, each.first(30, 32)) for each in (candidates, doubtful))
    assert doubted[1] - doubted[0] < sure[1] - sure[0]
    none = Candidates((), np.zeros(0, np.float32), np.zeros((0, 64, 64), np.float32), np.zeros((0, 64, 64), bool))
    assert _likeliest(none, [(30, 32)], [1]) is None


def test_a_click_after_an_answer_lies_in_the_middle_of_what_that_got_wrong() -> None:
    masks = np.zeros((2, 64, 64), bool)
    masks[0, 4:60, 4:40] = masks[1, 4:60, 4:62] = True
    logits = np.where(masks, 6, -6).astype(np.float32)
    both = Candidates((structure("lung_left"), structure("lungs")), np.full(2, 0.9, np.float32), logits, masks)

    def meant(second: tuple[int, int], label: int, answered: slice, answer: str) -> str:
        mask = np.zeros((64, 64), bool)
        mask[4:60, answered] = True
        points = np.array([[22, 32], second], np.float32) * 4 + 1.5
        number = likeliest(both, points, np.array([1, label], np.float32), mask, answer)
        assert number is not None
        return both.structures[number].key

    assert meant((51, 32), 1, np.s_[4:40], "lung_left") == "lungs", "all that is missing is around the click"
    assert meant((51, 32), 0, np.s_[4:62], "lungs") == "lung_left", "what is too much"


def test_the_shipped_networks_fit_the_features(candidates: Candidates) -> None:
    answered = candidates.masks[0]
    corners = np.array([[20, 20], [43, 43]])
    features = {
        "first": candidates.first(30, 30),
        "other": candidates.other(30, 30, True),
        "last": candidates.last(30, 30, False, answered, None),
        "box": candidates.box(corners),
    }
    assert candidates.prior.shape == (3, PRIOR) and set(heads()) == set(HEADS)
    for name, values in features.items():
        assert values.shape == (3, HEADS[name]) and np.isfinite(values).all()
        assert np.isfinite(heads()[name](candidates.prior, values)).all()


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
