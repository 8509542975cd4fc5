"""Fakes and loopback servers of the connector tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kit.memory.mock_transport import MockTransport
from kit.servers.sap_gateway import StrictGateway
from looply.connectors.blobs import Blob, is_reference
from looply.connectors.client import HttpClient, build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.sessions import SessionCache
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.outbound.documents import DocumentCache
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import CallContext, ConnectionValues, HttpSender
from looply.errors import BadInput
from looply.jsontext import Json
from looply.limits import Limits

Serve = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]], Awaitable[int]]


class FakeClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Wiring:
    """Builds call contexts over one client, with connections kept in a dict."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.cache = SessionCache(clock)
        self.tokens = TokenCache(clock)
        self.logons = Logons()
        self.documents = DocumentCache(clock)
        self.connections: dict[str, ConnectionValues] = {}
        self.requests: list[httpx2.Request] = []
        self.http: HttpSender | None = None

    def add(self, name: str, kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> None:
        self.connections[name] = ConnectionValues(name=name, kind=kind, settings=settings, secrets=secrets or {})

    def answer(self, *responses: httpx2.Response | Exception) -> None:
        """Lets a mock transport give these responses in order and records the requests."""
        pending = list(responses)

        def handle(request: httpx2.Request) -> httpx2.Response:
            self.requests.append(request)
            response = pending.pop(0)
            if isinstance(response, Exception):
                raise response
            return response

        self.use(HttpClient(MockTransport(handle)))

    def use(self, client: HttpClient, timeout: timedelta = timedelta(minutes=2)) -> None:
        self.http = client.sender(timeout)

    def context_without_network(self) -> CallContext:
        """Returns a context whose HTTP requests all fail."""
        self.answer()
        return self.context()

    def context(self) -> CallContext:
        assert self.http is not None
        return CallContext(
            idempotency_key="exe-1:httpRequest_1:1",
            execution_id="exe-1",
            step="httpRequest_1",
            attempt=2,
            timeout=timedelta(seconds=20),
            http=self.http,
            connection=self._named,
            clock=self.clock,
            cache=self.cache,
            tokens=self.tokens,
            logons=self.logons,
            documents=self.documents,
            matching_connection=self._matching,
        )

    async def _named(self, name: str) -> ConnectionValues:
        if name not in self.connections:
            raise BadInput(f"there is no connection {name}")
        return self.connections[name]

    async def _matching(self, kind: str, settings: Mapping[str, str]) -> ConnectionValues:
        for values in self.connections.values():
            if values.kind == kind and settings.items() <= values.settings.items():
                return values
        raise BadInput("no connection fits")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wiring(clock: FakeClock) -> Wiring:
    return Wiring(clock)


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers on free ports of 127.0.0.1 and ends them with the test."""
    servers: list[asyncio.Server] = []

    async def start(
        handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], **options: Any
    ) -> int:
        server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


@pytest_asyncio.fixture
async def open_client(trust: ssl.SSLContext) -> AsyncIterator[Callable[..., HttpClient]]:
    """Builds guarded clients that may reach 127.0.0.0/8, unless another policy is given."""
    clients: list[HttpClient] = []

    def build(allow: tuple[str, ...] = ("127.0.0.0/8",), limits: Limits | None = None, **options: Any) -> HttpClient:
        if "ca_file" not in options:
            options.setdefault("tls", trust)
        client = build_client(EgressPolicy(allow), limits or Limits(), **options)
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


class KeptBlobs:
    """Blobs in memory; the hash of each is its number."""

    def __init__(self) -> None:
        self.kept: list[Blob] = []
        self.error: Exception | None = None

    async def keep(self, content: bytes, media_type: str, name: str) -> Json:
        if self.error is not None:
            raise self.error
        self.kept.append(Blob(content=content, media_type=media_type, name=name))
        return {"$blob": str(len(self.kept)), "type": media_type, "name": name, "size": len(content)}

    async def open(self, reference: Json) -> Blob:
        if not is_reference(reference) or not 0 < int(reference["$blob"]) <= len(self.kept):
            raise BadInput("there is no such blob")
        return self.kept[int(reference["$blob"]) - 1]


@pytest.fixture
def blobs() -> KeptBlobs:
    return KeptBlobs()


@pytest.fixture
def gateway() -> StrictGateway:
    return StrictGateway()


@pytest_asyncio.fixture
async def base_url(gateway: StrictGateway) -> AsyncIterator[str]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await gateway.close()
