"""The table of permissions: what each allows, and which roles of people and which scopes of keys include it.

The routes of the server, the scopes of keys, the pages of the documentation, `getPermissions` and the tests are made
from this one table.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, cast, get_args

import msgspec

Permission: TypeAlias = Literal[
    "own",
    "read.definitions",
    "read.executions",
    "read.payloads",
    "execute",
    "repair",
    "edit.drafts",
    "activate",
    "edit.datastores",
    "edit.profiles",
    "edit.connections",
    "decide.override",
    "keys",
    "members",
    "audit",
    "organization",
]
"""What a caller may do. Every route needs exactly one of these, or is open to every caller."""

Scope: TypeAlias = Literal["trigger", "read", "manage", "admin", "override"]
"""The name of a set of permissions that a key is created with."""

Role: TypeAlias = Literal["owner", "admin", "developer", "operator", "viewer", "approver"]
"""The role of a member of an organization: the name of a set of permissions. Every member may what an approver may."""

RoleSetting: TypeAlias = Literal["viewers_read_payloads", "developers_repair", "developers_activate"]
"""A setting of an organization that gives a role one more permission. All are off in a new organization."""


class _Row(msgspec.Struct, frozen=True):
    """One permission: what it allows, the roles and the scopes that include it, and roles that may have it by setting.

    Roles and scopes are words with spaces between them.
    """

    allows: str
    roles: str
    scopes: str = ""
    by_setting: Mapping[Role, RoleSetting] = {}


_TABLE: Final[Mapping[Permission, _Row]] = {
    "own": _Row(
        "see and decide the own requests, name a substitute, change the own account; only people have it",
        "owner admin developer operator viewer approver",
    ),
    "read.definitions": _Row(
        "read workflows, cards, schedules, profiles and connections, no secrets; check expressions",
        "owner admin developer operator viewer",
        "read manage",
    ),
    "read.executions": _Row(
        "find executions, incidents, bulks, open cards and decisions",
        "owner admin developer operator viewer",
        "read manage",
    ),
    "read.payloads": _Row(
        "read inputs, outputs, data documents, logs, messages of incidents, dead letters and the content of datastores",
        "owner admin developer operator",
        "read manage",
        {"viewer": "viewers_read_payloads"},
    ),
    "execute": _Row("start, resume and terminate executions", "owner admin developer operator", "trigger manage"),
    "repair": _Row(
        "repair, redrive and rerun executions; settle letters, reassign cards, pause and play schedules",
        "owner admin operator",
        "manage",
        {"developer": "developers_repair"},
    ),
    "edit.drafts": _Row(
        "create, change, import and check workflows and cards; store mock payloads; ask systems what they offer",
        "owner admin developer",
        "manage",
    ),
    "activate": _Row(
        "activate and delete versions of workflows and cards",
        "owner admin",
        "manage",
        {"developer": "developers_activate"},
    ),
    "edit.datastores": _Row("write and delete datastores", "owner admin developer operator", "manage"),
    "edit.profiles": _Row("create, change and delete profiles", "owner admin developer", "manage"),
    "edit.connections": _Row("create, change, test and delete connections and their secrets", "owner admin", "manage"),
    "decide.override": _Row(
        "take an approval's exits without an answer of its approver; recorded as an override", "owner", "override"
    ),
    "keys": _Row("create, list and revoke API keys", "owner admin", "admin"),
    "members": _Row(
        "invite people, change their roles, deactivate them, give them reset links; decide what roles may do",
        "owner admin",
        "admin",
    ),
    "audit": _Row("read the audit", "owner admin", "admin"),
    "organization": _Row(
        "make owners, and organizations and workspaces; only people and the operator of the store have it", "owner"
    ),
}

PERMISSIONS: Final[Mapping[Permission, str]] = MappingProxyType({name: row.allows for name, row in _TABLE.items()})
"""Each permission and what it allows, in the order in which they are listed."""

SCOPES: Final[Mapping[Scope, frozenset[Permission]]] = MappingProxyType(
    {
        scope: frozenset(name for name, row in _TABLE.items() if scope in row.scopes.split())
        for scope in cast("tuple[Scope, ...]", get_args(Scope))
    }
)
"""Each scope and its permissions, in the order in which they are listed."""

ROLES: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        role: frozenset(name for name, row in _TABLE.items() if role in row.roles.split())
        for role in cast("tuple[Role, ...]", get_args(Role))
    }
)
"""Each role and the permissions that it has in every organization, in the order in which they are listed."""

BY_SETTING: Final[Mapping[RoleSetting, tuple[Role, Permission]]] = MappingProxyType(
    {setting: (role, name) for name, row in _TABLE.items() for role, setting in row.by_setting.items()}
)
"""Each setting of an organization, and the role to which it gives a permission."""

FOR_KEYS: Final[frozenset[Permission]] = frozenset().union(*SCOPES.values())
"""The permissions that a key can have."""

ALL: Final[frozenset[Permission]] = frozenset(PERMISSIONS)
"""The permissions of the operator of a store."""


def permissions_of(scopes: Collection[str]) -> frozenset[Permission]:
    """Returns the union of the permissions of the scopes; an unknown scope has none."""
    return frozenset().union(*(permissions for scope, permissions in SCOPES.items() if scope in scopes))


def permissions_of_role(role: Role, settings: Collection[RoleSetting] = ()) -> frozenset[Permission]:
    """Returns the permissions of a role in an organization in which these settings are on."""
    more = (permission for setting, (whose, permission) in BY_SETTING.items() if whose == role and setting in settings)
    return ROLES[role] | frozenset(more)
