"""The base revision: all tables of the first release. A release that changes them adds a revision."""

import sqlalchemy as sa
from alembic import op

from looply.catalog.storage.migration_columns import (
    changes,
    column,
    create_channel_tables,
    create_notification_tables,
    create_version_indexes,
    index,
    is_postgres,
    organization,
    owner,
    primary,
    reference,
    text,
    unique,
    version_state,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates all tables, and on PostgreSQL the row that every change increments."""
    _create_organizations()
    _create_workflow_versions()
    _create_card_versions()
    _create_workflow_uses()
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
    _create_companions()
    _create_open_editors()
    _create_calls()
    create_notification_tables()
    _create_keys_of_secrets()
    _create_audit()
    _create_sums()
    _create_change_count()


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        column("organization_id", text(36)),
        column("organization_name", text(200)),
        column("created_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "workspaces",
        column("workspace_id", text(36)),
        column("organization_id", text(36)),
        column("workspace_name", text(200)),
        column("created_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("organization_id", "workspace_id", name=op.f("uq_workspaces_organization_id_workspace_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name=op.f("fk_workspaces_organization_id")
        ),
    )


def _create_workflow_versions() -> None:
    op.create_table(
        "workflow_versions",
        column("workflow_id", text(36)),
        column("workflow_version", sa.Integer(), autoincrement=False),
        *owner("workflow_versions"),
        column("workflow_name", text(200)),
        column("definition", sa.Text()),
        column("definition_hash", text(32)),
        column("findings", sa.Text()),
        column("mock_payload", sa.Text()),
        column("mock_schema", sa.Text()),
        *changes(),
        *version_state("workflow_versions"),
        sa.PrimaryKeyConstraint("workflow_id", "workflow_version", name=op.f("pk_workflow_versions")),
    )
    create_version_indexes("workflow_versions", "workflow")


def _create_card_versions() -> None:
    op.create_table(
        "card_versions",
        column("card_id", text(36)),
        column("card_version", sa.Integer(), autoincrement=False),
        *owner("card_versions"),
        column("card_name", text(200)),
        column("card_payload", sa.Text()),
        sa.Column("workflow_id", text(36)),
        sa.Column("workflow_version", sa.Integer()),
        *changes(),
        *version_state("card_versions"),
        sa.PrimaryKeyConstraint("card_id", "card_version", name=op.f("pk_card_versions")),
    )
    create_version_indexes("card_versions", "card")


def _create_workflow_uses() -> None:
    op.create_table(
        "workflow_uses",
        column("workflow_id", text(36)),
        column("workflow_version", sa.Integer(), autoincrement=False),
        column("kind", text(16)),
        column("name", text(200)),
        column("organization_id", text(36)),
        column("places", sa.Text()),
        primary("workflow_uses", "workflow_id", "workflow_version", "kind", "name"),
        organization("workflow_uses"),
    )
    listed = ["organization_id", "kind", "name", "workflow_id", "workflow_version"]
    op.create_index("ix_workflow_uses_object", "workflow_uses", listed)


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        column("organization_id", text(36)),
        column("workflow_id", text(36)),
        column("profile_name", text(200)),
        column("environment", sa.Text()),
        column("is_default", sa.Boolean()),
        *changes(),
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
        column("connection_id", text(36)),
        *owner("connections"),
        column("connection_name", text(200)),
        column("kind", text(64)),
        column("settings", sa.Text()),
        column("secret_names", sa.Text()),
        column("sealed_secrets", sa.LargeBinary()),
        column("revision", sa.Integer()),
        *changes(),
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
        column("key_id", text(36)),
        *owner("api_keys"),
        column("key_name", text(200)),
        column("prefix", text(8)),
        column("key_sha256", sa.LargeBinary(32)),
        column("scopes", sa.Text()),
        sa.Column("created_by", text(200)),
        column("created_ms", sa.BigInteger()),
        sa.Column("expires_ms", sa.BigInteger()),
        sa.Column("revoked_ms", sa.BigInteger()),
        sa.Column("workflow_ids", sa.Text()),
        sa.Column("permissions", sa.Text()),
        sa.Column("last_used_ms", sa.BigInteger()),
        sa.Column("last_used_from", text(64)),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_organization_id_key_id"), "api_keys", ["organization_id", "key_id"])


def _create_bulks() -> None:
    op.create_table(
        "bulks",
        column("bulk_id", text(36)),
        *owner("bulks"),
        column("action", text(16)),
        column("criteria", sa.Text()),
        column("options", sa.Text()),
        column("status", text(16)),
        column("cursor", text(36)),
        column("begun", sa.Text()),
        column("done", sa.BigInteger()),
        column("refused", sa.BigInteger()),
        column("refusals", sa.Text()),
        column("holder", text(36)),
        column("held_until_ms", sa.BigInteger()),
        sa.Column("ended_ms", sa.BigInteger()),
        *changes(),
        sa.PrimaryKeyConstraint("bulk_id", name=op.f("pk_bulks")),
    )
    op.create_index(op.f("ix_bulks_organization_id_bulk_id"), "bulks", ["organization_id", "bulk_id"])
    op.create_index(op.f("ix_bulks_status_bulk_id"), "bulks", ["status", "bulk_id"])


def _create_users() -> None:
    op.create_table(
        "users",
        column("user_id", text(36)),
        column("user_name", text(200)),
        column("email", text(320)),
        column("email_key", text(320)),
        sa.Column("password_hash", text(200)),
        sa.Column("totp_sealed", sa.LargeBinary()),
        sa.Column("totp_organization_id", text(36)),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("organization_id", text(36)),
        sa.Column("reset_requested_ms", sa.BigInteger()),
        sa.Column("preferences", sa.Text()),
        column("created_ms", sa.BigInteger()),
        column("modified_ms", sa.BigInteger()),
        primary("users", "user_id"),
        unique("users", "email_key"),
        reference("users", "totp_organization_id", "organizations"),
    )
    op.create_table(
        "identities",
        column("issuer", text(400)),
        column("subject", text(255)),
        column("user_id", text(36)),
        column("created_ms", sa.BigInteger()),
        primary("identities", "issuer", "subject"),
        reference("identities", "user_id", "users"),
    )
    index("identities", "user_id")


def _create_members() -> None:
    op.create_table(
        "members",
        column("organization_id", text(36)),
        column("user_id", text(36)),
        column("role", text(16)),
        column("status", text(16)),
        sa.Column("groups", sa.Text()),
        sa.Column("last_seen_ms", sa.BigInteger()),
        *changes(),
        primary("members", "organization_id", "user_id"),
        reference("members", "organization_id", "organizations"),
        reference("members", "user_id", "users"),
    )
    index("members", "user_id")


def _create_one_time_links() -> None:
    op.create_table(
        "invitations",
        column("invitation_id", text(36)),
        column("organization_id", text(36)),
        column("email", text(320)),
        column("email_key", text(320)),
        column("role", text(16)),
        column("token_sha256", sa.LargeBinary(32)),
        column("expires_ms", sa.BigInteger()),
        sa.Column("ended_ms", sa.BigInteger()),
        *changes(),
        primary("invitations", "invitation_id"),
        unique("invitations", "token_sha256"),
        reference("invitations", "organization_id", "organizations"),
    )
    index("invitations", "organization_id", "invitation_id")
    op.create_table(
        "password_resets",
        column("token_sha256", sa.LargeBinary(32)),
        column("user_id", text(36)),
        column("removes_second_factor", sa.Boolean()),
        sa.Column("created_by", text(200)),
        column("created_ms", sa.BigInteger()),
        column("expires_ms", sa.BigInteger()),
        primary("password_resets", "token_sha256"),
        reference("password_resets", "user_id", "users"),
    )
    index("password_resets", "user_id")


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        column("session_id", text(36)),
        column("token_sha256", sa.LargeBinary(32)),
        column("user_id", text(36)),
        column("organization_id", text(36)),
        column("workspace_id", text(36)),
        column("csrf", text(64)),
        column("sign_in", text(64)),
        column("address", text(64)),
        column("user_agent", text(200)),
        sa.Column("confirmed_until_ms", sa.BigInteger()),
        column("last_seen_ms", sa.BigInteger()),
        column("created_ms", sa.BigInteger()),
        column("expires_ms", sa.BigInteger()),
        primary("sessions", "session_id"),
        unique("sessions", "token_sha256"),
        reference("sessions", "user_id", "users"),
        sa.ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.workspace_id"],
            name=op.f("fk_sessions_organization_id_workspace_id"),
        ),
    )
    index("sessions", "user_id")
    index("sessions", "expires_ms")
    op.create_table(
        "sign_in_attempts",
        column("subject", sa.LargeBinary(32)),
        column("count", sa.Integer()),
        column("begun_ms", sa.BigInteger()),
        primary("sign_in_attempts", "subject"),
    )
    index("sign_in_attempts", "begun_ms")


def _create_calls() -> None:
    op.create_table(
        "refused_logons",
        column("principal", sa.LargeBinary(16)),
        column("failures", sa.Integer()),
        column("under_way", sa.Text()),
        column("changed_ms", sa.BigInteger()),
        primary("refused_logons", "principal"),
    )
    index("refused_logons", "changed_ms")
    op.create_table(
        "questions",
        column("question_id", text(36)),
        column("organization_id", text(36)),
        column("connector", text(64)),
        column("state", text(16)),
        column("sealed_question", sa.LargeBinary()),
        sa.Column("sealed_answer", sa.LargeBinary()),
        column("created_ms", sa.BigInteger()),
        primary("questions", "question_id"),
        reference("questions", "organization_id", "organizations"),
    )
    index("questions", "created_ms")
    create_channel_tables()


def _create_role_settings() -> None:
    op.create_table(
        "role_settings",
        column("organization_id", text(36)),
        column("viewers_read_payloads", sa.Boolean()),
        column("developers_repair", sa.Boolean()),
        column("developers_activate", sa.Boolean()),
        *changes(),
        primary("role_settings", "organization_id"),
        reference("role_settings", "organization_id", "organizations"),
    )


def _create_saved_views() -> None:
    names = ("organization_id", "page", "user_id", "view_name")
    op.create_table(
        "saved_views",
        column("view_id", text(36)),
        column("organization_id", text(36)),
        column("user_id", text(36)),
        column("page", text(64)),
        column("view_name", text(200)),
        column("query", sa.Text()),
        column("is_shared", sa.Boolean()),
        *changes(),
        primary("saved_views", "view_id"),
        reference("saved_views", "organization_id", "organizations"),
        reference("saved_views", "user_id", "users"),
        sa.UniqueConstraint(*names, name=op.f(f"uq_saved_views_{'_'.join(names)}")),
    )


def _create_companions() -> None:
    op.create_table(
        "workflow_companions",
        column("organization_id", text(36)),
        column("workflow_id", text(36)),
        column("kind", text(16)),
        column("content", sa.Text()),
        column("revision", sa.Integer()),
        *changes(),
        primary("workflow_companions", "organization_id", "workflow_id", "kind"),
        reference("workflow_companions", "organization_id", "organizations"),
    )


def _create_open_editors() -> None:
    op.create_table(
        "open_editors",
        column("organization_id", text(36)),
        column("kind", text(16)),
        column("object_id", text(36)),
        column("actor", text(200)),
        column("tab", text(64)),
        sa.Column("version", sa.Integer()),
        column("is_dirty", sa.Boolean()),
        column("step", text(64)),
        column("since_ms", sa.BigInteger()),
        column("seen_ms", sa.BigInteger()),
        primary("open_editors", "organization_id", "kind", "object_id", "actor", "tab"),
    )
    index("open_editors", "seen_ms")


def _create_keys_of_secrets() -> None:
    op.create_table(
        "master_keys",
        column("key_id", text(36)),
        column("sealed_check", sa.LargeBinary()),
        column("generation", sa.Integer()),
        column("added_ms", sa.BigInteger()),
        sa.Column("retired_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_master_keys")),
    )
    op.create_table(
        "data_keys",
        column("organization_id", text(36)),
        column("number", sa.Integer(), autoincrement=False),
        column("wrapped", sa.LargeBinary()),
        column("master_key_id", text(36)),
        column("seals", sa.BigInteger()),
        column("created_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", "number", name=op.f("pk_data_keys")),
        organization("data_keys"),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_records",
        column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        column("organization_id", text(36)),
        column("at_ms", sa.BigInteger()),
        sa.Column("actor", text(200)),
        column("action", text(64)),
        column("object_id", text(240)),
        column("details", sa.Text()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_records")),
        organization("audit_records"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_audit_records_number", "audit_records", ["organization_id", "number"], unique=True)
    op.create_table(
        "audit_heads",
        column("organization_id", text(36)),
        column("count", sa.BigInteger()),
        column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_audit_heads")),
        organization("audit_heads"),
    )


def _create_sums() -> None:
    op.create_table(
        "table_sums",
        column("table_name", text(64)),
        column("digest", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_table_sums")),
    )


def _create_change_count() -> None:
    if is_postgres():
        op.create_table("change_count", column("changes", sa.BigInteger()))
        op.execute("INSERT INTO change_count(changes) VALUES (0)")
