"""The sums of the tables; `looply.catalog.schema` adds them up when the last migration is done."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table of the sums."""
    op.create_table(
        "table_sums",
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_table_sums")),
    )
