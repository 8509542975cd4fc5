"""Following executions by the server's event streams: across lost connections and restarts, each entry once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, TypeVar

from httpx2 import ServerSentEvent

from looply.cli.display.json_texts import read_json
from looply.cli.executions.entries import details
from looply.cli.executions.finding import read_execution
from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.failures import ApiRefused
from looply.cli.terminal.key_names import KeyNames
from looply.cli.terminal.tables import instant
from looply.cli.terminal.terminal import Terminal
from looply.errors import Timeout, Unavailable

_Found = TypeVar("_Found")
_FIRST_SECONDS: Final = 0.2
_LAST_SECONDS: Final = 3.0
_TRANSIENT_STATUSES: Final = (429, 503)
"""Statuses of a server that is overloaded or about to stop: the call is repeated."""


class Watch:
    """Writes the log entries of executions as they happen, each once. `timeout` is in seconds, None: no limit."""

    def __init__(self, client: ApiClient, terminal: Terminal, timeout: float | None) -> None:
        self._client = client
        self._names = KeyNames(client)
        self._terminal = terminal
        self._timeout = timeout
        self._deadline = float("inf") if timeout is None else terminal.clock.monotonic() + timeout

    async def follow(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        """Returns the execution when it has ended, or is stopped by an incident.

        Raises: Timeout (code `STILL_OPEN`), ApiRefused, Unavailable if the server has never responded.
        """

        async def read(after: int = 0) -> dict[str, Any]:
            return await self._read_with_retry(lambda: read_execution(self._client, workflow_id, execution_id, after))

        async with aclosing(self._events("watchExecution", workflow_execution_id=execution_id)) as events:
            async for event in events:
                if event.event == "end":
                    break
                entry = read_json(event.data)
                await self._say(entry)
                if entry["type"] != "EXECUTION_FAILED" or "incident_id" not in entry:
                    continue
                # The incident may be resolved long since: then the stream shows that next.
                item = await read(entry["seq"])
                if item["status"] == "FAILED":
                    for later in item["workflow_event_log"]["events"]:
                        await self._say(later)
                    break
        return await read()

    async def follow_all(self, after: str) -> None:
        """Writes the entries of all executions from now on, or after the event `after`, until the timeout expires.

        With `--json` each entry is a document on a line of its own, with the `id` that `after` accepts.
        """
        try:
            async with aclosing(self._events("watchOrganization", after)) as events:
                async for event in events:
                    entry = read_json(event.data)
                    if not self._terminal.is_table:
                        self._terminal.show({"id": event.id, **entry}, str)
                        self._terminal.flush()
                    else:
                        await self._say(entry, f"{entry['workflow_execution_id']}  ")
        except Timeout:
            return

    async def _say(self, entry: dict[str, Any], before: str = "") -> None:
        """Writes an entry as a line for people, with the name of the key that made the call."""
        if self._terminal.is_table:
            (shown,) = await self._names.replace_ids([entry], "by")
            self._terminal.say(f"{before}{_entry_line(shown)}")

    async def _events(self, name: str, last: str = "", **query: str) -> AsyncGenerator[ServerSentEvent, None]:
        """Yields the events of a stream; reconnects after its last event as often as the stream breaks off."""
        has_answered, seconds = False, _FIRST_SECONDS
        while True:
            try:
                async with aclosing(self._client.stream(name, last, **query)) as events:
                    while (event := await self._in_time(anext(events, None))) is not None:
                        has_answered, seconds, last = True, _FIRST_SECONDS, event.id
                        # The server repeats a refusal, with its status, when the client reconnects.
                        if event.data and event.event != "refused":
                            yield event
            except (ApiRefused, Unavailable) as error:
                if not has_answered or not _is_transient(error):
                    raise
            await self._pause(seconds)
            seconds = min(seconds * 1.5, _LAST_SECONDS)

    async def _read_with_retry(self, call: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Returns the response of a read; repeats the read while the server is unavailable."""
        while True:
            try:
                found: dict[str, Any] = await self._in_time(call())
                return found
            except (ApiRefused, Unavailable) as error:
                if not _is_transient(error):
                    raise
            await self._pause(_LAST_SECONDS)

    async def _in_time(self, pending: Awaitable[_Found]) -> _Found:
        left = self._deadline - self._terminal.clock.monotonic()
        try:
            async with asyncio.timeout(None if left == float("inf") else max(left, 0.0)):
                return await pending
        except TimeoutError as error:
            raise self._timeout_error() from error

    async def _pause(self, seconds: float) -> None:
        if self._terminal.clock.monotonic() >= self._deadline:
            raise self._timeout_error()
        await self._terminal.pause(seconds)

    def _timeout_error(self) -> Timeout:
        return Timeout(f"the execution has not ended within {self._timeout:g} seconds", code="STILL_OPEN")


def _is_transient(error: ApiRefused | Unavailable) -> bool:
    return isinstance(error, Unavailable) or error.status in _TRANSIENT_STATUSES


def _entry_line(entry: dict[str, Any]) -> str:
    return f"{instant(entry['timestamp'])}  {entry['type']:<22} {_location(entry):<24} {details(entry)}".rstrip()


def _location(entry: dict[str, Any]) -> str:
    state, scope = entry.get("state") or "", entry.get("scope")
    return f"{scope}/{state}" if scope else state
