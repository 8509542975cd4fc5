"""Current states of executions: from memory, completed from the store where another process may have advanced them."""

from collections.abc import Sequence
from contextlib import suppress

from looply.definition import Workflow
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailboxes
from looply.errors import StoreCorrupt
from looply.execution import ExecutionState

StateAndWorkflow = tuple[ExecutionState, Workflow]


class CurrentStates:
    """The current states of executions. In a shared store a state in memory is completed by the events stored since.

    Guarantees: a result shows at least every unit that was durable at the call, whichever process stored it.
    """

    def __init__(self, loader: Loader, boxes: Mailboxes, *, is_shared: bool) -> None:
        self._loader = loader
        self._boxes = boxes
        self._is_shared = is_shared

    async def get(self, execution_id: str) -> StateAndWorkflow:
        """Returns state and workflow as of the last stored unit. Raises: NotFound, StoreCorrupt, StoreUnreachable."""
        current = await self._refresh(execution_id) if self._is_shared else self.in_memory(execution_id)
        if current is not None:
            return current
        return self._settle(execution_id, *await self._loader.load(execution_id))

    async def get_many(self, execution_ids: Sequence[str]) -> dict[str, StateAndWorkflow]:
        """Returns by id what `get` returns; those that are not stored or are damaged are left out.

        What is not in memory is read at once. Raises: StoreCorrupt when the store cannot be read; StoreUnreachable.
        """
        current: dict[str, StateAndWorkflow] = {}
        for each in execution_ids:
            with suppress(StoreCorrupt):
                in_memory = await self._refresh(each) if self._is_shared else self.in_memory(each)
                if in_memory is not None:
                    current[each] = in_memory
        missing = [each for each in execution_ids if each not in current]
        for execution_id, loaded in (await self._loader.load_many(missing) if missing else {}).items():
            current[execution_id] = self._settle(execution_id, *loaded)
        return current

    def _settle(self, execution_id: str, state: ExecutionState, workflow: Workflow, chain: bytes) -> StateAndWorkflow:
        """Returns what was loaded, or what memory knows by now, and keeps it where it can be followed."""
        in_memory = self.in_memory(execution_id)
        if in_memory is None and self._is_shared:
            self._keep(state, workflow, chain)
        if in_memory is not None and (not self._is_shared or in_memory[0].seq > state.seq):
            # The store may show a unit before its callers have their replies. Where memory knows the execution by now,
            # memory decides; otherwise the next read, which asks memory, would go back in time.
            return in_memory
        return state, workflow

    def in_memory(self, execution_id: str) -> StateAndWorkflow | None:
        """Returns the state in memory, or None. In a shared store it may lag behind the store."""
        box = self._boxes.find(execution_id)
        if box is None or box.state is None or box.workflow is None:
            return None
        return box.state, box.workflow

    def _keep(self, state: ExecutionState, workflow: Workflow, chain: bytes) -> None:
        """Keeps a loaded state, so that the next read of a shared store loads only the events stored since."""
        if state.closed is not None:
            return
        box = self._boxes.open(state.started.execution_id)
        if box.is_quiet:
            box.state, box.workflow, box.chain = state, workflow, chain
            self._boxes.update_cost(box)

    async def _refresh(self, execution_id: str) -> StateAndWorkflow | None:
        box = self._boxes.find(execution_id)
        if box is None or box.state is None or box.workflow is None:
            return None
        state, workflow, chain = await self._loader.refresh(box.state, box.workflow, box.chain)
        if box.is_quiet and box.state.seq < state.seq:
            box.state, box.workflow, box.chain = state, workflow, chain
            self._boxes.update_cost(box)
        # A unit of this process may have been stored in the meantime.
        in_memory = self.in_memory(execution_id)
        return in_memory if in_memory is not None and in_memory[0].seq > state.seq else (state, workflow)
