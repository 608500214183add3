"""Articles that were kept before there was a full-text index: read into it by and by, the newest first."""

from sqlalchemy import Connection, select

from aggregator.store.schema import articles, search_docs, settings
from aggregator.store.search_index import index_articles
from aggregator.store.settings import recall, remember

BACKLOG = "unindexed_to"
"""Under this key stands the highest number of an article that may not be in the index yet."""

_MARK = select(settings.c.value).where(settings.c.key == BACKLOG)


def index_backlog(db: Connection, *, limit: int) -> int:
    """Put the newest of the articles that came before the index into it; return how many numbers were looked at."""
    # Locked, so that two workers do not read the same.
    highest = int(db.execute(_MARK.with_for_update()).scalar() or 0)
    if not highest:
        return 0
    numbers = select(articles.c.id).where(articles.c.id <= highest).order_by(articles.c.id.desc()).limit(limit)
    there = list(db.execute(numbers).scalars())
    known = set(db.execute(select(search_docs.c.article_id).where(search_docs.c.article_id.in_(there))).scalars())
    index_articles(db, [each for each in there if each not in known])
    remember(db, BACKLOG, str(there[-1] - 1) if len(there) == limit else None)
    return len(there)


def n_backlog(db: Connection) -> int:
    """Return about how many articles are not in the index yet."""
    return int(recall(db, BACKLOG) or 0)
