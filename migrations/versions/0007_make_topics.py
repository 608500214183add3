"""Keep topics: lasting groups of stories."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Frozen: what aggregator.store.schema makes of these may change, what this step makes may not.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the topics, which story is in which, and where merged ones went."""
    op.create_table(
        "topics",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_topics_last_at"), "topics", ["last_at"])
    op.create_table(
        "topic_stories",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("topic_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_topic_stories_story_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_topic_stories_topic_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_topic_stories")),
    )
    op.create_index(op.f("ix_topic_stories_topic_id"), "topic_stories", ["topic_id"])
    op.create_table(
        "topic_aliases",
        sa.Column("old_id", ID, autoincrement=False, nullable=False),
        sa.Column("topic_id", ID, nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_topic_aliases_topic_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_topic_aliases")),
    )
    op.create_index(op.f("ix_topic_aliases_topic_id"), "topic_aliases", ["topic_id"])
