"""Admissions: people whom a provider of OpenID Connect names become members without an invitation."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from looply.catalog.people.identities import link_identity
from looply.catalog.people.invitations import NewAccount
from looply.catalog.people.members import find_member_row, insert_member
from looply.catalog.people.users import insert_user
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import organizations
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.permissions import Role


class Admissions:
    """Makes people members by what a provider says of them."""

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def admit(self, identity: tuple[str, str], who: NewAccount | str, roles: Mapping[str, Role]) -> str:
        """Links an identity (issuer and subject) with a new or an existing account, makes the account a member with
        a role in each organization of `roles`, and returns its id; all of it or nothing.

        Former memberships, also those of deactivated members, stay as they are; unknown organizations are left out.
        Raises: Refused (codes `INVALID_NAME`, `INVALID_EMAIL`); Conflict (code `STALE`) when the address or the
        identity belongs to another account.
        """
        at = self._clock.now()

        def store(connection: Connection) -> str:
            user_id = who
            if isinstance(user_id, NewAccount):
                user_id = insert_user(
                    connection, self._ids, at, name=user_id.name, email=user_id.email, password_hash=None
                )
            link_identity(connection, *identity, user_id, at)
            known = select(organizations.c.organization_id).where(organizations.c.organization_id.in_(list(roles)))
            for organization_id in connection.execute(known).scalars().all():
                if find_member_row(connection, organization_id, user_id) is None:
                    change = Change(organization_id, user_id, at)
                    insert_member(connection, change, user_id, roles[organization_id])
            return user_id

        return await self._database.write(store)
