"""A gate before a Temporal server, as a cluster of one's own or a cloud has it: TLS, certificates, API keys.

    async with Gate(temporal_address, server=pair) as gate:
        settings = TemporalSettings(address=gate.address, tls=True, tls_ca=...)

It is a server of gRPC that knows no messages: it passes on the bytes of each call, and notes what came with it.
"""

from types import TracebackType
from typing import Any

import grpc

from kit.servers.certificates import Authority, Pair

NOT_PASSED_ON = ("authorization", "user-agent")


class Gate(grpc.GenericRpcHandler):  # type: ignore[misc, unused-ignore]
    """Lets calls through to the server at `address`.

    `server` is its certificate. With `clients` it wants a certificate of that authority from each caller; while `key`
    is not empty it refuses calls without this API key.
    """

    def __init__(self, address: str, server: Pair, *, clients: Authority | None = None, key: str = "") -> None:
        self.key = key
        self.shown: list[str] = []
        """What each call has shown as its authorization; empty for nothing."""
        self._inner_address = address
        self._server = server
        self._clients = clients
        self.address = ""

    async def __aenter__(self) -> "Gate":
        self._channel = grpc.aio.insecure_channel(self._inner_address)
        self._gate = grpc.aio.server()
        self._gate.add_generic_rpc_handlers((self,))
        authority = self._clients.certificate if self._clients is not None else None
        pairs = [(self._server.key, self._server.certificate)]
        credentials = grpc.ssl_server_credentials(pairs, authority, require_client_auth=authority is not None)
        self.address = f"127.0.0.1:{self._gate.add_secure_port('127.0.0.1:0', credentials)}"
        await self._gate.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gate.stop(0)
        await self._channel.close()

    def service(self, details: Any) -> Any:
        """Returns what is done with a call, whatever its method."""

        async def pass_on(request: bytes, context: Any) -> bytes:
            metadata = [(name, value) for name, value in context.invocation_metadata() if name not in NOT_PASSED_ON]
            shown = dict(context.invocation_metadata()).get("authorization", "")
            self.shown.append(shown)
            if self.key and shown != f"Bearer {self.key}":
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request unauthorized.")
            call = self._channel.unary_unary(details.method)
            try:
                answer: bytes = await call(request, metadata=metadata, timeout=context.time_remaining())
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "", error.trailing_metadata())
                raise AssertionError("an abort does not return") from error
            return answer

        return grpc.unary_unary_rpc_method_handler(pass_on)
