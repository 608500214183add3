from datetime import UTC, datetime, timedelta

from aggregator.editions import AT_MOST_EVERY, is_worth_keeping, superfluous
from aggregator.models.editions import Edition, PrintedStory
from aggregator.models.front import VISIT_ENDS_AFTER, Visit

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def edition(*headlines: str, at: datetime = NOON) -> Edition:
    return Edition(at, tuple(story(number, said) for number, said in enumerate(headlines)))


def story(number: int, headline: str) -> PrintedStory:
    return PrintedStory(
        story_id=number,
        headline=headline,
        language="en",
        publishers=("A",),
        n_publishers=2,
        n_origins=2,
        n_articles=2,
        n_countries=1,
        first_publisher="A",
        first_at=NOON,
        last_at=NOON,
    )


def test_the_first_front_page_is_kept_and_an_empty_one_never() -> None:
    assert is_worth_keeping(edition("quake"), None)
    assert not is_worth_keeping(edition(), None)
    assert not is_worth_keeping(edition(at=NOON + HOUR), edition("quake"))


def test_a_front_page_that_shows_the_same_is_not_kept_again() -> None:
    assert not is_worth_keeping(edition("quake", "port", at=NOON + 9 * HOUR), edition("quake", "port"))


def test_another_order_or_headline_is_another_front_page_once_an_hour() -> None:
    kept = edition("quake", "port")
    for headlines in (("port", "quake"), ("quake kills 17", "port"), ("quake",)):
        assert is_worth_keeping(edition(*headlines, at=NOON + AT_MOST_EVERY), kept)
        assert not is_worth_keeping(edition(*headlines, at=NOON + AT_MOST_EVERY - timedelta(seconds=1)), kept)


def test_front_pages_thin_out_with_age_and_the_last_of_each_span_stays() -> None:
    moments = [NOON - n * HOUR for n in range(24 * 60)]
    gone = superfluous(moments, now=NOON)
    kept = sorted(set(moments) - set(gone))
    assert [at for at in kept if NOON - at < timedelta(hours=48)] == sorted(moments[:48])
    six_hours = [at for at in kept if timedelta(hours=54) < NOON - at < timedelta(days=30)]
    assert {at.hour for at in six_hours} == {5, 11, 17, 23}
    days = [at for at in kept if timedelta(days=32) < NOON - at]
    assert {at.hour for at in days} == {23}
    assert len(days) == len({at.date() for at in days})


def test_thinning_twice_takes_nothing_more() -> None:
    moments = [NOON - n * HOUR for n in range(24 * 40)]
    kept = set(moments) - set(superfluous(moments, now=NOON))
    assert superfluous(sorted(kept), now=NOON) == []


def test_a_visit_lasts_while_somebody_looks_and_the_next_one_sees_what_came_since() -> None:
    first = Visit.first(NOON)
    assert first.since is None
    later = first.at(NOON + timedelta(minutes=29))
    assert (later.since, later.seen_at) == (None, NOON + timedelta(minutes=29))
    still = later.at(NOON + timedelta(minutes=50))
    assert still.since is None
    back = still.at(still.seen_at + VISIT_ENDS_AFTER)
    assert back.since == NOON + timedelta(minutes=50)


def test_a_clock_that_was_put_back_makes_no_visit_end_in_the_future() -> None:
    visit = Visit(NOON - HOUR, NOON).at(NOON - timedelta(minutes=5))
    assert visit == Visit(NOON - HOUR, NOON)
