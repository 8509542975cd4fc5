"""The personal tab of Teams: whose it is, by the token that Entra has signed, for each call again.

Theory of operation. The page of the tab lies in a frame of Teams, where browsers keep cookies back. So each of its
calls brings a token of Entra, and there is no session that could outlive it. Who saves a connection names the tenant
and its addresses, which would otherwise be the right to decide as any member. So the operator says which issuer counts
in which organization. What a token says counts in that organization alone, gives the permission `own` alone, and is
never stored: it links no identity, by which people sign in elsewhere.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from looply.app.context.credentials import values_of
from looply.app.context.links import Links
from looply.catalog.tenants.principal import Principal
from looply.channels.teams.bots import KIND, Resources, open_sender
from looply.channels.teams.directory import TeamsDirectory
from looply.channels.teams.kept import KeptVerifiers, Verifying
from looply.connectors.port import ConnectionValues, HttpSender
from looply.connectors.teams.calls.settings import Account, account_of
from looply.connectors.teams.inbound.keys import KeyRing
from looply.connectors.teams.inbound.tabs import TabPerson, TabVerifier, issuer_of, keys_url_of, terms_of
from looply.connectors.teams.inbound.verifying import NotVerified
from looply.errors import Forbidden, NotFound

SIGN_IN: Final = "teams"
"""The means of sign-in of people who call from the tab."""
_NO_CONNECTION: Final = f"no connection of kind {KIND} has the id of the tab"
"""Said also of a connection of another kind: a caller without a token learns nothing of it."""


class TeamsTabs:
    """See `looply.app.context.services.Tabs`. `permitted` are those of the setting `teams_tabs`."""

    def __init__(self, resources: Resources, links: Links, permitted: Sequence[str]) -> None:
        self._resources = resources
        self._links = links
        self._permitted = frozenset(permitted)
        self._kept: KeptVerifiers[TabVerifier] = KeptVerifiers()

    async def authenticate(self, connection_id: str, authorization: str) -> Principal:
        """See `Tabs.authenticate`."""
        try:
            organization_id, found = await self._resources.catalog.connections.resolve_by_id(connection_id)
        except NotFound as error:
            raise _refusal(_NO_CONNECTION) from error
        if found.kind != KIND:
            raise _refusal(_NO_CONNECTION)
        values = values_of(found, self._resources.registry)
        account = account_of(values)
        if f"{organization_id}={issuer_of(account)}" not in self._permitted:
            raise _refusal("the setting teams_tabs permits no tab of the tenant of this connection in its organization")
        verifier = await self._verifier(connection_id, organization_id, values, account)
        try:
            person = await verifier.verify(authorization)
        except NotVerified as error:
            raise _refusal(error.reason) from error
        return _in_tab(await self._find_member(organization_id, account, person), values.name, connection_id)

    async def close(self) -> None:
        """Ends the reads of keys that run; closing twice is legal."""
        await self._kept.close()

    async def _verifier(
        self, connection_id: str, organization_id: str, values: ConnectionValues, account: Account
    ) -> TabVerifier:
        def sender(within: timedelta) -> HttpSender:
            return open_sender(self._resources, organization_id, values, within)

        def build() -> Verifying[TabVerifier]:
            keys = KeyRing(keys_url_of(account), sender, self._resources.clock, account.route)
            host = urlsplit(self._links.public_url).netloc
            return Verifying(TabVerifier(terms_of(account, host), keys, self._resources.clock), keys)

        return await self._kept.get(connection_id, values.revision, build)

    async def _find_member(self, organization_id: str, account: Account, person: TabPerson) -> Principal:
        """Returns the member whom a token names: the identity of a sign-in by Entra, else one of their addresses.

        Addresses are those that Teams has named for the id of Entra, and the name with which they sign in at Entra.
        """
        people = self._resources.catalog.people
        directory = TeamsDirectory(self._resources.catalog.directory, organization_id, account)
        linked = await people.identities.find(person.tenant_id, person.entra_id)
        found = [linked] if linked is not None else []
        if not found:
            for address in (*await directory.addresses(person.entra_id), person.user_name):
                user = await people.users.find_by_email(address) if address else None
                found += [user.user_id] if user is not None else []
        for user_id in dict.fromkeys(found):
            member = await people.sessions.find_caller(organization_id, user_id, SIGN_IN, person.expires_on)
            if member is not None:
                return member
        raise Forbidden(
            f"{person.user_name[:200] or 'the person'} is no active member of the organization; ask an administrator "
            "for an invitation to this address",
            code="NOT_A_MEMBER",
        )


def _in_tab(caller: Principal, connection: str, connection_id: str) -> Principal:
    """Returns a caller whose session names the connection of the tab."""
    assert caller.session is not None
    session = replace(caller.session, connection=connection, connection_id=connection_id)
    return replace(caller, session=session)


def _refusal(reason: str) -> Forbidden:
    return Forbidden(
        f"the token of the tab is refused: {reason}; expected is a token of version 2.0 that Entra has given for the "
        "application of the connection, with the scope access_as_user; open the tab again, and see the guide on Teams",
        code="TEAMS_TOKEN",
    )
