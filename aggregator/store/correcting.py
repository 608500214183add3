"""What the owner says of stories takes effect at once.

Every act is a line of the ledger. Most move articles, and ask of every later run that they stay where they were put:
apart from those they left, together with those they joined.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from aggregator.errors import CorrectionError, NotFoundError
from aggregator.models.corrections import Actor, Change, ChangeKind, CorrectionKind
from aggregator.store import changes, corrections
from aggregator.store.db import transaction
from aggregator.store.moving import found, members_of, mend, move, redirect, revive, stories_of
from aggregator.store.schema import memberships
from aggregator.store.stories import current_id


@dataclass(frozen=True, slots=True)
class _Act:
    """Articles that are to go from one story to another."""

    moved: Collection[int]
    from_id: int
    to_id: int | None
    """A story that is there, or one that ended with the change `revived_by`; None founds one."""
    revived_by: int = 0
    apart_from: Collection[int] = field(default=())
    together_with: Collection[int] = field(default=())
    """Members of the one and the other story that this is about; where it names none, it is about all."""
    undoes_id: int | None = None


def not_this_story(db: Connection, story_id: int, article_id: int, *, now: datetime) -> Change:
    """Take an article, and what repeats its text, out of a story for good; it founds one of its own."""
    corrections.begin(db)
    home = _living(db, story_id)
    if stories_of(db, [article_id]).get(article_id) != home:
        raise CorrectionError(f"Article {article_id} is not in story {home}; load the story's page again.")
    leaving = {article_id, *_copies(db, article_id, home)}
    if leaving == members_of(db, [home])[home]:
        raise CorrectionError(f"Story {home} is about this article alone, so there is nothing to take it out of.")
    return _do(db, _Act(leaving, home, None), now=now)


def move_article(db: Connection, article_id: int, story_id: int, *, now: datetime) -> Change:
    """Put an article, and what repeats its text, into another story for good."""
    corrections.begin(db)
    home, target = stories_of(db, [article_id]).get(article_id), _living(db, story_id)
    if home is None:
        raise NotFoundError(f"There is no article {article_id} in any story.")
    if home == target:
        raise CorrectionError(f"Article {article_id} is in story {target} already.")
    return _do(db, _Act({article_id, *_copies(db, article_id, home)}, home, target), now=now)


def same_story(db: Connection, story_id: int, other_id: int, *, now: datetime) -> Change:
    """Make two stories one for good; the older lives on, unless it is a single article and the other is not."""
    corrections.begin(db)
    past = changes.snapshot(db, _two_living(db, story_id, other_id))
    kept, ended = sorted(past, key=lambda each: (len(past[each].article_ids) == 1, past[each].row["created_at"], each))
    return _do(db, _Act(past[ended].article_ids, ended, kept), now=now)


def keep_apart(db: Connection, story_id: int, other_id: int, *, now: datetime) -> Change:
    """Keep two stories two for good."""
    corrections.begin(db)
    return _do(db, _Act((), *_two_living(db, story_id, other_id)), now=now)


class _Foreseen(Exception):  # noqa: N818  (it ends a transaction, and is no error)
    def __init__(self, change: Change) -> None:
        self.change = change


def foresee(engine: Engine, act: Callable[[Connection], Change]) -> Change:
    """Return what a correction would do; nothing of it is kept. Raises what the correction itself would raise."""
    try:
        with transaction(engine) as db:
            raise _Foreseen(act(db))
    except _Foreseen as foreseen:
        return foreseen.change


def undo(db: Connection, change_id: int, *, now: datetime) -> Change:
    """Undo a change; return it as it stands then or, where it was the engine's, the owner's change that undoes it.

    What the engine did is turned round and held so from now on. Of what the owner said nothing is asked any more, and
    the articles that are still where it put them go back. Raises CorrectionError where nothing is left to undo.
    """
    corrections.begin(db)
    change = changes.find_change(db, change_id)
    if change.undone_at is not None:
        raise CorrectionError(f"Change {change_id} was undone already.")
    changes.mark_undone(db, change_id, now)
    if change.by is Actor.ENGINE:
        return _do(db, _turned_round(db, change), now=now)
    corrections.remove(db, change_id)
    if change.undoes_id is not None:
        changes.mark_undone(db, change.undoes_id, None)
    back = _way_back(db, change)
    if back is not None:
        _carry_out(db, back, now=now)
    return changes.find_change(db, change_id)


# --- stories and articles that an act names ----------------------------------------------------------


def _living(db: Connection, story_id: int) -> int:
    living = current_id(db, story_id)
    if living is None:
        raise NotFoundError(f"There is no story with the number {story_id}.")
    return living


def _two_living(db: Connection, story_id: int, other_id: int) -> tuple[int, int]:
    one, other = _living(db, story_id), _living(db, other_id)
    if story_id == other_id:
        raise CorrectionError(f"That is story {one} twice; name two.")
    if one == other:
        raise CorrectionError(
            f"Stories {story_id} and {other_id} are one already: {one}. What made them one is listed among the "
            "changes, and can be undone there."
        )
    return one, other


def _copies(db: Connection, article_id: int, story_id: int) -> list[int]:
    """Return the story's articles that repeat this one's text."""
    repeats = (memberships.c.copy_of_id == article_id) & (memberships.c.story_id == story_id)
    return list(db.execute(select(memberships.c.article_id).where(repeats)).scalars())


# --- undoing -----------------------------------------------------------------------------------------


def _turned_round(db: Connection, change: Change) -> _Act:
    """Return what undoes the engine's change; about the articles it was about, not those that came since."""
    back = _way_back(db, change)
    if back is None:
        raise CorrectionError(
            f"Nothing is left of change {change.id} to undo: its articles moved on since, or were deleted."
        )
    return back


def _way_back(db: Connection, change: Change) -> _Act | None:
    """Return how the articles that are still where the change put them go back; None where there is no way."""
    here, home = current_id(db, change.to_id), current_id(db, change.from_id)
    there = members_of(db, [here])[here] if here is not None else frozenset()
    moved = there.intersection(change.moved_ids)
    is_ended = home != change.from_id and changes.has_ended(db, change.id)
    target = change.from_id if is_ended else home
    if here is None or target is None or not moved or here == target:
        return None
    return _Act(
        moved,
        here,
        target,
        revived_by=change.id if is_ended else 0,
        apart_from=change.joined_ids,
        together_with=change.stayed_ids,
        undoes_id=change.id,
    )


# --- doing -------------------------------------------------------------------------------------------


def _do(db: Connection, act: _Act, *, now: datetime) -> Change:
    """Carry an act out, write it down, and ask of later runs that it holds."""
    past = changes.snapshot(db, {act.from_id, act.to_id or 0})
    to_id = _carry_out(db, act, now=now)
    stayed = past[act.from_id].article_ids - set(act.moved)
    joined = past[to_id].article_ids if to_id in past else frozenset[int]()
    change = Change(
        at=now,
        kind=_kind(act, stayed, joined),
        by=Actor.OWNER,
        from_id=act.from_id,
        to_id=to_id,
        from_title=past[act.from_id].headline,
        to_title=past[to_id].headline if to_id in past else changes.headlines(db, [to_id])[to_id],
        moved_ids=tuple(act.moved),
        stayed_ids=tuple(stayed & set(act.apart_from) or stayed),
        joined_ids=tuple(joined & set(act.together_with) or joined),
        undoes_id=act.undoes_id,
    )
    change = changes.record(db, change, ended=None if stayed else past[act.from_id].row)
    _ask(db, change, now=now)
    return change


def _kind(act: _Act, stayed: Collection[int], joined: Collection[int]) -> ChangeKind:
    if not act.moved:
        return ChangeKind.APART
    if not stayed:
        return ChangeKind.MERGE
    return ChangeKind.MOVE if joined else ChangeKind.SPLIT


def _carry_out(db: Connection, act: _Act, *, now: datetime) -> int:
    """Move the articles; return where to. A story left empty leads there; one that ended lives again for it."""
    if not act.moved:
        return act.to_id or 0
    to_id = found(db, act.moved, act.from_id, now=now) if act.to_id is None else act.to_id
    if act.revived_by:
        revive(db, to_id, changes.ended(db, act.revived_by, act.moved))
    move(db, act.moved, to_id, now=now)
    if not members_of(db, [act.from_id])[act.from_id]:
        redirect(db, {act.from_id: to_id}, now=now)
    mend(db, {act.from_id, to_id})
    return to_id


def _ask(db: Connection, change: Change, *, now: datetime) -> None:
    """Keep what later runs have to hold to."""
    if change.kind is ChangeKind.APART:
        corrections.add(db, change.id, CorrectionKind.APART, change.stayed_ids, change.joined_ids, now=now)
        return
    if change.stayed_ids:
        corrections.add(db, change.id, CorrectionKind.APART, change.moved_ids, change.stayed_ids, now=now)
    if change.joined_ids:
        corrections.add(db, change.id, CorrectionKind.TOGETHER, change.moved_ids, change.joined_ids, now=now)
