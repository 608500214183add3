import random
from datetime import UTC, datetime, timedelta

from aggregator.stories.copies import CopyIndex, Told, agency

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WIRE = tuple(f"word{i}" for i in range(80))
HEAD = ("talks", "begin", "in", "cairo")


def told(words, *, publisher="one.example", title=HEAD, hours=0.0, url=""):
    return Told(publisher, title, words, NOON + timedelta(hours=hours), url)


def originals(*articles):
    """Return {copy: original} for articles with ids 1, 2, 3 …, each of another publisher where it names none."""
    index = CopyIndex()
    index.advance(enumerate(articles, start=1))
    return index.originals()


def test_the_same_words_are_a_copy_of_the_earliest():
    assert originals(told(WIRE, hours=2), told(("other", "words")), told(WIRE), told(WIRE, hours=1)) == {1: 3, 4: 3}


def test_a_shortened_text_is_a_copy():
    assert originals(told(WIRE), told(WIRE[:50], publisher="two.example", hours=1)) == {2: 1}


def test_an_excerpt_of_a_long_text_is_a_copy():
    assert originals(told(tuple(f"word{i}" for i in range(600))), told(WIRE[5:45], hours=1)) == {2: 1}


def test_other_numbers_make_it_a_new_edition_and_no_copy():
    assert originals(told(("21", *WIRE)), told(("35", *WIRE), hours=1)) == {}


def test_one_publisher_with_other_titles_over_the_same_words_writes_a_series():
    leeds, york = told((*WIRE, "leeds"), title=("weather", "leeds", "sun")), (*WIRE, "york")
    assert originals(leeds, told(york, title=("york", "rain", "today"))) == {}
    assert originals(leeds, told(york, title=("york", "rain", "today"), publisher="two.example")) == {2: 1}


def test_short_titles_that_recur_are_no_copies():
    assert originals(told(("market", "report")), told(("market", "report"))) == {}


def test_the_same_words_a_week_later_are_a_series():
    assert originals(told(WIRE), told(WIRE, hours=7 * 24)) == {}


def test_the_same_short_words_a_day_later_are_a_series():
    daily = tuple("your horoscope for today and tonight".split())
    assert originals(told(daily), told(daily, hours=1), told(daily, hours=24)) == {2: 1}


def test_empty_texts_are_no_copies_of_each_other():
    assert originals(told(()), told(()), told(())) == {}


def test_a_copy_of_a_copy_is_a_copy_of_the_original():
    assert originals(told(WIRE), told(WIRE, hours=1), told(WIRE[:70], hours=2)) == {2: 1, 3: 1}


def test_the_order_of_arrival_does_not_matter():
    articles = {i: told(WIRE[: 80 - i], hours=i % 5, publisher=f"{i}.example", url=str(i)) for i in range(40)}
    at_once, one_by_one = CopyIndex(), CopyIndex()
    at_once.advance(articles.items())
    shuffled = list(articles)
    random.Random(1).shuffle(shuffled)
    for each in shuffled:
        one_by_one.advance({each: articles[each]}.items())
    assert at_once.originals() == one_by_one.originals() != {}


def test_a_text_that_left_the_window_is_no_original_any_more():
    index = CopyIndex()
    index.advance({i: told(WIRE, hours=i) for i in range(3)}.items())
    index.advance([], gone=[0, 99])
    assert index.originals() == {2: 1}


def test_an_article_that_was_rewritten_is_compared_by_its_new_words():
    index = CopyIndex()
    index.advance({1: told(WIRE), 2: told(WIRE, hours=1)}.items())
    index.advance({2: told(tuple(reversed(WIRE)), hours=1)}.items())
    assert index.originals() == {}


def test_a_template_that_thousands_fill_in_is_no_copy_and_no_trouble():
    index = CopyIndex()
    index.advance({i: told((*WIRE, f"town{i}"), title=("weather", f"town{i}", f"sky{i}")) for i in range(2000)}.items())
    assert index.originals() == {}


def test_an_agency_is_known_by_dateline_by_feed_and_by_what_the_text_says():
    assert agency("CAIRO (Reuters) - Talks began.") == "Reuters"
    assert agency("Talks began.", "AFP") == "AFP"
    assert agency("Talks began, as reported by AFP on Monday.") == "AFP"
    assert agency("The talks (see below) began.") is None
