"""Invitations to organizations: one-time links that are bound to an address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from looply.catalog.people.identities import link_identity
from looply.catalog.people.members import find_member_row, insert_member, validate_role
from looply.catalog.people.tokens import new_token, token_digest
from looply.catalog.people.users import find_user_row, insert_user, validate_email
from looply.catalog.storage.damage import AnyRow
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import invitations, organizations
from looply.catalog.tenants.names import not_found_error, validate_id
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Entropy, Ids
from looply.definition.settings.mail import person_of
from looply.errors import NotFound, OutOfScope, Refused
from looply.instants import from_ms, to_ms
from looply.permissions import Role

VALID: Final = timedelta(days=7)
"""How long an invitation can be accepted: a week, for people who are away for some days."""
MAX_AT_ONCE: Final = 50
"""Invitations that one call makes at most."""


class InvitationDraft(msgspec.Struct, frozen=True):
    """A person to invite. Without an address the invitation is for the holder of its link."""

    email: str
    role: str


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An open invitation. `email` is empty where it is bound to no address."""

    invitation_id: str
    organization_id: str
    organization_name: str
    email: str
    role: Role
    created_on: datetime
    expires_on: datetime


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation and the token of its link, which is shown only once and is not stored."""

    token: str
    invitation: Invitation

    def __repr__(self) -> str:
        return f"NewInvitation(token='***', invitation={self.invitation!r})"


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a person who accepts. `password_hash` is None for one who signs in by a provider only."""

    name: str
    email: str
    password_hash: str | None

    def __repr__(self) -> str:
        return f"NewAccount(name={self.name!r}, email={self.email!r}, password_hash='***')"


class Acceptance(msgspec.Struct, frozen=True):
    """The result: the account that is a member now."""

    user_id: str
    organization_id: str


class Invitations:
    """The invitations of all organizations."""

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy

    async def create(
        self,
        organization_id: str,
        drafts: Sequence[InvitationDraft],
        *,
        actor: str | None,
        may_make_owners: bool,
    ) -> list[NewInvitation]:
        """Creates invitations, or none when one is refused, and returns them with the tokens of their links.

        Raises: Refused (codes `INVALID_EMAIL`, `UNKNOWN_ROLE`, `ALREADY_MEMBER`, `ALREADY_INVITED`,
        `TOO_MANY_INVITATIONS`); Forbidden (code `SCOPE`) for an owner without `may_make_owners`.
        """
        change = Change(organization_id, actor, self._clock.now())
        if not 1 <= len(drafts) <= MAX_AT_ONCE:
            message = f"has {len(drafts)} people; 1 to {MAX_AT_ONCE} can be invited at once"
            raise Refused.at("/invitations", message, code="TOO_MANY_INVITATIONS")
        if not may_make_owners and any(draft.role == "owner" for draft in drafts):
            raise OutOfScope("organization")

        def store(connection: Connection) -> list[NewInvitation]:
            return [self._insert(connection, change, draft, index) for index, draft in enumerate(drafts)]

        return await self._database.write(store)

    async def find(self, token: str) -> Invitation:
        """Returns the open invitation of a link.

        Raises: NotFound (code `INVITATION_NOT_FOUND`), the same for every reason.
        """
        now = self._clock.now()
        return await self._database.read(lambda connection: _invitation(_find_open(connection, token, now)))

    async def accept(
        self, token: str, acceptor: NewAccount | str, identity: tuple[str, str] | None = None
    ) -> Acceptance:
        """Makes the holder of a link a member, with a new account or with the account `acceptor`, and ends the link.

        `identity` (issuer and subject at a provider) is linked with the account.

        The caller has verified that the existing account belongs to the person. Raises: NotFound (code
        `INVITATION_NOT_FOUND`); Refused (code `INVITATION_OF_ANOTHER`) for another address than the invitation's,
        (code `ACCOUNT_EXISTS`) for a new account with the address of one.
        """
        at = self._clock.now()

        def store(connection: Connection) -> Acceptance:
            row = _find_open(connection, token, at)
            organization_id = row["organization_id"]
            if isinstance(acceptor, NewAccount):
                user_id = self._insert_account(connection, row, acceptor, at)
            else:
                user_id = acceptor
                _check_address(row, user_id, connection)
            change = Change(organization_id, user_id, at)
            member = find_member_row(connection, organization_id, user_id)
            if member is None:
                insert_member(connection, change, user_id, row["role"])
            elif member["status"] != "ACTIVE":
                raise _no_invitation_error()
            if identity is not None:
                link_identity(connection, *identity, user_id, at)
            _end(connection, change, row["invitation_id"])
            change.record(connection, "invitation.accept", row["invitation_id"])
            return Acceptance(user_id, organization_id)

        return await self._database.write(store)

    async def renew(
        self, organization_id: str, invitation_id: str, *, actor: str | None, may_make_owners: bool
    ) -> NewInvitation:
        """Returns an open invitation, also an expired one, with a new link; the former link has no effect any more.

        Raises: BadRequest; NotFound (code `INVITATION_NOT_FOUND`); Forbidden (code `SCOPE`) for that of an owner
        without `may_make_owners`: the holder of the link becomes one.
        """
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_id(invitation_id, "invitation")
        token = new_token(self._entropy)

        def store(connection: Connection) -> NewInvitation:
            row = _get_open(connection, organization_id, checked)
            if row["role"] == "owner" and not may_make_owners:
                raise OutOfScope("organization")
            expires = to_ms(change.at + VALID)
            _update(connection, change, checked, token_sha256=token_digest(token), expires_ms=expires)
            change.record(connection, "invitation.renew", checked)
            return NewInvitation(token=token, invitation=_invitation(_get_open(connection, organization_id, checked)))

        return await self._database.write(store)

    async def revoke(self, organization_id: str, invitation_id: str, *, actor: str | None) -> None:
        """Ends an open invitation. Raises: BadRequest; NotFound (code `INVITATION_NOT_FOUND`)."""
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_id(invitation_id, "invitation")

        def store(connection: Connection) -> None:
            _get_open(connection, organization_id, checked)
            _end(connection, change, checked)
            change.record(connection, "invitation.revoke", checked)

        await self._database.write(store)

    def _insert(self, connection: Connection, change: Change, draft: InvitationDraft, index: int) -> NewInvitation:
        email = validate_email(draft.email, f"invitations/{index}/email") if draft.email else ""
        role = validate_role(draft.role, f"invitations/{index}/role")
        if email:
            _check_not_known(connection, change, email, index)
        token, invitation_id = new_token(self._entropy), str(self._ids.next(change.at))
        connection.execute(
            insert(invitations).values(
                invitation_id=invitation_id,
                organization_id=change.organization_id,
                email=email,
                email_key=person_of(email) if email else "",
                role=role,
                token_sha256=token_digest(token),
                expires_ms=to_ms(change.at + VALID),
                created_by=change.actor,
                modified_by=change.actor,
                created_ms=to_ms(change.at),
                modified_ms=to_ms(change.at),
            )
        )
        change.record(connection, "invitation.create", invitation_id, email=email, role=role)
        row = _get_open(connection, change.organization_id, invitation_id)
        return NewInvitation(token=token, invitation=_invitation(row))

    def _insert_account(self, connection: Connection, row: RowMapping, account: NewAccount, at: datetime) -> str:
        email = row["email"] or account.email
        if row["email_key"] and account.email and person_of(account.email) != row["email_key"]:
            raise _other_address_error()
        if find_user_row(connection, email) is not None:
            message = "belongs to an account; sign in with its password to accept"
            raise Refused.at("/email", message, code="ACCOUNT_EXISTS")
        return insert_user(
            connection, self._ids, at, name=account.name, email=email, password_hash=account.password_hash
        )


def _check_not_known(connection: Connection, change: Change, email: str, index: int) -> None:
    """Raises: Refused when a person with this address is a member already, or is invited."""
    user = find_user_row(connection, email)
    if user is not None and find_member_row(connection, change.organization_id, user["user_id"]) is not None:
        message = "is a member already; change the member instead"
        raise Refused.at(f"/invitations/{index}/email", message, code="ALREADY_MEMBER")
    columns = invitations.c
    query = select(columns.invitation_id).where(
        columns.organization_id == change.organization_id,
        columns.email_key == person_of(email),
        columns.ended_ms.is_(None),
    )
    if connection.execute(query).first() is not None:
        message = "is invited already; renew that invitation instead"
        raise Refused.at(f"/invitations/{index}/email", message, code="ALREADY_INVITED")


def _check_address(row: RowMapping, user_id: str, connection: Connection) -> None:
    """Raises: Refused when an account does not have the address that an invitation is bound to."""
    user = find_user_row(connection, row["email"]) if row["email_key"] else None
    if row["email_key"] and (user is None or user["user_id"] != user_id):
        raise _other_address_error()


def _other_address_error() -> Refused:
    message = "the invitation is for another address; sign out, and open its link again"
    return Refused(message, code="INVITATION_OF_ANOTHER")


def _find_open(connection: Connection, token: str, now: datetime) -> RowMapping:
    query = _QUERY.where(
        invitations.c.token_sha256 == token_digest(token),
        invitations.c.ended_ms.is_(None),
        invitations.c.expires_ms > to_ms(now),
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _no_invitation_error()
    return row


def _no_invitation_error() -> NotFound:
    message = "the invitation is unknown, was used or revoked, or has expired; ask the person who sent it for a new one"
    return NotFound(message, code="INVITATION_NOT_FOUND")


def _get_open(connection: Connection, organization_id: str, invitation_id: str) -> RowMapping:
    columns = invitations.c
    query = _QUERY.where(
        columns.organization_id == organization_id,
        columns.invitation_id == invitation_id,
        columns.ended_ms.is_(None),
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        raise not_found_error("invitation", invitation_id)
    return row


def _end(connection: Connection, change: Change, invitation_id: str) -> None:
    _update(connection, change, invitation_id, ended_ms=to_ms(change.at))


def _update(connection: Connection, change: Change, invitation_id: str, **values: Any) -> None:
    stamps = {"modified_by": change.actor, "modified_ms": to_ms(change.at)}
    row = invitations.c.invitation_id == invitation_id
    connection.execute(update(invitations).where(row).values(**values, **stamps))


_QUERY: Final = select(invitations, organizations.c.organization_name).join(
    organizations, organizations.c.organization_id == invitations.c.organization_id
)


def _invitation(row: AnyRow) -> Invitation:
    return Invitation(
        invitation_id=row["invitation_id"],
        organization_id=row["organization_id"],
        organization_name=row["organization_name"],
        email=row["email"],
        role=row["role"],
        created_on=from_ms(row["created_ms"]),
        expires_on=from_ms(row["expires_ms"]),
    )
