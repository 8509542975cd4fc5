"""The SQL conditions of expired and of open executions: the same for every store with tables.

Statuses 1 and 2 run and wait, 3 and 5 are ends, 4 has failed for good or has an incident.
"""

from typing import Any, Final

from looply.engine.coding.rows import IN_OPEN_NUMBERS
from looply.engine.records.pruning import SLICE_ROWS, Cursor, RetentionFilter
from looply.instants import ms_or_none, to_ms

_HAS_INCIDENT: Final = "EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = o.id)"
IS_OPEN: Final = f"(o.status {IN_OPEN_NUMBERS} OR {_HAS_INCIDENT})"
"""The condition of an open execution `o`."""

IS_EXPIRED: Final = """
  (e.status IN (3, 5) OR (e.status = 4 AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = e.id)))
  AND :workflow IN (0, e.workflow) AND (CAST(:before AS bigint) IS NULL OR (e.modified_ms < :before
    AND (:overrides OR NOT EXISTS (SELECT 1 FROM expiry x WHERE x.execution_id = e.id))))
"""
"""Of an execution `e`; its parameters are those of `slice_parameters`."""


def slice_parameters(expired: RetentionFilter, workflow: int, after: Cursor) -> dict[str, Any]:
    """Returns the parameters of the condition and of a slice that begins after `after`, except those that are ids.

    `workflow` is the number of the workflow's name, 0 for all of them.
    """
    return {
        "workflow": workflow,
        "now": to_ms(expired.now),
        "before": ms_or_none(expired.ended_before),
        "overrides": expired.overrides,
        "after_ms": after[0],
        "most": SLICE_ROWS,
    }
