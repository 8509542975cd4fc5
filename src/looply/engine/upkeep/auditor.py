"""The auditor: checks the store in the background and proves that every open execution will continue.

Theory of operation. It does for one execution after the other what `looply doctor` does for all: it folds the history
and compares what follows with the stored rows. Head and rows are read between two reads of the sequence number, so that
an execution which progresses in between is left for the next round. Differences are repaired: an attempt whose row is
missing is reported as lost, since it is unknown whether it was sent, and all other rows are written again in a unit of
the execution, under its fence. What is wrong after that is logged, and stays in `damaged` until a later check finds it
sound.

A round takes hours in a large store, and an execution that nothing moves should be found earlier. So every
`COUNT_SECONDS` it asks the store for open executions without a row that would move them, and checks these at once; in
the same step it counts what is open, for the metrics. Where several processes share a store, one of them does all this.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from looply.clock import Clock
from looply.engine.ports.lists import Head
from looply.engine.ports.store import Store, Work
from looply.engine.records.figures.survey import Census
from looply.engine.records.targets import TargetCounts
from looply.engine.shell.audit import Problem, is_orphan, problems_of
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.loop import Loop
from looply.engine.upkeep.quarantine import log_failed_command
from looply.errors import LooplyError
from looply.execution import ExecutionState, open_work
from looply.execution.facts.commands import Command, EffectLost, RepairRows
from looply.execution.facts.state import OPEN_STATUSES

_log = structlog.get_logger(__name__)

SLICE: Final = 50
"""The most executions that one slice checks."""
COUNT_SECONDS: Final = 15.0
"""The pause between two counts of what is open."""
_IDLE_SHARE: Final = 20
"""A slow count runs less often: the pause is at least its time multiplied by this number."""
SUSPECTS: Final = 200
"""The most executions that nothing moves and that are checked with one count."""
_FIRST_SECONDS: Final = 60.0
"""The pause before the first round: a process that starts has more urgent work."""
_PAUSE_SECONDS: Final = 1.0
"""The pause between two slices: the auditor must never slow other work."""
_ROUND_SECONDS: Final = 3600.0
"""The pause between two rounds."""
_SHOWN: Final = 10
_LIVE: Final = (*OPEN_STATUSES, "FAILED")


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the auditor of this process has found.

    `census` is of the instant `counted_on`, `audited_on` is the end of the last round. `repaired` counts executions
    repaired since the start of the process, `damaged` those whose rows differ from their history, and `orphans` those
    of them that nothing will move. `corrected` counts counters of open work that differed from a count. `targets` are
    systems that are not called as usual, counted with the census.
    """

    census: Census | None = None
    targets: TargetCounts | None = None
    counted_on: datetime | None = None
    audited_on: datetime | None = None
    repaired: int = 0
    damaged: int = 0
    orphans: int = 0
    corrected: int = 0


class Auditor(Loop):
    """The auditor of one process; see the module. Several at once are harmless: the fence decides."""

    failed_event = "auditor_failed"

    def __init__(self, shell: Shell, store: Store, clock: Clock, channels: frozenset[str]) -> None:
        super().__init__()
        self._shell = shell
        self._store = store
        self._clock = clock
        self._channels = channels
        self._after = ""
        self._checked = 0
        self._known = Findings()
        self._round_at = 0.0
        self._count_at = 0.0
        self._is_auditor = False
        self.damaged: dict[str, Sequence[Problem]] = {}

    @property
    def orphans(self) -> int:
        """How many executions that nothing will move were found and could not be repaired."""
        return sum(is_orphan(problems) for problems in self.damaged.values())

    @property
    def findings(self) -> Findings | None:
        """What this process has found, None while another one is the auditor."""
        if not self._is_auditor:
            return None
        return msgspec.structs.replace(self._known, damaged=len(self.damaged), orphans=self.orphans)

    async def tick(self) -> bool:
        """Checks one slice, repairs what it can, and returns whether the round is over."""
        heads = await self._store.reads.scan(self._after, SLICE)
        for head in heads:
            if self.is_stopping:
                return False
            await self._check(head)
        self._checked += len(heads)
        if len(heads) == SLICE:
            self._after = heads[-1].execution_id
            return False
        await self._forget_pruned()
        _log.info("audited", executions=self._checked, damaged=len(self.damaged), orphans=self.orphans)
        self._after, self._checked = "", 0
        self._known = msgspec.structs.replace(self._known, audited_on=self._clock.now())
        return True

    async def _forget_pruned(self) -> None:
        for execution_id in list(self.damaged):
            if await self._store.reads.head(execution_id) is None:
                del self.damaged[execution_id]

    async def count(self) -> None:
        """Checks executions that no row will move, including those known as such, and counts what is open."""
        orphans = [execution_id for execution_id, problems in self.damaged.items() if is_orphan(problems)][:SUSPECTS]
        for execution_id in dict.fromkeys((*await self._store.survey.find_orphans(SUSPECTS), *orphans)):
            if self.is_stopping:
                return
            head = await self._store.reads.head(execution_id)
            if head is None:
                self.damaged.pop(execution_id, None)
            else:
                await self._check(head)
        await self._prove_counters()
        census, targets = await self._store.survey.count(), await self._shell.targets.count()
        now = self._clock.now()
        self._known = msgspec.structs.replace(self._known, census=census, targets=targets, counted_on=now)

    async def _prove_counters(self) -> None:
        """Compares the counters of what is open with a count, and corrects those that differ."""
        drift = await self._store.figures.find_drift()
        if drift:
            counters = [f"{each.name} of workflow {each.workflow} by {each.missing}" for each in drift[:_SHOWN]]
            _log.error("counters_differ", count=len(drift), counters=counters)
            await self._store.figures.correct()
            self._known = msgspec.structs.replace(self._known, corrected=self._known.corrected + len(drift))

    async def round(self) -> float:
        """Counts and checks a slice, as each is due, if this process is the auditor; returns the next pause."""
        now = self._clock.monotonic()
        if not await self._store.survey.acquire_auditor_role():
            self._is_auditor = False
            return COUNT_SECONDS
        if not self._is_auditor:
            self._begin(now)
        if now >= self._count_at:
            await self.count()
            took = self._clock.monotonic() - now
            self._count_at = self._clock.monotonic() + max(COUNT_SECONDS, took * _IDLE_SHARE)
        if now >= self._round_at:
            self._round_at = now + (_ROUND_SECONDS if await self.tick() else _PAUSE_SECONDS)
        return max(min(self._count_at, self._round_at) - self._clock.monotonic(), _PAUSE_SECONDS)

    def _begin(self, now: float) -> None:
        """Begins as the auditor without findings: what another one has found may be repaired by now."""
        self._is_auditor = True
        self._after, self._checked = "", 0
        self._known = Findings(repaired=self._known.repaired, corrected=self._known.corrected)
        self.damaged.clear()
        self._count_at, self._round_at = now, now + _FIRST_SECONDS

    async def _check(self, head: Head) -> None:
        execution_id = head.execution_id
        if head.status not in _LIVE and not await self._owns_rows(execution_id):
            self.damaged.pop(execution_id, None)
            return
        problems = await self._find_problems(execution_id)
        if problems and await self._repair(execution_id):
            left = await self._find_problems(execution_id)
            # One that has progressed since continues: the next check finds what is left, if anything.
            if not left:
                kinds = sorted({str(problem["kind"]) for problem in problems})
                _log.warning("execution_mended", execution_id=execution_id, kinds=kinds)
                self._known = msgspec.structs.replace(self._known, repaired=self._known.repaired + 1)
            problems = left
        if problems:
            if execution_id not in self.damaged:
                _log.error("execution_damaged", execution_id=execution_id, problems=[p["message"] for p in problems])
            self.damaged[execution_id] = problems
        elif problems is not None:
            self.damaged.pop(execution_id, None)

    async def _owns_rows(self, execution_id: str) -> bool:
        if await self._store.reads.work_of(execution_id) != Work():
            return True
        return bool(await self._store.reads.claims_of(execution_id))

    async def _find_problems(self, execution_id: str) -> Sequence[Problem] | None:
        """Returns the problems, None for an execution that has progressed in the meantime."""
        before = await self._store.reads.head(execution_id)
        problems = await problems_of(self._store, self._shell.load_state, execution_id, self._channels)
        return problems if before == await self._store.reads.head(execution_id) else None

    async def _repair(self, execution_id: str) -> bool:
        """Returns whether rows were repaired; an execution that cannot be read, or has ended, is only reported."""
        command: Command = RepairRows(at=self._clock.now())
        try:
            state = await self._shell.load_state(execution_id)
            if state.closed is not None:
                return False
            commands: list[Command] = [*await self._lost_attempts(state), command]
            for command in commands:
                await self._shell.submit(execution_id, command)
        except LooplyError as error:
            log_failed_command(execution_id, type(command), error)
            return False
        return True

    async def _lost_attempts(self, state: ExecutionState) -> list[EffectLost]:
        execution_id = state.started.execution_id
        stored = {row.seq for row in (await self._store.reads.work_of(execution_id)).effects}
        head = await self._store.reads.head(execution_id)
        if head is None or head.seq != state.seq:
            return []  # it has progressed: a missing row need not be lost
        return [
            EffectLost(at=self._clock.now(), address=effect.address, attempt=effect.attempt)
            for seq, effect in open_work(state).effects.items()
            if seq not in stored
        ]
