"""Remember what tells the items of a feed when they come again unchanged."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("polls", sa.Column("items", sa.LargeBinary()))
