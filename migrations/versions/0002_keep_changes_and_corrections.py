"""Keep what changed in stories, what the owner corrected, and which members wait to move."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Frozen: what aggregator.store.schema makes of these may change, what this step makes may not.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
WAITING = sa.text("wished_at IS NOT NULL")


def upgrade() -> None:
    """Make the ledger, the corrections and the columns that following stories needs."""
    _create_changes()
    _create_corrections()
    op.add_column("memberships", sa.Column("wished_at", MOMENT))
    op.create_index(
        "ix_memberships_waiting", "memberships", ["article_id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.add_column("story_aliases", sa.Column("into_id", ID, server_default="0", nullable=False))
    op.execute("UPDATE story_aliases SET into_id = story_id")
    with op.batch_alter_table("story_aliases") as table:
        table.alter_column("into_id", server_default=None)


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("from_id", ID, nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("from_title", sa.Text(), nullable=False),
        sa.Column("to_title", sa.Text(), nullable=False),
        sa.Column("moved_ids", sa.JSON(), nullable=False),
        sa.Column("stayed_ids", sa.JSON(), nullable=False),
        sa.Column("joined_ids", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("ended", sa.JSON()),
        sa.Column("undone_at", MOMENT),
        sa.Column("undoes_id", ID),
        sa.ForeignKeyConstraint(["undoes_id"], ["changes.id"], name=op.f("fk_changes_undoes_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    for column in ("at", "from_id", "to_id", "undoes_id"):
        op.create_index(op.f(f"ix_changes_{column}"), "changes", [column])


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("newest_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["changes.id"], name=op.f("fk_corrections_change_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sqlite_autoincrement=True,
    )
    for column in ("change_id", "newest_at"):
        op.create_index(op.f(f"ix_corrections_{column}"), "corrections", [column])
    op.create_table(
        "correction_articles",
        sa.Column("correction_id", ID, autoincrement=False, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("is_left", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_correction_articles_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.id"],
            name=op.f("fk_correction_articles_correction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("correction_id", "article_id", name=op.f("pk_correction_articles")),
    )
    op.create_index(op.f("ix_correction_articles_article_id"), "correction_articles", ["article_id"])
