"""Publishers of one owner: what the owner of the paper says of them, and what follows for counting who is independent.

What was said are pairs, each by an act that can be undone; the table of owners is worked out from those that hold.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, delete, insert, or_, select, update

from aggregator.errors import NotFoundError
from aggregator.models.acts import Act, ActKind, Subject
from aggregator.models.feeds import Publisher
from aggregator.store import acts
from aggregator.store.publishers import find_publisher
from aggregator.store.schema import owners, publishers, same_owner

_COLUMNS = (publishers.c.id, publishers.c.domain, publishers.c.name, publishers.c.country)


def join(db: Connection, publisher_id: int, other_id: int, *, now: datetime) -> Act:
    """Say that two publishers have one owner, and with it all that had theirs; NotFoundError where one is not there."""
    one, other = find_publisher(db, publisher_id), find_publisher(db, other_id)

    def do(act_id: int) -> int:
        if one.id == other.id or other.id in {each.id for each in of_one_owner(db, one.id)}:
            return 0
        db.execute(insert(same_owner).values(publisher_id=one.id, other_id=other.id, made_by=act_id))
        return _settle(db)

    return acts.keep(db, _act(ActKind.JOIN, one, other, now), do)


def part(db: Connection, publisher_id: int, *, now: datetime) -> Act:
    """Say that a publisher has no owner in common with others."""
    found = find_publisher(db, publisher_id)

    def do(act_id: int) -> int:
        names_it = or_(same_owner.c.publisher_id == found.id, same_owner.c.other_id == found.id)
        ended = update(same_owner).where(names_it, same_owner.c.ended_by.is_(None)).values(ended_by=act_id)
        others = [each.id for each in of_one_owner(db, found.id)]
        if not db.execute(ended).rowcount:
            return 0
        # They are still of one owner without it: what held them together may have gone through it.
        for one, other in pairwise(others):
            db.execute(insert(same_owner).values(publisher_id=one, other_id=other, made_by=act_id))
        return _settle(db)

    return acts.keep(db, _act(ActKind.PART, found, None, now), do)


def take_back(db: Connection, act: Act) -> None:
    """Forget what an act said of owners, or let that hold again that it ended."""
    db.execute(delete(same_owner).where(same_owner.c.made_by == act.id))
    db.execute(update(same_owner).where(same_owner.c.ended_by == act.id).values(ended_by=None))
    _settle(db)


def of_one_owner(db: Connection, publisher_id: int) -> list[Publisher]:
    """Return the other publishers of this one's owner, by name."""
    speaker = select(owners.c.speaker_id).where(owners.c.publisher_id == publisher_id).scalar_subquery()
    found = select(*_COLUMNS).join(owners, owners.c.publisher_id == publishers.c.id)
    rows = db.execute(found.where(owners.c.speaker_id == speaker, publishers.c.id != publisher_id))
    return sorted((Publisher(*row) for row in rows), key=lambda each: (each.name.casefold(), each.id))


def owner_domains(db: Connection) -> dict[int, str]:
    """Return by publisher the domain that speaks for its owner; most publishers have none, and are left out."""
    return {row.publisher_id: row.domain for row in db.execute(_DOMAINS)}


_DOMAINS = select(owners.c.publisher_id, publishers.c.domain).join(publishers, publishers.c.id == owners.c.speaker_id)


def named(db: Connection, words: str) -> Publisher:
    """Return the publisher of this name or domain; NotFoundError, in words, where there is none or more than one."""
    said = words.strip()
    by_domain = db.execute(select(*_COLUMNS).where(publishers.c.domain == said.lower())).first()
    if by_domain:
        return Publisher(*by_domain)
    by_name = db.execute(select(*_COLUMNS).where(publishers.c.name == said).limit(2)).all()
    if len(by_name) != 1:
        raise NotFoundError(f"No one publisher is called “{said[:80]}”; write its domain, such as example.org.")
    return Publisher(*by_name[0])


def all_named(db: Connection, *, limit: int) -> list[Publisher]:
    """Return publishers to choose from, by name."""
    return [Publisher(*row) for row in db.execute(select(*_COLUMNS).order_by(publishers.c.name).limit(limit))]


def groups(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return for each number that a pair names the smallest that pairs lead to from it."""
    least: dict[int, int] = {}

    def root(each: int) -> int:
        while least.setdefault(each, each) != each:
            each = least[each]
        return each

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        least[high] = low
    return {each: root(each) for each in tuple(least)}


def _settle(db: Connection) -> int:
    """Work out who speaks for each owner; return for how many publishers that is another one now."""
    holds = same_owner.c.ended_by.is_(None)
    pairs = db.execute(select(same_owner.c.publisher_id, same_owner.c.other_id).where(holds)).all()
    wanted = groups((one, other) for one, other in pairs)
    before = {row.publisher_id: row.speaker_id for row in db.execute(select(owners))}
    db.execute(delete(owners))
    if wanted:
        rows = [{"publisher_id": each, "speaker_id": speaker_id} for each, speaker_id in wanted.items()]
        db.execute(insert(owners), rows)
    return sum(wanted.get(each) != before.get(each) for each in wanted.keys() | before.keys())


def _act(kind: ActKind, one: Publisher, other: Publisher | None, now: datetime) -> Act:
    title = " · ".join(each.name or each.domain for each in (one, other) if each)
    return Act(at=now, kind=kind, subject=Subject.OWNER, subject_id=one.id, title=title)
