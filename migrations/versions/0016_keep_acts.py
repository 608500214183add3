"""Keep what the owner does: acts that can be undone, stars and follows, mutes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables, and an index of the articles that were starred."""
    _make_acts()
    _make_marks()
    _make_mutes()
    is_starred = sa.text("starred_at IS NOT NULL")
    op.create_index(
        "ix_article_status_starred",
        "article_status",
        ["starred_at", "article_id"],
        sqlite_where=is_starred,
        postgresql_where=is_starred,
    )


def _make_acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", ID),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("n_articles", sa.Integer(), nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "act_articles",
        sa.Column("act_id", ID, autoincrement=False, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("was_at", MOMENT),
        _leads_to("act_articles", "act_id", "acts"),
        _leads_to("act_articles", "article_id", "articles"),
        sa.PrimaryKeyConstraint("act_id", "article_id", name=op.f("pk_act_articles")),
    )
    op.create_index(op.f("ix_act_articles_article_id"), "act_articles", ["article_id"])


def _make_marks() -> None:
    op.create_table(
        "marks",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_by", ID),
        _leads_to("marks", "made_by", "acts"),
        _leads_to("marks", "ended_by", "acts", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
    )
    op.create_index(op.f("ix_marks_subject_id_subject"), "marks", ["subject_id", "subject"])
    _index_acts_of("marks")


def _make_mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("topic_id", ID),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("publisher_id", ID),
        sa.Column("bar", sa.Integer()),
        sa.Column("until", MOMENT),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_by", ID),
        _leads_to("mutes", "publisher_id", "publishers"),
        _leads_to("mutes", "made_by", "acts"),
        _leads_to("mutes", "ended_by", "acts", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index(op.f("ix_mutes_publisher_id"), "mutes", ["publisher_id"])
    _index_acts_of("mutes")
    op.create_table(
        "muted_stories",
        sa.Column("mute_id", ID, autoincrement=False, nullable=False),
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        _leads_to("muted_stories", "mute_id", "mutes"),
        _leads_to("muted_stories", "story_id", "stories"),
        sa.PrimaryKeyConstraint("mute_id", "story_id", name=op.f("pk_muted_stories")),
    )
    op.create_index(op.f("ix_muted_stories_story_id"), "muted_stories", ["story_id"])


def _index_acts_of(table: str) -> None:
    for column in ("made_by", "ended_by"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _leads_to(table: str, column: str, target: str, *, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=on_delete)
