"""Find articles by their words, and keep searches.

What is kept already is not read here, since that takes minutes for a million articles: the worker does it afterwards,
the newest first, from the number that stands under unindexed_to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the index in each database's own way, note what is left to read, and make the table of searches."""
    op.create_table(
        "search_docs",
        sa.Column("docid", ID, autoincrement=False, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_search_docs_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("docid", name=op.f("pk_search_docs")),
        sa.UniqueConstraint("article_id", name=op.f("uq_search_docs_article_id")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    op.execute(
        "INSERT INTO settings (key, value) "
        "SELECT 'unindexed_to', CAST(max(id) AS TEXT) FROM articles HAVING max(id) IS NOT NULL"
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sqlite_autoincrement=True,
    )


# The words come folded and cut from aggregator/query/tokens.py: all that is left here is to part them at spaces.
SQLITE = [
    """
    CREATE VIRTUAL TABLE search_index USING fts5(
        title, body, facts, content='',
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co M*'"
    )
    """
]
POSTGRESQL = [
    """
    CREATE TABLE search_index (
        docid BIGINT PRIMARY KEY REFERENCES search_docs (docid) ON DELETE CASCADE,
        words TSVECTOR NOT NULL
    )
    """,
    "CREATE INDEX ix_search_index_words ON search_index USING gin (words)",
]
