"""The other system that calls reach, and their outcomes."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from looply.connectors.port import CallContext, ConnectionValues, Connector, Operation
from looply.connectors.registry import Registry
from looply.engine.effects.worker import LATE
from looply.errors import BadInput, Timeout, Unavailable
from looply.jsontext import Json
from simulation.running.choice import choose
from simulation.running.loop import OWNER
from simulation.running.trace import Line, Refusal

if TYPE_CHECKING:
    from simulation.running.life import Simulation
    from simulation.running.process import Process

_QUICK_MS = (0, 1, 40, 900)
_SLOW_MS = (4000, 12_000, 28_000)
_SETTLED = timedelta(minutes=1)
SYSTEMS = ("https://a.example:443", "https://b.example:443")


class _Anything(msgspec.Struct):
    """The type of inputs and outputs, which are not checked."""


class NoConnections:
    """The credentials of workflows that need none."""

    async def find_by_name(self, organization_id: str, name: str) -> ConnectionValues:
        """Raises: BadInput, always."""
        raise BadInput(f"{organization_id} has no connection {name}")

    async def find_by_settings(self, organization_id: str, kind: str, settings: Any) -> ConnectionValues:
        """Raises: BadInput, always."""
        raise BadInput(f"{organization_id} has no connection of kind {kind}")


class SimulatedWorld:
    """Draws the outcome of each call, and keeps the ledger."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation

    async def call(self, process: "Process", context: CallContext) -> dict[str, Json]:
        """Takes one call."""
        process.calls_in_flight += 1
        self._note_call_of_down_system(process, context)
        try:
            return await self._take(process, context)
        finally:
            process.calls_in_flight -= 1

    def _note_call_of_down_system(self, process: "Process", context: CallContext) -> None:
        """Counts a call of the process in charge to a system that was opened a while ago."""
        simulation = self._simulation
        now = simulation.clock.now()
        down = [
            row
            for row in simulation.data.targets.values()
            if row.organization_id == context.organization_id and row.state == "OPEN" and now - row.since > _SETTLED
        ]
        # The call does not say which of the systems it is for.
        if len(down) == len(SYSTEMS) and process is simulation.current:
            simulation.trace.calls_while_down += 1

    async def _take(self, process: "Process", context: CallContext) -> dict[str, Json]:
        """Takes one call: it arrives at once, and its answer comes later."""
        simulation = self._simulation
        outcome, late_ms = self._outcome(context)
        if outcome == "refused":
            if not await self._passes(late_ms, context):
                self._give_up(self._record(process, context, outcome))
            trace = simulation.trace
            trace.refusals.append(Refusal(trace.now, context.execution_id, context.idempotency_key, context.attempt))
            raise Unavailable("connection refused")
        line = self._record(process, context, outcome)
        simulation.on_arrival(line)
        if not await self._passes(late_ms, context):
            self._give_up(line)
        line.returned = simulation.trace.tick()
        await process.reach("after_effect_before_result_commit")
        match outcome:
            case "broken":
                raise Unavailable("the connection broke", sent=True)
            case "timeout":
                raise Timeout("no answer in time", sent=True)
            case "defect":
                raise ValueError("the connector has a defect")
        return {"status": outcome, "statusText": "", "headers": {}, "data": {"key": context.idempotency_key}}

    async def _passes(self, late_ms: int, context: CallContext) -> bool:
        """Waits for the time of an answer; false when the process was stopped for so long that the call timed out."""
        begun_ms = self._simulation.loop.ms
        try:
            await asyncio.sleep(late_ms / 1000)
        except asyncio.CancelledError:
            if self._simulation.loop.ms - begun_ms < (context.timeout + LATE).total_seconds() * 1000:
                raise
            return False
        return True

    def _give_up(self, line: Line) -> NoReturn:
        """Records that the call timed out, so that its answer was not received."""
        line.outcome, line.returned = "timeout", self._simulation.trace.tick()
        raise asyncio.CancelledError

    def _outcome(self, context: CallContext) -> tuple[str, int]:
        simulation = self._simulation
        late_ms = choose(simulation.choice, "answer after", _QUICK_MS)
        if simulation.outages.is_down:
            return "refused", late_ms
        if simulation.fault_occurs("call_refused"):
            return "refused", late_ms
        if simulation.fault_occurs("call_hangs"):
            return "timeout", round(context.timeout.total_seconds() * 1000)
        if simulation.fault_occurs("call_slow"):
            late_ms = choose(simulation.choice, "slowness", _SLOW_MS)
            if late_ms >= context.timeout.total_seconds() * 1000:
                return "timeout", round(context.timeout.total_seconds() * 1000)
        for fault, outcome in (
            ("call_broken", "broken"), ("connector_defect", "defect"), ("status_503", "503"), ("status_404", "404"),
        ):  # fmt: skip
            if simulation.fault_occurs(fault):
                return outcome, late_ms
        return "200", late_ms

    def _record(self, process: "Process", context: CallContext, outcome: str) -> Line:
        line = Line(
            order=self._simulation.trace.tick(),
            at_ms=self._simulation.loop.ms,
            process=process.number,
            is_superseded=process.epoch < self._simulation.data.epoch,
            execution=context.execution_id,
            step=context.step,
            key=context.idempotency_key,
            attempt=context.attempt,
            outcome=outcome,
        )
        self._simulation.trace.lines.append(line)
        return line


def _operation(name: str) -> Operation:
    async def call(context: CallContext, input_: dict[str, Json]) -> dict[str, Json]:
        process: Any = OWNER.get()
        result: dict[str, Json] = await process.simulation.world.call(process, context)
        return result

    return Operation(name=name, title=name, input=_Anything, output=_Anything, repeat="never", call=call)


REGISTRY = Registry([("simulation", Connector(name="world", title="World", operations=(_operation("http.request"),)))])
