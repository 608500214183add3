"""What the owner said of stories, on SQLite and PostgreSQL."""

from sqlalchemy import Connection, Engine, insert

from aggregator.models.corrections import CorrectionKind
from aggregator.store import articles, corrections
from aggregator.store.db import transaction
from aggregator.store.schema import changes
from tests.integration.desk import DAY, NOON, bring_from


def a_change(db: Connection) -> int:
    empty = {name: [] for name in ("moved_ids", "stayed_ids", "joined_ids")}
    titles = {"from_title": "one", "to_title": "other"}
    values = {"at": NOON, "kind": "apart", "by": "owner", "from_id": 1, "to_id": 2, "size": 1, **titles, **empty}
    return db.execute(insert(changes).values(values)).inserted_primary_key[0]


def test_a_correction_holds_until_it_is_removed(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        change_id = a_change(db)
        correction_id = corrections.add(db, change_id, CorrectionKind.APART, {a}, {b, c}, now=NOON)
        (found,) = corrections.active(db, since=NOON - DAY)
        assert (found.id, found.kind, found.made_at) == (correction_id, CorrectionKind.APART, NOON)
        assert (found.left, found.right) == ({a}, {b, c})
        assert corrections.remove(db, change_id) == 1
        assert corrections.active(db, since=NOON - DAY) == []


def test_corrections_older_than_the_window_are_not_read(engine: Engine) -> None:
    with transaction(engine) as db:
        old, older = bring_from(db, "old", "older", at=NOON - 9 * DAY)
        (a,) = bring_from(db, "a")
        corrections.add(db, a_change(db), CorrectionKind.TOGETHER, {old}, {older}, now=NOON)
        reaching_in = corrections.add(db, a_change(db), CorrectionKind.TOGETHER, {old}, {a}, now=NOON)
        assert [each.id for each in corrections.active(db, since=NOON - DAY)] == [reaching_in]


def test_a_correction_forgets_articles_that_are_deleted(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        corrections.add(db, a_change(db), CorrectionKind.APART, {a}, {b}, now=NOON)
        articles.forget(db, [b])
        (found,) = corrections.active(db, since=NOON - DAY)
        assert (found.left, found.right) == ({a}, set())
