"""In which language the pages speak: the owner's choice, else the browser's, as far as there is a catalogue."""

from flask import Flask, request
from flask_babel import Babel

from aggregator.errors import ConfigError
from aggregator.phrases import Phrase
from web.catalogues import SOURCE, languages
from web.newsroom import newsroom
from web.preferences import preferences
from web.words import marked, n_marked, say, speaks


def add_languages(app: Flask, chosen: str) -> None:
    """Let the pages speak the languages that there are catalogues of; ConfigError for a chosen one without."""
    if chosen and chosen not in languages():
        known = ", ".join(languages())
        raise ConfigError(f"web.language: the pages do not speak {chosen!r}; write one of {known}, or leave it empty.")
    Babel(app, locale_selector=_spoken)
    # Jinja's own and Flask-Babel's look for the catalogue anew at every word, and a river has a thousand.
    # So that {% trans %}, too, hands over what stands in its places.
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.globals.update(_=marked, gettext=marked, ngettext=n_marked)
    app.add_template_global(speaks, "locale")
    app.jinja_env.finalize = _in_words


def _in_words(value: object) -> object:
    """Return what a template prints: phrases are said, everything else is as it is."""
    return say(value) if isinstance(value, Phrase) else value


def _spoken() -> str:
    return (
        preferences().language
        or newsroom().settings.web.language
        or request.accept_languages.best_match(languages())
        or SOURCE
    )
