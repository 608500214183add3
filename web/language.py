"""In which language the pages speak: the owner's choice, else the browser's, as far as there is a catalogue."""

from typing import NamedTuple

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g, request
from flask_babel import Babel, get_locale, get_translations

from aggregator.errors import ConfigError
from aggregator.phrases import Phrase
from web.catalogues import SOURCE, languages
from web.newsroom import newsroom
from web.preferences import preferences


class Tongue(NamedTuple):
    """What one page needs in order to speak."""

    locale: Locale
    catalogue: NullTranslations


def add_languages(app: Flask, chosen: str) -> None:
    """Let the pages speak the languages that there are catalogues of; ConfigError for a chosen one without."""
    if chosen and chosen not in languages():
        known = ", ".join(languages())
        raise ConfigError(f"web.language: the pages do not speak {chosen!r}; write one of {known}, or leave it empty.")
    Babel(app, locale_selector=_spoken)
    # Flask-Babel's own look for the catalogue anew at every word, and a river has a thousand.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _tongue().catalogue.ugettext(text),
        ngettext=lambda one, many, n: _tongue().catalogue.ungettext(one, many, n),
        pgettext=lambda context, text: _tongue().catalogue.upgettext(context, text),
        npgettext=lambda context, one, many, n: _tongue().catalogue.unpgettext(context, one, many, n),
        newstyle=True,
    )
    app.add_template_global(speaks, "locale")
    app.jinja_env.finalize = _in_words


def speaks() -> Locale:
    """Return the language of the present page, and how it writes dates and numbers."""
    return _tongue().locale


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of the present page; without values its places stay, to be filled later."""
    said = _translate(text, "", 1)
    return said % values if values else said


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the text about so many things in the language of the present page, as `gettext` does."""
    said = _translate(one, many, number)
    return said % values if values else said


def say(phrase: Phrase) -> str:
    """Return what the aggregator has to say, in the language of the present page."""
    return phrase.said(_translate)


def _translate(one: str, many: str, n: int) -> str:
    known = _tongue().catalogue
    text: str = known.ungettext(one, many, n) if many else known.ugettext(one)
    return text


def _tongue() -> Tongue:
    """Return what the present page speaks with, found once for it; outside of any, what the pages are written in."""
    try:
        found: Tongue = g.tongue
    except AttributeError:
        found = g.tongue = Tongue(get_locale() or Locale.parse(SOURCE), get_translations())
    except RuntimeError:
        found = Tongue(Locale.parse(SOURCE), NullTranslations())
    return found


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
