"""Remember what is needed to tell how feeds do."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Add the columns; feeds that fail at present have failed since they last succeeded, as far as is known."""
    op.add_column("polls", sa.Column("fault", sa.Text()))
    op.add_column("polls", sa.Column("failing_since", MOMENT))
    op.add_column("polls", sa.Column("took_s", sa.Double()))
    op.add_column("polls", sa.Column("n_entries", sa.Integer()))
    op.add_column("polls", sa.Column("searched_at", MOMENT))
    op.execute("UPDATE polls SET failing_since = COALESCE(succeeded_at, checked_at) WHERE error IS NOT NULL")
