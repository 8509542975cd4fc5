"""A transport of the HTTP client whose answers a function gives, by the requests and responses of the library."""

from collections.abc import Callable

import httpx2

from looply.connectors.outbound.line import Outgoing
from looply.connectors.outbound.transport import Reply


class MockTransport:
    """See `Transport`: nothing leaves the process."""

    def __init__(self, handle: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self._library = httpx2.MockTransport(handle)

    async def exchange(self, request: Outgoing) -> Reply:
        """Returns what the function answers. Raises: what it raises."""
        method, headers = request.method.decode(), list(request.headers)
        asked = httpx2.Request(method, request.url, headers=headers, content=request.content)
        response = await self._library.handle_async_request(asked)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return Reply(response.status_code, response.reason_phrase.encode(), response.headers.raw, response.stream)

    async def aclose(self) -> None:
        """Has nothing to close."""
