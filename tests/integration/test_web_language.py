"""In which language the pages speak."""

import pytest
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from aggregator.errors import ConfigError
from tests.edition import NOON
from web import create_app


def test_a_language_that_the_pages_do_not_speak_is_refused_in_words(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="the pages do not speak 'tlh'; write one of en"):
        create_app(engine, Settings(web=WebSettings(language="tlh")), clock=lambda: NOON)


@pytest.mark.parametrize("asked_for", ["", "en", "tlh", "x" * 5000, "en;q=nan, *"])
def test_without_a_catalogue_for_what_the_browser_asks_the_page_is_english(engine: Engine, asked_for: str) -> None:
    app = create_app(engine, Settings(), clock=lambda: NOON)
    page = app.test_client().get("/", headers={"Accept-Language": asked_for})
    assert '<html lang="en" dir="ltr">' in page.text
