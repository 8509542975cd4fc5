"""Client credentials of OAuth, against an issuer of other authors: the token is one that it really signed."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from kit.servers.node_peer import MODULES, PORT, running
from kit.servers.sap_gateway import SERVICE_4, StrictGateway
from looply.clock import SystemClock
from looply.connectors.oauth.client_credentials import ClientGrant, client_token
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import ConnectionValues
from looply.connectors.sap.connector import CONNECTOR
from looply.connectors.teams.calls.settings import account_of
from looply.connectors.teams.inbound.activities import Activity
from looply.connectors.teams.inbound.keys import KeyRing
from looply.connectors.teams.inbound.verifying import NotVerified, Verifier
from looply.demo.teams.connector import APP, TENANT

pytestmark = pytest.mark.proof

SCRIPT = MODULES / "oauth2-mock-server" / "dist" / "oauth2-mock-server.mjs"
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(SCRIPT, "-a", "127.0.0.1", "-p", PORT, ready="/jwks") as address:
        yield address


def read_keys(issuer: str) -> KeySet:
    return KeySet.import_key_set(httpx2.get(f"{issuer}/jwks", timeout=30).json())


async def test_calls_at_once_share_a_token_that_the_issuer_has_signed(
    issuer: str, wiring: Any, open_client: Any
) -> None:
    wiring.use(open_client())
    grant = ClientGrant(url=parse_url(f"{issuer}/token"), client_id="looply", client_secret=SECRET, scope="API")
    context = wiring.context()
    (token,) = set(await asyncio.gather(*[client_token(context, grant) for _ in range(24)]))
    claims = jwt.decode(token, read_keys(issuer)).claims
    assert (claims["iss"], claims["scope"]) == (issuer, "API")


async def test_a_system_gets_the_token_and_its_user_sees_none_of_it(
    issuer: str, wiring: Any, open_client: Any, gateway: StrictGateway, base_url: str
) -> None:
    settings = {"base_url": base_url, "auth": "oauth_client", "token_url": f"{issuer}/token", "client_id": "looply"}
    wiring.add("S4", "sap", settings, {"client_secret": SECRET})
    wiring.use(open_client())
    context = wiring.context()
    gateway.bearer = "none yet"
    given = {"connection": "S4", "service_path": SERVICE_4, "entity": "Orders"}
    refused = await CONNECTOR.operations[0].perform(context, given)
    sent = gateway.requests[-1].headers["authorization"].removeprefix("Bearer ")
    jwt.decode(sent, read_keys(issuer))
    assert (refused["status"], sent in str(refused)) == ("401", False)
    # The refused token was replaced once; the gateway takes the one that it got last.
    gateway.bearer = sent
    taken = await CONNECTOR.operations[0].perform(context, given)
    assert taken["status"] == "200"
    assert len({request.headers["authorization"] for request in gateway.requests}) == 2


async def test_the_receiver_of_teams_takes_the_signature_of_the_issuer_and_misses_the_endorsement_of_its_key(
    issuer: str, open_client: Any
) -> None:
    """The keys of an issuer that is not Microsoft have no endorsement, so an activity is refused in the end."""
    described = httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json()
    openid = f"{issuer}/.well-known/openid-configuration"
    endpoints = {"login": issuer, "graph": issuer, "service": issuer, "openid": openid, "issuer": described["issuer"]}
    settings = {"tenant_id": TENANT, "app_id": APP, "cloud": "other", "endpoints": endpoints}
    account = account_of(ConnectionValues(name="T", kind="teams", settings=settings, secrets={"client_secret": SECRET}))
    keys = KeyRing(account.places.openid, open_client().sender, SystemClock())
    verifier = Verifier(account, keys, SystemClock())

    def token(audience: str) -> str:
        form = {"grant_type": "client_credentials", "aud": audience}
        found: str = httpx2.post(f"{issuer}/token", data=form, timeout=30).json()["access_token"]
        return found

    claims = await verifier.verify_token(f"Bearer {token(APP)}")
    assert (claims.iss, claims.aud, claims.endorsements) == (described["issuer"], APP, frozenset())
    with pytest.raises(NotVerified, match="not endorsed"):
        verifier.verify_activity(claims, Activity(type="message", channel_id="msteams"))
    with pytest.raises(NotVerified, match="wrong audience"):
        await verifier.verify_token(f"Bearer {token('another')}")
    head, payload, signature = token(APP).split(".")
    forged = f"{head}.{payload}.{signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
    with pytest.raises(NotVerified, match="wrong signature"):
        await verifier.verify_token(f"Bearer {forged}")
    await keys.close()
