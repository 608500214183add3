"""The tables. A change here needs a migration in `migrations/versions`; a test holds the two against each other."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

from aggregator.models.moments import microseconds, moment_of

SET_BACK = timedelta(hours=1)
"""A moment that lies further ahead than it may by more than this was kept by a clock that has been set back since; the
clocks of machines that share a database differ by less."""


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, given back in UTC; a naive one is refused.

    SQLite has no type for it: microseconds since 1970 are compact there, exact, and sort as the moments do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what a column of this type is on the database at hand."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Return what gives a moment as the database keeps it."""
        return _to_microseconds if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what gives back moments in UTC; in this form since a front page reads thousands."""
        return _of_microseconds if dialect.name == "sqlite" else _in_utc


def _to_microseconds(value: datetime | None) -> int | None:
    return None if value is None else microseconds(_aware(value))


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _aware(value).astimezone(UTC)


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise ValueError(f"{value} has no time zone, so it names no moment.")
    return value


def _of_microseconds(value: int | None) -> datetime | None:
    return None if value is None else moment_of(value)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from anywhere, without what a database refuses: NUL (PostgreSQL) and lone surrogates (both)."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        """Return what gives a text as it can be kept; in this form since an article has ten of them."""
        return _storable_if_any


class Id(TypeDecorator[int]):
    """A row's number. One that no row can have is asked for as 0, which no row has either."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what a column of this type is; only an INTEGER key numbers itself on SQLite."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the number where it fits into 64 bits."""
        return None if value is None else askable(value)


def askable(number: int) -> int:
    """Return a row's number where it fits into 64 bits, else 0, which no row has either."""
    return number if abs(number) < 2**63 else 0


def _storable_if_any(words: str | None) -> str | None:
    return None if words is None else storable(words)


def storable(words: str) -> str:
    """Return the text without NUL and with lone surrogates replaced by question marks."""
    if words.isascii() and "\0" not in words:
        return words  # as most are: nothing is copied
    bare = words.replace("\0", "")
    try:
        bare.encode("utf-8")
    except UnicodeEncodeError:
        return bare.encode("utf-8", "replace").decode("utf-8")
    return bare


def key_of(*parts: str) -> bytes:
    """Return 32 bytes that stand for these texts in an index: PostgreSQL indexes no more than 2.7 kB of a value."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def feed_key(feed_url: str) -> bytes:
    """Return what tells a feed from others."""
    return key_of("feed", feed_url)


def url_key(canonical_url: str) -> bytes:
    """Return what tells the piece at this address from others."""
    return key_of("url", canonical_url)


def guid_key(guid: str) -> bytes:
    """Return what tells an entry from others of its feed."""
    return key_of("guid", guid)


def piece_key(feed_id: int, guid: str) -> bytes:
    """Return what tells a piece without an address of its own from others."""
    return key_of("entry", str(feed_id), guid)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, Identity(), primary_key=True)


def _to(name: str, target: str, on_delete: str, **options: Any) -> Column[int]:
    return Column(name, Id, ForeignKey(target, ondelete=on_delete), **options)


folders = Table(
    "folders",
    metadata,
    _id(),
    _to("parent_id", "folders.id", "CASCADE"),
    Column("name", Words, nullable=False),
    # Made by the owner as a folder: it stays when it holds nothing.
    Column("is_kept", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("parent_id", "name"),
    # In a unique constraint no NULL equals another: the outermost folders need an index of their own.
    Index(
        "ix_folders_outermost",
        "name",
        unique=True,
        sqlite_where=text("parent_id IS NULL"),
        postgresql_where=text("parent_id IS NULL"),
    ),
)

feeds = Table(
    "feeds",
    metadata,
    _id(),
    Column("feed_url", Words, nullable=False),
    Column("feed_key", LargeBinary, nullable=False, unique=True),
    Column("title", Words, nullable=False),
    Column("owner_title", Words),
    Column("site_url", Words),
    _to("folder_id", "folders.id", "SET NULL", index=True),
    Column("language", Words),
    Column("country", Words),
    Column("is_paused", Boolean, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("interval_s", Integer),
    Column("moved_from_url", Words),
    Column("moved_at", UtcTime),
    Column("wants_full_text", Boolean, nullable=False, server_default=false()),
    # What else the list that it came from said of it, for the next list.
    Column("outline", JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)

polls = Table(
    "polls",
    metadata,
    _to("feed_id", "feeds.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_hash", Words),
    Column("checked_at", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("next_check_at", UtcTime, nullable=False, index=True),
    Column("claimed_until", UtcTime),
    Column("error", Words),
    Column("n_failures", Integer, nullable=False),
    Column("whole_at", UtcTime),
    Column("ttl_s", Integer),
    Column("skip_hours", JSON(none_as_null=True)),
    Column("skip_days", JSON(none_as_null=True)),
    Column("moving_to", Words),
    Column("n_moves", Integer),
    Column("fault", Words),
    Column("failing_since", UtcTime),
    Column("took_s", Double),
    Column("n_entries", Integer),
    Column("items", LargeBinary),
    Column("searched_at", UtcTime),
    Column("fresh_s", Double),
)

host_holds = Table(
    "host_holds",
    metadata,
    Column("host", Words, primary_key=True),
    Column("until", UtcTime, nullable=False),
)

feed_offers = Table(
    "feed_offers",
    metadata,
    _to("feed_id", "feeds.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("feed_url", Words, nullable=False),
    Column("feed_key", LargeBinary, nullable=False),
    Column("title", Words, nullable=False),
)

# What the owner asked for on the pages and is not subscribed to yet: forgotten after a while.
imports = Table(
    "imports",
    metadata,
    _id(),
    Column("source", Words, nullable=False),
    Column("folder", JSON, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("state", Words, nullable=False, index=True),
    Column("claimed_until", UtcTime),
    Column("error", Words),
    Column("n_done", Integer, nullable=False),
    # An address that was forgotten is never that of another list.
    sqlite_autoincrement=True,
)

import_lines = Table(
    "import_lines",
    metadata,
    _to("import_id", "imports.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("wanted", Words, nullable=False),
    Column("result", Words, nullable=False),
    Column("why", Words, nullable=False),
)

probes = Table(
    "probes",
    metadata,
    _id(),
    Column("url", Words, nullable=False),
    Column("folder", JSON, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("claimed_until", UtcTime),
    Column("done_at", UtcTime, index=True),
    Column("error", Words),
    Column("found", Words),
    sqlite_autoincrement=True,
)

hubs = Table(
    "hubs",
    metadata,
    _to("feed_id", "feeds.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("hub_url", Words, nullable=False),
    Column("topic_url", Words, nullable=False),
    Column("token", Words, nullable=False, unique=True),
    Column("secret", Words, nullable=False),
    Column("callback_base", Words),
    Column("next_try_at", UtcTime, nullable=False, index=True),
    Column("n_tries", Integer, nullable=False),
    Column("asked_at", UtcTime),
    Column("lease_until", UtcTime),
    Column("pushed_at", UtcTime),
    Column("missed_at", UtcTime),
    Column("error", Words),
)

pushes = Table(
    "pushes",
    metadata,
    _id(),
    _to("feed_id", "feeds.id", "CASCADE", nullable=False, index=True),
    Column("received_at", UtcTime, nullable=False),
    Column("claimed_until", UtcTime),
    Column("content_type", Words),
    Column("body", LargeBinary, nullable=False),
)

publishers = Table(
    "publishers",
    metadata,
    _id(),
    Column("domain", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("country", Words),
)

# What the household says of the owners of publishers, pair by pair.
same_owner = Table(
    "same_owner",
    metadata,
    _id(),
    _to("publisher_id", "publishers.id", "CASCADE", nullable=False),
    _to("other_id", "publishers.id", "CASCADE", nullable=False),
    _to("made_by", "acts.id", "CASCADE", nullable=False),
    _to("ended_by", "acts.id", "SET NULL"),
)

# What follows from it: the publisher that speaks for each, where several have one owner.
owners = Table(
    "owners",
    metadata,
    _to("publisher_id", "publishers.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("speaker_id", "publishers.id", "CASCADE", nullable=False),
)

articles = Table(
    "articles",
    metadata,
    _id(),
    # What makes it one piece: its canonical URL or, failing that, its first feed and guid.
    Column("key", LargeBinary, nullable=False, unique=True),
    _to("feed_id", "feeds.id", "SET NULL", index=True),
    _to("publisher_id", "publishers.id", "RESTRICT", nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("language", Words),
    Column("url", Words),
    Column("canonical_url", Words),
    Column("image_url", Words),
    Column("author", Words),
    Column("origin_name", Words),
    Column("origin_url", Words),
    Column("digest", Words, nullable=False),
    Column("title", Words, nullable=False),
    # The long ones stand last: SQLite reads a row from its start, and no further than it has to.
    Column("text", Words, nullable=False),
    Column("content_html", Words, nullable=False),
    Index(None, "published_at", "id"),
    # All that telling who was silent looks at.
    Index(None, "publisher_id", "published_at", "language"),
    # All that telling what came since a moment looks at.
    Index(None, "first_seen_at", "feed_id"),
    sqlite_autoincrement=True,
)

# Where articles were before their publishers moved them: who still links there means them.
former_addresses = Table(
    "former_addresses",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    _to("article_id", "articles.id", "CASCADE", nullable=False, index=True),
)

revisions = Table(
    "revisions",
    metadata,
    _id(),
    _to("article_id", "articles.id", "CASCADE", nullable=False),
    Column("digest", Words, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    # A headline that swings to and fro is kept once.
    UniqueConstraint("article_id", "digest"),
)

full_texts = Table(
    "full_texts",
    metadata,
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("n_tries", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    Column("fetched_at", UtcTime),
    Column("error", Words),
    Column("content_html", Words),
)

entries = Table(
    "entries",
    metadata,
    _id(),
    _to("feed_id", "feeds.id", "CASCADE", nullable=False),
    Column("guid_key", LargeBinary, nullable=False),
    _to("article_id", "articles.id", "CASCADE", nullable=False, index=True),
    # The article's, which never changes: one index is all that a feed's list and counts look at.
    Column("published_at", UtcTime, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("digest", Words, nullable=False),
    Column("guid", Words, nullable=False),
    UniqueConstraint("feed_id", "guid_key"),
    Index(None, "feed_id", "published_at", "article_id"),
)

encoders = Table(
    "encoders",
    metadata,
    _id(),
    Column("model", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("dim", Integer, nullable=False),
    UniqueConstraint("model", "version", "dim"),
)

vectors = Table(
    "vectors",
    metadata,
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("encoder_id", "encoders.id", "CASCADE", nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("vector", LargeBinary, nullable=False),  # float16, little-endian
)

stories = Table(
    "stories",
    metadata,
    _id(),
    _to("founder_id", "articles.id", "RESTRICT", nullable=False, index=True),
    _to("lead_id", "articles.id", "RESTRICT", nullable=False, index=True),
    Column("n_articles", Integer, nullable=False),
    Column("n_publishers", Integer, nullable=False),
    Column("n_origins", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("rank", Double, nullable=False),
    Column("rank_terms", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # Whether several publishers cover it: asked for by equality, an index gives the best of either kind first.
    Column("is_shared", Boolean, Computed("n_publishers > 1")),
    Index(None, "is_shared", "rank", "last_at"),
    # All that choosing a front page in another order, and counting, look at.
    Index(None, "last_at", "n_publishers", "rank"),
    # A story's id is never given to another, even when the newest story is deleted.
    sqlite_autoincrement=True,
)

STATED_OF_STORIES = [column for column in stories.c if not column.primary_key and column.computed is None]
"""All that is kept of a story, without its number and what the database makes of the rest."""

_UNEXPLAINED = text("evidence IS NULL AND nearest_id IS NOT NULL AND copy_of_id IS NULL")

memberships = Table(
    "memberships",
    metadata,
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("story_id", "stories.id", "CASCADE", nullable=False, index=True),
    Column("score", Double, nullable=False),
    _to("nearest_id", "articles.id", "SET NULL", index=True),
    _to("copy_of_id", "articles.id", "SET NULL", index=True),
    Column("joined_at", UtcTime, nullable=False),
    # Since when the engine would have it elsewhere; it moves when the next run says so again.
    Column("wished_at", UtcTime),
    # What it shares with the nearest: NULL until that is worked out, empty where nothing can be said.
    Column("evidence", JSON(none_as_null=True)),
    Index(
        "ix_memberships_waiting",
        "article_id",
        sqlite_where=text("wished_at IS NOT NULL"),
        postgresql_where=text("wished_at IS NOT NULL"),
    ),
    Index("ix_memberships_unexplained", "article_id", sqlite_where=_UNEXPLAINED, postgresql_where=_UNEXPLAINED),
)

# What a story says, as it was read from its articles: `account` without the words, `words` with the sentences (JSON).
digests = Table(
    "digests",
    metadata,
    _to("story_id", "stories.id", "CASCADE", primary_key=True, autoincrement=False),
    # Of all that it was made from: another one where an article came, went, or says something else.
    Column("signature", LargeBinary, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("account", LargeBinary, nullable=False),
    Column("words", LargeBinary, nullable=False),
)

sentence_vectors = Table(
    "sentence_vectors",
    metadata,
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("encoder_id", "encoders.id", "CASCADE", nullable=False),
    # Of what the article said when they were made.
    Column("digest", Words, nullable=False),
    Column("vectors", LargeBinary, nullable=False),  # float16, little-endian, one after the other
)

story_aliases = Table(
    "story_aliases",
    metadata,
    Column("old_id", Id, primary_key=True, autoincrement=False),
    # Where it lives now, and the story it went into then, which may have gone on since.
    _to("story_id", "stories.id", "CASCADE", nullable=False, index=True),
    Column("into_id", Id, nullable=False),
    Column("merged_at", UtcTime, nullable=False),
)

topics = Table(
    "topics",
    metadata,
    _id(),
    Column("name", Words, nullable=False),
    Column("words", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # When its newest story had its newest article: by this it is known again, or forgotten, after a rest.
    Column("last_at", UtcTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

topic_stories = Table(
    "topic_stories",
    metadata,
    _to("story_id", "stories.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("topic_id", "topics.id", "CASCADE", nullable=False, index=True),
)

topic_aliases = Table(
    "topic_aliases",
    metadata,
    Column("old_id", Id, primary_key=True, autoincrement=False),
    _to("topic_id", "topics.id", "CASCADE", nullable=False, index=True),
    Column("merged_at", UtcTime, nullable=False),
)

# Ids of stories and articles are no foreign keys here: what happened stays true when they are deleted.
changes = Table(
    "changes",
    metadata,
    _id(),
    Column("at", UtcTime, nullable=False, index=True),
    Column("kind", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("from_id", Id, nullable=False, index=True),
    Column("to_id", Id, nullable=False, index=True),
    Column("from_title", Words, nullable=False),
    Column("to_title", Words, nullable=False),
    Column("moved_ids", JSON, nullable=False),
    Column("stayed_ids", JSON, nullable=False),
    Column("joined_ids", JSON, nullable=False),
    # Articles on the smaller side: what a list leaves out where it is one.
    Column("size", Integer, nullable=False),
    # The row of the story that ended, should it live again.
    Column("ended", JSON(none_as_null=True)),
    Column("undone_at", UtcTime, index=True),
    _to("undoes_id", "changes.id", "SET NULL", index=True),
    sqlite_autoincrement=True,
)

corrections = Table(
    "corrections",
    metadata,
    _id(),
    _to("change_id", "changes.id", "CASCADE", nullable=False, index=True),
    Column("kind", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    # Of its articles' dates: older than the window, it asks for nothing any more.
    Column("newest_at", UtcTime, nullable=False, index=True),
    # What the engine learned from it, and of which encoder that holds.
    Column("lessons", JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)

correction_articles = Table(
    "correction_articles",
    metadata,
    _to("correction_id", "corrections.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False, index=True),
    Column("is_left", Boolean, nullable=False),
)

# Front pages as they were; stories in them are no foreign keys, and what was printed stays printed.
editions = Table(
    "editions",
    metadata,
    _id(),
    Column("at", UtcTime, nullable=False, index=True),
    Column("headline", Words, nullable=False),
    Column("language", Words),
    Column("n_stories", Integer, nullable=False),
    Column("stories", JSON, nullable=False),
)

article_status = Table(
    "article_status",
    metadata,
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False),
    Column("read_at", UtcTime),
    Column("starred_at", UtcTime),
    Index(
        "ix_article_status_starred",
        "starred_at",
        "article_id",
        sqlite_where=text("starred_at IS NOT NULL"),
        postgresql_where=text("starred_at IS NOT NULL"),
    ),
)

# What the owner did. As in the ledger of changes, ids of stories, articles and topics are no foreign keys here.
acts = Table(
    "acts",
    metadata,
    _id(),
    Column("at", UtcTime, nullable=False),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("subject_id", Id),
    Column("title", Words, nullable=False),
    Column("n_articles", Integer, nullable=False),
    Column("undone_at", UtcTime),
    sqlite_autoincrement=True,
)

# Which articles an act marked, and since when they had been marked before it: enough to undo exactly that.
act_articles = Table(
    "act_articles",
    metadata,
    _to("act_id", "acts.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("article_id", "articles.id", "CASCADE", primary_key=True, autoincrement=False, index=True),
    Column("was_at", UtcTime),
)

# Stars and follows. They name the id that the owner marked: where a story was merged, its alias leads them on, and
# where the merge is undone, they are back where they were.
marks = Table(
    "marks",
    metadata,
    _id(),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    _to("made_by", "acts.id", "CASCADE", nullable=False, index=True),
    _to("ended_by", "acts.id", "SET NULL", index=True),
    Index(None, "subject_id", "subject"),
)

mutes = Table(
    "mutes",
    metadata,
    _id(),
    Column("kind", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("story_id", Id, nullable=False),
    # What is like it: the topic or, where it has none, stories with these names.
    Column("topic_id", Id),
    Column("names", JSON, nullable=False),
    _to("publisher_id", "publishers.id", "CASCADE", index=True),
    # From so many publishers on, a story is shown all the same; NULL is never.
    Column("bar", Integer),
    Column("until", UtcTime),
    Column("made_at", UtcTime, nullable=False),
    _to("made_by", "acts.id", "CASCADE", nullable=False, index=True),
    _to("ended_by", "acts.id", "SET NULL", index=True),
)

# Stories that a mute's names stand in; what a mute hides by story, topic or publisher is asked when it is shown.
muted_stories = Table(
    "muted_stories",
    metadata,
    _to("mute_id", "mutes.id", "CASCADE", primary_key=True, autoincrement=False),
    _to("story_id", "stories.id", "CASCADE", primary_key=True, autoincrement=False, index=True),
)

settings = Table(
    "settings",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    # Digests: of the secret that the browser shows, and of the password's hash that it was begun with.
    Column("key", LargeBinary, primary_key=True),
    Column("password_key", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("address", Words, primary_key=True),
    Column("n_tries", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

# What the full-text index calls an article. The index itself is each database's own: see store/search_index.py.
search_docs = Table(
    "search_docs",
    metadata,
    # In order of publication, so that the newest articles with a word are found first.
    Column("docid", Id, primary_key=True, autoincrement=False),
    _to("article_id", "articles.id", "CASCADE", nullable=False, unique=True),
)

saved_searches = Table(
    "saved_searches",
    metadata,
    _id(),
    Column("name", Words, nullable=False),
    Column("query", Words, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    _to("made_by", "acts.id", "SET NULL"),
    # Deleted or renamed: kept, so that undoing that brings it back.
    _to("ended_by", "acts.id", "SET NULL"),
    sqlite_autoincrement=True,
)
