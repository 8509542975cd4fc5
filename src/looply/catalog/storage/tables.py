"""The tables of the catalog, in the SQL that SQLite and PostgreSQL share.

Times are milliseconds since 1970-01-01 UTC. Deleted versions remain as empty rows (tombstones), so that their numbers
are never reused and a list cursor that names one remains valid.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.types import TypeEngine

from looply.catalog.storage.json_columns import JsonText


def _text(length: int) -> TypeEngine[str]:
    """Text that is compared and ordered by code points, as in SQLite, whatever the locale of the database."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


ID = _text(36)
NAME = _text(200)
EMAIL_CHARACTERS: Final = 320
"""The longest mail address of RFC 5321."""
EMAIL = _text(EMAIL_CHARACTERS)
NOTE_CHARACTERS: Final = 2000
"""The longest note of an activation."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


organizations = Table(
    "organizations",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("organization_name", NAME, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("workspace_name", NAME, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("organization_id", "workspace_id"),
)


def _owner() -> list[Any]:
    """Columns of the owner of a row. The pair is the foreign key: a workspace of another organization is impossible."""
    return [
        Column("organization_id", ID, nullable=False),
        Column("workspace_id", ID, nullable=False),
        ForeignKeyConstraint(
            ["organization_id", "workspace_id"], ["workspaces.organization_id", "workspaces.workspace_id"]
        ),
    ]


def _changes() -> list[Any]:
    """Columns of the authors and times of creation and modification."""
    return [
        Column("created_by", NAME),
        Column("modified_by", NAME),
        Column("created_ms", BigInteger, nullable=False),
        Column("modified_ms", BigInteger, nullable=False),
    ]


def _version_state(noun: str) -> list[Any]:
    """Columns and indexes of versions: for the last creation, for the list of versions, for the list of objects."""
    table = f"{noun}_versions"
    listed = (f"{noun}_id", f"{noun}_version", "status", f"{noun}_name")
    return [
        Column("status", _text(8), nullable=False),
        Column("deleted", Boolean, nullable=False),
        # What the author of the activation wrote about it.
        Column("note", _text(NOTE_CHARACTERS)),
        CheckConstraint("status IN ('DRAFT', 'ACTIVE')", name="status"),
        Index(f"ix_{table}_creation", "organization_id", "created_ms"),
        Index(f"ix_{table}_list", "organization_id", "deleted", "created_ms", f"{noun}_id", f"{noun}_version"),
        Index(f"ix_{table}_objects", "organization_id", "deleted", *listed),
    ]


workflow_versions = Table(
    "workflow_versions",
    metadata,
    Column("workflow_id", ID, primary_key=True),
    Column("workflow_version", Integer, primary_key=True, autoincrement=False),
    *_owner(),
    Column("workflow_name", NAME, nullable=False),
    Column("definition", JsonText, nullable=False),
    Column("definition_hash", _text(32), nullable=False),
    Column("findings", JsonText, nullable=False),
    Column("mock_payload", JsonText, nullable=False),
    Column("mock_schema", JsonText, nullable=False),
    *_changes(),
    *_version_state("workflow"),
)

card_versions = Table(
    "card_versions",
    metadata,
    Column("card_id", ID, primary_key=True),
    Column("card_version", Integer, primary_key=True, autoincrement=False),
    *_owner(),
    Column("card_name", NAME, nullable=False),
    Column("card_payload", JsonText, nullable=False),
    Column("workflow_id", ID),
    Column("workflow_version", Integer),
    *_changes(),
    *_version_state("card"),
)

# `looply.catalog.authored.uses`: one row for each object that a version names, with the places of the name.
workflow_uses = Table(
    "workflow_uses",
    metadata,
    Column("workflow_id", ID, primary_key=True),
    Column("workflow_version", Integer, primary_key=True, autoincrement=False),
    Column("kind", _text(16), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("places", JsonText, nullable=False),
    Index("ix_workflow_uses_object", "organization_id", "kind", "name", "workflow_id", "workflow_version"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("workflow_id", ID, primary_key=True),
    Column("profile_name", NAME, primary_key=True),
    Column("environment", JsonText, nullable=False),
    Column("is_default", Boolean, nullable=False),
    *_changes(),
)
# At most one default per workflow, enforced by the database.
Index(
    "uq_profiles_default",
    profiles.c.organization_id,
    profiles.c.workflow_id,
    unique=True,
    sqlite_where=profiles.c.is_default == true(),
    postgresql_where=profiles.c.is_default == true(),
)

connections = Table(
    "connections",
    metadata,
    Column("connection_id", ID, primary_key=True),
    *_owner(),
    Column("connection_name", NAME, nullable=False),
    Column("kind", _text(64), nullable=False),
    Column("settings", JsonText, nullable=False),
    Column("secret_names", JsonText, nullable=False),
    Column("sealed_secrets", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    *_changes(),
    UniqueConstraint("organization_id", "connection_name"),
    Index(None, "organization_id", "connection_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", ID, primary_key=True),
    *_owner(),
    Column("key_name", NAME, nullable=False),
    Column("prefix", _text(8), nullable=False, unique=True),
    Column("key_sha256", LargeBinary(32), nullable=False),
    Column("scopes", JsonText, nullable=False),
    # Ids of the workflows that the key is bound to; null for a key of the whole organization.
    Column("workflow_ids", JsonText),
    Column("created_by", NAME),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    # Permissions that the key has beside those of its scopes; null for none.
    Column("permissions", JsonText),
    Column("last_used_ms", BigInteger),
    Column("last_used_from", _text(64)),
    Index(None, "organization_id", "key_id"),
)

# The accounts of people, for all organizations of the installation. `email_key` is the address in its canonical form.
users = Table(
    "users",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("user_name", NAME, nullable=False),
    Column("email", EMAIL, nullable=False),
    Column("email_key", EMAIL, nullable=False, unique=True),
    # Null for a person who has no password and signs in by a provider only.
    Column("password_hash", _text(200)),
    # The secret of the second factor, sealed with a data key of an organization, and the time step that was used last.
    Column("totp_sealed", LargeBinary),
    Column("totp_organization_id", ID, ForeignKey("organizations.organization_id")),
    Column("totp_step", BigInteger),
    # The organization that was chosen last.
    Column("organization_id", ID),
    Column("reset_requested_ms", BigInteger),
    Column("preferences", JsonText),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)

# The names of people at providers of OpenID Connect: `subject` is unique within its issuer.
identities = Table(
    "identities",
    metadata,
    Column("issuer", _text(400), primary_key=True),
    Column("subject", _text(255), primary_key=True),
    Column("user_id", ID, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.user_id"), primary_key=True, index=True),
    Column("role", _text(16), nullable=False),
    Column("status", _text(16), nullable=False),
    # The groups that the provider named at the last sign-in.
    Column("groups", JsonText),
    Column("last_seen_ms", BigInteger),
    *_changes(),
)

# `token_sha256` is of the invitation's link. An invitation without an address is for the holder of the link.
invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("email", EMAIL, nullable=False),
    Column("email_key", EMAIL, nullable=False),
    Column("role", _text(16), nullable=False),
    Column("token_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("expires_ms", BigInteger, nullable=False),
    # When it was accepted or revoked.
    Column("ended_ms", BigInteger),
    *_changes(),
    Index(None, "organization_id", "invitation_id"),
)

# Links with which people choose a new password.
password_resets = Table(
    "password_resets",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("user_id", ID, ForeignKey("users.user_id"), nullable=False, index=True),
    # Whether its use also removes the second factor, for a person who has lost the device.
    Column("removes_second_factor", Boolean, nullable=False),
    Column("created_by", NAME),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

# `token_sha256` is of the cookie. A session that has ended has no row.
sessions = Table(
    "sessions",
    metadata,
    Column("session_id", ID, primary_key=True),
    Column("token_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("user_id", ID, ForeignKey("users.user_id"), nullable=False, index=True),
    *_owner(),
    # What a change by the cookie sends in a header.
    Column("csrf", _text(64), nullable=False),
    # `local`, or the id of the provider.
    Column("sign_in", _text(64), nullable=False),
    Column("address", _text(64), nullable=False),
    Column("user_agent", NAME, nullable=False),
    Column("confirmed_until_ms", BigInteger),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)

# Failed sign-ins, counted by account and by address of the caller. `subject` is a hash of either.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("subject", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("begun_ms", BigInteger, nullable=False, index=True),
)

# `looply.catalog.calls.logons`. `principal` is a hash of a system, credentials and the revision of a connection;
# `under_way` has the tries under way by ticket, each with the end of its lease.
refused_logons = Table(
    "refused_logons",
    metadata,
    Column("principal", LargeBinary(16), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("under_way", JsonText, nullable=False),
    Column("changed_ms", BigInteger, nullable=False, index=True),
)

# `looply.catalog.calls.questions`. A row lives for seconds: the process that asks deletes it.
questions = Table(
    "questions",
    metadata,
    Column("question_id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("connector", _text(64), nullable=False),
    Column("state", _text(16), nullable=False),
    Column("sealed_question", LargeBinary, nullable=False),
    Column("sealed_answer", LargeBinary),
    Column("created_ms", BigInteger, nullable=False, index=True),
)

# `looply.catalog.calls.directory`. `known` is the channel's own; an address is that of one person.
channel_people = Table(
    "channel_people",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("channel", NAME, primary_key=True),
    Column("person_id", NAME, primary_key=True),
    Column("known", JsonText, nullable=False),
)
channel_addresses = Table(
    "channel_addresses",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("channel", NAME, primary_key=True),
    Column("address", EMAIL, primary_key=True),
    Column("person_id", NAME, nullable=False, index=True),
)

# What roles may do in an organization beside what they may do everywhere. Without a row all settings are off.
role_settings = Table(
    "role_settings",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("viewers_read_payloads", Boolean, nullable=False),
    Column("developers_repair", Boolean, nullable=False),
    Column("developers_activate", Boolean, nullable=False),
    *_changes(),
)

# `looply.catalog.authored.views`. A view belongs to a person, also one that is shared.
saved_views = Table(
    "saved_views",
    metadata,
    Column("view_id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("user_id", ID, ForeignKey("users.user_id"), nullable=False),
    Column("page", _text(64), nullable=False),
    Column("view_name", NAME, nullable=False),
    Column("query", Text, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    *_changes(),
    UniqueConstraint("organization_id", "page", "user_id", "view_name"),
)

# `looply.catalog.authored.companions`: what authors keep beside a workflow, for all of its versions.
workflow_companions = Table(
    "workflow_companions",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("workflow_id", ID, primary_key=True),
    Column("kind", _text(16), primary_key=True),
    Column("content", JsonText, nullable=False),
    Column("revision", Integer, nullable=False),
    *_changes(),
)

# `looply.catalog.authored.presence`, on PostgreSQL; on SQLite the process has them in memory. A row lives for a minute,
# and is not moved with its organization, so it does not refer to it.
open_editors = Table(
    "open_editors",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("kind", _text(16), primary_key=True),
    Column("object_id", ID, primary_key=True),
    Column("actor", NAME, primary_key=True),
    Column("tab", _text(64), primary_key=True),
    Column("version", Integer),
    Column("is_dirty", Boolean, nullable=False),
    Column("step", _text(64), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False, index=True),
)

# `looply.catalog.authored.bulks`, on executions and on people.
bulks = Table(
    "bulks",
    metadata,
    Column("bulk_id", ID, primary_key=True),
    *_owner(),
    Column("action", _text(16), nullable=False),
    Column("criteria", JsonText, nullable=False),
    Column("options", JsonText, nullable=False),
    Column("status", _text(16), nullable=False),
    # The cursor: the execution that was processed last, or the number of people; empty before the first one.
    Column("cursor", ID, nullable=False),
    # The executions of the slice that is being processed; empty between slices.
    Column("begun", JsonText, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    # The first executions that refused, each with its code and message.
    Column("refusals", JsonText, nullable=False),
    # The process that holds the lease, and the end of the lease.
    Column("holder", ID, nullable=False),
    Column("held_until_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    *_changes(),
    Index(None, "organization_id", "bulk_id"),
    Index(None, "status", "bulk_id"),
)

# `looply.catalog.tenants.rotation`. The active key has the highest generation; 0: distributed, not active yet.
master_keys = Table(
    "master_keys",
    metadata,
    Column("key_id", ID, primary_key=True),
    Column("sealed_check", LargeBinary, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Column("retired_ms", BigInteger),
)

# `looply.catalog.tenants.data_keys`. Without its row no value that a data key has sealed can be opened, also not from a
# backup without the row: deleting the rows of an organization destroys its secrets (crypto-shredding).
data_keys = Table(
    "data_keys",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_key_id", ID, nullable=False),
    Column("seals", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

# SQLite only: `looply.catalog.storage.sums`. On PostgreSQL it is empty.
table_sums = Table(
    "table_sums",
    metadata,
    Column("table_name", _text(64), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
)

audit_records = Table(
    "audit_records",
    metadata,
    # SQLite numbers rows automatically only when the column's type is spelled INTEGER.
    Column("record_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", NAME),
    Column("action", _text(64), nullable=False),
    Column("object_id", _text(240), nullable=False),
    Column("details", JsonText, nullable=False),
    # The number in the hash chain of the organization, `looply.catalog.trail.chain`.
    Column("number", BigInteger),
    Column("hash", LargeBinary),
    Index("uq_audit_records_number", "organization_id", "number", unique=True),
    sqlite_autoincrement=True,
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# PostgreSQL only: one row that every change increments, `looply.catalog.storage.postgres`. SQLite has no such table.
change_count = Table("change_count", MetaData(), Column("changes", BigInteger, nullable=False))
