"""Remember the hubs that feeds offer, and what these sent."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hubs",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("hub_url", sa.Text(), nullable=False),
        sa.Column("topic_url", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("callback_base", sa.Text()),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("pushed_at", MOMENT),
        sa.Column("missed_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_hubs_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_hubs")),
        sa.UniqueConstraint("token", name=op.f("uq_hubs_token")),
    )
    op.create_index(op.f("ix_hubs_next_try_at"), "hubs", ["next_try_at"])
    op.create_table(
        "pushes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("content_type", sa.Text()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_pushes_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
    )
    op.create_index(op.f("ix_pushes_feed_id"), "pushes", ["feed_id"])
