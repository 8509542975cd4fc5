"""The base revision: all tables of the first release. A release that changes them adds a revision."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates all tables, and on PostgreSQL the row that every change increments."""
    _create_organizations()
    _create_workflow_versions()
    _create_card_versions()
    _create_profiles()
    _create_connections()
    _create_api_keys()
    _create_bulks()
    _create_users()
    _create_members()
    _create_one_time_links()
    _create_sessions()
    _create_role_settings()
    _create_saved_views()
    _create_calls()
    _create_keys_of_secrets()
    _create_audit()
    _create_sums()
    _create_change_count()


def _text(length: int) -> sa.String:
    """Text that is compared and ordered by code points, as in SQLite, whatever the locale of the database."""
    return sa.String(length, "C" if _is_postgres() else None)


def _is_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _required(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **options)


def _owner(table: str) -> list[Any]:
    return [
        _required("organization_id", _text(36)),
        _required("workspace_id", _text(36)),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f(f"fk_{table}_organization_id_workspace_id"),
        ),
    ]


def _organization(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_organization_id")
    return sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name=name)


def _changes() -> list[Any]:
    return [
        sa.Column("created_by", _text(200)),
        sa.Column("modified_by", _text(200)),
        _required("created_on_ms", sa.BigInteger()),
        _required("modified_on_ms", sa.BigInteger()),
    ]


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    target = "user_id" if other == "users" else "organization_id"
    return sa.ForeignKeyConstraint([column], [f"{other}.{target}"], name=op.f(f"fk_{table}_{column}"))


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _version_state(table: str) -> list[Any]:
    return [
        _required("status", _text(8)),
        _required("deleted", sa.Boolean()),
        sa.CheckConstraint(_is_draft_or_active(), name=op.f(f"ck_{table}_status")),
    ]


def _is_draft_or_active() -> str:
    if _is_postgres():
        # As PostgreSQL itself writes it, so that a restored dump has the same text.
        return "status::text = ANY (ARRAY['DRAFT'::varchar::text, 'ACTIVE'::varchar::text])"
    return "status IN ('DRAFT', 'ACTIVE')"


def _create_version_indexes(table: str, noun: str) -> None:
    op.create_index(f"ix_{table}_creation", table, ["organization_id", "created_on_ms"])
    listed = ["organization_id", "deleted", "created_on_ms", f"{noun}_id", f"{noun}_version"]
    op.create_index(f"ix_{table}_list", table, listed)


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        _required("organization_id", _text(36)),
        _required("organization_name", _text(200)),
        _required("created_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "workspaces",
        _required("workspace_id", _text(36)),
        _required("organization_id", _text(36)),
        _required("workspace_name", _text(200)),
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
        _required("workflow_id", _text(36)),
        _required("workflow_version", sa.Integer(), autoincrement=False),
        *_owner("workflow_versions"),
        _required("workflow_name", _text(200)),
        _required("definition", sa.Text()),
        _required("definition_hash", _text(32)),
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
        _required("card_id", _text(36)),
        _required("card_version", sa.Integer(), autoincrement=False),
        *_owner("card_versions"),
        _required("card_name", _text(200)),
        _required("card_payload", sa.Text()),
        sa.Column("workflow_id", _text(36)),
        sa.Column("workflow_version", sa.Integer()),
        *_changes(),
        *_version_state("card_versions"),
        sa.PrimaryKeyConstraint("card_id", "card_version", name=op.f("pk_card_versions")),
    )
    _create_version_indexes("card_versions", "card")


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        _required("organization_id", _text(36)),
        _required("workflow_id", _text(36)),
        _required("profile_name", _text(200)),
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
        _required("connection_id", _text(36)),
        *_owner("connections"),
        _required("connection_name", _text(200)),
        _required("kind", _text(64)),
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
        _required("key_id", _text(36)),
        *_owner("api_keys"),
        _required("key_name", _text(200)),
        _required("prefix", _text(8)),
        _required("key_sha256", sa.LargeBinary(32)),
        _required("scopes", sa.Text()),
        sa.Column("created_by", _text(200)),
        _required("created_on_ms", sa.BigInteger()),
        sa.Column("expires_on_ms", sa.BigInteger()),
        sa.Column("revoked_on_ms", sa.BigInteger()),
        sa.Column("workflow_ids", sa.Text()),
        sa.Column("permissions", sa.Text()),
        sa.Column("last_used_on_ms", sa.BigInteger()),
        sa.Column("last_used_from", _text(64)),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_organization_id_key_id"), "api_keys", ["organization_id", "key_id"])


def _create_bulks() -> None:
    op.create_table(
        "bulks",
        _required("bulk_id", _text(36)),
        *_owner("bulks"),
        _required("action", _text(16)),
        _required("wanted", sa.Text()),
        _required("options", sa.Text()),
        _required("status", _text(16)),
        _required("place", _text(36)),
        _required("begun", sa.Text()),
        _required("done", sa.BigInteger()),
        _required("refused", sa.BigInteger()),
        _required("refusals", sa.Text()),
        _required("holder", _text(36)),
        _required("held_until_ms", sa.BigInteger()),
        sa.Column("ended_on_ms", sa.BigInteger()),
        *_changes(),
        sa.PrimaryKeyConstraint("bulk_id", name=op.f("pk_bulks")),
    )
    op.create_index(op.f("ix_bulks_organization_id_bulk_id"), "bulks", ["organization_id", "bulk_id"])
    op.create_index(op.f("ix_bulks_status_bulk_id"), "bulks", ["status", "bulk_id"])


def _create_users() -> None:
    op.create_table(
        "users",
        _required("user_id", _text(36)),
        _required("user_name", _text(200)),
        _required("email", _text(320)),
        _required("email_key", _text(320)),
        sa.Column("password_hash", _text(200)),
        sa.Column("totp_sealed", sa.LargeBinary()),
        sa.Column("totp_organization_id", _text(36)),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("organization_id", _text(36)),
        sa.Column("reset_requested_on_ms", sa.BigInteger()),
        sa.Column("preferences", sa.Text()),
        _required("created_on_ms", sa.BigInteger()),
        _required("modified_on_ms", sa.BigInteger()),
        _primary("users", "user_id"),
        _unique("users", "email_key"),
        _reference("users", "totp_organization_id", "organizations"),
    )
    op.create_table(
        "identities",
        _required("issuer", _text(400)),
        _required("subject", _text(255)),
        _required("user_id", _text(36)),
        _required("created_on_ms", sa.BigInteger()),
        _primary("identities", "issuer", "subject"),
        _reference("identities", "user_id", "users"),
    )
    _index("identities", "user_id")


def _create_members() -> None:
    op.create_table(
        "members",
        _required("organization_id", _text(36)),
        _required("user_id", _text(36)),
        _required("role", _text(16)),
        _required("status", _text(16)),
        sa.Column("groups", sa.Text()),
        sa.Column("last_seen_on_ms", sa.BigInteger()),
        *_changes(),
        _primary("members", "organization_id", "user_id"),
        _reference("members", "organization_id", "organizations"),
        _reference("members", "user_id", "users"),
    )
    _index("members", "user_id")


def _create_one_time_links() -> None:
    op.create_table(
        "invitations",
        _required("invitation_id", _text(36)),
        _required("organization_id", _text(36)),
        _required("email", _text(320)),
        _required("email_key", _text(320)),
        _required("role", _text(16)),
        _required("token_sha256", sa.LargeBinary(32)),
        _required("expires_on_ms", sa.BigInteger()),
        sa.Column("ended_on_ms", sa.BigInteger()),
        *_changes(),
        _primary("invitations", "invitation_id"),
        _unique("invitations", "token_sha256"),
        _reference("invitations", "organization_id", "organizations"),
    )
    _index("invitations", "organization_id", "invitation_id")
    op.create_table(
        "password_resets",
        _required("token_sha256", sa.LargeBinary(32)),
        _required("user_id", _text(36)),
        _required("removes_second_factor", sa.Boolean()),
        sa.Column("created_by", _text(200)),
        _required("created_on_ms", sa.BigInteger()),
        _required("expires_on_ms", sa.BigInteger()),
        _primary("password_resets", "token_sha256"),
        _reference("password_resets", "user_id", "users"),
    )
    _index("password_resets", "user_id")


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        _required("session_id", _text(36)),
        _required("token_sha256", sa.LargeBinary(32)),
        _required("user_id", _text(36)),
        _required("organization_id", _text(36)),
        _required("workspace_id", _text(36)),
        _required("csrf", _text(64)),
        _required("sign_in", _text(64)),
        _required("address", _text(64)),
        _required("user_agent", _text(200)),
        sa.Column("confirmed_until_ms", sa.BigInteger()),
        _required("last_seen_on_ms", sa.BigInteger()),
        _required("created_on_ms", sa.BigInteger()),
        _required("expires_on_ms", sa.BigInteger()),
        _primary("sessions", "session_id"),
        _unique("sessions", "token_sha256"),
        _reference("sessions", "user_id", "users"),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f("fk_sessions_organization_id_workspace_id"),
        ),
    )
    _index("sessions", "user_id")
    _index("sessions", "expires_on_ms")
    op.create_table(
        "sign_in_attempts",
        _required("subject", sa.LargeBinary(32)),
        _required("count", sa.Integer()),
        _required("begun_on_ms", sa.BigInteger()),
        _primary("sign_in_attempts", "subject"),
    )
    _index("sign_in_attempts", "begun_on_ms")


def _create_calls() -> None:
    op.create_table(
        "refused_logons",
        _required("principal", sa.LargeBinary(16)),
        _required("failures", sa.Integer()),
        _required("under_way", sa.Text()),
        _required("changed_on_ms", sa.BigInteger()),
        _primary("refused_logons", "principal"),
    )
    _index("refused_logons", "changed_on_ms")
    op.create_table(
        "questions",
        _required("question_id", _text(36)),
        _required("organization_id", _text(36)),
        _required("connector", _text(64)),
        _required("state", _text(16)),
        _required("sealed_question", sa.LargeBinary()),
        sa.Column("sealed_answer", sa.LargeBinary()),
        _required("created_on_ms", sa.BigInteger()),
        _primary("questions", "question_id"),
        _reference("questions", "organization_id", "organizations"),
    )
    _index("questions", "created_on_ms")


def _create_role_settings() -> None:
    op.create_table(
        "role_settings",
        _required("organization_id", _text(36)),
        _required("viewers_read_payloads", sa.Boolean()),
        _required("developers_repair", sa.Boolean()),
        _required("developers_activate", sa.Boolean()),
        *_changes(),
        _primary("role_settings", "organization_id"),
        _reference("role_settings", "organization_id", "organizations"),
    )


def _create_saved_views() -> None:
    unique = ("organization_id", "page", "user_id", "view_name")
    op.create_table(
        "saved_views",
        _required("view_id", _text(36)),
        _required("organization_id", _text(36)),
        _required("user_id", _text(36)),
        _required("page", _text(64)),
        _required("view_name", _text(200)),
        _required("query", sa.Text()),
        _required("is_shared", sa.Boolean()),
        *_changes(),
        _primary("saved_views", "view_id"),
        _reference("saved_views", "organization_id", "organizations"),
        _reference("saved_views", "user_id", "users"),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_saved_views_{'_'.join(unique)}")),
    )


def _create_keys_of_secrets() -> None:
    op.create_table(
        "master_keys",
        _required("key_id", _text(36)),
        _required("sealed_check", sa.LargeBinary()),
        _required("generation", sa.Integer()),
        _required("added_on_ms", sa.BigInteger()),
        sa.Column("retired_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_master_keys")),
    )
    op.create_table(
        "data_keys",
        _required("organization_id", _text(36)),
        _required("number", sa.Integer(), autoincrement=False),
        _required("wrapped", sa.LargeBinary()),
        _required("master_key_id", _text(36)),
        _required("seals", sa.BigInteger()),
        _required("created_on_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", "number", name=op.f("pk_data_keys")),
        _organization("data_keys"),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_records",
        _required("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        _required("organization_id", _text(36)),
        _required("at_ms", sa.BigInteger()),
        sa.Column("actor", _text(200)),
        _required("action", _text(64)),
        _required("object_id", _text(240)),
        _required("details", sa.Text()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_records")),
        _organization("audit_records"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_audit_records_number", "audit_records", ["organization_id", "number"], unique=True)
    op.create_table(
        "audit_heads",
        _required("organization_id", _text(36)),
        _required("count", sa.BigInteger()),
        _required("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_audit_heads")),
        _organization("audit_heads"),
    )


def _create_sums() -> None:
    op.create_table(
        "table_sums",
        _required("table_name", _text(64)),
        _required("digest", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_table_sums")),
    )


def _create_change_count() -> None:
    if _is_postgres():
        op.create_table("change_count", _required("changes", sa.BigInteger()))
        op.execute("INSERT INTO change_count(changes) VALUES (0)")
