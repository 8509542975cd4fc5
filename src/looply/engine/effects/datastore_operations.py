"""Operations on datastores: they read, compute, and pass the change to the unit of the step's outcome.

Theory of operation. A change applies only while the datastore is at the revision that it was computed on. Changes of
one datastore that this process makes run one after the other, so none of them fails; one that lost against another
process is computed again, unless the step names the revision that it expects. What was not stored was not done, so a
process that ends in between leaves no unknown outcome.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from looply.clock import Clock
from looply.engine.effects.outcomes import failure
from looply.engine.records.datastores import Datastores
from looply.errors import LooplyError, StoreUnreachable
from looply.execution import ExecutionState
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.datastores import READ, OperationResult, apply
from looply.execution.facts.state import OpenStep
from looply.jsontext import Json
from looply.limits import Limits

_ONLY_READ: Final = (READ, "datastore.get")


class DatastoreOperations:
    """Carries out the operations that `execution.datastores` describes."""

    def __init__(self, datastores: Datastores, clock: Clock, limits: Limits) -> None:
        self._datastores = datastores
        self._clock = clock
        self._limits = limits
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, state: ExecutionState, opened: OpenStep) -> AsyncIterator[None]:
        """Enters its block when this process makes no other change of the same datastore."""
        if opened.operation in _ONLY_READ:
            yield
            return
        key = (state.started.organization_id, opened.input["name"])
        lock = self._turns.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    async def carry_out(self, state: ExecutionState, opened: OpenStep) -> EffectDone | EffectFailed:
        """Returns the outcome of an operation as a command, with its change of the datastore.

        Raises: StoreUnreachable; then nothing was read, and the call can be repeated.
        """
        try:
            applied = await self._applied(state.started.organization_id, opened)
        except StoreUnreachable:
            raise
        except LooplyError as error:
            return self.failure_of(opened, error)
        return EffectDone(
            at=self._clock.now(),
            address=opened.address,
            attempt=opened.attempt,
            output=applied.output,
            size=json_bytes(applied.output),
            write=applied.write,
        )

    def failure_of(self, opened: OpenStep, error: LooplyError) -> EffectFailed:
        """Returns the failure of an operation as a command."""
        return failure(opened, self._clock.now(), error)

    async def _applied(self, organization_id: str, opened: OpenStep) -> OperationResult:
        given: dict[str, Json] = opened.input
        if opened.operation == READ:
            names: list[str] = given["names"]
            return OperationResult(output={name: await self._value(organization_id, name) for name in names})
        found = await self._datastores.find(organization_id, given["name"])
        return apply(opened.operation, given, found.known, self._limits)

    async def _value(self, organization_id: str, name: str) -> Json:
        return (await self._datastores.find(organization_id, name)).known.value
