"""The prober of a server that makes no calls: workers, which see the network, test connections and try calls for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from looply.catalog.calls.questions import Questions
from looply.clock import Clock
from looply.connectors.port import CallCheck, Check, ConnectionValues, DefinedCall
from looply.connectors.registry import Registry
from looply.engine.effects.connection_prober import TIMEOUT, require_check, require_discovery, require_test
from looply.engine.ports.questions import Ask, AskCheck, AskDiscovery, AskTest, AskTry, describe_connection, encode_ask
from looply.engine.ports.tried_calls import TriedCall, read_outcome
from looply.errors import Permanent
from looply.execution.facts.address import Address
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.jsontext import Json

PATIENCE_SECONDS: Final = 10.0
"""The time within which a worker must take a question; a worker looks every half second."""

_LOOK_SECONDS: Final = 0.25
_LATE_SECONDS: Final = 5.0
"""The time that the answer of a worker may take, beyond that of the test itself."""

Pause: TypeAlias = Callable[[float], Awaitable[None]]


class RemoteProber:
    """Stores each question in the catalog, and waits until a worker that serves the connector has answered it."""

    def __init__(self, questions: Questions, registry: Registry, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        self._questions = questions
        self._registry = registry
        self._clock = clock
        self._pause = pause

    async def test(self, organization_id: str, values: ConnectionValues, path: str) -> tuple[Check, ...]:
        """Returns the checks of a connection; when no worker answers, that is a check that failed.

        Raises: NotFound for a kind that is not installed here; Refused (code `NOT_TESTABLE`) for one without a test.
        """
        require_test(self._registry.connection_kind(values.kind))
        try:
            ask = AskTest(connection=describe_connection(values), path=path)
            found = await self._ask(organization_id, self._connector_of(values), ask)
        except Permanent as error:
            fix = "start a worker that serves the connector, and look into the logs of the workers"
            return (Check(name="test", state="failed", text=error.message, fix=fix),)
        return tuple(msgspec.convert(found, list[Check]))

    async def discover(self, organization_id: str, values: ConnectionValues, question: Mapping[str, str]) -> Json:
        """Returns what the system offers.

        Raises: NotFound; Refused (code `NOT_DISCOVERABLE`); Permanent when a worker could not ask the system, or no
        worker answers.
        """
        require_discovery(self._registry.connection_kind(values.kind))
        ask = AskDiscovery(connection=describe_connection(values), question=dict(question))
        return await self._ask(organization_id, self._connector_of(values), ask)

    async def check_calls(
        self, organization_id: str, values: ConnectionValues, calls: Sequence[DefinedCall]
    ) -> tuple[CallCheck, ...]:
        """Returns a check for each call.

        Raises: NotFound; Refused (code `NOT_DISCOVERABLE`); Permanent as `discover`.
        """
        require_check(self._registry.connection_kind(values.kind))
        ask = AskCheck(connection=describe_connection(values), calls=list(calls))
        found = await self._ask(organization_id, self._connector_of(values), ask)
        return tuple(msgspec.convert(found, list[CallCheck]))

    async def try_call(self, call: TriedCall) -> EffectDone | EffectFailed:
        """Makes the call of a step that is tried; when the worker that took it does not answer, the outcome is unknown.

        Raises: Permanent (code `NO_WORKER`) when no worker takes it, and what the worker says instead.
        """
        try:
            found = await self._ask(call.organization_id, call.connector, AskTry(call=call))
        except Permanent as error:
            if error.code != "TIMEOUT":
                raise
            address, now = Address("", call.step, 1).text, self._clock.now()
            return EffectFailed(
                at=now, address=address, attempt=1, code="TIMEOUT", message=error.message, was_sent=True
            )
        return read_outcome(found, call, self._clock.now())

    def _connector_of(self, values: ConnectionValues) -> str:
        return self._registry.connector_of_kind(values.kind)

    async def _ask(self, organization_id: str, connector: str, ask: Ask) -> Json:
        """Returns the answer of a worker. Raises: Permanent with what the worker says instead, or that none answers."""
        question_id = await self._questions.ask(organization_id, connector, encode_ask(ask))
        try:
            answer = await self._wait(organization_id, question_id, connector)
        finally:
            await self._questions.drop(organization_id, question_id)
        if (error := answer.get("error")) is not None:
            raise Permanent(error["message"], code=error["code"])
        return answer["result"]

    async def _wait(self, organization_id: str, question_id: str, connector: str) -> dict[str, Json]:
        begun = self._clock.monotonic()
        longest = TIMEOUT.total_seconds() + PATIENCE_SECONDS + _LATE_SECONDS
        while True:
            state, answer = await self._questions.find(organization_id, question_id)
            passed = self._clock.monotonic() - begun
            if state == "ANSWERED" and isinstance(answer, dict):
                return answer
            if state == "OPEN" and passed >= PATIENCE_SECONDS:
                message = f"no worker that serves the connector {connector} took the question in {PATIENCE_SECONDS:g} s"
                raise Permanent(message, code="NO_WORKER")
            if passed >= longest:
                raise Permanent(f"the worker that took the question did not answer in {longest:g} s", code="TIMEOUT")
            await self._pause(_LOOK_SECONDS)
