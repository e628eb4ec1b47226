"""Vectors made here: near where words are shared, the same on every machine, and never compared across spaces."""

import numpy as np
import pytest

from incident_commander.reasoning.vectors import LOCAL_DIMENSIONS, DifferentSpaces, Vectors, hashed

TEXTS = (
    "connection pool of orders-db exhausted, checkout times out",
    "checkout times out since the connectionPool of the orders database is exhausted",
    "certificate of the edge expired at midnight",
)


def test_texts_that_share_words_are_nearer_than_those_that_do_not() -> None:
    vectors = hashed(TEXTS)
    near = vectors.similarity(vectors)
    assert vectors.rows.shape == (3, LOCAL_DIMENSIONS)
    assert np.allclose(np.diag(near), 1)
    assert near[0, 1] > 0.5 > near[0, 2]


def test_the_same_text_has_the_same_vector_in_every_process() -> None:
    assert np.flatnonzero(hashed(["expired"]).rows[0]).tolist() == [165, 506]


def test_a_text_without_words_is_near_nothing() -> None:
    assert not hashed(["", "12 !?"]).rows.any()


def test_vectors_of_two_spaces_are_not_compared() -> None:
    other = Vectors("amazon.titan-embed-text-v2:0/512", np.zeros((1, LOCAL_DIMENSIONS)))
    with pytest.raises(DifferentSpaces, match="cannot be compared; embed both anew"):
        hashed(TEXTS).similarity(other)
