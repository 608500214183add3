"""The sample day is what the issue promises, and its publisher serves it as real ones do."""

from collections import defaultdict
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import feedparser
import pytest

from aggregator.demo.day import SampleDay, load_day
from aggregator.demo.publisher import serving

EVENING = datetime(2026, 3, 1, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def day() -> SampleDay:
    return load_day()


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection("127.0.0.1", parts.port, timeout=60)
    connection.request("GET", parts.path, headers={"Host": parts.netloc, **(headers or {})})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_the_day_is_as_large_and_as_various_as_promised(day: SampleDay):
    publishers = {publisher.key: publisher for publisher in day.publishers}
    covered_by = defaultdict(set)
    for article in day.articles:
        if article.happening:
            covered_by[article.happening].add(article.publisher)
    assert len(publishers) >= 10
    assert len({publisher.language for publisher in day.publishers}) >= 3
    assert {publisher.format for publisher in day.publishers} == {"rss2", "rss1", "atom", "json"}
    assert len(day.articles) >= 120
    assert len(covered_by) >= 25
    assert all(2 <= len(names) <= 9 for names in covered_by.values())
    assert {article.publisher for article in day.articles} == publishers.keys()


def test_one_story_develops_over_three_editions_and_one_text_is_carried_by_several(day: SampleDay):
    editions = defaultdict(set)
    for article in day.articles:
        editions[article.happening].add(article.edition)
    assert any(held == {1, 2, 3} for happening, held in editions.items() if happening)
    assert len({article.publisher for article in day.articles if article.origin}) >= 3


def test_no_two_articles_of_a_publisher_share_an_address(day: SampleDay):
    addresses = [(article.publisher, article.slug) for article in day.articles]
    assert len(set(addresses)) == len(addresses)


def test_every_feed_holds_what_its_publisher_has_published_so_far(day: SampleDay):
    with serving(day, day_end=EVENING) as press:
        for edition in (1, 3):
            press.edition = edition
            for site in press.sites.values():
                expected = day.published_by(site.publisher.key, up_to_edition=edition)
                status, _, body = get(site.feed_url)
                assert status == 200
                assert body.count(b".html") >= len(expected)
                if site.publisher.format != "json":
                    titles = [entry.title for entry in feedparser.parse(body).entries]
                    assert titles == [article.title for article in expected]


def test_a_feed_that_has_not_changed_is_not_sent_again(day: SampleDay):
    with serving(day, day_end=EVENING) as press:
        site = next(iter(press.sites.values()))
        _, headers, _ = get(site.feed_url)
        assert get(site.feed_url, {"If-None-Match": headers["ETag"]})[0] == 304


def test_articles_and_front_pages_are_there_and_other_addresses_are_not(day: SampleDay):
    with serving(day, day_end=EVENING) as press:
        site = next(iter(press.sites.values()))
        article = day.published_by(site.publisher.key, up_to_edition=3)[0]
        assert article.title.split()[0].encode() in get(site.article_url(article))[2]
        assert site.feed_url.encode() in get(site.url)[2]
        assert get(f"{site.url}nothing.html")[0] == 404
