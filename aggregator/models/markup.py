"""HTML by what is known of it."""

from typing import NewType

SafeHtml = NewType("SafeHtml", str)
"""HTML that may stand on a page; made only by `aggregator.parse.html.sanitise`."""
