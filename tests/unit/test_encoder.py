import subprocess
import sys

import numpy as np
import pytest

from aggregator.encode import BATCH_TOKENS, SentenceEncoder, batches, text_to_encode
from aggregator.errors import EncoderError
from aggregator.models.encoders import EncoderName


class FakeModel:
    """A model of two numbers: one that is no number where a text says so, none at all where it fails."""

    tokenizer = None

    def encode(self, texts, **_):
        if "fail" in texts:
            raise RuntimeError("out of memory\nand more")
        return FakeTensor([[np.nan if text == "nan" else len(text), 1] for text in texts])


class FakeTensor(list):
    def float(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return np.array(self, dtype=np.float32)


def test_a_batch_holds_texts_of_like_length_and_no_blank_one():
    texts = ["c" * 400, "", "a", "b" * 390, " ", "bb"]
    assert batches([len(text) for text in texts], texts) == [[2, 5], [3, 0]]


def test_a_batch_is_no_longer_than_it_may_be_but_one_text_is_always_taken():
    found = batches([BATCH_TOKENS // 2, BATCH_TOKENS // 2 + 1, 5 * BATCH_TOKENS], ["a", "b", "c"])
    assert found == [[0], [1], [2]]


def test_the_order_of_texts_makes_no_difference_to_what_is_in_a_batch():
    texts = [f"{'x' * (number % 7)}{number}" for number in range(500)]
    lengths = [100 + number % 7 for number in range(500)]
    found = [[texts[row] for row in batch] for batch in batches(lengths, texts)]
    turned = [[texts[::-1][row] for row in batch] for batch in batches(lengths[::-1], texts[::-1])]
    assert found == turned


def test_a_text_that_the_model_makes_no_numbers_of_is_like_nothing():
    vectors = SentenceEncoder(FakeModel(), EncoderName("fake", "1", 2)).encode(["abc", "nan"])
    assert np.allclose(vectors[0], np.array([3, 1]) / np.sqrt(10))
    assert not vectors[1].any()


def test_a_model_that_fails_says_so_in_words():
    with pytest.raises(EncoderError, match=r"The model fake failed: out of memory$"):
        SentenceEncoder(FakeModel(), EncoderName("fake", "1", 2)).encode(["fail"])


def test_a_text_follows_its_title_and_is_cut():
    assert text_to_encode("Flood", "It rained " * 100, 25) == "Flood\nIt rained It rained It ra"


def test_a_text_that_begins_with_its_title_says_it_once():
    assert text_to_encode("Flood hits", "Flood hits. It rained.", 300) == "Flood hits\nIt rained."


def test_nothing_to_say_is_blank():
    assert text_to_encode("", " \n ", 300) == ""
    assert text_to_encode("Flood", "", 300) == "Flood"


def test_the_room_of_the_model_is_entered_without_loading_what_is_heavy():
    heavy = "{'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    check = f"import sys, aggregator.encode; sys.exit(sorted({heavy}) or 0)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
