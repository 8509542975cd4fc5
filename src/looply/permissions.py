"""The table of permissions that calls need, and the scopes of keys, which are named sets of permissions."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

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
    "audit",
]
"""What a caller may do. Every route needs exactly one of these, or is open to every caller."""

Scope: TypeAlias = Literal["trigger", "read", "manage", "admin", "override"]
"""The name of a set of permissions that a key is created with."""

PERMISSIONS: Final[Mapping[Permission, str]] = MappingProxyType(
    {
        "own": "see and decide the own requests, name a substitute, change the own account; only people have it",
        "read.definitions": "read workflows, cards, schedules, profiles and connections, no secrets; check expressions",
        "read.executions": "find executions, incidents, bulks, open cards and decisions",
        "read.payloads": "read inputs, outputs, data documents, logs, dead letters and the content of datastores",
        "execute": "start, resume and terminate executions",
        "repair": "repair, redrive and rerun executions; settle letters, reassign cards, pause and play schedules",
        "edit.drafts": "create, change, import and check workflows and cards; store mock payloads",
        "activate": "activate and delete versions of workflows and cards",
        "edit.datastores": "write and delete datastores",
        "edit.profiles": "create, change and delete profiles",
        "edit.connections": "create, change and delete connections and their secrets",
        "decide.override": "take an approval's exits without an answer of its approver; recorded as an override",
        "keys": "create, list and revoke API keys",
        "audit": "read the audit",
    }
)
"""Each permission and what it allows, in the order in which they are listed."""

_APART: Final[frozenset[Permission]] = frozenset(("own", "decide.override", "keys", "audit"))
"""Permissions that `manage` does not include, so that other people can administer keys and override decisions."""

SCOPES: Final[Mapping[Scope, frozenset[Permission]]] = MappingProxyType(
    {
        "trigger": frozenset(("execute",)),
        "read": frozenset(permission for permission in PERMISSIONS if permission.startswith("read.")),
        "manage": frozenset(PERMISSIONS) - _APART,
        "admin": frozenset(("keys", "audit")),
        "override": frozenset(("decide.override",)),
    }
)
"""Each scope and its permissions, in the order in which they are listed."""

ALL: Final[frozenset[Permission]] = frozenset(PERMISSIONS)
"""The permissions of the owner of a store, and of a key with all scopes."""


def permissions_of(scopes: Collection[str]) -> frozenset[Permission]:
    """Returns the union of the permissions of the scopes; an unknown scope has none."""
    return frozenset().union(*(permissions for scope, permissions in SCOPES.items() if scope in scopes))
