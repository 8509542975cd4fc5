"""Dictionaries: named for ever, and never guessed."""

import pytest

from looply.engine.coding.dictionary import Dictionaries, starter_dictionary, train


def test_without_a_dictionary_texts_are_compressed_plainly() -> None:
    known = Dictionaries({})
    assert known.newest == 0
    assert known.decompress(0, known.compress(b"text")) == b"text"


def test_an_unknown_number_and_damaged_bytes_are_errors() -> None:
    known = Dictionaries({1: starter_dictionary()})
    with pytest.raises(ValueError, match="dictionary 5"):
        known.decompress(5, b"")
    with pytest.raises(ValueError, match=r".+"):
        known.decompress(1, b"damaged")


def test_too_few_samples_make_no_dictionary() -> None:
    with pytest.raises(ValueError, match="2 samples"):
        train([b"a", b"b"])
