"""Explanations as sentences."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.models.feeds import Publisher
from aggregator.models.pages import ArticleLine, Outline, StoryCard, StoryMember
from aggregator.models.stories import Member
from web.explaining import why_here, why_there

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FOUND = Evidence(
    shared=(
        Shared("Merangu", SharedKind.NAME),
        Shared("Ratna Wiguna", SharedKind.NAME),
        Shared("310", SharedKind.NUMBER),
        Shared("ferry", SharedKind.WORD),
    ),
    chance=0.912,
    bar=0.6,
    n_decisive=2,
    without=0.41,
    days=6,
    likeness=0.71,
)


def article(number, title="Ferry runs aground", *, hours=0.0, name="The Gazette"):
    return Outline(
        id=number,
        publisher=Publisher(number, f"paper{number}.example", name),
        title=title,
        beginning="" if title else "Text.",
        language="en",
        published_at=NOON + timedelta(hours=hours),
        is_read=False,
    )


def member(number, nearest=None, *, evidence=None, copy_of=None, **more):
    return StoryMember(
        article(number, **more),
        Member(article_id=number, score=0.8, nearest_id=nearest, copy_of_id=copy_of),
        evidence,
    )


FIRST = member(1, 2)


def said(of, *others):
    return " ".join(why_here(of, {each.article.id: each for each in (of, *others)}))


def test_the_nearest_member_is_named_with_the_time_between():
    told = said(member(2, 1, hours=3), FIRST)
    assert told == (
        'Nearest to it is <a href="#a1"><bdi>The Gazette</bdi>: “<bdi>Ferry runs aground</bdi>”</a>, 3 h earlier.'
    )


def test_what_both_say_is_told_in_plain_english():
    told = said(member(2, 1, evidence=FOUND), FIRST).replace("<bdi>", "").replace("</bdi>", "")
    assert "Both name Merangu and Ratna Wiguna, give the number 310 and say “ferry”." in told
    assert "By meaning, too, they are alike: 0.71 of 1." in told
    assert "That makes a chance of 0.91 that they tell of one happening; 0.60 is the bar." in told
    assert "Without Merangu and Ratna Wiguna it would be 0.41, and the two by themselves would stay apart." in told
    assert "With 6 days between them so they would." in told


def test_where_nothing_decides_that_is_said():
    told = said(member(2, 1, evidence=FOUND._replace(n_decisive=0, without=0.7, days=None)), FIRST)
    assert "Even without all of these words it would be 0.70." in told
    assert "days" not in told
    told = said(member(2, 1, evidence=FOUND._replace(n_decisive=0, without=0.7, days=9)), FIRST)
    assert "With 9 days between them the two by themselves would stay apart." in told


def test_a_pair_that_others_hold_together_is_told_as_such():
    told = said(member(2, 1, evidence=FOUND._replace(chance=0.4, n_decisive=0, without=None, days=None)), FIRST)
    assert "By themselves the two would stay apart: 0.40 is the chance" in told
    assert "Others here hold it." in told


def test_without_vectors_no_likeness_of_meaning_is_claimed():
    assert "compared by their words alone" in said(member(2, 1, evidence=FOUND._replace(likeness=None)), FIRST)


def test_unlike_meaning_is_not_called_alike():
    assert "By meaning they are little alike: 0.10 of 1." in said(
        member(2, 1, evidence=FOUND._replace(likeness=0.1)), FIRST
    )


def test_a_copy_is_told_as_one():
    told = said(member(2, 1, copy_of=1, evidence=FOUND), FIRST)
    assert told.startswith('It carries the text of <a href="#a1">')
    assert "bar" not in told


def test_what_came_in_another_way_is_told_as_such():
    assert "Nothing here is near to it" in said(member(2, 99), FIRST)


def test_a_story_of_one_explains_nothing():
    assert why_here(FIRST, {FIRST.article.id: FIRST}) == []


def test_words_of_articles_are_text():
    evil = FOUND._replace(shared=(Shared("<script>", SharedKind.NAME),), n_decisive=1)
    told = said(member(2, 1, evidence=evil), member(1, 2, title="<script>", name="<b>"))
    assert "<script>" not in told
    assert "<b>" not in told
    assert "&lt;script&gt;" in told


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "of the same minute"), (0.5, "30 min earlier"), (-2, "2 h later"), (50, "2 days earlier")]
)
def test_the_time_between_is_in_words(hours, words):
    assert words in said(member(2, 1, hours=hours), FIRST)


def card(**terms):
    line = ArticleLine(
        id=1,
        title="Ferry",
        beginning="",
        url=None,
        publisher=Publisher(1, "a.example", "A"),
        feed_id=None,
        published_at=NOON,
        first_seen_at=NOON,
        language=None,
        image_url=None,
        is_read=False,
        story_id=1,
    )
    return StoryCard(
        id=1,
        headline="Ferry",
        lead=line,
        n_articles=5,
        n_publishers=4,
        n_origins=3,
        n_unread=0,
        countries=(),
        first=line,
        last_at=NOON,
        rank=1.0,
        rank_terms=terms,
        lines=(line,),
    )


def test_the_standing_is_the_product_of_factors_in_words():
    standing = why_there(card(origins=2.41, velocity=1.4, diversity=0.9, cohesion=0.8), now=NOON + timedelta(hours=6))
    assert standing is not None
    assert [str(factor) for factor in standing.factors] == [
        "3 publishers did their own reporting × 2.41",
        "40 % of its articles came with the latest × 1.40",
        "4 publishers in 5 articles × 0.90",
        "how near its articles are to one another × 0.80",
        "last news 6 h ago × 0.50",
    ]
    assert standing.product == pytest.approx(2.41 * 1.4 * 0.9 * 0.8 * 0.5)
    assert standing.half_life == "6 h"


def test_a_story_of_which_nothing_is_known_has_no_standing_to_tell():
    assert why_there(card(), now=NOON) is None


def test_news_from_a_clock_that_is_ahead_counts_as_just_now():
    standing = why_there(card(origins=1.0), now=NOON - timedelta(hours=1))
    assert standing is not None
    assert str(standing.factors[-1]) == "last news just now × 1.00"
