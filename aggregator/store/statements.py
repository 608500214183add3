"""What SQLAlchemy leaves to us in order to say one thing to two databases."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    func,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from aggregator.store.schema import askable, feeds

Value = TypeVar("Value")

CHUNK = 1_000
"""Values in one IN list; SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535."""

feed_title = func.coalesce(func.nullif(feeds.c.owner_title, ""), func.nullif(feeds.c.title, ""), feeds.c.feed_url)
"""What the owner calls the feed, else what it calls itself, else where it is."""


def insert_into(db: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, which both databases have and SQL has not."""
    return sqlite.insert(table) if db.dialect.name == "sqlite" else postgresql.insert(table)


def n_rows(db: Connection, added: Insert) -> int:
    """Run an INSERT; return how many rows it added or, where it may, changed."""
    return db.execute(added, execution_options={"preserve_rowcount": True}).rowcount


def chunks(values: Sequence[Value], size: int = CHUNK) -> Iterator[Sequence[Value]]:
    """Yield the values in pieces that fit into a statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


class _Ids(TypeDecorator[Sequence[int]]):
    """Numbers of rows as one value: an array, and JSON where there is none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what takes the numbers."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.ARRAY(BigInteger))

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        """Return the numbers as the database takes them."""
        numbers = [askable(each) for each in value or ()]
        return f"[{','.join(map(str, numbers))}]" if dialect.name == "sqlite" else numbers


class _IsAmong(FunctionElement[bool]):
    """Whether a number is among several."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:
        """Return it as it is: compared with 1, as SQLite's truths are otherwise, no index would serve it."""
        return self


@compiles(_IsAmong, "sqlite")
def _in_json(element: _IsAmong, compiler: SQLCompiler, **how: Any) -> str:
    number, ids = element.clauses
    return f"{compiler.process(number, **how)} IN (SELECT value FROM json_each({compiler.process(ids, **how)}))"  # noqa: S608


@compiles(_IsAmong, "postgresql")
def _in_array(element: _IsAmong, compiler: SQLCompiler, **how: Any) -> str:
    number, ids = element.clauses
    return f"{compiler.process(number, **how)} = ANY({compiler.process(ids, **how)})"


class _Tuple(FunctionElement[str]):
    """Some columns of a row, as JSON."""

    type = Text()
    inherit_cache = True


@compiles(_Tuple, "sqlite")
def _array_of_sqlite(element: _Tuple, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **how)})"


@compiles(_Tuple, "postgresql")
def _array_of_postgresql(element: _Tuple, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clauses, **how)}) AS TEXT)"


def tuple_of(*columns: ColumnElement[Any]) -> ColumnElement[str]:
    """Return these columns of a row in one value, a JSON array: where it was read before, what it makes is there."""
    return _Tuple(*columns)


class _Tuples(FunctionElement[str]):
    """Some columns of all rows of a group, as JSON."""

    type = Text()
    inherit_cache = True


@compiles(_Tuples, "sqlite")
def _json_of_sqlite(element: _Tuples, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **how)}))"


@compiles(_Tuples, "postgresql")
def _json_of_postgresql(element: _Tuples, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **how)})) AS TEXT)"


def tuples_of(*columns: ColumnElement[Any]) -> ColumnElement[str]:
    """Return these columns of all rows of a group in one value, a JSON array of arrays.

    Where a page reads a thousand short rows, to make each in Python takes five times as long as all that finds them.
    """
    return _Tuples(*columns)


class _AsJson(FunctionElement[str]):
    """JSON as it is kept, to stand inside other JSON."""

    type = Text()
    inherit_cache = True


@compiles(_AsJson, "sqlite")
def _read_again(element: _AsJson, compiler: SQLCompiler, **how: Any) -> str:
    return f"json({compiler.process(element.clauses, **how)})"


@compiles(_AsJson, "postgresql")
def _as_it_is_kept(element: _AsJson, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


def as_json(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a column of JSON such that it is no text among `tuples_of`."""
    return _AsJson(column)


class _Microseconds(FunctionElement[int]):
    """A moment as models/moments.py counts it."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Microseconds, "sqlite")
def _as_it_is(element: _Microseconds, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(_Microseconds, "postgresql")
def _counted(element: _Microseconds, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **how)}) * 1000000 AS BIGINT)"


def microseconds_of(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Return the moment as a number, as models/moments.py counts it."""
    return _Microseconds(moment)


def among_ids(number: ColumnElement[int], name: str = "ids") -> ColumnElement[bool]:
    """Return the condition that a row's number is among those of this name, in a question that is built once for all.

    A page asks a dozen such questions. To write a list of parameters into each anew takes longer than the answers do;
    as one value they are the same words every time, which the database knows already.
    """
    return _IsAmong(number, bindparam(name, type_=_Ids()))
