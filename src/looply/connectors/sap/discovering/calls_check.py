"""Checks calls of definitions against the services of a system: reads the `$metadata` of each, and compares them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from looply.connectors.port import CallCheck, CallContext, ConnectionValues, DefinedCall
from looply.connectors.sap.calls.paths import service_path
from looply.connectors.sap.calls.settings import SapConnectionSettings
from looply.connectors.sap.discovering.comparing import Comparison
from looply.connectors.sap.discovering.discovery import ServiceReader
from looply.connectors.sap.types.elements import UnreadableMetadata
from looply.connectors.sap.types.metadata import read_metadata
from looply.errors import AuthFailed, BadInput, OperationError, Problem, say
from looply.jsontext import Json

MAX_SERVICES: Final = 100
SECONDS: Final = 20.0
"""The most time for all services; a person waits for the answer."""
_AT_ONCE: Final = 4
_GONE: Final = (404, 410)
_FIX: Final = say("ACTIVATE_SAP_SERVICE", "activate it (/IWFND/MAINT_SERVICE), or correct `service_path`")


@dataclass(slots=True)
class _Group:
    """The calls of one service, by their places in the list, and their checks once there are any."""

    path: str
    calls: dict[int, Mapping[str, Json]] = field(default_factory=dict)
    checks: dict[int, CallCheck] = field(default_factory=dict)

    def set_all(self, check: CallCheck) -> None:
        """Gives all calls one check."""
        self.checks = dict.fromkeys(self.calls, check)

    def fail(self, reason: str) -> None:
        """Notes that the service was not read."""
        message = say("SAP_SERVICE_UNREAD", "{path} was not read: {reason}", path=self.path, reason=reason)
        self.set_all(CallCheck(failure=Problem.of("/service_path", message)))


async def check_calls(
    ctx: CallContext, values: ConnectionValues, calls: Sequence[DefinedCall]
) -> tuple[CallCheck, ...]:
    """Returns a check for each call; what could not be read in time is a check with its failure.

    The first service is read alone: refused credentials are sent once. Raises: BadInput for settings that do not fit.
    """
    settings = values.read("sap", SapConnectionSettings, "the check")
    found: dict[int, CallCheck] = {}
    groups: dict[str, _Group] = {}
    for index, call in enumerate(calls):
        given = call.input.get("service_path")
        try:
            if not isinstance(given, str) or "${" in given:
                found[index] = CallCheck(unchecked=1)
                continue
            path = service_path(given)
        except BadInput as error:
            message = say("SAP_PATH_INVALID", "is no path of a service ({reason})", reason=error.message)
            found[index] = CallCheck(problems=(Problem.of("/service_path", message),))
            continue
        groups.setdefault(path, _Group(path)).calls[index] = call.input
    await _Check(ctx, values, settings).perform(list(groups.values()))
    for group in groups.values():
        found |= group.checks
    return tuple(found[index] for index in range(len(calls)))


class _Check:
    """One check of all services; it ends in time."""

    def __init__(self, ctx: CallContext, values: ConnectionValues, settings: SapConnectionSettings) -> None:
        self._ctx = ctx
        self._values = values
        self._settings = settings
        self._seconds = min(SECONDS, ctx.timeout.total_seconds())
        self._end = ctx.clock.monotonic() + self._seconds
        self._refusal = ""
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def perform(self, groups: Sequence[_Group]) -> None:
        """Checks the calls of all groups."""
        for group in groups[MAX_SERVICES:]:
            group.fail(f"the most services of one check are {MAX_SERVICES}")
        for group in groups[:1]:
            await self._check(group)
        async with asyncio.TaskGroup() as tasks:
            for group in groups[1:MAX_SERVICES]:
                tasks.create_task(self._check(group))

    async def _check(self, group: _Group) -> None:
        async with self._turns:
            if self._refusal:
                group.fail(self._refusal)
                return
            left = max(0.0, self._end - self._ctx.clock.monotonic())
            try:
                async with asyncio.timeout(left):
                    await self._read(group)
            except TimeoutError:
                group.fail(f"all services together have {self._seconds:g} s")
            except OperationError as error:
                self._refusal = error.message if isinstance(error, AuthFailed) else ""
                group.fail(error.message)

    async def _read(self, group: _Group) -> None:
        reader = ServiceReader(self._ctx, self._values, self._settings, group.path)
        response = await reader.get("$metadata", {})
        if response.status in _GONE:
            wording = "the system has no service {path}: its $metadata was answered with status {status}"
            message = say("SAP_SERVICE_UNKNOWN", wording, path=group.path, status=response.status)
            group.set_all(CallCheck(problems=(Problem.of("/service_path", message, _FIX),)))
        elif response.status != 200:
            group.fail(f"its $metadata was answered with status {response.status}")
        else:
            try:
                group.checks = await asyncio.to_thread(_compared, response.content, group)
            except UnreadableMetadata as error:
                group.fail(f"its $metadata cannot be read: {error}")


def _compared(content: bytes, group: _Group) -> dict[int, CallCheck]:
    comparison = Comparison(read_metadata(content))
    made: dict[int, CallCheck] = {}
    for index, call_input in group.calls.items():
        comparison.compare(call_input)
        findings = comparison.findings
        made[index] = CallCheck(problems=tuple(findings.problems), unchecked=len(findings.unchecked))
    return made
