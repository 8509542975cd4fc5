"""Mail by tokens, by own authorities and by Microsoft Graph: what is sent, and what each failure means."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kit.servers.mail_server import PASSWORD, USER, Inbox, MailServer
from looply.connectors.email.accounts import smtp_account
from looply.connectors.email.connector import CONNECTOR
from looply.connectors.email.settings import graph_binding, smtp_binding
from looply.connectors.oauth.client_credentials import token_request
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import CallContext, ConnectionValues
from looply.demo.teams.graph import SEND
from looply.demo.teams.simulator import APP, SECRET, TENANT, TeamsSimulator
from looply.demo.teams.wire import Reply, Request, error
from looply.errors import AuthFailed, BadInput, OperationError, RateLimited, Rejected, Unavailable

Expected = tuple[type[OperationError], str, bool]
Open = Callable[..., Awaitable[MailServer]]
SEND_MAIL = CONNECTOR.operations[0].call
SMTP, GRAPH = CONNECTOR.connection_kinds
MAIL: dict[str, Any] = {"connection": "MAIL", "to": "ann@example.com", "subject": "Hello", "text": "Hi"}
XOAUTH2 = {
    "auth": "xoauth2",
    "user": USER,
    "token_url": "https://login.example/token",
    "client_id": "c",
    "scope": "https://outlook.office365.com/.default",
}


def issued(token: str) -> httpx2.Response:
    return httpx2.Response(200, json={"token_type": "Bearer", "expires_in": 3600, "access_token": token})


def by_smtp(wiring: Any, port: int, trust: ssl.SSLContext | None = None, **settings: Any) -> CallContext:
    secrets = settings.pop("secrets", {"client_secret": "s3cret-of-the-client"})
    given = {"host": "127.0.0.1", "port": port, "tls": "starttls", "from": "orders@example.com", **settings}
    wiring.add("MAIL", "smtp", given, secrets)
    dialer = GuardedDialer(EgressPolicy((f"127.0.0.1:{port}",)), tls=trust)
    return replace(wiring.context(), dialer=dialer)


def by_graph(wiring: Any, open_client: Any, microsoft: TeamsSimulator, secret: str = SECRET) -> CallContext:
    endpoints = {"login": microsoft.address, "graph": f"{microsoft.address}/graph"}
    settings = {"tenant_id": TENANT, "client_id": APP, "from": "Orders <orders@contoso.test>"}
    wiring.add("MAIL", "graph_mail", {**settings, "cloud": "other", "endpoints": endpoints}, {"client_secret": secret})
    wiring.use(open_client())
    return replace(wiring.context(), dialer=GuardedDialer(EgressPolicy(("127.0.0.0/8",))))


@pytest.fixture
def call(wiring: Any, open_client: Any, microsoft: TeamsSimulator) -> CallContext:
    return by_graph(wiring, open_client, microsoft)


@pytest.fixture
def authority(certificate: Path) -> str:
    pem = certificate.read_text()
    return pem[pem.index("-----BEGIN CERTIFICATE") :]


class TestTokens:
    async def test_a_user_is_authenticated_by_a_token(
        self, wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        inbox.tokens = {"t-1"}
        server = await open_server(server_tls)
        wiring.answer(issued("t-1"))
        call = by_smtp(wiring, server.port, trusting, **XOAUTH2)
        await SEND_MAIL(call, MAIL)
        await SEND_MAIL(call, MAIL)
        assert (len(inbox.mails), inbox.users, inbox.encrypted) == (2, [USER, USER], [True, True])
        (request,) = wiring.requests
        assert b"grant_type=client_credentials" in request.content
        assert b"outlook.office365.com" in request.content

    async def test_a_token_that_the_server_refuses_is_replaced_once(
        self, wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        inbox.tokens = {"t-2"}
        server = await open_server(server_tls)
        wiring.answer(issued("t-1"), issued("t-2"))
        await SEND_MAIL(by_smtp(wiring, server.port, trusting, **XOAUTH2), MAIL)
        assert (len(inbox.mails), inbox.refused) == (1, ["t-1"])

    async def test_a_user_that_no_token_fits_is_refused_and_nothing_is_sent(
        self, wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        server = await open_server(server_tls)
        wiring.answer(issued("t-1"), issued("t-2"))
        with pytest.raises(AuthFailed, match="the user or the token") as caught:
            await SEND_MAIL(by_smtp(wiring, server.port, trusting, **XOAUTH2), MAIL)
        assert (caught.value.sent, inbox.mails, inbox.refused) == (False, [], ["t-1", "t-2"])
        assert "t-2" not in caught.value.message

    async def test_a_server_without_xoauth2_gets_no_token(self, wiring: Any, inbox: Inbox, open_server: Open) -> None:
        server = await open_server()
        wiring.answer(issued("t-1"))
        with pytest.raises(Rejected, match="XOAUTH2") as caught:
            await SEND_MAIL(by_smtp(wiring, server.port, **{**XOAUTH2, "tls": "none"}), MAIL)
        assert (caught.value.code, inbox.refused) == ("MAIL_UNSUPPORTED", [])

    async def test_without_a_token_nothing_is_sent_and_the_connection_is_to_blame(
        self, wiring: Any, inbox: Inbox, open_server: Open
    ) -> None:
        server = await open_server()
        wiring.answer(httpx2.Response(401, json={"error": "invalid_client"}))
        with pytest.raises(AuthFailed) as caught:
            await SEND_MAIL(by_smtp(wiring, server.port, **XOAUTH2), MAIL)
        assert (caught.value.sent, caught.value.is_of_connection, inbox.mails) == (False, True, [])

    def test_what_a_person_granted_is_used_when_there_is_a_refresh_token(self) -> None:
        settings = {"host": "smtp.gmail.com", "from": "a@b.example", **XOAUTH2, "scope": ""}
        values = ConnectionValues(
            name="M", kind="smtp", settings=settings, secrets={"client_secret": "x", "refresh_token": "r/1"}
        )
        grant = smtp_account(values, "a test").grant
        assert grant is not None
        assert token_request(grant).content == b"grant_type=refresh_token&refresh_token=r%2F1"
        assert "r/1" not in repr(grant)

    def test_what_tokens_need_is_checked_when_the_connection_is_saved(self) -> None:
        settings = {"host": "smtp.example", "from": "a@b.example", **XOAUTH2}
        assert SMTP.problems(settings, {"client_secret": "x"}) == ()
        assert [each.path for each in SMTP.problems(settings, {})] == ["/secrets/client_secret"]
        for name in ("user", "token_url", "client_id"):
            paths = [each.path for each in SMTP.problems({**settings, name: ""}, {"client_secret": "x"})]
            assert paths == [f"/settings/{name}"]
        assert [each.path for each in SMTP.problems({**settings, "tls": "none"}, {"client_secret": "x"})] == [
            "/settings/tls"
        ]

    def test_secrets_are_bound_to_the_token_server_too(self) -> None:
        settings = {"host": "smtp.example", "from": "a@b.example", **XOAUTH2}
        bound = smtp_binding(settings)
        assert bound.targets == {("smtp", "smtp.example", 587), ("https", "login.example", 443)}
        assert smtp_binding({**settings, "client_id": "d"}) != bound
        assert smtp_binding({**settings, "token_url": "https://evil.example/token"}) != bound


class TestOwnAuthorities:
    async def test_a_server_with_a_certificate_of_an_own_authority_is_trusted(
        self, wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, authority: str
    ) -> None:
        server = await open_server(server_tls)
        wiring.answer()
        settings = {"ca": authority, "user": USER, "secrets": {"password": PASSWORD}}
        await SEND_MAIL(by_smtp(wiring, server.port, **settings), MAIL)
        assert (len(inbox.mails), inbox.users, inbox.encrypted) == (1, [USER], [True])
        with pytest.raises(Rejected) as caught:
            await SEND_MAIL(by_smtp(wiring, server.port, **{**settings, "ca": ""}), MAIL)
        assert caught.value.code == "TLS_CERTIFICATE"

    def test_an_authority_decides_who_gets_the_password(self) -> None:
        settings = {"host": "smtp.example", "from": "a@b.example"}
        assert smtp_binding({**settings, "ca": "x"}) != smtp_binding(settings)


class TestGraph:
    async def test_a_mail_goes_as_the_bytes_that_a_mail_server_would_get(
        self, wiring: Any, open_client: Any, microsoft: TeamsSimulator
    ) -> None:
        call = by_graph(wiring, open_client, microsoft)
        output = await SEND_MAIL(
            call, {**MAIL, "cc": "bob@example.com", "html": "<p>Hi</p>", "reply_to": "r@b.example"}
        )
        (content,) = microsoft.graph.mails
        message = message_from_bytes(content, policy=default)
        assert (str(message["From"]), str(message["Reply-To"])) == ("Orders <orders@contoso.test>", "r@b.example")
        assert output == {
            "message_id": str(message["Message-ID"]),
            "accepted": ["ann@example.com", "bob@example.com"],
            "refused": [],
        }

    async def test_a_token_that_graph_refuses_is_replaced_once(
        self, wiring: Any, open_client: Any, microsoft: TeamsSimulator
    ) -> None:
        call = by_graph(wiring, open_client, microsoft)
        await SEND_MAIL(call, MAIL)
        microsoft.end_tokens()
        await SEND_MAIL(call, MAIL)
        assert (len(microsoft.graph.mails), microsoft.count("POST", "token")) == (2, 2)

    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            (error(403, "ErrorAccessDenied"), (AuthFailed, "AUTH_FAILED", False)),
            (error(401, "InvalidAuthenticationToken"), (AuthFailed, "AUTH_FAILED", False)),
            (error(404, "ErrorInvalidUser"), (Rejected, "MAIL_REFUSED", False)),
            (error(400, "ErrorInvalidRecipients"), (Rejected, "MAIL_REFUSED", False)),
            (error(413, "ErrorMessageSizeExceeded"), (Rejected, "MAIL_REFUSED", False)),
            (Reply(429, headers={"Retry-After": "7"}), (RateLimited, "RATE_LIMITED", False)),
            (Reply(503, headers={"Retry-After": "7"}), (RateLimited, "RATE_LIMITED", False)),
            (error(503, "ServiceUnavailable"), (Unavailable, "CONNECTION", False)),
            (error(500, "ErrorInternalServerError"), (Unavailable, "CONNECTION", True)),
            (Reply(504), (Unavailable, "CONNECTION", True)),
            (Reply(is_cut=True), (Unavailable, "CONNECTION", True)),
        ],
    )
    async def test_each_answer_says_whether_the_mail_may_have_left(
        self, call: CallContext, microsoft: TeamsSimulator, reply: Reply, expected: Expected
    ) -> None:
        def fault(request: Request) -> Reply | None:
            return reply if request.target.endswith("/sendMail") else None

        microsoft.fault = fault
        with pytest.raises(OperationError) as caught:
            await SEND_MAIL(call, MAIL)
        assert (type(caught.value), caught.value.code, caught.value.sent) == expected
        if isinstance(caught.value, RateLimited):
            assert caught.value.retry_after == timedelta(seconds=7)

    async def test_a_mailbox_that_does_not_exist_is_a_fault_of_the_connection(
        self, wiring: Any, open_client: Any, microsoft: TeamsSimulator
    ) -> None:
        microsoft.world.users.clear()
        with pytest.raises(Rejected, match="ErrorInvalidUser") as caught:
            await SEND_MAIL(by_graph(wiring, open_client, microsoft), MAIL)
        assert caught.value.is_of_connection

    async def test_a_mail_that_graph_would_not_take_is_not_sent(
        self, wiring: Any, open_client: Any, microsoft: TeamsSimulator
    ) -> None:
        with pytest.raises(BadInput, match="4000000"):
            await SEND_MAIL(by_graph(wiring, open_client, microsoft), {**MAIL, "text": "x" * 3_000_000})
        assert microsoft.requests == []

    async def test_the_test_of_a_connection_looks_at_the_secret_and_at_the_right(
        self, wiring: Any, open_client: Any, microsoft: TeamsSimulator
    ) -> None:
        async def states(secret: str = SECRET) -> dict[str, str]:
            call = by_graph(wiring, open_client, microsoft, secret)
            assert GRAPH.test is not None
            found = await GRAPH.test(call, await call.connection("MAIL"), "")
            return {each.name: each.state for each in found}

        good = await states()
        assert (good["dns"], good["tcp"], good["logon"], good["rights"]) == ("ok", "ok", "ok", "ok")
        wrong = await states("wrong-secret-of-it")
        assert (wrong["logon"], wrong["rights"]) == ("failed", "skipped")
        assert microsoft.graph.mails == []

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"tenant_id": "contoso"}, "/settings/tenant_id"),
            ({"client_id": ""}, "/settings/client_id"),
            ({"from": "orders"}, "/settings/from"),
            ({"endpoints": {"login": "https://x.example"}}, "/settings/endpoints"),
            ({"cloud": "moon"}, "/settings/cloud"),
            ({"cloud": "other", "endpoints": {"login": "https://x.example"}}, "/settings/endpoints/graph"),
            (
                {"cloud": "other", "endpoints": {"login": "x", "graph": "https://x.example"}},
                "/settings/endpoints/login",
            ),
            ({"proxy": {"url": "no url"}}, "/settings/proxy/url"),
        ],
    )
    def test_problems_are_reported_when_it_is_saved(self, changes: dict[str, Any], path: str) -> None:
        good = {"tenant_id": TENANT, "client_id": APP, "from": "orders@contoso.test"}
        assert GRAPH.problems(good, {"client_secret": "x"}) == ()
        assert [each.path for each in GRAPH.problems({**good, **changes}, {"client_secret": "x"})] == [path]

    def test_the_secret_is_bound_to_its_cloud_and_to_the_application(self) -> None:
        settings = {"tenant_id": TENANT, "client_id": APP, "from": "orders@contoso.test"}
        bound = graph_binding(settings)
        assert bound.targets == {("https", "login.microsoftonline.com", 443), ("https", "graph.microsoft.com", 443)}
        assert graph_binding({**settings, "cloud": "dod"}) != bound
        assert graph_binding({**settings, "tenant_id": TENANT.replace("1", "2")}) != bound
        assert GRAPH.target is not None
        assert GRAPH.target(settings) == f"https://graph.microsoft.com:443#{TENANT}/mail"


async def test_an_application_without_the_right_is_warned_of_and_refused(
    wiring: Any, open_client: Any, microsoft: TeamsSimulator
) -> None:
    microsoft.graph.rights.remove(SEND)
    call = by_graph(wiring, open_client, microsoft)
    assert GRAPH.test is not None
    (right,) = [each for each in await GRAPH.test(call, await call.connection("MAIL"), "") if each.name == "rights"]
    assert right.state == "warning"
    with pytest.raises(AuthFailed, match=r"Mail\.Send"):
        await SEND_MAIL(call, MAIL)
