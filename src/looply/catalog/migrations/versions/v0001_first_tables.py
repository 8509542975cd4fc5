"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables of the first release."""
    _create_organizations()
    _create_workflow_versions()
    _create_card_versions()
    _create_profiles()
    _create_connections()
    _create_api_keys()
    _create_audit_records()


def _required(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **options)


def _owner(table: str) -> list[Any]:
    return [
        _required("organization_id", sa.String(36)),
        _required("workspace_id", sa.String(36)),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f(f"fk_{table}_organization_id_workspace_id"),
        ),
    ]


def _changes() -> list[Any]:
    return [
        sa.Column("created_by", sa.String(200)),
        sa.Column("modified_by", sa.String(200)),
        _required("created_on_ms", sa.BigInteger()),
        _required("modified_on_ms", sa.BigInteger()),
    ]


def _version_state(table: str) -> list[Any]:
    return [
        _required("status", sa.String(8)),
        _required("deleted", sa.Boolean()),
        sa.CheckConstraint("status IN ('DRAFT', 'ACTIVE')", name=op.f(f"ck_{table}_status")),
    ]


def _create_version_indexes(table: str, noun: str) -> None:
    op.create_index(f"ix_{table}_creation", table, ["organization_id", "created_on_ms"])
    listed = ["organization_id", "deleted", "created_on_ms", f"{noun}_id", f"{noun}_version"]
    op.create_index(f"ix_{table}_list", table, listed)


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        _required("organization_id", sa.String(36)),
        _required("organization_name", sa.String(200)),
        _required("created_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "workspaces",
        _required("workspace_id", sa.String(36)),
        _required("organization_id", sa.String(36)),
        _required("workspace_name", sa.String(200)),
        _required("created_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("organization_id", "workspace_id", name=op.f("uq_workspaces_organization_id_workspace_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name=op.f("fk_workspaces_organization_id")
        ),
    )


def _create_workflow_versions() -> None:
    op.create_table(
        "workflow_versions",
        _required("workflow_id", sa.String(36)),
        _required("workflow_version", sa.Integer(), autoincrement=False),
        *_owner("workflow_versions"),
        _required("workflow_name", sa.String(200)),
        _required("definition", sa.Text()),
        _required("definition_hash", sa.String(32)),
        _required("findings", sa.Text()),
        _required("mock_payload", sa.Text()),
        _required("mock_schema", sa.Text()),
        *_changes(),
        *_version_state("workflow_versions"),
        sa.PrimaryKeyConstraint("workflow_id", "workflow_version", name=op.f("pk_workflow_versions")),
    )
    _create_version_indexes("workflow_versions", "workflow")


def _create_card_versions() -> None:
    op.create_table(
        "card_versions",
        _required("card_id", sa.String(36)),
        _required("card_version", sa.Integer(), autoincrement=False),
        *_owner("card_versions"),
        _required("card_name", sa.String(200)),
        _required("card_payload", sa.Text()),
        sa.Column("workflow_id", sa.String(36)),
        sa.Column("workflow_version", sa.Integer()),
        *_changes(),
        *_version_state("card_versions"),
        sa.PrimaryKeyConstraint("card_id", "card_version", name=op.f("pk_card_versions")),
    )
    _create_version_indexes("card_versions", "card")


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        _required("organization_id", sa.String(36)),
        _required("workflow_id", sa.String(36)),
        _required("profile_name", sa.String(200)),
        _required("environment", sa.Text()),
        _required("is_default", sa.Boolean()),
        *_changes(),
        sa.PrimaryKeyConstraint("organization_id", "workflow_id", "profile_name", name=op.f("pk_profiles")),
    )
    is_default = sa.column("is_default", sa.Boolean()) == sa.true()
    op.create_index(
        "uq_profiles_default",
        "profiles",
        ["organization_id", "workflow_id"],
        unique=True,
        sqlite_where=is_default,
        postgresql_where=is_default,
    )


def _create_connections() -> None:
    op.create_table(
        "connections",
        _required("connection_id", sa.String(36)),
        *_owner("connections"),
        _required("connection_name", sa.String(200)),
        _required("kind", sa.String(64)),
        _required("settings", sa.Text()),
        _required("secret_names", sa.Text()),
        _required("sealed_secrets", sa.LargeBinary()),
        _required("revision", sa.Integer()),
        *_changes(),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connections")),
        sa.UniqueConstraint(
            "organization_id", "connection_name", name=op.f("uq_connections_organization_id_connection_name")
        ),
    )
    op.create_index(
        op.f("ix_connections_organization_id_connection_id"), "connections", ["organization_id", "connection_id"]
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        _required("key_id", sa.String(36)),
        *_owner("api_keys"),
        _required("key_name", sa.String(200)),
        _required("prefix", sa.String(8)),
        _required("key_sha256", sa.LargeBinary(32)),
        _required("scopes", sa.Text()),
        sa.Column("created_by", sa.String(200)),
        _required("created_on_ms", sa.BigInteger()),
        sa.Column("expires_on_ms", sa.BigInteger()),
        sa.Column("revoked_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_organization_id_key_id"), "api_keys", ["organization_id", "key_id"])


def _create_audit_records() -> None:
    op.create_table(
        "audit_records",
        _required("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        _required("organization_id", sa.String(36)),
        _required("at_ms", sa.BigInteger()),
        sa.Column("actor", sa.String(200)),
        _required("action", sa.String(64)),
        _required("object_id", sa.String(240)),
        _required("details", sa.Text()),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_records")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name=op.f("fk_audit_records_organization_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_audit_records_organization_id_record_id"), "audit_records", ["organization_id", "record_id"]
    )
