"""Client credentials of OAuth, and `http.request`, against an issuer of other authors, which signs its tokens."""

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
from looply.connectors.http.connector import CONNECTOR as HTTP
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
DESCRIPTION = "/.well-known/openid-configuration"
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(SCRIPT, "-a", "127.0.0.1", "-p", PORT, ready="/jwks") as address:
        yield address


def read_keys(issuer: str) -> KeySet:
    return KeySet.import_key_set(httpx2.get(f"{issuer}/jwks", timeout=30).json())


def describe(issuer: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{issuer}{DESCRIPTION}", timeout=30).json()
    return found


async def test_calls_at_once_share_a_token_that_the_issuer_has_signed(
    issuer: str, wiring: Any, open_client: Any
) -> None:
    wiring.use(open_client())
    grant = ClientGrant(url=parse_url(f"{issuer}/token"), client_id="looply", client_secret=SECRET, scope="API")
    context = wiring.context()
    (token,) = set(await asyncio.gather(*[client_token(context, grant) for _ in range(24)]))
    claims = jwt.decode(token, read_keys(issuer)).claims
    assert (claims["iss"], claims["scope"]) == (describe(issuer)["issuer"], "API")


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
    # The refused token was replaced once; within the same second the issuer signs the same one again.
    assert len(gateway.requests) == 2
    sent = gateway.requests[-1].headers["authorization"].removeprefix("Bearer ")
    jwt.decode(sent, read_keys(issuer))
    assert (refused["status"], sent in str(refused)) == ("401", False)
    gateway.bearer = sent
    taken = await CONNECTOR.operations[0].perform(context, given)
    assert taken["status"] == "200"
    assert gateway.requests[-1].headers["authorization"] == f"Bearer {sent}"


async def test_the_receiver_of_teams_takes_the_signature_of_the_issuer_and_misses_the_endorsement_of_its_key(
    issuer: str, open_client: Any
) -> None:
    """The keys of an issuer that is not Microsoft have no endorsement, so an activity is refused in the end."""
    described = describe(issuer)
    openid = f"{issuer}{DESCRIPTION}"
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


async def request(wiring: Any, **input_: Any) -> dict[str, Any]:
    output: dict[str, Any] = await HTTP.operations[0].perform(wiring.context(), input_)
    return output


async def test_a_step_of_http_gets_a_token_by_a_form_and_uses_it(issuer: str, wiring: Any, open_client: Any) -> None:
    wiring.use(open_client())
    form = {"grant_type": "client_credentials", "scope": "API / ä", "aud": "https://orders.example"}
    issued = await request(wiring, method="POST", url=f"{issuer}/token", body_type="urlencoded", body=form)
    assert (issued["status"], issued["data"]["token_type"], issued["data"]["expires_in"]) == ("200", "Bearer", 3600)
    claims = jwt.decode(issued["data"]["access_token"], read_keys(issuer)).claims
    assert (claims["scope"], claims["aud"]) == (form["scope"], form["aud"])
    auth = {"type": "bearer", "token": issued["data"]["access_token"]}
    person = await request(wiring, url=f"{issuer}/userinfo", auth=auth)
    assert (person["status"], person["data"]) == ("200", {"sub": "johndoe"})


async def test_a_refusal_of_the_issuer_is_read(issuer: str, wiring: Any, open_client: Any) -> None:
    wiring.use(open_client())
    input_ = {"method": "POST", "url": f"{issuer}/token", "body_type": "urlencoded", "body": {"grant_type": "none"}}
    refused = await request(wiring, **input_)
    verdict = HTTP.operations[0].verdict_on(input_, refused, wiring.clock.now())
    assert verdict is not None
    assert (refused["status"], verdict.far.kind, verdict.far.code) == ("400", "rejected", "invalid_grant")


async def test_a_get_follows_the_redirect_of_the_issuer_and_a_head_has_no_body(
    issuer: str, wiring: Any, open_client: Any
) -> None:
    wiring.use(open_client())
    params = {"response_type": "code", "redirect_uri": f"{issuer}/jwks?from=a%20b", "state": "ä&="}
    keys = await request(wiring, url=f"{issuer}/authorize", params=params)
    assert (keys["status"], [key["kty"] for key in keys["data"]["keys"]]) == ("200", ["RSA"])
    head = await request(wiring, method="HEAD", url=f"{issuer}/jwks")
    assert (head["status"], head["data"]) == ("200", "")
    assert head["headers"]["content-type"].startswith("application/json")
