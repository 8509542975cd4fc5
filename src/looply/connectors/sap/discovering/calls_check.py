"""Checks calls of definitions against the services of a system: reads the `$metadata` of each, and compares them."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from looply.connectors.port import CallCheck, CallContext, ConnectionValues, DefinedCall
from looply.connectors.sap.calls.paths import service_path
from looply.connectors.sap.calls.settings import SapConnectionSettings, client_text
from looply.connectors.sap.discovering.comparing import Comparison
from looply.connectors.sap.discovering.discovery import ServiceReader
from looply.connectors.sap.types.elements import UnreadableMetadata
from looply.connectors.sap.types.metadata import read_metadata
from looply.errors import AuthFailed, BadInput, OperationError, Problem, say
from looply.jsontext import Json

MAX_SERVICES: Final = 100
SECONDS: Final = 20.0
"""The most time for all services; a person waits for the answer."""
MAX_FINDINGS: Final = 2000
"""The findings of all calls together that are listed; the others are counted."""
_OPERATION: Final = "sap.odata"
_AT_ONCE: Final = 4
_GONE: Final = (404, 410)
_FIX: Final = say("ACTIVATE_SAP_SERVICE", "activate it (/IWFND/MAINT_SERVICE), or correct `service_path`")


@dataclass(slots=True)
class _Group:
    """The calls of one service in one client, by their places in the list, and their checks once there are any."""

    path: str
    client: str
    """Empty for the system's default."""
    calls: dict[int, Mapping[str, Json]] = field(default_factory=dict)
    checks: dict[int, CallCheck] = field(default_factory=dict)

    def set_all(self, check: CallCheck) -> None:
        """Gives all calls one check."""
        self.checks = dict.fromkeys(self.calls, check)

    def fail(self, reason: str) -> None:
        """Notes that the service was not read."""
        self.set_all(_unread(self.path, reason))


class _Budget:
    """The findings that are still listed; several threads take from it."""

    def __init__(self) -> None:
        self._left = MAX_FINDINGS
        self._lock = threading.Lock()

    def take(self, count: int) -> int:
        """Returns how many of so many findings are listed."""
        with self._lock:
            taken = min(count, self._left)
            self._left -= taken
        return taken


async def check_calls(
    ctx: CallContext, values: ConnectionValues, calls: Sequence[DefinedCall]
) -> tuple[CallCheck, ...]:
    """Returns a check for each call; what could not be read in time is a check with its failure.

    Until a service of a client has answered, one is read at a time: refused credentials are sent once to each client.
    Raises: BadInput for settings that do not fit.
    """
    settings = values.read("sap", SapConnectionSettings, "the check")
    found: dict[int, CallCheck] = {}
    groups: dict[tuple[str, str], _Group] = {}
    for index, call in enumerate(calls):
        place = _place_of(call, settings)
        if isinstance(place, CallCheck):
            found[index] = place
        else:
            groups.setdefault(place, _Group(*place)).calls[index] = call.input
    await _Check(ctx, values, settings).perform(list(groups.values()))
    for group in groups.values():
        found |= group.checks
    return tuple(found[index] for index in range(len(calls)))


def _place_of(call: DefinedCall, settings: SapConnectionSettings) -> tuple[str, str] | CallCheck:
    """Returns the service and the client of a call, or its check when it is compared with none."""
    if call.operation != _OPERATION:
        return CallCheck(is_compared=False)
    given = call.input.get("service_path")
    client = _client_of(call.input, settings)
    if client is None or (isinstance(given, str) and "${" in given):
        return CallCheck(unchecked=1, is_compared=False)
    try:
        path = service_path(given if isinstance(given, str) else "")
    except BadInput as error:
        message = say("SAP_PATH_INVALID", "is no path of a service ({reason})", reason=error.message)
        return CallCheck(problems=(Problem.of("/service_path", message),))
    try:
        return path, client_text(client) if client else ""
    except BadInput as error:
        return _unread(path, error.message)


def _client_of(call_input: Mapping[str, Json], settings: SapConnectionSettings) -> str | None:
    """Returns the client that a call is for, empty for the default; None when an expression gives it."""
    params, asked = call_input.get("params"), call_input.get("client")
    if isinstance(params, dict):
        asked = params.get("sap-client", asked)
    if isinstance(asked, str) and "${" in asked:
        return settings.client or None  # a call for another one fails
    return str(asked) if isinstance(asked, str | int) else settings.client


def _unread(path: str, reason: str) -> CallCheck:
    message = say("SAP_SERVICE_UNREAD", "{path} was not read: {reason}", path=path, reason=reason)
    return CallCheck(failure=Problem.of("/service_path", message))


class _Check:
    """One check of all services; it ends in time."""

    def __init__(self, ctx: CallContext, values: ConnectionValues, settings: SapConnectionSettings) -> None:
        self._ctx = ctx
        self._values = values
        self._settings = settings
        self._seconds = min(SECONDS, ctx.timeout.total_seconds())
        self._end = ctx.clock.monotonic() + self._seconds
        self._refusals: dict[str, str] = {}
        """Why the credentials were refused, by client."""
        self._accepted: set[str] = set()
        """The clients in which a service has answered."""
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._budget = _Budget()

    async def perform(self, groups: Sequence[_Group]) -> None:
        """Checks the calls of all groups."""
        for group in groups[MAX_SERVICES:]:
            group.fail(f"the most services of one check are {MAX_SERVICES}")
        later = []
        for group in groups[:MAX_SERVICES]:
            if group.client in self._accepted:
                later.append(group)
            else:
                await self._check(group)
        async with asyncio.TaskGroup() as tasks:
            for group in later:
                tasks.create_task(self._check(group))

    async def _check(self, group: _Group) -> None:
        async with self._turns:
            if refusal := self._refusals.get(group.client):
                group.fail(refusal)
                return
            try:
                async with asyncio.timeout(self._left()):
                    content = await self._read(group)
            except TimeoutError:
                group.fail(self._too_late())
            except OperationError as error:
                if isinstance(error, AuthFailed):
                    self._refusals[group.client] = error.message
                group.fail(error.message)
            else:
                if content is not None:
                    await self._compare(content, group)

    async def _read(self, group: _Group) -> bytes | None:
        """Returns the metadata of a service; None when it has none, which its calls have as their check."""
        reader = ServiceReader(self._ctx, self._values, self._settings, group.path, group.client)
        response = await reader.get("$metadata", {})
        if response.status == 200:
            self._accepted.add(group.client)
            return response.content
        if response.status in _GONE:
            wording = "the system has no service {path}: its $metadata was answered with status {status}"
            message = say("SAP_SERVICE_UNKNOWN", wording, path=group.path, status=response.status)
            group.set_all(CallCheck(problems=(Problem.of("/service_path", message, _FIX),)))
        else:
            group.fail(f"its $metadata was answered with status {response.status}")
        return None

    async def _compare(self, content: bytes, group: _Group) -> None:
        """Compares the calls of a group. A thread cannot be stopped, so it looks at the time before each call."""
        try:
            checks = await asyncio.to_thread(_compared, content, group, self._budget, lambda: self._left() == 0)
        except UnreadableMetadata as error:
            group.fail(f"its $metadata cannot be read: {error}")
        else:
            group.fail(self._too_late())
            group.checks |= checks

    def _left(self) -> float:
        return max(0.0, self._end - self._ctx.clock.monotonic())

    def _too_late(self) -> str:
        return f"all services together have {self._seconds:g} s"


def _compared(content: bytes, group: _Group, budget: _Budget, is_over: Callable[[], bool]) -> dict[int, CallCheck]:
    """Returns the checks of the calls that were compared before the time was over."""
    comparison = Comparison(read_metadata(content))
    made: dict[int, CallCheck] = {}
    for index, call_input in group.calls.items():
        if is_over():
            break
        comparison.compare(call_input)
        problems, unchecked = comparison.findings.problems, comparison.findings.unchecked
        shown = budget.take(len(problems))
        made[index] = CallCheck(
            problems=tuple(problems[:shown]), unchecked=len(unchecked), further=len(problems) - shown
        )
    return made
