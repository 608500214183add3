"""Find the best stories along an index, those of several publishers and those of one."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the database say which stories several publishers cover, and index both kinds by rank."""
    # Of generated columns, PostgreSQL indexes those alone that are stored, and SQLite adds those alone that are not.
    is_stored = op.get_bind().dialect.name == "postgresql"
    op.add_column("stories", sa.Column("is_shared", sa.Boolean(), sa.Computed("n_publishers > 1", persisted=is_stored)))
    op.create_index(op.f("ix_stories_is_shared_rank_last_at"), "stories", ["is_shared", "rank", "last_at"])
