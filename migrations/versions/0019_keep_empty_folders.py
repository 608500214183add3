"""Let a folder that the owner made stay while it holds nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("folders", sa.Column("is_kept", sa.Boolean(), nullable=False, server_default=sa.false()))
