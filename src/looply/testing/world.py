"""Fakes of the other systems: operations that record every call and return scripted outcomes.

A call returns the next outcome of its step's script, else status 200. An outcome is an `Answer`, an `Output`, an
`OperationError` to raise, any other exception (a defect of the connector), or `HANG`: then the call is open until the
test releases it, like a call whose system is slow or whose process dies while it waits.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.port import (
    CallContext,
    ConnectionValues,
    Connector,
    HttpRequest,
    HttpResponse,
    Judge,
    Operation,
)
from looply.connectors.registry import Registry
from looply.connectors.verdicts import judge_status
from looply.errors import BadInput
from looply.execution.facts.values.far import Verdict
from looply.jsontext import Json


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The response of the other system, in the shape of the output of `httpRequest` and `sapRequest`."""

    status: int = 200
    text: str = "OK"
    data: Json = None
    headers: Mapping[str, str] = {}

    def output(self) -> dict[str, Json]:
        """Returns the output of the operation."""
        return {
            "status": str(self.status),
            "statusText": self.text,
            "headers": dict(self.headers),
            "data": self.data if self.data is not None else {},
        }


class Output(msgspec.Struct, frozen=True):
    """The output of an operation with another shape: the result of a function, the outcome of a mail."""

    value: Json

    def output(self) -> Json:
        """Returns the output of the operation."""
        return self.value


_GOOD: Final = Answer()

BUILT_IN_OPERATIONS: Final = ("http.request", "sap.odata", "function.run", "email.send")

HANG: Final = "HANG"
"""The outcome of a call that does not return by itself."""

Outcome: TypeAlias = Answer | Output | Exception | Literal["HANG"]


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One attempt as the other system saw it. `phase`: OPEN, ANSWERED, RAISED, or CUT when the process was lost."""

    operation: str
    step: str
    execution_id: str
    key: str
    attempt: int
    input: dict[str, Json]
    connection: ConnectionValues | None = None
    is_unsettled: bool = False
    """Whether it was called to find out what became of an earlier attempt."""
    phase: Literal["OPEN", "ANSWERED", "RAISED", "CUT"] = "OPEN"
    _released: "asyncio.Future[Answer | Output | Exception]" = field(repr=False)

    def release(self, outcome: "Answer | Output | Exception" = _GOOD) -> None:
        """Ends an open call with an outcome. Raises: AssertionError when it is not open."""
        assert self.phase == "OPEN", f"the call of {self.step} is {self.phase}"
        self._released.set_result(outcome)


class FakeConnections:
    """The connections of all organizations, by name; a test may change them while executions run."""

    def __init__(self) -> None:
        self.by_name: dict[str, ConnectionValues] = {}

    def put(
        self, name: str, secrets: Mapping[str, str], kind: str = "http", settings: Mapping[str, Json] | None = None
    ) -> None:
        """Stores a connection with these secrets and settings."""
        self.by_name[name] = ConnectionValues(name=name, kind=kind, settings=settings or {}, secrets=secrets)

    async def find_by_name(self, organization_id: str, name: str) -> ConnectionValues:
        """Returns the connection of that name. Raises: BadInput when there is none."""
        if name not in self.by_name:
            raise BadInput(f"{organization_id} has no connection {name}")
        return self.by_name[name]

    async def find_by_settings(self, organization_id: str, kind: str, settings: Mapping[str, str]) -> ConnectionValues:
        """Returns the one connection of a kind that has these settings. Raises: BadInput when it is not exactly one."""
        found = [
            values
            for values in self.by_name.values()
            if values.kind == kind and all(values.settings.get(name) == text for name, text in settings.items())
        ]
        if len(found) != 1:
            raise BadInput(f"{organization_id} has {len(found)} connections of kind {kind} with {dict(settings)}")
        return found[0]


class NoNetwork:
    """The sender of a test that must not reach a network."""

    def __init__(self, timeout: timedelta, _owner: str = "") -> None:
        self._timeout = timeout

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Raises: AssertionError, always."""
        raise AssertionError(f"the test tried to reach {request.url} within {self._timeout}")


class _Anything(msgspec.Struct):
    """The shape of inputs and outputs that are not checked."""


class World:
    """The operations that an engine can call, and the record of their calls.

    `operations` are their names, `<connector>.<verb>`; each takes any input.
    """

    def __init__(self, operations: Sequence[str] = BUILT_IN_OPERATIONS) -> None:
        self.calls: list[Call] = []
        self.judge: Judge = judge_status
        """How the answers are judged; a test may set the judge of a connector."""
        self.connections = FakeConnections()
        self.connections.put("MAIL", {}, "smtp")
        self._scripts: dict[str, deque[Outcome]] = defaultdict(deque)
        self._usual: dict[str, Outcome] = {}
        self._arrived = asyncio.Event()
        scripted = tuple(self._operation(name) for name in operations)
        self.registry = Registry([("test", Connector(name="test", title="Test", operations=scripted))])

    def script(self, step: str, *outcomes: Outcome) -> None:
        """Adds the outcomes of the next calls of a step, in order."""
        self._scripts[step].extend(outcomes)

    def always(self, step: str, outcome: Outcome) -> None:
        """Sets the outcome of every call of a step that has no scripted one left."""
        self._usual[step] = outcome

    def calls_of(self, step: str) -> list[Call]:
        """Returns the calls of a step, oldest first."""
        return [call for call in self.calls if call.step == step]

    def open_calls(self) -> list[Call]:
        """Returns the calls that have not returned, oldest first."""
        return [call for call in self.calls if call.phase == "OPEN"]

    async def wait_for_call(self, step: str, count: int = 1) -> Call:
        """Waits until a step has made `count` calls and returns the last of them."""
        while len(self.calls_of(step)) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.calls_of(step)[count - 1]

    def _operation(self, name: str) -> Operation:
        async def call(context: CallContext, input_: dict[str, Json]) -> Json:
            return await self._answer(name, context, input_)

        return Operation(
            name=name,
            title=name,
            input=_Anything,
            output=_Anything,
            repeat="never",
            call=call,
            judge=self._verdict,
            is_derived=name == "function.run",
        )

    def _verdict(self, input_: Mapping[str, Json], output: Json, now: datetime) -> Verdict | None:
        return self.judge(input_, output, now)

    async def _answer(self, operation: str, context: CallContext, input_: dict[str, Json]) -> Json:
        name = input_.get("connection")
        call = Call(
            operation=operation,
            step=context.step,
            execution_id=context.execution_id,
            key=context.idempotency_key,
            attempt=context.attempt,
            input=input_,
            connection=await context.connection(name) if isinstance(name, str) else None,
            is_unsettled=context.is_unsettled,
            _released=asyncio.get_running_loop().create_future(),
        )
        self.calls.append(call)
        self._arrived.set()
        outcome = await self._outcome(call)
        if isinstance(outcome, Exception):
            call.phase = "RAISED"
            raise outcome
        call.phase = "ANSWERED"
        return outcome.output()

    async def _outcome(self, call: Call) -> Answer | Output | Exception:
        script = self._scripts[call.step]
        outcome = script.popleft() if script else self._usual.get(call.step, _GOOD)
        if not isinstance(outcome, str):
            return outcome
        try:
            return await call._released
        except asyncio.CancelledError:
            call.phase = "CUT"
            raise
