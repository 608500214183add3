"""Loads what every child needs, once, in the small server that children are forked from: they share its memory.

Imported by that server alone, which runs nothing but imports.
"""

import gc

from aggregator.parse import discover as discover
from aggregator.parse import feed as feed
from aggregator.parse import opml as opml
from aggregator.parse import sandbox as sandbox
from aggregator.parse.dates import parse_date
from aggregator.parse.language import article_language
from aggregator.parse.urls import registrable_domain

article_language("The first text takes half a second.", "en")
article_language(
    "And so does the first one that is long enough to have words of its own, and from which they are.", "en"
)
registrable_domain("https://example.org/")
parse_date("1 January 2024")

# Children neither search what is loaded by now for garbage nor, by searching, make its memory their own.
gc.collect()
gc.freeze()
