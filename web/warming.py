"""Making a web that has just started as quick as one that has run for a while."""

import gc

from babel import Locale
from flask import Flask

from web.catalogues import languages


def warm(app: Flask) -> None:
    """Read what the first pages would wait for: every template, and what Babel knows of each language.

    What is there then stays: the collector of garbage, which a large page calls, need not look through it again.
    """
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    for tag in languages():
        locale = Locale.parse(tag)
        _ = locale.months, locale.days, locale.territories, locale.languages
    gc.collect()
    gc.freeze()
