from __future__ import annotations

import numpy as np
import pytest

from fluorosam_model.sentence_encoder import WEIGHTS, SentenceEncoder


def test_embeddings_have_unit_length(sentence_encoder: SentenceEncoder) -> None:
    rows = sentence_encoder.embed(["left femur", "heart", ""])
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_agrees_with_the_published_model(sentence_encoder: SentenceEncoder) -> None:
    # Similarities that the original 32-bit weights give, computed with torch.
    rows = sentence_encoder.embed(["left kidney", "right kidney", "clavicle", "collar bone"])
    assert rows[0] @ rows[1] == pytest.approx(0.87336, abs=0.01)
    assert rows[2] @ rows[3] == pytest.approx(0.36821, abs=0.01)


def test_a_text_embeds_the_same_alone_and_in_company() -> None:
    one = SentenceEncoder(threads=1).embed(["left femur"])
    many = SentenceEncoder(threads=1).embed(["a much longer text about the right fifth rib", "left femur"])
    assert np.array_equal(one[0], many[1])


def test_seen_texts_come_from_the_cache(sentence_encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sentence_encoder.embed(["sternum"])
    monkeypatch.setattr(sentence_encoder, "_tokenizer", None)
    assert np.array_equal(sentence_encoder.embed(["sternum"]), first)


def test_sides_and_levels_stay_apart(sentence_encoder: SentenceEncoder) -> None:
    left, right, l3, l4 = sentence_encoder.embed(["left femur", "right femur", "L3 vertebra", "L4 vertebra"])
    assert left @ right < 0.98
    assert l3 @ l4 < 0.98


def test_long_and_strange_texts_are_embedded(sentence_encoder: SentenceEncoder) -> None:
    rows = sentence_encoder.embed(["rib " * 10_000, "左肺", "\ud800\x00", "🦴"])
    assert np.isfinite(rows).all()
    assert np.array_equal(rows[0], sentence_encoder.embed(["rib " * 20_000])[0])


def test_no_texts_give_no_rows(sentence_encoder: SentenceEncoder) -> None:
    assert sentence_encoder.embed([]).shape == (0, 384)


def test_one_text_instead_of_a_list_is_a_mistake(sentence_encoder: SentenceEncoder) -> None:
    with pytest.raises(TypeError, match="list"):
        sentence_encoder.embed("left femur")


def test_states_say_which_word_each_row_is_of(sentence_encoder: SentenceEncoder) -> None:
    rows, word_of = sentence_encoder.states(["recollimate", "heart", "\ud800"])
    assert rows.shape == (len(word_of), 384) and np.isfinite(rows).all()
    assert word_of[0] is None and word_of[-1] is None and word_of[1:3] == [0, 0] and 1 in word_of


def test_the_shipped_file_is_small() -> None:
    assert (WEIGHTS / "text_minilm_int8.onnx").stat().st_size < 24e6
