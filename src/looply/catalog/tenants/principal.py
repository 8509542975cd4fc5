"""Who makes a call: a key, a person who has signed in, or the operator of the store."""

from datetime import datetime

import msgspec

from looply.errors import OutOfScope
from looply.permissions import Permission, Role


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person who has signed in. `email` is spelled as the person or their organization spells it."""

    user_id: str
    name: str
    email: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The session of a person who has signed in. `csrf` is what a change by its cookie must send in a header."""

    session_id: str
    csrf: str
    sign_in: str
    """`local`, or the id of the provider."""
    confirmed_until: datetime | None
    """Until when the person may do dangerous acts without the password being asked again."""
    expires_on: datetime
    connection: str = ""
    """The name of the connection in whose tab of Teams the person calls; empty for a session with a cookie."""
    connection_id: str = ""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticated caller."""

    organization_id: str
    workspace_id: str
    key_id: str | None
    """None for a person, and for the owner of the data folder, whose changes are recorded without an actor."""
    name: str
    permissions: frozenset[Permission]
    workflow_ids: frozenset[str] | None = None
    """The workflows that are visible to this caller; None: all of the organization."""
    person: Person | None = None
    """The person who has signed in; None for keys and operators."""
    role: Role | None = None
    """The role of the person in the organization."""
    session: Session | None = None
    """The session of the person who calls by a cookie."""

    def may(self, permission: Permission) -> bool:
        """Returns whether this caller has a permission."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises: Forbidden (code `SCOPE`) when this caller does not have the permission."""
        if permission not in self.permissions:
            raise OutOfScope(permission)

    @property
    def actor(self) -> str | None:
        """The caller in the audit and in records of changes: the id of the person or of the key; None for operators."""
        return self.person.user_id if self.person is not None else self.key_id

    @property
    def by(self) -> str:
        """The caller in an execution's history: `actor`, empty for operators."""
        return self.actor or ""
