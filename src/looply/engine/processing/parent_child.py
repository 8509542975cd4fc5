"""Parent and child: finds deliveries between them that are missing, whatever process ended when.

In both directions: a parent is notified how its child ended, and a child is terminated when its parent no longer waits
for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from looply.engine.ports.store import Store
from looply.errors import NotFound, StoreCorrupt
from looply.execution import ExecutionState
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.state import OpenChild

Read: TypeAlias = Callable[[str], Awaitable[ExecutionState]]
"""Folds the stored history of an execution. Raises: NotFound, StoreCorrupt."""


async def find_lost_children(store: Store, read: Read, state: ExecutionState) -> Mapping[str, Delivery]:
    """Returns the children for which the execution waits in vain, by id, each with the row that is missing.

    Of each child the start is pending, or it is open, or a delivery with its result is pending. For a child that is not
    stored the start is missing, for one that is stored the notification. Putting a row that was applied already is
    harmless.
    """
    if state.closed is not None:
        return {}
    deliveries = {}
    for child in state.children.values():
        if (missing := await _missing(store, read, state.started.execution_id, child)) is not None:
            deliveries[child.child_id] = missing
    return deliveries


async def find_lost_termination(store: Store, read: Read, state: ExecutionState) -> Delivery | None:
    """Returns the row that ends an open execution, None where none is missing.

    It must end when its parent has waited for it and no longer does: the parent has ended, or has continued without it.
    One whose parent cannot be read is left alone.
    """
    started = state.started
    if state.closed is not None or started.tells != "END":
        return None
    parent = await _read_or_none(read, started.parent)
    if parent is None or started.execution_id in parent.children:
        return None
    # Read after the parent: the unit in which the parent gave it up has put the row.
    rows = await store.reads.deliveries_of(started.execution_id)
    if any(delivery.kind == "TERMINATE" for delivery in rows):
        return None
    return Delivery(DeliveryKey(started.execution_id, started.parent, parent.seq), "TERMINATE")


async def _missing(store: Store, read: Read, parent: str, child: OpenChild) -> Delivery | None:
    rows = await store.reads.deliveries_of(child.child_id)
    if any(delivery.kind == "START" for delivery in rows):
        return None
    head = await store.reads.head(child.child_id)
    if child.is_awaited and head is not None and head.parent == parent:
        if head.is_open:
            return None
        # One that FAILED with an incident continues when an operator decides; one that failed for good has sent its
        # notification. One that cannot be read is a problem of its own.
        if head.status == "FAILED":
            failed = await _read_or_none(read, child.child_id)
            if failed is None or failed.closed is None:
                return None
    pending = await store.reads.deliveries_of(parent)
    if any(delivery.row.sender == child.child_id for delivery in pending):
        return None
    if head is None:
        return Delivery(DeliveryKey(child.child_id, parent, child.seq), "START")
    return Delivery(DeliveryKey(parent, child.child_id, head.seq), "ENDED" if child.is_awaited else "STARTED")


async def _read_or_none(read: Read, execution_id: str) -> ExecutionState | None:
    try:
        return await read(execution_id)
    except (NotFound, StoreCorrupt):
        return None
