"""The load generator of `looply bench`: callers in a closed loop, each triggers as soon as its last call was answered.

It speaks HTTP/1.1 over plain sockets, since a full client costs more than the server under test.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec

from looply.clock import Clock
from looply.errors import Unavailable

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one phase. Times are milliseconds from sending a call to receiving its response."""

    clients: int
    executions: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    errors: int


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request as bytes, and the server that gets it."""

    host: str
    port: int
    content: bytes

    @classmethod
    def post(cls, url: str, path: str, api_key: str, body: bytes) -> Self:
        """Returns a POST of a JSON body."""
        parts = urlsplit(url)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nx-api-key: {api_key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return cls(host=parts.hostname or "", port=parts.port or 80, content=head.encode("ascii") + body)


async def measure(request: HttpRequest, clients: int, seconds: float, clock: Clock) -> Measured:
    """Returns what `clients` callers measured in `seconds`. Raises: Unavailable when a connection breaks."""
    until = clock.monotonic() + seconds
    begun = clock.monotonic()
    try:
        results = await asyncio.gather(*(_call_until(request, until, clock) for _ in range(clients)))
    except (OSError, EOFError) as error:
        raise Unavailable(f"the server broke a connection ({type(error).__name__})") from error
    elapsed = clock.monotonic() - begun
    times = sorted(time for took, _ in results for time in took)
    return Measured(
        clients=clients,
        executions=len(times),
        per_second=round(len(times) / elapsed, 1),
        **{f"p{share}_ms": round(_percentile(times, share) * 1000, 2) for share in (50, 95, 99)},
        errors=sum(errors for _, errors in results),
    )


async def _call_until(request: HttpRequest, until: float, clock: Clock) -> tuple[list[float], int]:
    """Returns the seconds that each accepted call took, and how many calls were not accepted."""
    reader, writer = await asyncio.open_connection(request.host, request.port)
    took: list[float] = []
    errors = 0
    try:
        while (sent := clock.monotonic()) < until:
            writer.write(request.content)
            if await _status(reader) == 200:
                took.append(clock.monotonic() - sent)
            else:
                errors += 1
    finally:
        writer.close()
        await writer.wait_closed()
    return took, errors


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(_HEAD_END)
    lines = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(_LENGTH))
    await reader.readexactly(length)
    return int(lines[0].split(b" ", 2)[1])


def _percentile(times: Sequence[float], share: int) -> float:
    """Returns the nearest-rank percentile, 0 if there are no times."""
    return times[min(len(times) - 1, len(times) * share // 100)] if times else 0.0


def definition() -> dict[str, Any]:
    """Returns the measured workflow: a trigger and three computing steps."""
    steps: list[dict[str, Any]] = [
        {"id": "WorkflowStartState", "type": "trigger", "description": "", "settings": {"trigger_type": "REQUEST"}},
        {
            "id": "overridePayload_1",
            "type": "overridePayload",
            "description": "Compute a value",
            "settings": {"parameters": [{"name": "total", "value": "${mul(payload.output.amount, 1.19)}"}]},
        },
        {
            "id": "conditional_1",
            "type": "conditional",
            "description": "Decide on it",
            "settings": {
                "rules": [{"variable": "${payload.output.total}", "operator": "NumericGreaterThan", "value": 1000}]
            },
        },
        {
            "id": "overridePayload_2",
            "type": "overridePayload",
            "description": "Compute a text of it",
            "settings": {
                "parameters": [{"name": "text", "value": "Order ${payload.output.po}: ${payload.output.total} EUR"}]
            },
        },
    ]
    edges = [
        {"from": "WorkflowStartState", "to": "overridePayload_1"},
        {"from": "overridePayload_1", "to": "conditional_1"},
        {"from": "conditional_1", "to": "overridePayload_2", "branch": "yes"},
        {"from": "conditional_1", "to": "overridePayload_2", "branch": "no"},
    ]
    return {"workflow_name": "Measurement", "workflow_steps": steps, "workflow_connections": edges}


PAYLOAD: Final = {"po": "4500000101", "amount": 17010.0, "currency": "EUR", "supplier": "Northwater Pumps GmbH"}
"""The body of every call."""
