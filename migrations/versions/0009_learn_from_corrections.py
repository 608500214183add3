"""Keep what the engine learned from each correction."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the lessons, and find changes by when they were undone."""
    op.add_column("corrections", sa.Column("lessons", sa.JSON()))
    op.create_index(op.f("ix_changes_undone_at"), "changes", ["undone_at"])
