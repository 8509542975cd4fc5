"""What became of one execution of a bulk: it was changed, or it refused that, which does not end the bulk."""

from typing import Final

from looply.app.executions import repairs
from looply.errors import Conflict, Forbidden, NotFound, RecordDamaged, Refused, StoreCorrupt
from looply.execution.facts.commands import AlreadyTerminated, Reply, Terminated

REFUSING: Final = (Conflict, Forbidden, NotFound, Refused, StoreCorrupt, RecordDamaged)
"""Errors of one execution."""


def require_change(reply: Reply) -> None:
    """Returns when a command of a bulk has changed its execution.

    Raises: Conflict (code `TERMINATED`) when it was terminated before; as `repairs.require_repaired`.
    """
    match reply:
        case Terminated():
            return
        case AlreadyTerminated():
            raise Conflict("the execution was terminated before", code="TERMINATED")
        case _:
            repairs.require_repaired(reply)
