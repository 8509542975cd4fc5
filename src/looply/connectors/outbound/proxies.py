"""Tunnels through HTTP proxies (`CONNECT`, RFC 9110 §9.3.6), for plain and for encrypted targets alike.

The proxy resolves the name of the target again, so the check of the target's addresses holds for what this process
resolved. A proxy is a setting of a connection, which names the target as well; payloads choose neither.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

import httpcore2

from looply.connectors.outbound.network import GuardedBackend
from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.trust import machine_trust
from looply.connectors.outbound.urls import parse_url, port_of
from looply.errors import Unavailable

_HEAD_BYTES: Final = 16_384
"""The most bytes of a proxy's answer to `CONNECT`."""


class TunnelBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to permitted targets through the proxy of a route, which must be permitted too."""

    def __init__(self, backend: GuardedBackend, route: Route) -> None:
        self._backend = backend
        self._route = route
        self._proxy = parse_url(route.proxy)
        self._name = f"{self._proxy.host}:{port_of(self._proxy)}"

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Returns a tunnel to `host`.

        Raises: Rejected (code `EGRESS_DENIED`) for a target or a proxy that the policy does not permit; Unavailable for
        a proxy that refuses; the library's ConnectError and ConnectTimeout.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._backend.check(host, port)
                return await self._tunnel(host, port, timeout, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("proxy") from error
        except (httpcore2.ReadError, httpcore2.WriteError, httpcore2.RemoteProtocolError) as error:
            raise self._refusal("closed the connection instead of opening a tunnel") from error

    async def _tunnel(
        self,
        host: str,
        port: int,
        seconds: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None,
    ) -> httpcore2.AsyncNetworkStream:
        proxy = self._proxy
        stream = await self._backend.connect_tcp(proxy.host, port_of(proxy), seconds, local_address, socket_options)
        is_open = False
        try:
            if proxy.scheme == "https":
                context = await asyncio.to_thread(machine_trust)
                stream = await stream.start_tls(context, proxy.host, seconds)
            await stream.write(self._request(host, port), seconds)
            self._judge(await self._head(stream, seconds))
            is_open = True
            return stream
        finally:
            if not is_open:
                await stream.aclose()

    def _request(self, host: str, port: int) -> bytes:
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if self._route.proxy_user:
            credentials = f"{self._route.proxy_user}:{self._route.proxy_password}".encode("utf-8", "replace")
            lines.append(f"Proxy-Authorization: Basic {b64encode(credentials).decode('ascii')}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    async def _head(self, stream: httpcore2.AsyncNetworkStream, seconds: float | None) -> bytes:
        """Returns the head of the answer. Nothing may follow it: the target speaks only after it is spoken to."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = await stream.read(_HEAD_BYTES, seconds)
            head += part
            if not part or len(head) > _HEAD_BYTES or b"\r\n\r\n" in head[:-4]:
                # The body of a refusal follows its head.
                if head.startswith(b"HTTP/1.") and b"\r\n\r\n" in head and not _is_success(head):
                    return head
                raise self._refusal("sent no answer of HTTP to CONNECT")
        return head

    def _judge(self, head: bytes) -> None:
        if _is_success(head):
            return
        line = head.partition(b"\r\n")[0].decode("latin-1")
        status = line.split(" ")[1] if line.count(" ") else ""
        if status == "407":
            raise self._refusal("asks for another logon (407); correct `proxy.user` and the secret `proxy_password`")
        if not (status.isascii() and status.isdigit() and len(status) == 3):
            raise self._refusal("sent no answer of HTTP to CONNECT")
        raise self._refusal(f"does not open a tunnel to the target (status {status})")

    def _refusal(self, text: str) -> Unavailable:
        error = Unavailable(f"the proxy {self._name} {text}")
        error.is_of_connection = True
        return error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuses, as `GuardedBackend` does."""
        return await self._backend.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Waits; the library calls it between attempts to connect."""
        await self._backend.sleep(seconds)


def _is_success(head: bytes) -> bool:
    version, _, rest = head.partition(b" ")
    return version.startswith(b"HTTP/1.") and rest[:1] == b"2" and rest[:3].isdigit()
