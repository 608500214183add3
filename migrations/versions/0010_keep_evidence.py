"""Keep why an article is in its story."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNEXPLAINED = sa.text("evidence IS NULL AND nearest_id IS NOT NULL AND copy_of_id IS NULL")


def upgrade() -> None:
    """Add the evidence, and a way to those members that have none yet."""
    op.add_column("memberships", sa.Column("evidence", sa.JSON()))
    op.create_index(
        "ix_memberships_unexplained",
        "memberships",
        ["article_id"],
        sqlite_where=UNEXPLAINED,
        postgresql_where=UNEXPLAINED,
    )
