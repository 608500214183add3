"""What a reader types -> what is meant. Nothing that can be typed is an error: what is not understood is told. Pure.

Words all of which must occur, "words in a row", begin*, -without, this OR that, title:word; publisher:, feed:, folder:,
lang: and country: narrow, since:, after:, until: and before: keep to a time, is: asks for what the owner did.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from aggregator.query.tokens import asked_tokens

MAX_CHARS = 1_000
MAX_TERMS = 24
MAX_TOKENS = 40
"""Of one phrase: longer ones are quotations, and found by their beginning."""

PART = re.compile(r'(?P<minus>-?)(?:(?P<field>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<star>\*?)')
SPAN = re.compile(r"(\d{1,4})\s*(h|d|w|m|y)", re.IGNORECASE)
DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


class Field(StrEnum):
    """What an article may be narrowed by."""

    PUBLISHER = "publisher"
    FEED = "feed"
    FOLDER = "folder"
    LANGUAGE = "lang"
    COUNTRY = "country"


class Mark(StrEnum):
    """What may have been done with an article."""

    READ = "read"
    UNREAD = "unread"
    STARRED = "starred"
    FOLLOWED = "followed"


class Unclear(StrEnum):
    """Why a part of a query was left out."""

    FIELD = "field"
    """Nothing can be asked by that name."""
    MARK = "mark"
    """Articles are not known to be that."""
    MOMENT = "moment"
    """No day or span of time."""
    EMPTY = "empty"
    """A name with nothing after it."""
    LONG = "long"
    """More than is read of one query."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row; several only where they were quoted, or are written without spaces."""

    tokens: tuple[str, ...]
    begins: bool = False
    """Whether the last of the words only has to begin so."""
    in_title: bool = False


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A field, and what it has to be; several of one field mean any of them."""

    field: Field
    value: str
    is_not: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for: every clause holds, none of what is excluded occurs."""

    clauses: tuple[tuple[Term, ...], ...] = ()
    """Each holds where any of its terms occurs."""
    excluded: tuple[Term, ...] = ()
    narrowings: tuple[Narrowing, ...] = ()
    marks: frozenset[Mark] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""
    unclear: tuple[tuple[Unclear, str], ...] = ()
    """What was left out, and why."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.clauses or self.excluded or self.narrowings or self.marks or self.since or self.until)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Everything that may occur."""
        return tuple(term for clause in self.clauses for term in clause)


def parse_query(text: str, *, now: datetime) -> Query:
    """Return what is meant by the text; days are those of the time zone that `now` is told in."""
    query = Query(unclear=((Unclear.LONG, text[MAX_CHARS - 20 : MAX_CHARS]),) if len(text) > MAX_CHARS else ())
    is_or = False
    n_terms = 0
    for part in PART.finditer(text[:MAX_CHARS]):
        if part[0] == "OR":
            is_or = True
            continue
        term = _term(part)
        if term is None:
            query = _with_field(query, part, now)
        elif term.tokens and n_terms < MAX_TERMS:
            n_terms += 1
            query = _with_term(query, term, is_not=bool(part["minus"]), is_or=is_or)
        elif term.tokens:
            query = _unclear(query, Unclear.LONG, part[0])
        is_or = False
    return query


def wider(text: str) -> list[tuple[str, str]]:
    """Return each part of a query that can be taken away, and the query without it; what narrows comes first."""
    parts = [part for part in PART.finditer(text[:MAX_CHARS]) if part[0] != "OR"]
    ordered = sorted(parts, key=lambda part: _term(part) is not None)
    without = ((part[0], f"{text[: part.start()]} {text[part.end() :]}") for part in ordered)
    return [(said, " ".join(rest.split())) for said, rest in without if rest.strip()]


def _term(part: re.Match[str]) -> Term | None:
    """Return the words of a part; None where it names a field."""
    field = (part["field"] or "").lower()
    if field and field != "title" and (part["phrase"] is not None or not _is_address(part)):
        return None
    said = part["phrase"] if part["phrase"] is not None else part["word"]
    if field and field != "title":
        said = part[0].removeprefix("-")
    tokens, begins = asked_tokens(said)
    is_begun = bool(part["star"]) or said.endswith("*")
    return Term(tokens[:MAX_TOKENS], begins or is_begun, in_title=field == "title")


def _is_address(part: re.Match[str]) -> bool:
    """Whether this is no field, but an address that was pasted."""
    return (part["word"] or "").startswith("//")


def _with_term(query: Query, term: Term, *, is_not: bool, is_or: bool) -> Query:
    if is_not:
        return replace(query, excluded=(*query.excluded, term))
    if is_or and query.clauses:
        *before, last = query.clauses
        return replace(query, clauses=(*before, (*last, term)))
    return replace(query, clauses=(*query.clauses, (term,)))


def _with_field(query: Query, part: re.Match[str], now: datetime) -> Query:
    name, is_not = part["field"].lower(), bool(part["minus"])
    value = (part["phrase"] if part["phrase"] is not None else part["word"]).strip()
    if not value:
        return _unclear(query, Unclear.EMPTY, part[0])
    if name in ("since", "after", "until", "before"):
        return _with_moment(query, name, value, part[0], now)
    if name == "is":
        return _with_mark(query, value.lower(), part[0], is_not=is_not)
    field = {"language": Field.LANGUAGE}.get(name) or next((each for each in Field if each == name), None)
    if field is None:
        return _unclear(query, Unclear.FIELD, part[0])
    return replace(query, narrowings=(*query.narrowings, Narrowing(field, value, is_not)))


def _with_mark(query: Query, value: str, said: str, *, is_not: bool) -> Query:
    opposite = {"read": Mark.UNREAD, "unread": Mark.READ}
    mark = opposite.get(value) if is_not else next((each for each in Mark if each == value), None)
    if mark is None:
        return _unclear(query, Unclear.MARK, said)
    return replace(query, marks=query.marks | {mark})


def _with_moment(query: Query, name: str, value: str, said: str, now: datetime) -> Query:
    begins, ends = _moments(value.lower(), now)
    if begins is None or ends is None:
        return _unclear(query, Unclear.MOMENT, said)
    match name:
        case "since":
            return replace(query, since=begins)
        case "after":
            return replace(query, since=ends)
        case "until":
            return replace(query, until=ends)
        case _:
            return replace(query, until=begins)


def _moments(value: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when a named day, month or year begins and ends; of a span of time, its start twice."""
    today = _midnight(now)
    if value in ("today", "yesterday"):
        begins = today if value == "today" else today - timedelta(days=1)
        return begins, begins + timedelta(days=1)
    try:
        if span := SPAN.fullmatch(value):
            start = now - timedelta(hours=int(span[1]) * HOURS[span[2]])
            return start.astimezone(UTC), start.astimezone(UTC)
        if day := DAY.fullmatch(value):
            return _calendar(int(day[1]), day[2], day[3], now)
    except (ValueError, OverflowError):
        pass
    return None, None


def _calendar(year: int, month: str | None, day: str | None, now: datetime) -> tuple[datetime, datetime]:
    begins = datetime(year, int(month or 1), int(day or 1), tzinfo=now.tzinfo)
    if day:
        ends = begins + timedelta(days=1)
    elif month:
        ends = (begins.replace(day=28) + timedelta(days=4)).replace(day=1)
    else:
        ends = begins.replace(year=year + 1)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.date(), time(), now.tzinfo).astimezone(UTC)


def _unclear(query: Query, why: Unclear, said: str) -> Query:
    return replace(query, unclear=(*query.unclear, (why, said)))


def words_of(query: Query) -> Iterator[str]:
    """Yield every word that may occur, once."""
    yield from dict.fromkeys(token for term in query.terms for token in term.tokens)
