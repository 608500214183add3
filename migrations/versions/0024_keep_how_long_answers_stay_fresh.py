"""Keep how long a server's answer stays fresh, which a 304 need not repeat."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give polling a place for it; it is known from the next whole answer on."""
    op.add_column("polls", sa.Column("fresh_s", sa.Double()))
