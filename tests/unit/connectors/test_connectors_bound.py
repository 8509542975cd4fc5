"""The targets that a call may reach after it has opened a connection with secrets."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from looply.connectors.bound import BoundDialer, Bounds, BoundSender
from looply.connectors.email.connector import CONNECTOR as EMAIL
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.outbound.dialer import NoDialer
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import ConnectionKind, ConnectionValues, Connector, HttpRequest, HttpResponse
from looply.connectors.registry import Registry, load_connectors
from looply.connectors.sap.connector import CONNECTOR as SAP
from looply.errors import OperationError, Rejected, SettingsError

REGISTRY = Registry([("looply", HTTP), ("looply", SAP), ("looply", EMAIL)])


class Recorder:
    """A sender that records the URLs of requests."""

    def __init__(self, timeout: timedelta = timedelta(0)) -> None:
        self.urls: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.urls.append(str(request.url))
        return HttpResponse(status=200, reason="OK")


def opened(kind: str, settings: dict[str, Any], **secrets: str) -> ConnectionValues:
    targets = REGISTRY.targets(kind, settings) if secrets else None
    return ConnectionValues(name="X", kind=kind, settings=settings, secrets=secrets, targets=targets)


def request(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=parse_url(url))


SHOP = opened("http", {"base_url": "https://api.example/v1", "allowed_hosts": ["img.example"]}, token="canary")
GATEWAY = opened("sap", {"base_url": "https://sap.example:44300", "user": "u"}, password="canary")


@pytest.mark.parametrize(
    ("values", "url"),
    [
        (SHOP, "http://api.example/v1"),
        (SHOP, "https://api.example:8443/v1"),
        (SHOP, "https://evil.example/"),
        (GATEWAY, "https://sap.example/"),
        (GATEWAY, "https://api.example/"),
        (opened("http", {"base_url": "no url"}, token="canary"), "https://api.example/"),
        (opened("unknown", {"base_url": "https://api.example"}, token="canary"), "https://api.example/"),
    ],
)
async def test_a_request_elsewhere_is_refused_and_nothing_is_sent(values: ConnectionValues, url: str) -> None:
    recorder, bounds = Recorder(), Bounds()
    bounds.add(values)
    with pytest.raises(Rejected) as caught:
        await BoundSender(recorder, bounds).send(request(url))
    assert (caught.value.code, caught.value.sent, recorder.urls) == ("CREDENTIAL_BOUND", False, [])


async def test_requests_to_the_targets_of_a_calls_connections_are_sent() -> None:
    recorder, bounds = Recorder(), Bounds()
    sender = BoundSender(recorder, bounds)
    await sender.send(request("https://anywhere.example/"))
    bounds.add(opened("http", {"base_url": "https://open.example"}))
    await sender.send(request("https://anywhere.example/"))
    bounds.add(SHOP)
    bounds.add(GATEWAY)
    for url in ("https://api.example/other", "https://img.example/", "https://sap.example:44300/odata"):
        await sender.send(request(url))
    assert len(recorder.urls) == 5


async def test_mail_goes_to_the_server_of_its_connection_alone() -> None:
    bounds = Bounds()
    bounds.add(opened("smtp", {"host": "Mail.example", "port": 587, "from": "a@b.example"}, password="canary"))
    dialer = BoundDialer(NoDialer(), bounds)
    for host, port in (("evil.example", 587), ("mail.example", 25)):
        with pytest.raises(Rejected, match="not for smtp"):
            await dialer.dial(host, port)
    with pytest.raises(OperationError, match="cannot connect to"):
        await dialer.dial("mail.example", 587)


class Token(msgspec.Struct):
    token: str


def test_a_kind_with_secrets_and_without_a_binding_is_refused() -> None:
    kind = ConnectionKind(name="loose", title="Loose", settings=msgspec.defstruct("S", []), secrets=Token)
    connector = Connector(name="loose", title="Loose", operations=(), connection_kinds=(kind,))
    with pytest.raises(SettingsError, match="loose has secrets and does not declare what binds them") as caught:
        Registry([("plugin", connector)])
    assert "binding" in caught.value.problems[0].hint


def test_every_installed_kind_with_secrets_declares_a_binding() -> None:
    kinds = [kind for connector in load_connectors().connectors for kind in connector.connection_kinds]
    assert {kind.name for kind in kinds} >= {"http", "sap", "smtp", "graph_mail"}
    assert [kind.name for kind in kinds if kind.has_secrets and kind.binding is None] == []
