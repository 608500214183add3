"""The kind of article this project began with: whole, shortened and rewritten, it is one story."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine

from aggregator.cli.checking import claim, refresh
from aggregator.cli.work import encode_and_regroup
from aggregator.config import FetchSettings, Settings
from aggregator.demo.day import load_day
from aggregator.demo.publisher import serving
from aggregator.encode import load_encoder
from aggregator.models.subscribing import Subscription
from aggregator.store import showing
from aggregator.store.db import reading, transaction
from aggregator.subscribing import subscribe_all
from tests.blank import open_blank
from tests.server import Site

SEED = Path(__file__).parents[3] / "shared/data/seed/article.txt"
EVENING = datetime(2026, 3, 1, 18, tzinfo=UTC)
SETTINGS = Settings(fetch=FetchSettings(allowed_hosts=("127.0.0.0/8", "*.localhost")))
REWRITTEN_TITLE = "Xi and Putin agree on closer economic ties in the face of Western sanctions"
REWRITTEN = """
The leaders of China and Russia spoke by telephone on Wednesday and said they wanted their economies to work more
closely together, the Kremlin announced, as Western countries tighten sanctions on Moscow over Ukraine.

Vladimir Putin and Xi Jinping named energy, finance, industry and transport among the fields in which they mean to do
more. They spoke of military links too, according to the Agence France-Presse.

Beijing, which has not condemned the Russian operation and avoids the word invasion, said through Mr Xi that it would
go on supporting Russia where its sovereignty and security are at stake.
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SEED.exists(), reason="The seed article is not beside this checkout (../shared)."),
]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_blank(tmp_path / "seed.db")


def rss(title: str, text: str, url: str) -> bytes:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    item = (
        f"<item><title>{escape(title)}</title><link>{url}</link><description>{escape(paragraphs)}</description></item>"
    )
    return f'<rss version="2.0"><channel><title>Feed</title>{item}</channel></rss>'.encode()


def test_the_seed_article_in_three_forms_is_one_story_beside_a_day_of_news(engine: Engine):
    title, _, text = SEED.read_text(encoding="utf-8").partition("\n\n")
    shortened = "\n\n".join(text.split("\n\n")[:3])
    pages = {
        "/whole": rss(title, text, "https://whole.example/putin-xi"),
        "/short": rss(title, shortened, "https://short.example/putin-xi"),
        "/rewritten": rss(REWRITTEN_TITLE, REWRITTEN, "https://rewritten.example/xi-putin"),
    }
    console = Console(quiet=True)
    with Site(dict(pages)) as site, serving(load_day(), day_end=EVENING) as press:
        urls = [site.at(path) for path in pages] + [other.feed_url for other in press.sites.values()]
        with transaction(engine) as db:
            list(subscribe_all(db, [Subscription(feed_url=url) for url in urls], now=EVENING))
            due = claim(db, now=EVENING)
        refresh(engine, due, SETTINGS, console, now=EVENING)
    encode_and_regroup(engine, load_encoder(SETTINGS.encode), SETTINGS, console, now=EVENING)
    with reading(engine) as db:
        cards = showing.front_page(db, since=datetime(2026, 2, 20, tzinfo=UTC), limit=100, now=EVENING)
    [story] = [card for card in cards if "Putin" in card.headline]
    assert {line.publisher.domain for line in story.lines} == {"whole.example", "short.example", "rewritten.example"}
    assert story.n_articles == 3
    engine.dispose()
