"""What PostgreSQL needs so that several processes share a catalog; SQLite's tables stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = (
    "SELECT table_name, column_name, character_maximum_length FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND data_type = 'character varying' AND table_name <> 'alembic_version'"
)


def upgrade() -> None:
    """Creates the row that every change counts up, and lets text be ordered by its code points."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.create_table("change_count", sa.Column("changes", sa.BigInteger(), nullable=False))
    op.execute("INSERT INTO change_count(changes) VALUES (0)")
    for table, column, length in op.get_bind().exec_driver_sql(_TEXTS).all():
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"')
