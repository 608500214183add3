"""Keep the texts of articles as their own pages have them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table, and let the owner choose per feed."""
    op.add_column("feeds", sa.Column("wants_full_text", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "full_texts",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT),
        sa.Column("fetched_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.Column("content_html", sa.Text()),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_full_texts_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_full_texts")),
    )
