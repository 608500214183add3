"""A moment comes back from the database as it went in, to the microsecond."""

from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy.dialects import sqlite

from aggregator.models.moments import microseconds
from aggregator.store.schema import UtcTime

DIALECT = sqlite.dialect()
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def kept(moment: datetime) -> datetime | None:
    number = UtcTime().bind_processor(DIALECT)(moment)
    return UtcTime().result_processor(DIALECT, None)(number)


def test_moments_of_all_years_come_back_exactly() -> None:
    chance = Random(1)
    span = (LAST - FIRST) // timedelta(microseconds=1)
    moments = [FIRST + timedelta(microseconds=chance.randrange(span)) for _ in range(5_000)]
    assert [kept(each) for each in (FIRST, *moments, LAST)] == [FIRST, *moments, LAST]


def test_moments_of_our_years_come_back_exactly() -> None:
    chance = Random(2)
    begin = datetime(1990, 1, 1, tzinfo=UTC)
    moments = [begin + timedelta(microseconds=chance.randrange(2_500_000_000_000_000)) for _ in range(20_000)]
    assert [kept(each) for each in moments] == moments


def test_numbers_sort_as_their_moments_do() -> None:
    chance = Random(3)
    moments = [
        FIRST + timedelta(microseconds=chance.randrange((LAST - FIRST) // timedelta(microseconds=1))) for _ in "abc"
    ]
    assert sorted(moments, key=microseconds) == sorted(moments)
