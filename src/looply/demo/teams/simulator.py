"""The simulator: it answers as Entra, the Bot Connector and Graph do, also where that is odd, and counts what it gets.

simulator = TeamsSimulator()
server = await asyncio.start_server(simulator.serve, "127.0.0.1", 0)
simulator.address = "http://127.0.0.1:..."
anna = simulator.world.add_user("Anna", "anna@contoso.test")

The demo has it as the other side of its bot, tests as that of the connector. Its answers are those of Microsoft's
pages; no tenant of Microsoft was asked.
"""

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from looply.demo.teams.connections import OpenConnections
from looply.demo.teams.connector import APP, TENANT, Connector
from looply.demo.teams.graph import Graph
from looply.demo.teams.people import World
from looply.demo.teams.signing import Key
from looply.demo.teams.wire import Reply, Request, error, read_request

SECRET = "s3cret-s3cret-s3cret"  # noqa: S105 - of an application that is not there
BOT_SCOPE = "https://api.botframework.com/.default"


@dataclass
class TeamsSimulator:
    """The state of Microsoft's side, and the switches of a test."""

    address: str = ""
    secret: str = SECRET
    token_seconds: int = 3600
    keys: list[Key] = field(default_factory=lambda: [Key("main"), Key("chat", ["webchat"])])
    people_key: Key = field(default_factory=lambda: Key("people", None))
    """The key by which Entra signs the tokens of people."""
    fault: Callable[[Request], Reply | None] = lambda _: None
    """The answer in the place of the usual one, before the request has had an effect."""
    fault_after: Callable[[Request], Reply | None] = lambda _: None
    """The answer in the place of the usual one, after it."""
    on_request: Callable[[Request], None] = lambda _: None
    requests: list[Request] = field(default_factory=list)
    world: World = field(default_factory=World)
    issued: Counter[str] = field(default_factory=Counter)
    """How many tokens were issued, by scope."""

    def __post_init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._connections = OpenConnections()
        self.graph = Graph(self.world)
        self.connector = Connector(self.world)

    @property
    def service_url(self) -> str:
        """The address of the Bot Connector."""
        return f"{self.address}/teams"

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Returns the settings of a connection to the simulator."""
        endpoints = {
            "login": self.address,
            "graph": f"{self.address}/graph",
            "service": self.service_url,
            "openid": f"{self.address}/v1/.well-known/openidconfiguration",
            "issuer": "https://api.botframework.com",
        }
        return {"tenant_id": TENANT, "app_id": APP, "cloud": "other", "endpoints": endpoints, **changes}

    def count(self, method: str, part: str) -> int:
        """Returns how many requests of a method had this part in their path."""
        return sum(1 for each in self.requests if each.method == method and part in each.target)

    def end_tokens(self) -> None:
        """Lets no token that was issued be good any more."""
        self._tokens.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection, until it is closed."""
        with self._connections.serving(writer):
            try:
                while (request := await read_request(reader)) is not None:
                    self.requests.append(request)
                    self.on_request(request)
                    reply = self.answer(request)
                    if reply.is_cut:
                        return
                    if reply.hangs:
                        await reader.read()
                        return
                    writer.write(reply.encode_http())
                    await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError):
                return

    async def close(self) -> None:
        """Ends all connections."""
        await self._connections.close()

    def answer(self, request: Request) -> Reply:
        """Returns the answer to one request, after its effect."""
        if (fault := self.fault(request)) is not None:
            return fault
        reply = self._route(request)
        return self.fault_after(request) or reply

    def _route(self, request: Request) -> Reply:
        match request.method, request.parts:
            case "POST", [tenant, "oauth2", "v2.0", "token"]:
                return self._token(request, tenant)
            case "GET", ["v1", ".well-known", "openidconfiguration"]:
                return Reply(
                    200, {"issuer": "https://api.botframework.com", "jwks_uri": f"{self.address}/v1/.well-known/keys"}
                )
            case "GET", ["v1", ".well-known", "keys"]:
                return Reply(200, {"keys": [each.public() for each in self.keys]})
            case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"] if tenant == TENANT:
                issuer = f"{self.address}/{tenant}/v2.0"
                return Reply(200, {"issuer": issuer, "jwks_uri": f"{self.address}/{tenant}/discovery/v2.0/keys"})
            case "GET", [tenant, "discovery", "v2.0", "keys"] if tenant == TENANT:
                return Reply(200, {"keys": [self.people_key.public()]})
            case _, ["graph", "v1.0", *path]:
                return self._authorized(request, f"{self.address}/graph/.default") or self.graph.answer(request, path)
            case _, ["teams", "v3", "conversations", *path]:
                return self._authorized(request, BOT_SCOPE) or self.connector.answer(request, path)
        return error(404, "NotFound")

    def _token(self, request: Request, tenant: str) -> Reply:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        pair = b64decode(request.headers.get("authorization", "").removeprefix("Basic ") or "Og==").decode()
        client, _, secret = pair.partition(":")
        if tenant != TENANT:
            return Reply(400, {"error": "invalid_request", "error_description": "AADSTS90002: no such tenant"})
        if (client, secret) != (APP, self.secret) or form.get("grant_type") != "client_credentials":
            return Reply(401, {"error": "invalid_client", "error_description": "AADSTS7000215: invalid client secret"})
        scope = form.get("scope", "")
        self.issued[scope] += 1
        roles = sorted(self.graph.rights) if scope.startswith(f"{self.address}/graph") else []
        token = self.keys[0].sign({"aud": scope, "roles": roles, "jti": self.world.next_number()})
        self._tokens[token] = scope
        return Reply(200, {"token_type": "Bearer", "expires_in": self.token_seconds, "access_token": token})

    def _authorized(self, request: Request, scope: str) -> Reply | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return None if self._tokens.get(token) == scope else error(401, "Unauthorized")
