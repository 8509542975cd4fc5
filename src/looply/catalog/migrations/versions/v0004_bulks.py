"""What is done to many executions, one after the other, over restarts: `looply.catalog.bulks`."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table of bulks."""
    collation = "C" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "bulks",
        sa.Column("bulk_id", sa.String(36, collation), nullable=False),
        sa.Column("organization_id", sa.String(36, collation), nullable=False),
        sa.Column("workspace_id", sa.String(36, collation), nullable=False),
        sa.Column("action", sa.String(16, collation), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16, collation), nullable=False),
        sa.Column("place", sa.String(36, collation), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(36, collation), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_on_ms", sa.BigInteger()),
        sa.Column("created_by", sa.String(200, collation)),
        sa.Column("modified_by", sa.String(200, collation)),
        sa.Column("created_on_ms", sa.BigInteger(), nullable=False),
        sa.Column("modified_on_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bulk_id", name=op.f("pk_bulks")),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f("fk_bulks_organization_id_workspace_id"),
        ),
    )
    op.create_index(op.f("ix_bulks_organization_id_bulk_id"), "bulks", ["organization_id", "bulk_id"])
    op.create_index(op.f("ix_bulks_status_bulk_id"), "bulks", ["status", "bulk_id"])
