"""Turns of reads: large executions that one organization reads leave the server to the others."""

from dataclasses import replace

from server_kit import COMPUTING, Caller

from looply.app.context.services import Services
from looply.app.executions.executions import Record
from looply.jsontext import Json
from looply.rates import Turns
from looply.server.executions.records import execution_item, render_in_turn
from looply.testing.clock import FakeClock


async def waits(reader: Caller, services: Services, body: Json, *users: str) -> list[float]:
    """Returns the seconds that each of three reads of an execution waits, while these organizations use the server."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    turns = Turns(FakeClock(), sleep=sleep)
    for organization_id in users:
        turns.note(organization_id)
    ours = replace(services, turns=turns)
    execution = await services.engine.executions.get(await reader.trigger(await reader.create(COMPUTING), body))
    record = Record(execution=execution, events=(), is_truncated=False)
    for _ in range(3):
        item = await render_in_turn(ours, reader.organization_id, record)
        assert item == execution_item(record, services.limits)
    return found


async def test_large_executions_that_one_organization_reads_come_one_after_the_other(
    mine: Caller, services: Services
) -> None:
    first, second = await waits(mine, services, {"text": "x" * 900_000}, "umbrella", mine.organization_id)
    assert 0.1 < first < second


async def test_reads_of_small_executions_never_wait(mine: Caller, services: Services) -> None:
    assert not await waits(mine, services, {"text": "x"}, "umbrella", mine.organization_id)


async def test_reads_of_an_organization_that_is_alone_never_wait(mine: Caller, services: Services) -> None:
    assert not await waits(mine, services, {"text": "x" * 900_000}, mine.organization_id)
