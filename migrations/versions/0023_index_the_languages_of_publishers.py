"""Tell in which language a publisher wrote last from an index alone, and not from rows all over the table."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index of what each publisher published say in which language."""
    op.create_index(
        op.f("ix_articles_publisher_id_published_at_language"), "articles", ["publisher_id", "published_at", "language"]
    )
    op.drop_index(op.f("ix_articles_publisher_id_published_at"), "articles")
