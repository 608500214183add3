"""Do beside the web what a worker does: keep articles, and encode them. For `bench/pages.py --busy`.

    python -m bench.busy DATABASE

Every second some articles of invented words are kept through the store, in a transaction of their own, as a refresh
keeps them. Encoding is matrices as large as those of a small encoder, multiplied on one thread without a pause.
"""

import os
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import monotonic

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # read when numpy is imported

import numpy as np

from aggregator.models.arrivals import Arrivals, NewArticle
from aggregator.models.entries import Entry
from aggregator.models.values import SafeHtml
from aggregator.store import articles
from aggregator.store.db import open_database, sqlite_url, transaction
from bench.archives import common_word

PER_SECOND = 5
"""Articles: three hundred times as many as four hundred feeds bring."""
LAYER = (256, 384, 1_536)
"""Words of a batch, and the two sizes between which each layer of a small encoder goes."""


def main() -> None:
    """Work until terminated."""
    engine = open_database(sqlite_url(Path(sys.argv[1])))
    n_words, narrow, wide = LAYER
    chance = np.random.default_rng(1)
    words = chance.normal(size=(n_words, narrow)).astype(np.float32)
    up = chance.normal(size=(narrow, wide)).astype(np.float32)
    for second in count():
        ends_at = monotonic() + 1
        arrivals = Arrivals(new=tuple(article(second, n) for n in range(PER_SECOND)))
        with transaction(engine) as db:
            articles.keep(db, second % 400 + 1, arrivals, now=datetime.now(UTC))
        while monotonic() < ends_at:
            (words @ up) @ up.T


def article(second: int, n: int) -> NewArticle:
    """Return an article of this moment that was never there before."""
    now = datetime.now(UTC)
    guid = f"busy-{now.timestamp():.0f}-{n}"
    text = " ".join(common_word(20 + (second * 31 + n * 7 + place) % 900) for place in range(120))
    entry = Entry(
        guid=guid,
        url=f"https://paper0.example/{guid}",
        canonical_url=f"https://paper0.example/{guid}",
        domain="paper0.example",
        title=text[:60],
        text=text,
        content_html=SafeHtml(f"<p>{text}</p>"),
        published_at=now,
        language="en",
    )
    return NewArticle(
        entry=entry, publisher_domain="paper0.example", publisher_name="The Paper 0", published_at=now, digest=guid
    )


if __name__ == "__main__":
    main()
