"""The bundled model, and what is said of models that cannot be loaded."""

from pathlib import Path

import numpy as np
import pytest

from aggregator.config import EncodeSettings
from aggregator.encode import Encoder, load_encoder, text_to_encode
from aggregator.errors import EncoderError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder(EncodeSettings())


def test_vectors_are_unit_rows_in_the_order_of_the_texts(bundled: Encoder):
    texts = ["A ferry ran aground.", "", "A passenger ship is stuck on a reef. " * 30, "The bank raised its rate."]
    vectors = bundled.encode(texts)
    assert vectors.shape == (4, bundled.name.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    alone = bundled.encode([texts[3]])
    assert float(alone[0] @ vectors[3]) > 0.99


def test_texts_of_one_meaning_are_nearer_than_others(bundled: Encoder):
    ferry, ship, bank = bundled.encode(
        ["A ferry ran aground.", "A ship is stuck on a reef.", "The bank raised its rate."]
    )
    assert ferry @ ship > ferry @ bank


def test_no_texts_give_no_rows(bundled: Encoder):
    assert bundled.encode([]).shape == (0, bundled.name.dim)


def test_the_name_says_which_weights_made_a_vector(bundled: Encoder):
    assert bundled.name.dim == 384
    assert bundled.name.version == "53aa51172d14"


@pytest.mark.parametrize("content", [None, b"", b"{not json"])
def test_a_model_that_cannot_be_loaded_is_said_in_words(tmp_path: Path, content: bytes | None):
    folder = tmp_path / "model"
    if content is not None:
        folder.mkdir()
        (folder / "config.json").write_bytes(content)
    with pytest.raises(EncoderError) as raised:
        load_encoder(EncodeSettings(model=str(folder)))
    assert str(folder) in str(raised.value)


def test_title_and_the_beginning_of_the_text_are_encoded():
    assert text_to_encode("Title", "x" * 1000, 300).count("x") == 300
    assert text_to_encode("Title", "", 300) == "Title"
