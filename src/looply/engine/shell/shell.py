"""The shell: feeds the decision core and executes its decisions. Written once, above any `Store` and `Dispatcher`.

Theory of operation. A command goes to the mailbox of its execution. The mailbox takes all pending commands, lets
`answer` and `advance` compute on the stored state, and makes one unit of the result; the replies are sent after the
unit is durable. A unit that is not stored leaves the state unchanged, and every caller of it gets the error. All races
end at the fence of the store: a unit applies only to the state that it was computed on.
"""

from collections.abc import Mapping
from datetime import timedelta

from looply.definition import Workflow
from looply.engine.coding.blobs import StoredBlobs
from looply.engine.ports.blob_rows import BlobReader
from looply.engine.ports.port import (
    Audit,
    Examined,
    ExecutionOverview,
    Executions,
    Health,
    LiveSchedules,
    Start,
    ignore_examined,
)
from looply.engine.processing.committer import encode_definition
from looply.engine.processing.live_schedules import StoredSchedules
from looply.engine.records.absences import Absences
from looply.engine.records.datastores import Datastores
from looply.engine.records.decisions import Decisions
from looply.engine.records.figures.figures import Figures
from looply.engine.records.figures.survey import Usage
from looply.engine.records.letters import Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.startup import StartupState
from looply.engine.records.targets import TargetControl
from looply.engine.shell.audit import audit_store
from looply.engine.shell.parts import Parts
from looply.engine.shell.target_control import StoredTargets
from looply.engine.shell.wiring import connect_parts
from looply.errors import ShuttingDown
from looply.execution import ExecutionState
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import Command, Reply


class Shell:
    """The engine: implements `engine.ports.port.Engine` for every pair of store and dispatcher."""

    def __init__(self, parts: Parts) -> None:
        store = parts.store
        self._store = store
        self._codec = parts.codec
        self._channels = parts.channels
        self._wiring = wiring = connect_parts(parts)
        self._processor = wiring.processor
        self._starter = wiring.starter
        self._is_open = False
        # What `engine.ports.port.Engine` shows.
        self.executions: Executions = wiring.executions
        self.blobs: BlobReader = StoredBlobs(store.journal, parts.codec, parts.limits)
        self.absences: Absences = store.absences
        self.datastores: Datastores = store.datastores
        self.decisions: Decisions = store.decisions
        self.letters: Letters = store.letters
        self.overview: ExecutionOverview = store.overview
        self.figures: Figures = store.figures
        self.pruning: Pruning = store.pruning
        self.targets: TargetControl = StoredTargets(store, wiring.gate, parts.clock, parts.worker.look_up_target)
        self.schedules: LiveSchedules = StoredSchedules(store, self._check_open, lambda: self.observers.on_timer(None))
        # What the loops of `engine.upkeep` and `bootstrap` use beside it.
        self.limits = parts.limits
        self.turns = parts.turns
        self.worker = parts.worker
        self.observers = parts.observers
        self.gate = wiring.gate
        self.let_go = wiring.gated.let_go
        self.dispatcher = wiring.dispatcher
        self.effects = wiring.effects
        self.quotas = wiring.quotas
        self.feed = wiring.feed

    @property
    def in_memory(self) -> int:
        """How many executions are in memory now."""
        return len(self._wiring.boxes)

    async def open(self, startup: StartupState | None = None) -> StartupState:
        """Opens the store and takes over its epoch; nothing runs yet. `startup` is passed for an open store.

        Raises: what `Store.open` raises.
        """
        startup = startup or await self._store.open()
        self._codec.add_dictionaries(startup.dictionaries)
        self._wiring.committer.begin(startup.epoch, startup.definitions)
        self.effects.begin(startup.epoch)
        self._starter.begin(startup.highest_id)
        await self.gate.rows.refresh()
        self._is_open = True
        return startup

    def begin(self) -> None:
        """Starts running effects."""
        self.dispatcher.start(self.effects.perform)

    async def close(self, drain: timedelta) -> None:
        """Accepts no more, lets running effects end within `drain`, stores their outcomes, closes the store.

        The store is closed also when a part does not stop. Raises: the error of the first part that did not.
        """
        self._is_open = False
        try:
            await self._starter.stop()
            await self._wiring.completion_poller.stop()
            await self.feed.stop()
            await self.dispatcher.stop(drain)
            await self._processor.stop()
        finally:
            await self._store.close()

    async def start(self, request: Start) -> Started:
        """Stores a new execution and runs it as far as it goes; see `Engine.start`."""
        self._check_open()
        return await self._starter.start(request)

    async def submit(self, execution_id: str, command: Command) -> Reply:
        """Sends a command to an execution and returns the reply after its events are durable; see `Engine.submit`."""
        self._check_open()
        return await self._processor.submit(execution_id, command)

    async def load_state(self, execution_id: str) -> ExecutionState:
        """Returns the stored state, also where memory does not have its end yet.

        Raises: NotFound, StoreCorrupt.
        """
        return await self._wiring.loader.load_state(execution_id)

    async def put_definition(self, workflow: Workflow, workflow_id: str, workflow_version: int) -> None:
        """Stores a definition by its hash, so that executions on it are complete in themselves."""
        self._check_open()
        await self._store.journal.put_definition(encode_definition(workflow, workflow_id, workflow_version))

    async def usage(self) -> Mapping[str, Usage]:
        """Returns what each organization uses, counted and measured now; see `Engine.usage`."""
        await self.quotas.count()
        await self.quotas.measure()
        return self.quotas.usages()

    async def audit(self, examined: Examined = ignore_examined) -> Audit:
        """Folds every history, compares it with the stored rows, and returns what differs."""
        return await audit_store(self._store, self._wiring.loader.fold_history, self._channels, examined)

    def health(self) -> Health:
        """Returns whether the engine accepts work."""
        failure = self._store.failure()
        if failure is not None:
            return Health(is_ready=False, reason=str(failure))
        return Health(is_ready=self._is_open, reason="" if self._is_open else "the server is stopping")

    def _check_open(self) -> None:
        if not self._is_open:
            raise ShuttingDown("the server is stopping and accepts no new work")
