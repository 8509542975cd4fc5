"""Connections of kind `http` with an authority, a client certificate and a proxy of their own, over real sockets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.servers.certificates import Authority
from kit.servers.nasty import Proxy, Recorder, silent, tls_of
from looply.connectors.http.connector import CONNECTOR, binding
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.errors import BadInput, OperationError, Rejected, Unavailable

OPERATION = CONNECTOR.operations[0]
KIND = CONNECTOR.connection_kinds[0]
OpenClient = Callable[..., Any]
PASSWORD = "hunter2-hunter2"
REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("An authority of tests")


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    given = {"connection": "crm", "url": "/a", **input_}
    output: dict[str, Any] = await OPERATION.perform(wiring.context(), given)
    return output


async def test_a_connection_trusts_its_own_authority_and_shows_its_own_certificate(
    authority: Authority, tmp_path: Path, wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    tls = tls_of(tmp_path, authority.issue("localhost"), clients=authority)
    own = authority.issue("looply")
    settings = {
        "base_url": f"https://127.0.0.1:{await serve(Recorder(), ssl=tls)}",
        "tls": {"ca": authority.certificate.decode(), "certificate": own.certificate.decode()},
    }
    secrets = {"client_key": own.key.decode()}
    assert KIND.problems(settings, secrets) == ()
    wiring.add("crm", "http", settings, secrets)
    wiring.use(open_client())
    assert (await call(wiring))["data"] == "ok"


async def test_half_of_a_client_certificate_is_bad_input(
    authority: Authority, wiring: Any, open_client: OpenClient
) -> None:
    settings = {"base_url": "https://127.0.0.1:1", "tls": {"certificate": authority.certificate.decode()}}
    wiring.add("crm", "http", settings)
    wiring.use(open_client())
    with pytest.raises(BadInput, match="client_key"):
        await call(wiring)


async def test_a_connection_goes_through_its_proxy_which_sees_no_credentials_of_the_target(
    wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    proxy, peer = Proxy(), Recorder()
    port, through = await serve(peer), await serve(proxy)
    settings = {
        "base_url": f"http://127.0.0.1:{port}",
        "auth": "bearer",
        "proxy": {"url": f"http://127.0.0.1:{through}", "user": "looply"},
    }
    wiring.add("crm", "http", settings, {"token": "token-token", "proxy_password": PASSWORD})
    wiring.use(open_client())
    assert (await call(wiring))["data"] == "ok"
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic" in head
    assert b"token-token" not in head
    assert b"proxy-authorization" not in peer.heads[0].lower()
    assert b"Bearer token-token" in peer.heads[0]


async def test_a_proxy_that_asks_for_another_logon_is_down_and_nothing_was_sent(
    wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    peer = Recorder()
    settings = {
        "base_url": f"http://127.0.0.1:{await serve(peer)}",
        "proxy": {"url": f"http://127.0.0.1:{await serve(Proxy(REFUSAL))}", "user": "looply"},
    }
    wiring.add("crm", "http", settings, {"proxy_password": PASSWORD})
    wiring.use(open_client())
    with pytest.raises(Unavailable, match="407") as caught:
        await call(wiring, method="POST")
    assert (caught.value.sent, caught.value.kind, caught.value.is_of_connection) == (False, "down", True)
    assert "proxy_password" in caught.value.message
    assert PASSWORD not in caught.value.message
    assert peer.heads == []


async def test_a_proxy_that_does_not_answer_is_a_fault_of_the_connection_and_a_dead_system_is_none(
    wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    port = await serve(silent)
    wiring.use(open_client(), timedelta(milliseconds=300))
    wiring.add("crm", "http", {"base_url": "http://127.0.0.1:1", "proxy": {"url": f"http://127.0.0.1:{port}"}})
    with pytest.raises(OperationError) as caught:
        await call(wiring)
    assert (caught.value.sent, caught.value.kind, caught.value.is_of_connection) == (False, "down", True)
    wiring.use(open_client())
    wiring.add("crm", "http", {"base_url": "http://127.0.0.1:1", "proxy": {"url": "http://127.0.0.1:2"}})
    with pytest.raises(Unavailable) as closed:
        await call(wiring)
    assert closed.value.is_of_connection
    wiring.add("crm", "http", {"base_url": "http://127.0.0.1:1"})
    with pytest.raises(Unavailable) as dead:
        await call(wiring)
    assert not dead.value.is_of_connection


async def test_a_further_host_that_is_down_is_not_the_system_of_the_connection(
    wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    settings = {"base_url": f"http://127.0.0.1:{await serve(Recorder())}", "allowed_hosts": ["127.0.0.1:1"]}
    wiring.add("crm", "http", settings)
    wiring.use(open_client())
    with pytest.raises(Unavailable) as caught:
        await call(wiring, url="http://127.0.0.1:1/files")
    assert caught.value.is_of_connection


async def test_the_test_of_a_connection_takes_its_route(
    authority: Authority, tmp_path: Path, wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    proxy = Proxy()
    port = await serve(Recorder(), ssl=tls_of(tmp_path, authority.issue("localhost")))
    settings: dict[str, Any] = {
        "base_url": f"https://127.0.0.1:{port}",
        "tls": {"ca": authority.certificate.decode()},
        "proxy": {"url": f"http://127.0.0.1:{await serve(proxy)}"},
    }
    wiring.add("crm", "http", settings)
    wiring.use(open_client())
    assert KIND.test is not None
    context = replace(wiring.context(), dialer=GuardedDialer(EgressPolicy(("127.0.0.0/8",))))
    checks = {each.name: each.state for each in await KIND.test(context, wiring.connections["crm"], "")}
    assert (checks["logon"], checks["service"]) == ("ok", "ok"), checks
    assert len(proxy.heads) == 1


async def test_the_egress_rules_judge_the_target_and_the_proxy(
    wiring: Any, serve: Any, open_client: OpenClient
) -> None:
    proxy, peer = Proxy(), Recorder()
    port, through = await serve(peer), await serve(proxy)
    wiring.add("crm", "http", {"base_url": f"http://127.0.0.1:{port}", "proxy": {"url": f"http://127.0.0.1:{through}"}})
    for allowed in (port, through):
        wiring.use(open_client(allow=(f"127.0.0.1:{allowed}",)))
        with pytest.raises(Rejected) as caught:
            await call(wiring)
        assert caught.value.code == "EGRESS_DENIED"
    assert (proxy.heads, peer.heads) == ([], [])


def test_the_secrets_of_a_connection_are_bound_to_its_authority_and_its_proxy() -> None:
    plain = {"base_url": "https://crm.example", "auth": "bearer"}
    routed = [
        {**plain, "tls": {"ca": "A"}},
        {**plain, "tls": {"server_name": "other.example"}},
        {**plain, "proxy": {"url": "http://proxy.example:3128"}},
        {**plain, "proxy": {"url": "http://proxy.example:3128", "user": "u"}},
    ]
    found = [binding(settings) for settings in (plain, *routed)]
    assert len({str(each.document()) for each in found}) == 5
    assert len({each.targets for each in found}) == 1


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"tls": {"ca": "no certificate"}}, "/settings/tls/ca"),
        ({"tls": {"unknown": 1}}, "/settings/tls"),
        ({"proxy": {"url": "proxy.example"}}, "/settings/proxy/url"),
        ({"proxy": {"url": "http://proxy.example/x"}}, "/settings/proxy/url"),
        ({"proxy": {"url": "http://proxy.example", "user": "a:b"}}, "/settings/proxy/user"),
    ],
)
def test_a_route_that_cannot_be_used_is_a_problem_when_the_connection_is_saved(settings: Any, path: str) -> None:
    found = KIND.problems({"base_url": "https://crm.example", **settings}, {})
    assert any(problem.path.startswith(path) for problem in found)
