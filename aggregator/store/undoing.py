"""Undoing what the owner did, whatever it was."""

from datetime import datetime

from sqlalchemy import Connection

from aggregator.models.acts import Act, ActKind, Subject
from aggregator.store import acts, marks, mutes, owners, reading, saved_searches


def undo(db: Connection, act_id: int, *, now: datetime) -> Act | None:
    """Undo an act and return it; None, with nothing changed, where it was undone already.

    Raises NotFoundError where there is no act of this number.
    """
    act = acts.find_act(db, act_id)
    if not acts.mark_undone(db, act_id, now=now):
        return None
    if act.kind in (ActKind.MUTE, ActKind.UNMUTE):
        mutes.take_back(db, act)
    elif act.subject is Subject.OWNER:
        owners.take_back(db, act)
    elif act.subject is Subject.SEARCH:
        saved_searches.take_back(db, act)
    elif act.kind in (ActKind.READ, ActKind.UNREAD) or act.subject is Subject.ARTICLE:
        reading.take_back(db, act)
    else:
        marks.take_back(db, act)
    return act
