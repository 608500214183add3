"""The same articles at other bars."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.models.corrections import Correction, CorrectionKind
from aggregator.models.stories import WindowArticle
from aggregator.stories.similarity import learned
from aggregator.stories.trial import BARS, try_bars
from aggregator.stories.window import Window

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUAKE = "A strong earthquake struck the Anatolian town of Karasu before dawn, and rescuers search a ruined school"
SCHOOL = "Rescuers search the ruined school of Karasu, an Anatolian town, for children after the strong earthquake"
VOTE = "Parliament in Lisbon rejected the budget of prime minister Almeida after a night of speeches about pensions"
ALIKE = "Parliament in Oslo debates a budget with prime minister Berg before a night of speeches about fish"


def article(number, text, *, at=NOON):
    return WindowArticle(
        id=number,
        title=text[:60],
        text=text,
        publisher=f"paper{number}.example",
        language="en",
        published_at=at + timedelta(minutes=number),
        first_seen_at=at,
    )


def tried(articles, *, corrections=(), story_of=None, bar=0.0, since=NOON - DAY, bars=BARS):
    window = Window(learned())
    window.advance(articles)
    return try_bars(window, story_of or {}, corrections, since=since, bar=bar, now=NOON + DAY, bars=bars)


def said(kind, left, right, number=1):
    return Correction(id=number, kind=kind, left=frozenset(left), right=frozenset(right), made_at=NOON)


ARTICLES = [article(1, QUAKE), article(2, SCHOOL), article(3, VOTE), article(4, ALIKE)]


def test_the_present_bar_makes_nothing_else_of_what_it_made():
    (present,) = [each for each in tried(ARTICLES).bars if each.bar == 0.5]
    assert present.joined.n == present.parted.n == 0


def test_a_bar_that_is_not_on_the_list_is_tried_too():
    assert [each.bar for each in tried(ARTICLES, bar=0.42).bars] == sorted({*BARS, 0.42})


def test_a_higher_bar_takes_apart_and_a_lower_one_joins():
    (present, higher) = tried(ARTICLES, bar=0.5, bars=(0.99,)).bars
    assert (higher.parted.shown, higher.joined.n) == (((3, 4),), 0)
    (lower, present) = tried(ARTICLES, bar=0.99, bars=(0.5,)).bars
    assert (lower.joined.shown, lower.parted.n) == (((3, 4),), 0)
    assert present.joined.n == present.parted.n == 0


def test_bars_are_scored_on_what_the_owner_said():
    corrections = [
        said(CorrectionKind.TOGETHER, {1}, {2}, 1),
        said(CorrectionKind.APART, {3}, {4}, 2),
        said(CorrectionKind.TOGETHER, {1}, {99}, 3),
    ]
    found = tried(ARTICLES, corrections=corrections, bars=(0.99,))
    assert found.n_corrections == 2
    assert [(each.bar, each.n_honoured) for each in found.bars] == [(0.5, 1), (0.99, 2)]


def test_what_the_owner_said_of_older_articles_counts_with_their_whole_stories():
    old = [article(5, QUAKE, at=NOON - 3 * DAY), article(6, SCHOOL, at=NOON - 3 * DAY)]
    corrections = [said(CorrectionKind.TOGETHER, {5}, {3})]
    assert tried([*ARTICLES, *old]).n_articles == 4
    found = tried([*ARTICLES, *old], corrections=corrections, story_of={5: 8, 6: 8})
    assert (found.n_articles, found.n_corrections) == (6, 1)


def test_a_copy_goes_where_its_original_goes():
    told = " ".join(f"{QUAKE} {SCHOOL} {VOTE}".split())
    copies = [article(1, told), replace(article(2, told), title="Another title of the same text")]
    for each in tried(copies).bars:
        assert each.parted.n == each.joined.n == 0
        assert each.n_stories == 1


def test_nothing_to_try_is_no_error():
    assert tried([]).n_articles == 0
