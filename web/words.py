"""What the present page says, in its language."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from babel import Locale
from babel.support import NullTranslations
from flask_babel import get_locale, get_translations
from markupsafe import Markup, escape

from aggregator.phrases import Phrase
from aggregator.retelling import retold
from web.catalogues import SOURCE
from web.newsroom import here


class Tongue(NamedTuple):
    """What one page needs in order to speak."""

    locale: Locale
    tag: str
    """Of the language, as it is written: "en"."""
    catalogue: NullTranslations
    days: dict[date, str]
    """As they were written on this page: a river writes the same one eighty times."""


def speaks() -> Locale:
    """Return the language of the present page, and how it writes dates and numbers."""
    return tongue().locale


def gettext(text: str, /, **values: object) -> str:
    """Return the text in the language of the present page; without values its places stay, to be filled later."""
    said = _translate(text, "", 1)
    return said % values if values else said


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the text about so many things in the language of the present page, as `gettext` does."""
    said = _translate(one, many, number)
    return said % values if values else said


def marked(text: str, /, **values: object) -> Markup:
    """Return the text as `gettext` does for a template: its own tags stay, and what stands in its places is escaped."""
    return filled(_translate(text, "", 1), values)


def n_marked(one: str, many: str, num: int, /, **values: object) -> Markup:
    """Return the text about so many things as `marked` does; they stand at `%(num)s` too."""
    return filled(_translate(one, many, num), {"num": num, **values})


def filled(said: str, values: Mapping[str, object]) -> Markup:
    """Return a sentence of ours with its places filled, what came from elsewhere escaped."""
    safe = {name: value if isinstance(value, Markup) else escape(value) for name, value in values.items()}
    return Markup(said % safe)  # noqa: S704


def say(phrase: Phrase) -> str:
    """Return what the aggregator has to say, in the language of the present page."""
    return phrase.said(_translate)


def tell(sentence: str) -> str:
    """Return a sentence that was kept in English, in the language of the present page."""
    return say(retold(sentence))


def _translate(one: str, many: str, n: int) -> str:
    known = tongue().catalogue
    text: str = known.ungettext(one, many, n) if many else known.ugettext(one)
    return text


def tongue() -> Tongue:
    """Return what the present page speaks with, found once for it; outside of any, what the pages are written in."""
    try:
        found: Tongue = here().tongue
    except AttributeError:
        locale = get_locale() or Locale.parse(SOURCE)
        found = here().tongue = Tongue(locale, str(locale), get_translations(), {})
    except RuntimeError:
        found = Tongue(Locale.parse(SOURCE), SOURCE, NullTranslations(), {})
    return found
