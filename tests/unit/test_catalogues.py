"""The catalogues: whole, of the same places as the English, and what the pages read is what translators wrote."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tests.messages import compiled, kept, read, said
from web.catalogues import SOURCE, languages
from web.words import gettext

PLACE = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def source() -> Catalog:
    return said()


@pytest.fixture(params=kept(), ids=lambda path: path.parent.parent.name)
def path(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def catalog(path: Path) -> Catalog:
    return read(path)


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """Return a text, or each form of one that is counted."""
    return [text] if isinstance(text, str) else list(text)


def messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def test_there_is_one_other_language_at_least() -> None:
    assert languages()[0] == SOURCE
    assert len(languages()) > 1


def test_a_catalogue_has_every_message_and_no_other(source: Catalog, catalog: Catalog) -> None:
    wanted, there = ({message.id for message in messages(each)} for each in (source, catalog))
    assert not wanted - there, f"run make messages, then translate in the .po: {wanted - there}"
    assert not there - wanted, f"run make messages, which takes out what is said no more: {there - wanted}"


def test_nothing_is_left_untranslated_or_uncertain(catalog: Catalog) -> None:
    for message in messages(catalog):
        assert all(forms(message.string)), f"translate in the .po, then run make messages: {message.id}"
        assert not message.fuzzy, message.id
        assert len(forms(message.string)) == (catalog.num_plurals if message.pluralizable else 1)


def test_a_translation_has_the_places_of_the_english(catalog: Catalog) -> None:
    assert [(message.id, errors) for message, errors in catalog.check()] == []
    for message in messages(catalog):
        for english, form in zip(forms(message.id), forms(message.string), strict=True):
            assert set(PLACE.findall(form)) == set(PLACE.findall(english)), message.id
            assert sorted(TAG.findall(form)) == sorted(TAG.findall(english)), message.id


def test_what_the_pages_read_is_what_was_written(path: Path, catalog: Catalog) -> None:
    assert path.with_suffix(".mo").read_bytes() == compiled(catalog), "run make messages"


def test_german_quotes_as_german_does(catalog: Catalog) -> None:
    if str(catalog.locale) == "de":
        for message in messages(catalog):
            for form in forms(message.string):
                assert not re.search(r'”|(?<!=)"(?!>)|\'', TAG.sub("", form)), form
                assert form.count("„") == form.count("“"), form


def test_no_sentence_of_ours_stands_in_a_script() -> None:
    for script in (Path(__file__).parent.parent.parent / "web" / "static").glob("*.js"):
        code = re.sub(r"^\s*//.*$", "", script.read_text(), flags=re.MULTILINE)
        texts = re.findall(r'(?<!Error\()"([^"\n]*)"', code)
        assert [text for text in texts if re.match(r"[A-Z][a-z]+ [a-z]+", text)] == [], script


def test_outside_a_request_a_text_stays_as_it_is() -> None:
    assert gettext("Front page") == "Front page"


def test_the_style_sheets_know_no_left_and_no_right() -> None:
    for sheet in (Path(__file__).parent.parent.parent / "web" / "static").glob("*.css"):
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert re.findall(r"[^\n]*\b(?:left|right)\b[^\n]*", rules) == [], sheet
