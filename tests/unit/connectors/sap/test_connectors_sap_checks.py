"""The test of a connection, and what a system offers, against the strict gateway."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.servers.certificates import Authority
from kit.servers.sap_gateway import METADATA, SERVICE_2, StrictGateway
from looply.clock import SystemClock
from looply.connectors.credentials.logons import MOST_FAILURES
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import Check
from looply.connectors.sap.checks import check_connection
from looply.connectors.sap.discovering.discovery import discover
from looply.connectors.sap.discovering.edm import read_edm
from looply.connectors.sap.types.elements import MAX_BYTES, MAX_DEPTH
from looply.errors import AuthFailed, Rejected

OURS = Authority("ours")


def context(strict: Any, **changes: Any) -> Any:
    dialer = GuardedDialer(EgressPolicy(("127.0.0.0/8",)))
    return replace(strict.context(), dialer=dialer, clock=SystemClock(), **changes)


async def check(strict: Any, path: str = SERVICE_2, **settings: Any) -> dict[str, Check]:
    values = strict.connections["S4"]
    values = replace(values, settings={**values.settings, **settings})
    return {each.name: each for each in await check_connection(context(strict), values, path)}


def states(checks: Mapping[str, Check]) -> dict[str, str]:
    return {name: each.state for name, each in checks.items()}


GOOD = {"dns": "ok", "tcp": "ok", "tls": "skipped", "logon": "ok", "service": "ok", "csrf": "ok", "clock": "skipped"}


async def test_a_connection_that_works_passes_every_check(strict: Any) -> None:
    checks = await check(strict)
    assert states(checks) == GOOD
    assert all(not each.fix for each in checks.values())


async def test_a_refused_logon_says_what_to_correct_and_what_follows_is_skipped(
    strict: Any, gateway: StrictGateway
) -> None:
    gateway.password = "another password"
    checks = await check(strict)
    assert states(checks) == {**GOOD, "logon": "failed", "service": "skipped", "csrf": "skipped"}
    assert "password" in checks["logon"].fix
    assert gateway.failed_logons == 1


async def test_a_test_begins_the_logons_again(strict: Any, perform: Any, gateway: StrictGateway) -> None:
    gateway.password = "another password"
    for _ in range(MOST_FAILURES):
        await perform(entity="Orders")
    with pytest.raises(AuthFailed):
        await perform(entity="Orders")
    gateway.failed_logons, gateway.password = 0, "hunter2-hunter2"
    assert (await check(strict))["logon"].state == "ok"
    assert (await perform(entity="Orders"))["status"] == "200"


async def test_a_logon_page_is_no_success(strict: Any, gateway: StrictGateway) -> None:
    gateway.has_logon_page = True
    checks = await check(strict)
    assert checks["logon"].state == "failed"
    assert "browser" in checks["logon"].text


async def test_a_service_that_is_not_active_is_reported(strict: Any) -> None:
    checks = await check(strict, "/sap/opu/odata/sap/NOT_ACTIVE")
    assert (checks["logon"].state, checks["service"].state) == ("ok", "failed")
    assert "MAINT_SERVICE" in checks["service"].fix
    assert (await check(strict, ""))["service"].state == "warning"


async def test_a_service_without_tokens_is_a_warning(strict: Any, gateway: StrictGateway) -> None:
    gateway.has_tokens = False
    assert (await check(strict))["csrf"].state == "warning"


async def test_a_host_and_a_port_that_do_not_answer_are_reported(strict: Any, serve: Any) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    port = await serve(nothing)
    checks = await check(strict, base_url="http://no-such-host.invalid")
    assert states(checks)["dns"] == "failed"
    assert states(checks)["tcp"] == "skipped"
    checks = await check(strict, base_url="http://127.0.0.1:1")
    assert (checks["dns"].state, checks["tcp"].state) == ("ok", "failed")
    checks = await check(strict, base_url=f"https://127.0.0.1:{port}")
    assert (checks["tcp"].state, checks["tls"].state) == ("ok", "failed")
    checks = await check(strict, base_url=f"http://127.0.0.1:{port}")
    assert (checks["tcp"].state, checks["logon"].state) == ("ok", "failed")


@pytest.mark.parametrize(
    ("given", "lasts", "state", "says"),
    [
        ({"ca": OURS.certificate.decode()}, 100, "ok", "valid until"),
        ({"ca": OURS.certificate.decode()}, 1, "warning", "valid until"),
        (None, 100, "failed", "tls.ca"),
        ({"ca": OURS.certificate.decode(), "server_name": "x.internal"}, 100, "failed", "server_name"),
        ({"ca": OURS.certificate.decode()}, -1, "failed", "renewed"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_reported(  # noqa: PLR0917 - cases and fixtures
    given: Any, lasts: int, state: str, says: str, strict: Any, gateway: StrictGateway, serve: Any, tmp_path: Path
) -> None:
    certificate, key = OURS.issue("s4.internal", lasts=timedelta(days=lasts)).written(tmp_path, "server")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    port = await serve(gateway.serve, ssl=server)
    found = (await check(strict, base_url=f"https://127.0.0.1:{port}", tls=given))["tls"]
    assert found.state == state
    assert says in f"{found.text} {found.fix}"


async def test_settings_that_are_not_complete_are_reported(strict: Any) -> None:
    checks = await check(strict, auth="oauth_client")
    assert checks["dns"].state == "failed"
    assert "token_url" in checks["dns"].text


async def test_entities_and_operations_of_a_service_are_discovered(strict: Any) -> None:
    found = await discover(context(strict), strict.connections["S4"], {"service": SERVICE_2})
    (orders,) = found["entity_sets"]
    assert (orders["name"], orders["keys"], orders["navigation"]) == ("Orders", ["Order"], ["to_Item"])
    assert orders["properties"][0] == {
        "name": "Order", "type": "Edm.String", "max_length": 10, "nullable": False, "label": "Purchase order",
    }  # fmt: skip
    assert orders["properties"][1]["scale"] == 3
    (release,) = found["operations"]
    assert (release["name"], release["method"], release["parameters"]) == (
        "Release",
        "POST",
        [{"name": "Order", "type": "Edm.String"}],
    )


async def test_a_system_whose_catalogs_are_closed_says_so(strict: Any) -> None:
    with pytest.raises(Rejected, match="name the service instead") as caught:
        await discover(context(strict), strict.connections["S4"], {})
    assert caught.value.code == "NOT_DISCOVERED"
    with pytest.raises(Rejected, match="status 404"):
        await discover(context(strict), strict.connections["S4"], {"service": "/sap/opu/odata/sap/NONE"})


V4 = b"""<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="N">
<EntityType Name="Base" Abstract="true"><Key><PropertyRef Name="Id"/></Key>
<Property Name="Id" Type="Edm.Int64"/></EntityType>
<EntityType Name="Order" BaseType="N.Base"><Property Name="Total" Type="Edm.Decimal" Scale="variable"/></EntityType>
<Action Name="Release" IsBound="true"><Parameter Name="it" Type="N.Order"/><ReturnType Type="N.Order"/></Action>
<Function Name="Find"><ReturnType Type="Collection(N.Order)"/></Function>
<EntityContainer Name="C"><EntitySet Name="Orders" EntityType="N.Order"/>
<FunctionImport Name="Find" Function="N.Find"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""


def test_the_fourth_version_is_read_too() -> None:
    found = read_edm(V4, "N")
    (orders,) = found["entity_sets"]
    assert [each["name"] for each in orders["properties"]] == ["Id", "Total"]
    assert orders["keys"] == ["Id"]
    assert [(each["name"], each["kind"], each["is_bound"], each["returns"]) for each in found["operations"]] == [
        ("Find", "function", False, "Collection(N.Order)"),
        ("Release", "action", True, "N.Order"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + V4, "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + V4, "document type"),
        (b"<a>" * (MAX_DEPTH + 1), "nested"),
        (b"{}", "well-formed"),
        (V4[:200], "well-formed"),
        (b"<a/>", "no schema"),
        (b" " * (MAX_BYTES + 1), "bytes"),
        (METADATA.encode().replace(b'encoding="utf-8"', b'encoding="x-none"'), "encoding"),
    ],
)
def test_metadata_that_cannot_be_read_is_a_clear_error(content: bytes, says: str) -> None:
    with pytest.raises(Rejected, match=says) as caught:
        read_edm(content, "ORDERS")
    assert caught.value.code == "BAD_METADATA"
