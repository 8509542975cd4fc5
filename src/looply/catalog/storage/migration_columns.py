"""The columns, keys and indexes that the tables of migrations share. Imported by migrations only, as alembic is."""

from typing import Any

import sqlalchemy as sa
from alembic import op


def text(length: int) -> sa.String:
    """Text that is compared and ordered by code points, as in SQLite, whatever the locale of the database."""
    return sa.String(length, "C" if is_postgres() else None)


def is_postgres() -> bool:
    """Returns whether the migration runs on PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    """Returns a column that always has a value."""
    return sa.Column(name, kind, nullable=False, **options)


def owner(table: str) -> list[Any]:
    """Returns the columns of the owner of a row, with their foreign key."""
    return [
        column("organization_id", text(36)),
        column("workspace_id", text(36)),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f(f"fk_{table}_organization_id_workspace_id"),
        ),
    ]


def organization(table: str) -> sa.ForeignKeyConstraint:
    """Returns the foreign key of a row that belongs to an organization."""
    name = op.f(f"fk_{table}_organization_id")
    return sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name=name)


def changes() -> list[Any]:
    """Returns the columns of the authors and times of creation and modification."""
    return [
        sa.Column("created_by", text(200)),
        sa.Column("modified_by", text(200)),
        column("created_ms", sa.BigInteger()),
        column("modified_ms", sa.BigInteger()),
    ]


def reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """Returns a foreign key to people or organizations."""
    target = "user_id" if other == "users" else "organization_id"
    return sa.ForeignKeyConstraint([column], [f"{other}.{target}"], name=op.f(f"fk_{table}_{column}"))


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    """Returns a primary key."""
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def unique(table: str, column: str) -> sa.UniqueConstraint:
    """Returns a column's constraint to different values."""
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def index(table: str, *columns: str) -> None:
    """Creates an index."""
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def version_state(table: str) -> list[Any]:
    """Returns the columns of the state of versions."""
    return [
        column("status", text(8)),
        column("deleted", sa.Boolean()),
        sa.Column("note", text(2000)),
        sa.CheckConstraint(_is_draft_or_active(), name=op.f(f"ck_{table}_status")),
    ]


def _is_draft_or_active() -> str:
    if is_postgres():
        # As PostgreSQL itself writes it, so that a restored dump has the same text.
        return "status::text = ANY (ARRAY['DRAFT'::varchar::text, 'ACTIVE'::varchar::text])"
    return "status IN ('DRAFT', 'ACTIVE')"


def create_version_indexes(table: str, noun: str) -> None:
    """Creates the indexes of versions: the last creation, the list of versions, the list of objects."""
    op.create_index(f"ix_{table}_creation", table, ["organization_id", "created_ms"])
    listed = ["organization_id", "deleted", "created_ms", f"{noun}_id", f"{noun}_version"]
    op.create_index(f"ix_{table}_list", table, listed)
    of_objects = ["organization_id", "deleted", f"{noun}_id", f"{noun}_version", "status", f"{noun}_name"]
    op.create_index(f"ix_{table}_objects", table, of_objects)


def create_channel_tables() -> None:
    """Creates the tables of what channels know of people."""
    op.create_table(
        "channel_people",
        column("organization_id", text(36)),
        column("channel", text(200)),
        column("person_id", text(200)),
        column("known", sa.Text()),
        primary("channel_people", "organization_id", "channel", "person_id"),
        organization("channel_people"),
    )
    op.create_table(
        "channel_addresses",
        column("organization_id", text(36)),
        column("channel", text(200)),
        column("address", text(320)),
        column("person_id", text(200)),
        primary("channel_addresses", "organization_id", "channel", "address"),
        organization("channel_addresses"),
    )
    index("channel_addresses", "person_id")


def create_notification_tables() -> None:
    """Creates the tables of whom to tell of incidents, and what was reported."""
    op.create_table(
        "notifications",
        column("notification_id", text(36)),
        column("organization_id", text(36)),
        column("notification_name", text(200)),
        column("workflow_id", text(36)),
        column("channel", text(200)),
        column("target", sa.Text()),
        column("connection_name", text(200)),
        column("quotes", sa.Boolean()),
        column("busy_until_ms", sa.BigInteger()),
        column("hour_ms", sa.BigInteger()),
        column("hour_count", sa.Integer()),
        column("failures", sa.Integer()),
        column("problem", sa.Text()),
        sa.Column("sent_ms", sa.BigInteger()),
        sa.Column("sealed_signing", sa.LargeBinary()),
        *changes(),
        primary("notifications", "notification_id"),
        organization("notifications"),
    )
    index("notifications", "organization_id")
    op.create_table(
        "reported_causes",
        column("notification_id", text(36)),
        column("cause", sa.LargeBinary()),
        column("until_ms", sa.BigInteger()),
        column("reported_ms", sa.BigInteger()),
        primary("reported_causes", "notification_id", "cause"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.notification_id"], name=op.f("fk_reported_causes_notification_id")
        ),
    )
