"""Directed scenarios: races that random runs hit too rarely, arranged step by step.

Each is a story on a whole engine over the memory store, in fake time, and returns its violations as sentences.
`SCENARIOS` names with each the mutant that it must catch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from msgspec.structs import replace

from kit.callees import WORKSPACE
from kit.channel import FakeChannel
from kit.definitions import approval, asking, call, card, chain, every, step, wait
from kit.driver import ORGANIZATION, Driver, id_of
from kit.memory import MemoryData, MemoryStore
from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Signal
from looply.catalog.authored.bulks import Bulk, Progress
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import AlreadySettled, Settled, SettleLetter
from looply.execution.facts.events import LetterSettled, ResumeIgnored
from looply.testing.clock import FakeTimeLoop
from looply.testing.world import HANG, Answer
from simulation.defects import directed_mutants as made
from simulation.defects.mutants import (
    Mutant,
    m25_a_call_leaves_that_was_terminated_while_it_was_marked,
    m26_a_read_shows_units_before_their_acknowledgement,
)

Scenario = Callable[[Driver], Awaitable[list[str]]]

CALLEE: Final = "01900000-0000-7000-8000-0000000000c1"
PEOPLE: Final = ["ann@example.com", "bob@example.com", "cy@example.com"]
HOUR: Final = timedelta(hours=1)
TICK: Final = timedelta(seconds=5)


class Gate:
    """Holds the calls of one method of the store until it is opened; `arrived` is set when one is held.

    With `is_done` the call is carried out first, so that only its answer is late.
    """

    def __init__(self, side: Any, name: str, *, is_done: bool) -> None:
        self.arrived = asyncio.Event()
        self._open = asyncio.Event()
        method = getattr(side, name)

        async def held(*args: Any, **kwargs: Any) -> Any:
            found = await method(*args, **kwargs) if is_done else None
            self.arrived.set()
            await self._open.wait()
            return found if is_done else await method(*args, **kwargs)

        setattr(side, name, held)
        self._restore = lambda: setattr(side, name, method)

    def open(self) -> None:
        """Lets the held calls continue; later ones are not held."""
        self._restore()
        self._open.set()


async def a_queued_call_is_terminated_while_it_is_marked(engine: Driver) -> list[str]:
    """The terminate comes after the call is marked as running and before its process is notified of that."""
    engine.per_queue = 1
    await engine.restart()
    engine.world.script("front", HANG)
    await engine.trigger(chain(call("front", "GET")))
    execution_id = await engine.trigger(chain(call("call_1")))
    await engine.settle()
    gate = Gate(engine.store.work, "mark_running", is_done=True)
    engine.world.open_calls()[0].release()
    await gate.arrived.wait()
    await engine.terminate(execution_id)
    gate.open()
    await engine.settle()
    return [f"{seen.key} leaves after its execution was terminated" for seen in engine.world.calls_of("call_1")]


async def a_read_goes_to_the_store_while_a_unit_is_stored(engine: Driver) -> list[str]:
    """The read goes to the store because the cache is empty, and sees a unit before its callers are notified."""
    execution_id = await engine.trigger(chain(wait(), wait("wait_2")))
    await engine.restart()
    load = Gate(engine.store.journal, "load", is_done=False)
    first = engine.call(engine.shell.executions.get(execution_id))
    await load.arrived.wait()
    load._restore()
    commit = Gate(engine.store.journal, "commit", is_done=True)
    resumed = engine.call(engine.resume(execution_id))
    await commit.arrived.wait()
    load.open()
    read, again = (await first).head.seq, (await engine.shell.executions.get(execution_id)).head.seq
    commit.open()
    await resumed
    return [f"a read shows event {read}, and the next one {again}"] if again < read else []


async def a_process_ends_with_a_claimed_delivery(engine: Driver) -> list[str]:
    """The end of a child is being delivered to its parent."""
    engine.callees.put(CALLEE, asking())
    parent = await engine.trigger(chain(step("child", "subworkflow", {"workflow_id": CALLEE})))
    await engine.deliver()
    (child,) = (await engine.state(parent)).children.values()
    await engine.resume(child.child_id)
    engine.faults.hold()
    engine.call(engine.pump.tick())
    await engine.faults.holding(1)
    await engine.crash()
    await engine.deliver()
    status = await engine.status(parent)
    return [] if status == "COMPLETED" else [f"the parent is {status} after its child has ended"]


async def a_card_changes_while_its_copy_is_shown(engine: Driver) -> list[str]:
    """The card is passed on while the channel shows its former state."""
    channel = FakeChannel()
    engine.channels = {"inbox": channel}
    await engine.restart()
    execution_id = await engine.trigger(chain(card(timeout="P1D")))
    (sent,) = (await engine.state(execution_id)).cards.values()
    gate = Gate(channel, "_answer", is_done=True)
    shown = engine.call(engine.reconciler.tick())
    await gate.arrived.wait()
    await engine.reassign(execution_id, sent.card_id, "bob@example.com")
    gate.open()
    await shown
    for _ in range(3):
        await engine.advance(TICK)
        await engine.reconciler.tick()
    status = channel.seen[sent.card_id].status
    return [] if status == "CLOSED" else [f"the channel shows a card that was passed on as {status}"]


async def a_bulk_is_cut_off_in_the_middle_of_a_slice(engine: Driver) -> list[str]:
    """The process ends when it has processed a part of the slice."""
    engine.world.script("call_1", *[Answer(status=500)] * 3)
    workflow = chain(call("call_1", "GET", fail_on=["5xx"]))
    ids = [await engine.trigger(workflow) for _ in range(3)]
    await engine.settle()
    bulks = _Bulks(engine)
    engine.faults.die_after(2)
    engine.call(BulkRunner(bulks.services, "first").tick())
    await engine.settle()
    await engine.crash()
    while await BulkRunner(bulks.services, "second").tick():
        await engine.settle()
    left = [execution_id for execution_id in ids if await engine.status(execution_id) != "COMPLETED"]
    return [f"{len(left)} executions of the bulk are FAILED after its end"] if left else []


async def a_letter_is_applied_by_two(engine: Driver) -> list[str]:
    """Two people settle the same letter, before two waits open."""
    engine.world.script("call_1", HANG)
    workflow = chain(call(), wait(sources=["TEAMS"]), wait("wait_2"), wait("wait_3"))
    execution_id = await engine.trigger(workflow)
    await engine.settle()
    await engine.resume(execution_id, {"n": 1})
    engine.world.open_calls()[0].release()
    await engine.settle()
    await engine.resume(execution_id, source="TEAMS")
    (letter,) = await engine.events(execution_id, ResumeIgnored)
    number = (await engine.events(execution_id)).index(letter) + 1
    facts: dict[str, Any] = {"at": engine.clock.now(), "letter": number, "action": "apply", "payload": letter.payload}
    replies = [await engine.shell.submit(execution_id, SettleLetter(by=who, **facts)) for who in PEOPLE[:2]]
    count = len(await engine.events(execution_id, LetterSettled))
    kinds = [type(reply) for reply in replies]
    return [] if (kinds, count) == ([Settled, AlreadySettled], 1) else [f"one letter is settled {count} times"]


async def a_start_that_waits_is_taken_by_two(engine: Driver) -> list[str]:
    """Two pollers find the same due start."""
    workflow = every("PT1H", wait(), overlap="queue", end="2030-01-07T11:00:00Z")
    await engine.put_schedule(workflow)
    await engine.advance(HOUR)
    await engine.advance(HOUR)
    (running,) = await engine.newest()
    await engine.resume(running.head.execution_id)
    await engine.together(engine.pump.tick(), engine.pump.tick(), engine.pump.tick())
    await engine.settle()
    started = len(await engine.newest()) - 1
    return [] if started == 1 else [f"a start that waited was made {started} times"]


async def starts_are_missed_while_no_process_runs(engine: Driver) -> list[str]:
    """No process runs for several instants, of which only the last one is caught up."""
    workflow = every("PT1H")
    await engine.put_schedule(workflow)
    await engine.stop()
    engine.clock.advance(5 * HOUR)
    await engine.open()
    await engine.deliver()
    ledger = await engine.shell.schedules.fires(id_of(workflow), None, 100)
    recorded = sum(row.count for row in ledger)
    return [] if recorded == 5 else [f"the ledger has {recorded} instants of 5"]


async def two_of_three_must_approve(engine: Driver) -> list[str]:
    """One has approved."""
    execution_id = await engine.trigger(chain(approval(recipients=PEOPLE, quorum=2)))
    seed = (await engine.state(execution_id)).started.seed
    token = card_token(execution_id, seed, parse_address("approval_1:1"), 0)
    await engine.answer(execution_id, token)
    status = await engine.status(execution_id)
    return [] if status == "WAITING" else [f"an approval by two of three is {status} after one answer"]


class _Bulks:
    """A catalog with one bulk that redrives all executions, and the services of a bulk runner."""

    def __init__(self, engine: Driver) -> None:
        now = engine.clock.now()
        self._bulk: Bulk | None = Bulk(
            bulk_id="01900000-0000-7000-8000-0000000000b1",
            organization_id=ORGANIZATION,
            workspace_id=WORKSPACE,
            action="redrive",
            criteria={"status": ["FAILED"]},
            options={"rate": 10, "reason": "mended", "by": "operator", "version": None, "steps": {}},
            status="RUNNING",
            cursor="",
            done=0,
            refused=0,
            created_by="operator",
            created_on=now + timedelta(seconds=1),
            modified_on=now,
            ended_on=None,
        )
        self._engine = engine

    @property
    def services(self) -> Any:
        """The services that a runner uses, of the current process."""
        catalog = SimpleNamespace(bulks=self)
        engine = self._engine
        return SimpleNamespace(
            catalog=catalog, engine=engine.shell, clock=engine.clock, library=None, bulk_signal=Signal()
        )

    async def take(self, _holder: str, _span: timedelta) -> tuple[Bulk, ...]:
        """Returns the bulk while it has not ended."""
        return (self._bulk,) if self._bulk is not None else ()

    async def begin(self, _bulk_id: str, _holder: str, execution_ids: Sequence[str]) -> bool:
        """Stores the slice that is processed next; a process that has ended stores nothing."""
        if self._engine.faults.is_dead:
            await asyncio.get_running_loop().create_future()
        assert self._bulk is not None
        self._bulk = replace(self._bulk, begun=tuple(execution_ids))
        return True

    async def record(self, _bulk_id: str, _holder: str, progress: Progress) -> bool:
        """Stores the cursor; a process that has ended stores nothing."""
        if self._engine.faults.is_dead:
            await asyncio.get_running_loop().create_future()
        assert self._bulk is not None
        self._bulk = None if progress.is_last else replace(self._bulk, cursor=progress.cursor, begun=())
        return True


SCENARIOS: Final[Mapping[Scenario, Mutant]] = {
    a_queued_call_is_terminated_while_it_is_marked: m25_a_call_leaves_that_was_terminated_while_it_was_marked,
    a_read_goes_to_the_store_while_a_unit_is_stored: m26_a_read_shows_units_before_their_acknowledgement,
    a_process_ends_with_a_claimed_delivery: made.d01_a_delivery_is_removed_before_it_is_applied,
    a_card_changes_while_its_copy_is_shown: made.d02_a_copy_counts_as_shown_in_its_latest_state,
    a_bulk_is_cut_off_in_the_middle_of_a_slice: made.d03_a_bulk_passes_by_a_slice_that_was_begun,
    a_letter_is_applied_by_two: made.d04_a_letter_that_is_settled_can_be_settled_again,
    a_start_that_waits_is_taken_by_two: made.d05_a_start_that_waited_is_not_looked_for_in_the_ledger,
    starts_are_missed_while_no_process_runs: made.d06_missed_starts_have_no_row_in_the_ledger,
    two_of_three_must_approve: made.d07_an_approval_needs_one_less_than_it_says,
}


def problems_of(scenario: Scenario) -> list[str]:
    """Returns the violations after a scenario on an engine of its own."""
    data = MemoryData()

    async def play() -> list[str]:
        driver = Driver(lambda: MemoryStore(driver.clock, data))
        await driver.open()
        problems = await scenario(driver)
        await driver.stop(timedelta(0))
        return problems

    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        return runner.run(play())
