from pathlib import Path

import pytest

from aggregator.config import Settings, load_settings, parse_settings
from aggregator.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_without_a_file_the_defaults_hold():
    assert load_settings(None) == Settings()


def test_the_example_holds_every_setting_with_its_default():
    text = EXAMPLE.read_text(encoding="utf-8")
    assert parse_settings(text) == Settings()
    for section in Settings.__dataclass_fields__.values():
        assert f"[{section.name}]" in text
        for key in section.type.__dataclass_fields__:
            assert f"\n{key} = " in text.partition(f"[{section.name}]")[2].partition("\n[")[0], key


def test_what_the_file_says_holds():
    assert parse_settings("[web]\nport = 9000").web.port == 9000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nprot = 9000", "unknown key 'prot' in [web]; did you mean 'port'"),
        ("[wbe]\nport = 9000", "unknown section [wbe]; did you mean 'web'"),
        ("[web]\nport = 'high'", "web.port: expected int"),
        ("[web]\nport = 99999", "web.port"),
        ("port = 9000", "unknown section [port]"),
        ("web = 9000", "web has to be a section"),
        ("[web", "not valid TOML"),
        ("[zzzzz]", "it may hold database, fetch"),
    ],
)
def test_what_it_does_not_know_is_said_in_words(text: str, said: str):
    with pytest.raises(ConfigError) as raised:
        parse_settings(text, name="config.toml")
    assert said in str(raised.value)
    assert str(raised.value).startswith("config.toml")
    assert str(raised.value).endswith(".")


def test_a_file_that_cannot_be_read_is_said_in_words(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "nothing.toml")
