"""Tests connections, saved or not, asks systems what they offer, and tries calls of steps: where calls are made."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeAlias

import msgspec

from looply.clock import Clock
from looply.connectors.bound import Bounds, BoundSender
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.sessions import SessionCache
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.foreign import guard_foreign
from looply.connectors.masking import Masker, masker_of
from looply.connectors.outbound.dialer import Dialer
from looply.connectors.port import (
    CallCheck,
    CallContext,
    Check,
    CheckCalls,
    ConnectionKind,
    ConnectionValues,
    DefinedCall,
    HttpSender,
)
from looply.connectors.registry import Registry
from looply.engine.ports.tried_calls import TriedCall
from looply.errors import BadInput, LooplyError, Overloaded, Permanent, Refused
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.jsontext import Json
from looply.limits import Limits

TIMEOUT: Final = timedelta(seconds=60)
"""The time of a whole test, and of one question."""

_TRIED_AT_ONCE: Final = 8
"""The most calls of steps that a process tries at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResources:
    """What the calls of a process are made with; its memory of other systems is that of the calls of steps."""

    registry: Registry
    sender: Callable[[timedelta, str], HttpSender]
    dialer: Dialer
    clock: Clock
    limits: Limits
    sessions: SessionCache
    tokens: TokenCache
    logons: Logons


TryCall: TypeAlias = Callable[[TriedCall], Awaitable[EffectDone | EffectFailed]]
"""Makes the call of a step that is tried."""


class ConnectionProber:
    """Tests connections and discovers systems. Nothing that a connector does wrong reaches a caller as a defect."""

    def __init__(self, resources: ProbeResources, try_call: TryCall) -> None:
        self._resources = resources
        self._try_call = try_call
        self._tried = 0

    async def try_call(self, call: TriedCall) -> EffectDone | EffectFailed:
        """Makes a call. Raises: Overloaded while too many others are tried."""
        if self._tried >= _TRIED_AT_ONCE:
            raise Overloaded(f"{_TRIED_AT_ONCE} calls of steps are tried at present; repeat in a second")
        self._tried += 1
        try:
            return await self._try_call(call)
        finally:
            self._tried -= 1

    async def test(self, organization_id: str, values: ConnectionValues, path: str) -> tuple[Check, ...]:
        """Returns the checks of a connection; a defect of the connector is a check that failed.

        `path` is a path of the system that is called too; empty: the connector chooses one.

        Raises: NotFound for a kind that is not installed; Refused (code `NOT_TESTABLE`) for one without a test.
        """
        test = require_test(self._resources.registry.connection_kind(values.kind))
        masker = masker_of(tuple(values.secrets.values()))
        try:
            with guard_foreign("connection_test_broke", passes=(TimeoutError,), kind=values.kind):
                async with asyncio.timeout(TIMEOUT.total_seconds()):
                    found = await test(self._context(organization_id, values), values, path)
        except TimeoutError:
            return (_failed(f"the test did not end in {TIMEOUT.total_seconds():g} s"),)
        except LooplyError as error:
            return (_failed(masker.text(error.message)),)
        return tuple(_masked(check, masker) for check in found)

    async def discover(self, organization_id: str, values: ConnectionValues, question: Mapping[str, str]) -> Json:
        """Returns what the system offers, by the question.

        Raises: NotFound; Refused (code `NOT_DISCOVERABLE`) for a kind that cannot be asked; OperationError.
        """
        discover = require_discovery(self._resources.registry.connection_kind(values.kind))
        ctx = self._context(organization_id, values)
        return await self._asked(values, lambda: discover(ctx, values, question))

    async def check_calls(
        self, organization_id: str, values: ConnectionValues, calls: Sequence[DefinedCall]
    ) -> tuple[CallCheck, ...]:
        """Returns a check for each call of a definition, by what the system says of itself at present.

        Raises: as `discover`.
        """
        check = require_check(self._resources.registry.connection_kind(values.kind))
        ctx = self._context(organization_id, values)

        async def ask() -> Json:
            return msgspec.to_builtins(await check(ctx, values, calls))

        return tuple(msgspec.convert(await self._asked(values, ask), list[CallCheck]))

    async def _asked(self, values: ConnectionValues, ask: Callable[[], Awaitable[Json]]) -> Json:
        """Returns what a system says, without the secrets of its connection."""
        masker = masker_of(tuple(values.secrets.values()))
        try:
            with guard_foreign("discovery_broke", passes=(TimeoutError,), kind=values.kind):
                async with asyncio.timeout(TIMEOUT.total_seconds()):
                    found = await ask()
        except TimeoutError as error:
            raise Permanent(f"the system did not answer in {TIMEOUT.total_seconds():g} s", code="TIMEOUT") from error
        except LooplyError as error:
            error.message = masker.text(error.message)
            error.args = (error.message,)
            raise
        return masker.json(found)

    def _context(self, organization_id: str, values: ConnectionValues) -> CallContext:
        resources, bounds = self._resources, Bounds()
        bounds.add(values)

        async def named(name: str) -> ConnectionValues:
            raise BadInput(f"a test opens no other connection, such as {name}")

        return CallContext(
            idempotency_key="connection-test",
            execution_id="connection-test",
            organization_id=organization_id,
            step="connection-test",
            attempt=1,
            timeout=TIMEOUT,
            http=BoundSender(resources.sender(TIMEOUT, organization_id), bounds),
            connection=named,
            clock=resources.clock,
            cache=resources.sessions,
            tokens=resources.tokens,
            logons=resources.logons,
            # Not bound: the checks of the network connect to the proxy too. They send no credentials.
            dialer=resources.dialer,
            limits=resources.limits,
        )


def require_test(kind: ConnectionKind) -> Callable[[CallContext, ConnectionValues, str], Awaitable[tuple[Check, ...]]]:
    """Returns the test of a kind of connection. Raises: Refused (code `NOT_TESTABLE`) for one without a test."""
    if kind.test is None:
        raise Refused.at("/kind", f"connections of kind {kind.name} have no test", code="NOT_TESTABLE")
    return kind.test


def require_discovery(
    kind: ConnectionKind,
) -> Callable[[CallContext, ConnectionValues, Mapping[str, str]], Awaitable[Json]]:
    """Returns how systems of a kind are asked. Raises: Refused (code `NOT_DISCOVERABLE`) when they cannot be."""
    if kind.discover is None:
        raise Refused.at("/kind", f"systems of kind {kind.name} cannot be asked", code="NOT_DISCOVERABLE")
    return kind.discover


def require_check(kind: ConnectionKind) -> CheckCalls:
    """Returns how calls are compared with systems of a kind. Raises: Refused (code `NOT_DISCOVERABLE`)."""
    if kind.check_calls is None:
        raise Refused.at("/kind", f"systems of kind {kind.name} cannot be asked", code="NOT_DISCOVERABLE")
    return kind.check_calls


def _failed(text: str) -> Check:
    return Check(name="test", state="failed", text=text)


def _masked(check: Check, masker: Masker) -> Check:
    return replace(check, text=masker.text(check.text), fix=masker.text(check.fix))
