"""Remember what feeds and hosts wish about being asked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Add the owner's interval, the feed's wishes, and the hosts that want to be left alone."""
    op.add_column("feeds", sa.Column("interval_s", sa.Integer()))
    op.add_column("polls", sa.Column("whole_at", MOMENT))
    op.add_column("polls", sa.Column("ttl_s", sa.Integer()))
    op.add_column("polls", sa.Column("skip_hours", sa.JSON()))
    op.add_column("polls", sa.Column("skip_days", sa.JSON()))
    op.create_table(
        "host_holds",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_holds")),
    )
