"""One simulated run of an engine: actions amid faults, then rest, and the reading of what is stored.

    trace = simulate(SeededChoice(17), "17")
    assert problems_of(trace) == []

First there are faults for a while (safety); then none, and every execution must come to rest within a bounded time
(liveness).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from looply.engine.cards.handles import message_ids
from looply.errors import LooplyError
from simulation.pools.pools import FLAT, Pool
from simulation.running.choice import Choice, choose
from simulation.running.life import Simulation
from simulation.running.loop import Endless
from simulation.running.recording import plain
from simulation.running.trace import StoredCopy, Trace

_REST_MS = 90 * 60_000
"""The longest time after the last fault until the run must be at rest."""
_QUIET_MS = 600
_MOST_TURNS = 60_000


class Run:
    """Lets a simulated installation live and come to rest."""

    def __init__(self, simulation: Simulation) -> None:
        self._life = simulation
        self._quiet_ms = -1

    def run(self) -> Trace:
        """Returns the trace of the run."""
        try:
            self._live()
            self._collect()
        except Endless:
            self._life.trace.is_unreadable = True
        finally:
            self._life.loop.close()
        self._life.trace.choices = self._life.choice.taken
        return self._life.trace

    def _live(self) -> None:
        try:
            self._life.boot()
            actions = self._life.spawn(self._actions())
            self._until(actions.done, 24 * 3_600_000)
            self._stop_faults()
            self._come_to_rest("after the last fault")
            self._finish()
        except Endless:
            self._life.trace.stuck.append(f"it continues without an end at {self._life.loop.ms} ms: {self._restless()}")

    async def _actions(self) -> None:
        for made_workflow in self._life.workflows:
            if self._life.workflows[made_workflow].every_ms:
                await self._life.operator.put_schedule(made_workflow)
        for _ in range(self._life.options.actions):
            await asyncio.sleep(self._life.delay("gap", self._life.options.gaps_ms) / 1000)
            actions = (
                *self._life.clients.actions,
                *self._life.operator.actions,
                *self._life.repairer.actions,
                *self._life.desk.actions,
                *self._life.housekeeper.actions,
                *self._life.watchers.actions,
                *self._life.outages.actions,
            )
            act = choose(self._life.choice, "action", actions)
            self._life.spawn(self._life.clients.finishing(act()))
        await asyncio.sleep(self._life.delay("rest", (1, 2000, 60_000)) / 1000)

    def _stop_faults(self) -> None:
        """Ends all faults: the disk has space, the clock is right, stopped processes continue."""
        self._life.are_faults_on = False
        self._life.is_disk_full = self._life.is_short_of_space = False
        self._life.clock.settle()
        for process in self._life.processes:
            if process.life == "STOPPED":
                self._life.loop.continue_process(process)
                process.is_ready = process is self._life.current and not process.is_recovering
        self._life.spawn(self._life.operator.drop_schedules())

    def _come_to_rest(self, when: str) -> None:
        if not self._until(self._is_at_rest, _REST_MS):
            self._life.trace.stuck.append(f"{when}: {self._restless()}")

    def _is_at_rest(self) -> bool:
        """Returns whether there has been no work for a moment, so that the last decisions are stored too."""
        if not self._is_quiet():
            self._quiet_ms = -1
            return False
        if self._quiet_ms < 0:
            self._quiet_ms = self._life.loop.ms
            self._life.loop.at(self._life.loop.ms + _QUIET_MS, 1, _nothing, context=self._life.outside)
        return self._life.loop.ms - self._quiet_ms >= _QUIET_MS

    def _is_quiet(self) -> bool:
        if (
            self._life.current.calls_in_flight
            or not self._life.current.is_ready
            or self._life.clients.busy
            or self._life.operator.busy
        ):
            return False
        data = self._life.data
        open_ids = [key for key, head in data.heads.items() if head.status in ("RUNNING", "WAITING")]
        if any(data.heads[key].status == "RUNNING" for key in open_ids):
            return False
        # Effects of an execution with an incident stay queued until an operator decides.
        if data.timers or data.continuations or data.deliveries:
            return False
        copies = (copy.row for copy in data.copies.values()) if self._life.pool.has_channel else ()
        if any(row.is_stale or row.doubt or not row.is_reported for row in copies):
            return False
        return not any(key in open_ids for key, _ in data.effects)

    def _restless(self) -> str:
        data = self._life.data
        found = [f"{key} {head.status}" for key, head in data.heads.items() if head.status in ("RUNNING", "WAITING")]
        rows = [*data.timers, *data.effects, *data.continuations, *data.deliveries]
        return f"ready: {self._life.current.is_ready}, calls: {self._life.clients.busy}, open: {found}, rows: {rows}"

    def _finish(self) -> None:
        """Repairs failed and resumes waiting executions, twice; then terminates the others."""
        people = (
            {"repair": self._life.repairer.finish, "settle": self._life.desk.finish} if self._life.pool.is_rich else {}
        )
        for way in (*people, "resume", "resume", "terminate"):
            work = self._life.spawn(people[way]() if way in people else self._life.clients.finish(way))
            if not self._until(work.done, _REST_MS):
                self._life.trace.stuck.append(f"the last {way} is not answered")
                return
            self._come_to_rest(f"after the last {way}")

    def _until(self, is_met: Callable[[], bool], span_ms: int) -> bool:
        return self._life.loop.run_until(is_met, self._life.loop.ms + span_ms, _MOST_TURNS)

    def _collect(self) -> None:
        trace = self._life.trace
        trace.broken = [repr(error) for error in self._life.loop.broken() if not isinstance(error, LooplyError)]
        work = self._life.current.spawn(self._read_all())
        if not self._until(work.done, 60_000):
            trace.stuck.append("the histories cannot be read")
        else:
            trace.broken.extend(repr(error) for error in [work.exception()] if error is not None)

    async def _read_all(self) -> None:
        trace, shell = self._life.trace, self._life.current.shell
        await self._audit()
        if self._life.pool.forgets:
            await self._life.housekeeper.finish(shell)
            await self._audit()
        for key, head in self._life.data.heads.items():
            trace.chains[key] = [
                (batch.first_seq, batch.last_seq, batch.chain) for batch in self._life.data.batches[key]
            ]
            events = await shell.executions.history(key)
            trace.histories[key] = [plain(event) for _, event in events]
            trace.heads[key] = plain(head)
        trace.messages, trace.twins = dict(self._life.messages.shown), self._life.messages.twins
        trace.copies = [
            StoredCopy(row.card_id, row.state, row.wanted, message_ids(row.handle))
            for row in (copy.row for copy in self._life.data.copies.values())
        ]
        trace.datastores = {place: one.revision for place, one in self._life.data.datastores.items()}

    async def _audit(self) -> None:
        audit = await self._life.current.shell.audit()
        self._life.trace.audit += [
            f"{problem['kind']} {problem['execution_id']}: {problem['message']}" for problem in audit.problems
        ]


def simulate(choice: Choice, seed: str = "", pool: Pool = FLAT) -> Trace:
    """Returns the trace of one run, of workflows of a pool."""
    with quiet_logs():
        return Run(Simulation(choice, seed, pool)).run()


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Hides the log of the engine, which is full of expected errors in a simulation."""
    was_configured, former = structlog.is_configured(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        if was_configured:
            structlog.configure(**former)
        else:
            structlog.reset_defaults()


def _nothing() -> None:
    """Lets time pass."""
