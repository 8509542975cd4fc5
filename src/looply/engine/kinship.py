"""The proof that whoever waits for another execution will hear of it, whatever process ends when."""

from looply.engine.store import Store
from looply.execution import ExecutionState
from looply.execution.state import OpenChild

_OPEN = ("RUNNING", "WAITING", "FAILED")
"""A child that FAILED with an incident goes on when somebody decides; one that failed for good has told so."""


async def lost_children(store: Store, state: ExecutionState) -> list[tuple[str, str]]:
    """Returns ("CHILD", message) for each child that the execution waits for in vain.

    A child is to be started, or it is open, or what became of it is on its way.
    """
    if state.closed is not None:
        return []
    return [
        ("CHILD", f"waits for the execution {child.child_id}, which is neither open nor to be started")
        for child in state.children.values()
        if await _is_lost(store, state.started.execution_id, child)
    ]


async def _is_lost(store: Store, parent: str, child: OpenChild) -> bool:
    rows = await store.reads.deliveries_of(child.child_id)
    if any(delivery.kind == "START" for delivery in rows):
        return False
    head = await store.reads.head(child.child_id)
    if child.is_awaited and head is not None and head.status in _OPEN and head.parent == parent:
        return False
    told = await store.reads.deliveries_of(parent)
    return all(delivery.row.sender != child.child_id for delivery in told)
