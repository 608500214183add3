"""In which language the pages speak: the owner's choice, else the browser's, as far as there is a catalogue."""

from flask import Flask, request
from flask_babel import Babel

from aggregator.errors import ConfigError
from aggregator.phrases import Phrase
from web.catalogues import SOURCE, languages
from web.newsroom import newsroom
from web.preferences import preferences
from web.words import say, speaks, tongue


def add_languages(app: Flask, chosen: str) -> None:
    """Let the pages speak the languages that there are catalogues of; ConfigError for a chosen one without."""
    if chosen and chosen not in languages():
        known = ", ".join(languages())
        raise ConfigError(f"web.language: the pages do not speak {chosen!r}; write one of {known}, or leave it empty.")
    Babel(app, locale_selector=_spoken)
    # Flask-Babel's own look for the catalogue anew at every word, and a river has a thousand.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: tongue().catalogue.ugettext(text),
        ngettext=lambda one, many, n: tongue().catalogue.ungettext(one, many, n),
        pgettext=lambda context, text: tongue().catalogue.upgettext(context, text),
        npgettext=lambda context, one, many, n: tongue().catalogue.unpgettext(context, one, many, n),
        newstyle=True,
    )
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
