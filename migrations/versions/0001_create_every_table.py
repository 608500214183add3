"""Create every table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen: what aggregator.store.schema makes of these may change, what this step makes may not.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables of the first version."""
    _create_subscriptions()
    _create_articles()
    _create_stories()
    _create_memory()


def _create_subscriptions() -> None:
    op.create_table(
        "folders",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("parent_id", ID),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["folders.id"], name=op.f("fk_folders_parent_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        sa.UniqueConstraint("parent_id", "name", name=op.f("uq_folders_parent_id_name")),
    )
    op.create_index(
        "ix_folders_outermost",
        "folders",
        ["name"],
        unique=True,
        sqlite_where=sa.text("parent_id IS NULL"),
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("feed_key", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_title", sa.Text()),
        sa.Column("site_url", sa.Text()),
        sa.Column("folder_id", ID),
        sa.Column("language", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name=op.f("fk_feeds_folder_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("feed_key", name=op.f("uq_feeds_feed_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feeds_folder_id"), "feeds", ["folder_id"])
    op.create_table(
        "polls",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.Text()),
        sa.Column("checked_at", MOMENT),
        sa.Column("succeeded_at", MOMENT),
        sa.Column("next_check_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("error", sa.Text()),
        sa.Column("n_failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_polls_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_polls")),
    )
    op.create_index(op.f("ix_polls_next_check_at"), "polls", ["next_check_at"])
    op.create_table(
        "feed_offers",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("feed_key", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_feed_offers_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "position", name=op.f("pk_feed_offers")),
    )


def _create_articles() -> None:
    op.create_table(
        "publishers",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishers")),
        sa.UniqueConstraint("domain", name=op.f("uq_publishers_domain")),
    )
    op.create_table(
        "articles",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("feed_id", ID),
        sa.Column("publisher_id", ID, nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("canonical_url", sa.Text()),
        sa.Column("image_url", sa.Text()),
        sa.Column("author", sa.Text()),
        sa.Column("origin_name", sa.Text()),
        sa.Column("origin_url", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_articles_feed_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publishers.id"], name=op.f("fk_articles_publisher_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("key", name=op.f("uq_articles_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_articles_feed_id"), "articles", ["feed_id"])
    op.create_index(op.f("ix_articles_published_at_id"), "articles", ["published_at", "id"])
    op.create_index(op.f("ix_articles_publisher_id_published_at"), "articles", ["publisher_id", "published_at"])
    op.create_table(
        "entries",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("guid_key", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_entries_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_entries_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("feed_id", "guid_key", name=op.f("uq_entries_feed_id_guid_key")),
    )
    op.create_index(op.f("ix_entries_article_id"), "entries", ["article_id"])
    op.create_index(
        op.f("ix_entries_feed_id_published_at_article_id"), "entries", ["feed_id", "published_at", "article_id"]
    )
    op.create_table(
        "article_status",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("read_at", MOMENT),
        sa.Column("starred_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_status_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_status")),
    )
    op.create_table(
        "encoders",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encoders")),
        sa.UniqueConstraint("model", "version", "dim", name=op.f("uq_encoders_model_version_dim")),
    )
    op.create_table(
        "vectors",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("encoder_id", ID, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_vectors_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["encoder_id"], ["encoders.id"], name=op.f("fk_vectors_encoder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_vectors")),
    )


def _create_stories() -> None:
    op.create_table(
        "stories",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("founder_id", ID, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.Column("n_publishers", sa.Integer(), nullable=False),
        sa.Column("n_origins", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("rank", sa.Double(), nullable=False),
        sa.Column("rank_terms", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["founder_id"], ["articles.id"], name=op.f("fk_stories_founder_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["articles.id"], name=op.f("fk_stories_lead_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_stories_founder_id"), "stories", ["founder_id"])
    op.create_index(op.f("ix_stories_last_at_n_publishers_rank"), "stories", ["last_at", "n_publishers", "rank"])
    op.create_index(op.f("ix_stories_lead_id"), "stories", ["lead_id"])
    op.create_table(
        "memberships",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("nearest_id", ID),
        sa.Column("copy_of_id", ID),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_memberships_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["copy_of_id"], ["articles.id"], name=op.f("fk_memberships_copy_of_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["nearest_id"], ["articles.id"], name=op.f("fk_memberships_nearest_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_memberships_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_copy_of_id"), "memberships", ["copy_of_id"])
    op.create_index(op.f("ix_memberships_nearest_id"), "memberships", ["nearest_id"])
    op.create_index(op.f("ix_memberships_story_id"), "memberships", ["story_id"])
    op.create_table(
        "story_aliases",
        sa.Column("old_id", ID, autoincrement=False, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_story_aliases_story_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_story_aliases")),
    )
    op.create_index(op.f("ix_story_aliases_story_id"), "story_aliases", ["story_id"])


def _create_memory() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
