"""The proof that whoever waits for another execution will hear of it, whatever process ends when."""

from collections.abc import Mapping

from looply.engine.store import Store
from looply.execution import ExecutionState
from looply.execution.deliveries import Delivered, Delivery
from looply.execution.state import OpenChild

_OPEN = ("RUNNING", "WAITING", "FAILED")
"""A child that FAILED with an incident goes on when somebody decides; one that failed for good has told so."""


async def lost_children(store: Store, state: ExecutionState) -> Mapping[str, Delivery]:
    """Returns the children for which the execution waits in vain, by id, each with the row that is missing.

    A child is to be started, or it is open, or what became of it is on its way. One that is not stored is to be
    started, one that is stored has to tell. To put a row that was applied already is harmless.
    """
    if state.closed is not None:
        return {}
    found = {}
    for child in state.children.values():
        if (missing := await _missing(store, state.started.execution_id, child)) is not None:
            found[child.child_id] = missing
    return found


async def _missing(store: Store, parent: str, child: OpenChild) -> Delivery | None:
    rows = await store.reads.deliveries_of(child.child_id)
    if any(delivery.kind == "START" for delivery in rows):
        return None
    head = await store.reads.head(child.child_id)
    if child.is_awaited and head is not None and head.status in _OPEN and head.parent == parent:
        return None
    told = await store.reads.deliveries_of(parent)
    if any(delivery.row.sender == child.child_id for delivery in told):
        return None
    if head is None:
        return Delivery(Delivered(child.child_id, parent, child.seq), "START")
    return Delivery(Delivered(parent, child.child_id, head.seq), "ENDED" if child.is_awaited else "STARTED")
