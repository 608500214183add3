"""Keep at which addresses articles were before their publishers moved them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; no article is known to have moved yet."""
    op.create_table(
        "former_addresses",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_former_addresses_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_former_addresses")),
    )
    op.create_index(op.f("ix_former_addresses_article_id"), "former_addresses", ["article_id"])
