"""The keys of stored secrets: which master keys there were, and the wrapped data keys of organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables of keys."""
    collation = "C" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "master_keys",
        sa.Column("key_id", sa.String(36, collation), nullable=False),
        sa.Column("sealed_check", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("added_on_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_master_keys")),
    )
    op.create_table(
        "data_keys",
        sa.Column("organization_id", sa.String(36, collation), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(36, collation), nullable=False),
        sa.Column("seals", sa.BigInteger(), nullable=False),
        sa.Column("created_on_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "number", name=op.f("pk_data_keys")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name=op.f("fk_data_keys_organization_id")
        ),
    )
