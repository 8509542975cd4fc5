"""Following an execution: asks for what is new, soon while something happens, less often while nothing does."""

import json
from typing import Any, Final

from looply.cli.client import ApiClient
from looply.cli.finding import read_execution
from looply.cli.tables import instant
from looply.cli.terminal import Terminal
from looply.errors import Timeout

_FIRST_SECONDS: Final = 0.2
_LAST_SECONDS: Final = 3.0
_ENDED: Final = ("COMPLETED", "FAILED", "TERMINATED")
_TOLD: Final = ("operation", "branch", "code", "message", "source", "user", "reason", "attempt")
"""Fields of an entry that a line tells; the payloads are left to `show`."""


class Watch:
    """One telling of an execution's log, line by line, each entry once. `timeout` is in seconds."""

    def __init__(self, client: ApiClient, terminal: Terminal, timeout: float) -> None:
        self._client = client
        self._terminal = terminal
        self._timeout = timeout
        self._seen = 0

    async def follow(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        """Returns the execution with its whole log when it has ended. Raises: Timeout (code `STILL_OPEN`)."""
        clock = self._terminal.clock
        deadline, seconds = clock.monotonic() + self._timeout, _FIRST_SECONDS
        while True:
            item = await read_execution(self._client, workflow_id, execution_id, self._seen)
            has_news = self._tell(item["workflow_event_log"])
            if has_news and item.get("truncated"):
                continue
            if item["status"] in _ENDED:
                return await read_execution(self._client, workflow_id, execution_id)
            if clock.monotonic() >= deadline:
                message = f"the execution is still {item['status']} after {self._timeout:g} seconds"
                raise Timeout(message, code="STILL_OPEN")
            seconds = _FIRST_SECONDS if has_news else min(seconds * 1.5, _LAST_SECONDS)
            await self._terminal.pause(seconds)

    def _tell(self, entries: list[dict[str, Any]]) -> bool:
        fresh = [entry for entry in entries if entry["seq"] > self._seen]
        for entry in fresh:
            self._terminal.say(_line(entry))
            self._seen = entry["seq"]
        return bool(fresh)


def _line(entry: dict[str, Any]) -> str:
    told = {name: entry[name] for name in _TOLD if entry.get(name) not in (None, "")}
    details = " ".join(f"{name}={_short(value)}" for name, value in told.items())
    return f"{instant(entry['timestamp'])}  {entry['type']:<22} {entry.get('state') or '':<24} {details}".rstrip()


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
