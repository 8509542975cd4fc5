"""People: accounts, members, invitations, sessions and settings of roles; permissions and last uses of keys."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables of people, and adds to keys their own permissions and their last use."""
    _extend_api_keys()
    _create_users()
    _create_members()
    _create_one_time_links()
    _create_sessions()
    _create_role_settings()


def _text(length: int) -> sa.String:
    """Text that is compared and ordered by code points, as in SQLite, whatever the locale of the database."""
    return sa.String(length, "C" if op.get_context().dialect.name == "postgresql" else None)


def _required(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **options)


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    target = "user_id" if other == "users" else "organization_id"
    return sa.ForeignKeyConstraint([column], [f"{other}.{target}"], name=op.f(f"fk_{table}_{column}"))


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _changes() -> list[Any]:
    return [
        sa.Column("created_by", _text(200)),
        sa.Column("modified_by", _text(200)),
        _required("created_on_ms", sa.BigInteger()),
        _required("modified_on_ms", sa.BigInteger()),
    ]


def _extend_api_keys() -> None:
    op.add_column("api_keys", sa.Column("permissions", sa.Text()))
    op.add_column("api_keys", sa.Column("last_used_on_ms", sa.BigInteger()))
    op.add_column("api_keys", sa.Column("last_used_from", _text(64)))


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
