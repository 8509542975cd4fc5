"""The audit as a chain of hashes (`looply.catalog.chain`), and keys that are bound to workflows."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from looply.catalog.chain import EMPTY, Head, Link
from looply.jsontext import parse_json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RECORDS = sa.text(
    "SELECT record_id, organization_id, at_ms, actor, action, object_id, details FROM audit_records ORDER BY record_id"
)
_PUT = sa.text("UPDATE audit_records SET number = :number, hash = :hash WHERE record_id = :record_id")


def upgrade() -> None:
    """Adds number and hash to the records, and chains those that are there."""
    collation = "C" if op.get_context().dialect.name == "postgresql" else None
    op.add_column("api_keys", sa.Column("workflow_ids", sa.Text()))
    op.add_column("audit_records", sa.Column("number", sa.BigInteger()))
    op.add_column("audit_records", sa.Column("hash", sa.LargeBinary()))
    heads = op.create_table(
        "audit_heads",
        sa.Column("organization_id", sa.String(36, collation), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_audit_heads")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name=op.f("fk_audit_heads_organization_id")
        ),
    )
    found = _chain(op.get_bind())
    if found:
        rows = [{"organization_id": name, "count": head.count, "hash": head.hash} for name, head in found.items()]
        op.bulk_insert(heads, rows)
    op.drop_index(op.f("ix_audit_records_organization_id_record_id"), "audit_records")
    op.create_index("uq_audit_records_number", "audit_records", ["organization_id", "number"], unique=True)


def _chain(connection: Any) -> dict[str, Head]:
    """Gives each record its place in the chain of its organization, and returns the heads."""
    heads: dict[str, Head] = {}
    for row in connection.execute(_RECORDS).mappings().all():
        head = heads.get(row["organization_id"], EMPTY)
        link = Link(
            organization_id=row["organization_id"],
            number=head.count + 1,
            at_ms=row["at_ms"],
            actor=row["actor"],
            action=row["action"],
            object_id=row["object_id"],
            details=parse_json(row["details"].encode()),
        )
        digest = link.hash_after(head.hash)
        connection.execute(_PUT, {"number": link.number, "hash": digest, "record_id": row["record_id"]})
        heads[row["organization_id"]] = Head(count=link.number, hash=digest)
    return heads
