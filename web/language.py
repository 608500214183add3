"""In which language the pages speak: the owner's choice, else the browser's, as far as there is a catalogue."""

from babel import Locale
from flask import Flask, request
from flask_babel import Babel, get_locale

from aggregator.errors import ConfigError
from web.catalogues import SOURCE, languages
from web.newsroom import newsroom
from web.preferences import preferences


def add_languages(app: Flask, chosen: str) -> None:
    """Let the pages speak the languages that there are catalogues of; ConfigError for a chosen one without."""
    if chosen and chosen not in languages():
        known = ", ".join(languages())
        raise ConfigError(f"web.language: the pages do not speak {chosen!r}; write one of {known}, or leave it empty.")
    Babel(app, locale_selector=_spoken)
    app.add_template_global(speaks, "locale")


def speaks() -> Locale:
    """Return the language of the present page, and how it writes dates and numbers."""
    locale: Locale = get_locale() or Locale.parse(SOURCE)
    return locale


def _spoken() -> str:
    return (
        preferences().language
        or newsroom().settings.web.language
        or request.accept_languages.best_match(languages())
        or SOURCE
    )
