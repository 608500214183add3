"""Keep what a list says of a feed beside its name and address, for the next list."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("feeds", sa.Column("outline", sa.JSON()))
