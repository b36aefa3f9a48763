from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.models.universal_sentence_encoder import UniversalSentenceEncoder

TEXTS = ["白色连衣裙 夏天穿搭", "white summer dress", "今天去吃火锅", "black leather boots", "#穿搭 :fire:"]


@pytest.fixture(scope="module")
def encoder() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder()


def test_vectors_are_unit_float32(encoder: UniversalSentenceEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((5, 512), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_vector_does_not_depend_on_its_batch(encoder: UniversalSentenceEncoder) -> None:
    together = encoder.encode(TEXTS * 3)
    np.testing.assert_array_equal(together[:5], together[10:])
    for i, text in enumerate(TEXTS):
        np.testing.assert_array_equal(encoder.encode([text])[0], together[i])


def test_a_translation_is_nearer_than_another_topic(encoder: UniversalSentenceEncoder) -> None:
    dress, translated, hotpot, boots, _ = encoder.encode(TEXTS)
    assert dress @ translated > 0.6
    assert dress @ translated > max(dress @ hotpot, dress @ boots) + 0.3


def test_no_texts_give_no_vectors(encoder: UniversalSentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, 512)


def test_a_long_text_is_read_to_its_end_in_one_window(encoder: UniversalSentenceEncoder) -> None:
    body = "".join(f"第{i}件衬衫很好看，" for i in range(400))
    long, other = encoder.encode([body + "最后是靴子", body + "最后是火锅"])
    n_tokens = len(encoder.tokenize(body))
    assert n_tokens > 2000
    assert encoder.n_windows(n_tokens) == 1
    assert np.abs(long - other).max() > 1e-4


def test_texts_that_are_one_to_the_tokenizer_share_a_vector(encoder: UniversalSentenceEncoder) -> None:
    full_width, ascii_only = "好看！１２３", "好看!123"
    assert encoder.tokenize(full_width) == encoder.tokenize(ascii_only)
    np.testing.assert_array_equal(*encoder.encode([full_width, ascii_only]))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_has_tokens_and_a_unit_vector(encoder: UniversalSentenceEncoder, text: str) -> None:
    assert len(encoder.tokenize(text)) >= 3
    assert np.linalg.norm(encoder.encode([text])[0]) == pytest.approx(1, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("白裙子好看靴abc #!", max_size=6), min_size=2, max_size=8))
def test_vectors_are_equal_exactly_where_tokens_are(
    encoder: UniversalSentenceEncoder, texts: list[str]
) -> None:
    vectors = encoder.encode(texts)
    tokens = [encoder.tokenize(text) for text in texts]
    for i in range(len(texts)):
        for j in range(i):
            assert (tokens[i] == tokens[j]) == np.array_equal(vectors[i], vectors[j])
