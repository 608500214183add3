"""What surrounds a story: its retitles, its topic's other stories, stories like it, and publishers that kept silent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from aggregator.models.feeds import Publisher
from aggregator.models.pages import Related, Retitle, Rewrite, Silent, StoryLink
from aggregator.models.values import Vectors
from aggregator.store.digests import names_of
from aggregator.store.schema import Id, articles, publishers, revisions, stories, topic_stories, vectors
from aggregator.store.statements import among_ids, tuples_of

N_LOOKED_AT = 300
"""Stories, by rank, among which those like another are sought: their vectors are read in three milliseconds, once after
each regroup."""

LIKE = 0.5
"""Cosine of two lead articles' vectors from which their stories are held to be related; most unrelated news of one
language lies under .4 with the bundled model."""

N_RELATED = 4
N_CHAPTERS = 3
N_RETITLES = 12
N_SILENT = 12
N_NAMES = 3


def revised(db: Connection, article_ids: Collection[int]) -> tuple[list[Retitle], list[Rewrite]]:
    """Return what these articles were called before, and which had another text under the headline they have now.

    The latest change comes first in both.
    """
    rows = sorted(
        db.execute(_REVISED, {"ids": sorted(article_ids)}).all(), key=lambda row: row.changed_at, reverse=True
    )
    retitles = [Retitle(row.article_id, row.title, row.changed_at) for row in rows if row.title != row.is_called]
    rewrites = [Rewrite(row.article_id, row.changed_at) for row in rows if row.title == row.is_called]
    return retitles[:N_RETITLES], rewrites[:N_RETITLES]


_REVISED = (
    select(
        revisions.c.article_id,
        revisions.c.title,
        articles.c.title.label("is_called"),
        func.max(revisions.c.changed_at).label("changed_at"),
    )
    .join(articles, articles.c.id == revisions.c.article_id)
    .where(among_ids(revisions.c.article_id))
    .group_by(revisions.c.article_id, revisions.c.title, articles.c.title)
)


def chapters_of(db: Connection, story_id: int) -> tuple[list[StoryLink], list[StoryLink]]:
    """Return the stories of the same topic that began before and after this one, the nearest of each, in time."""
    place = {"story": story_id}
    return (
        [_link(row) for row in db.execute(_EARLIER, place).all()][::-1],
        [_link(row) for row in db.execute(_LATER, place).all()],
    )


@dataclass(frozen=True, slots=True)
class Leads:
    """Stories that another may be related to, the best first, and the vectors of what leads them."""

    encoder_id: int
    ids: tuple[int, ...]
    vectors: Vectors


def leads(db: Connection, *, since: datetime) -> Leads:
    """Return the best stories of several publishers with news since then whose leads have vectors of one encoder."""
    rows = db.execute(_LEADS, {"since": since}).all()
    alike = [row for row in rows if row.encoder_id == rows[0].encoder_id]
    unit = _unit([row.vector for row in alike])
    return Leads(alike[0].encoder_id if alike else 0, tuple(row.id for row in alike), unit)


def related_to(
    db: Connection, story_id: int, among: Leads, *, names: Sequence[str] = (), but: Collection[int] = ()
) -> list[Related]:
    """Return the stories among these whose lead article is most like this one's; those in `but` are left out.

    `names` are those that several publishers write in this one. Without vectors there are no stories like it.
    """
    own = db.execute(_LEAD, {"story": story_id, "encoder": among.encoder_id}).scalar()
    if own is None:
        return []
    near = among.vectors @ _unit([own])[0]
    likest = {
        among.ids[at]: float(near[at])
        for at in np.argsort(-near, kind="stable")[: N_RELATED + len(but) + 1].tolist()
        if near[at] >= LIKE and among.ids[at] != story_id and among.ids[at] not in but
    }
    if not likest:
        return []
    # One that was merged into another since the leads were read is none any more.
    links = {row.id: _link(row) for row in db.execute(_NAMED, {"ids": list(likest)}).all()}
    there = [each for each in likest if each in links][:N_RELATED]
    named = names_of(db, there)
    return [Related(links[each], likest[each], _shared(names, named.get(each, ()))) for each in there]


def silent_publishers(
    db: Connection, publisher_ids: Collection[int], languages: Collection[str], *, since: datetime, until: datetime
) -> Silent:
    """Return the publishers that published in one of these languages in this span, but for those with these ids."""
    if not languages:
        return Silent((), 0)
    place = {"since": since, "until": until, "ids": list(publisher_ids), "languages": list(languages)}
    beside = _AS_BESIDE.decode(db.execute(_BESIDE, place).scalar_one() or "[]")
    found = sorted(each for each in beside if each.less)
    few = tuple(Publisher(each.id, each.domain, each.name, each.country) for each in found[:N_SILENT])
    return Silent(few, len(found))


class _Beside(NamedTuple):
    """A publisher, and how many articles it published in the span; those with the most are the least."""

    less: int
    name: str
    id: int
    domain: str
    country: str | None


# --- questions, built once: that takes longer than to answer them ---------------------------------------


def _links() -> Select[tuple[int, str, str | None, datetime, int]]:
    lead = articles.alias()
    return select(stories.c.id, lead.c.title, lead.c.language, stories.c.first_at, stories.c.n_publishers).join(
        lead, lead.c.id == stories.c.lead_id
    )


_STORY = bindparam("story", type_=Id)
_NAMED = _links().where(among_ids(stories.c.id))

_BEGAN = select(stories.c.first_at).where(stories.c.id == _STORY).scalar_subquery()
_CHAPTERS = (
    _links()
    .join(topic_stories, topic_stories.c.story_id == stories.c.id)
    .where(
        topic_stories.c.topic_id
        == select(topic_stories.c.topic_id).where(topic_stories.c.story_id == _STORY).scalar_subquery(),
        stories.c.id != _STORY,
    )
    .limit(N_CHAPTERS)
)
_EARLIER = _CHAPTERS.where(stories.c.first_at <= _BEGAN).order_by(stories.c.first_at.desc(), stories.c.id.desc())
_LATER = _CHAPTERS.where(stories.c.first_at > _BEGAN).order_by(stories.c.first_at, stories.c.id)

_LEAD = (
    select(vectors.c.vector)
    .join(stories, stories.c.lead_id == vectors.c.article_id)
    .where(stories.c.id == _STORY, vectors.c.encoder_id == bindparam("encoder"))
)
# An index alone says which stories are best; vectors are read of these few.
_BEST = (
    select(stories.c.id)
    .where(stories.c.last_at >= bindparam("since"), stories.c.n_publishers >= 2)
    .order_by(stories.c.rank.desc())
    .limit(N_LOOKED_AT)
    .subquery()
)
_LEADS = (
    select(stories.c.id, vectors.c.encoder_id, vectors.c.vector)
    .join(_BEST, _BEST.c.id == stories.c.id)
    .join(vectors, vectors.c.article_id == stories.c.lead_id)
    .order_by(stories.c.rank.desc())
)

_IN_SPAN = (
    select(func.count())
    .where(
        articles.c.publisher_id == publishers.c.id,
        articles.c.published_at >= bindparam("since"),
        articles.c.published_at <= bindparam("until"),
    )
    .scalar_subquery()
)
_LATEST = (
    select(articles.c.language)
    .where(articles.c.publisher_id == publishers.c.id, articles.c.published_at <= bindparam("until"))
    .order_by(articles.c.published_at.desc())
    .limit(1)
    .scalar_subquery()
)
_BESIDE = select(
    tuples_of(-_IN_SPAN, publishers.c.name, publishers.c.id, publishers.c.domain, publishers.c.country)
).where(~among_ids(publishers.c.id), _LATEST.in_(bindparam("languages", expanding=True)))
"""Counted is only for publishers that wrote in one of the languages last."""
_AS_BESIDE = msgspec.json.Decoder(list[_Beside])


def _link(row: Row[tuple[int, str, str | None, datetime, int]]) -> StoryLink:
    return StoryLink(row.id, row.title, row.language, row.first_at, row.n_publishers)


def _unit(kept: Sequence[bytes]) -> Vectors:
    """Return these vectors of one encoder, which are kept as halves, at length one: shape (n, dim)."""
    if not kept:
        return np.empty((0, 0), dtype=np.float32)
    halves = np.frombuffer(b"".join(kept), dtype="<f2").reshape(len(kept), -1).astype(np.float32)
    unit: Vectors = halves / np.maximum(np.linalg.norm(halves, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return unit


def _shared(here: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in here if name in there)[:N_NAMES]
