"""What the index for searching is asked, in the words of SQLite's FTS5 and of PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.query.language import Field, Mark, Narrowing, Query, Term
from aggregator.store.search_index import ANY, language_fact, publisher_fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A query whose names were looked up."""

    query: Query
    publisher_ids: tuple[int, ...] | None = None
    not_publisher_ids: tuple[int, ...] = ()
    feed_ids: tuple[int, ...] | None = None
    not_feed_ids: tuple[int, ...] = ()
    unknown: tuple[Narrowing, ...] = ()

    @property
    def looks_at_rows(self) -> bool:
        """Whether something is asked that the index does not hold."""
        return bool(self.feed_ids is not None or self.not_feed_ids or self.query.marks & {Mark.READ, Mark.UNREAD})


def as_fts5(plan: Plan) -> str:
    """Return what FTS5 is asked; the words hold letters and digits only, and stand in quotes."""
    wanted = [f"({' OR '.join(map(_fts5_term, clause))})" for clause in plan.query.clauses]
    wanted += [_fts5_facts(some) for some in _wanted_facts(plan)]
    unwanted = [
        *map(_fts5_term, plan.query.excluded),
        *([_fts5_facts(facts)] if (facts := _unwanted_facts(plan)) else []),
    ]
    if not wanted:
        return ""
    without = f" NOT ({' OR '.join(unwanted)})" if unwanted else ""
    return f"({' AND '.join(wanted)}){without}"


def _fts5_term(term: Term) -> str:
    where = "title" if term.in_title else "{title body}"
    return f'({where} : "{" ".join(term.tokens)}"{" *" if term.begins else ""})'


def _fts5_facts(facts: Iterable[str]) -> str:
    return f"(facts : ({' OR '.join(map(_quoted, facts))}))"


def _quoted(word: str) -> str:
    return f'"{word}"'


def as_tsquery(plan: Plan) -> str:
    """Return what PostgreSQL is asked, in its own words."""
    wanted = [f"({' | '.join(map(_ts_term, clause))})" for clause in plan.query.clauses]
    wanted += [f"({' | '.join(_ts_fact(fact) for fact in some)})" for some in _wanted_facts(plan)]
    unwanted = [*map(_ts_term, plan.query.excluded), *map(_ts_fact, _unwanted_facts(plan))]
    return " & ".join([*wanted, *(f"!{each}" for each in unwanted)]) if wanted else ""


def _ts_term(term: Term) -> str:
    weight = "A" if term.in_title else ""
    last = len(term.tokens) - 1
    marks = [("*" if term.begins and n == last else "") + weight for n in range(last + 1)]
    words = [f"'{token}'" + (f":{mark}" if mark else "") for token, mark in zip(term.tokens, marks, strict=True)]
    return f"({' <-> '.join(words)})"


def _ts_fact(fact: str) -> str:
    return f"'={fact}'"


def _wanted_facts(plan: Plan) -> list[list[str]]:
    """Return what the index has to say besides the words: of each list, one."""
    languages = [each.value for each in plan.query.narrowings if each.field is Field.LANGUAGE and not each.is_not]
    wanted = []
    if plan.publisher_ids is not None:
        wanted.append([publisher_fact(each) for each in plan.publisher_ids])
    if languages:
        wanted.append([language_fact(each) for each in languages])
    if not wanted and not plan.query.clauses and _unwanted(plan):
        wanted.append([ANY])
    return wanted


def _unwanted(plan: Plan) -> bool:
    return bool(plan.query.excluded or _unwanted_facts(plan))


def _unwanted_facts(plan: Plan) -> list[str]:
    languages = [each.value for each in plan.query.narrowings if each.field is Field.LANGUAGE and each.is_not]
    return [*map(publisher_fact, plan.not_publisher_ids), *map(language_fact, languages)]
