"""Keep which publishers have one owner, and let what becomes of saved searches be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the columns that lead to acts."""
    op.create_table(
        "same_owner",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("publisher_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_by", ID),
        _leads_to("same_owner", "publisher_id", "publishers"),
        _leads_to("same_owner", "other_id", "publishers"),
        _leads_to("same_owner", "made_by", "acts"),
        _leads_to("same_owner", "ended_by", "acts", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_owner")),
    )
    op.create_table(
        "owners",
        sa.Column("publisher_id", ID, autoincrement=False, nullable=False),
        sa.Column("speaker_id", ID, nullable=False),
        _leads_to("owners", "publisher_id", "publishers"),
        _leads_to("owners", "speaker_id", "publishers"),
        sa.PrimaryKeyConstraint("publisher_id", name=op.f("pk_owners")),
    )
    with op.batch_alter_table("saved_searches", table_kwargs={"sqlite_autoincrement": True}) as searches:
        for name in ("made_by", "ended_by"):
            searches.add_column(sa.Column(name, ID))
            searches.create_foreign_key(op.f(f"fk_saved_searches_{name}"), "acts", [name], ["id"], ondelete="SET NULL")


def _leads_to(table: str, column: str, target: str, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=on_delete)
