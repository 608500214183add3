"""Remember where feeds are moving to, and where they came from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Add the columns."""
    op.add_column("feeds", sa.Column("moved_from_url", sa.Text()))
    op.add_column("feeds", sa.Column("moved_at", MOMENT))
    op.add_column("polls", sa.Column("moving_to", sa.Text()))
    op.add_column("polls", sa.Column("n_moves", sa.Integer()))
