"""Dangling rows, which refer to something that is not stored, and orphans: executions that no row will move.

The same SQL for every store with tables, since the tables are the same.
"""

from collections.abc import Iterable
from typing import Final

from looply.engine.coding.rows import Row

_DANGLING: Final = """
  SELECT kind, 'execution', :id_text: FROM (
    SELECT 'effect' AS kind, execution_id FROM effect
    UNION ALL SELECT 'timer', execution_id FROM timer
    UNION ALL SELECT 'wait', execution_id FROM wait
    UNION ALL SELECT 'incident', execution_id FROM incident
    UNION ALL SELECT 'continuation', execution_id FROM continuation
    UNION ALL SELECT 'card', execution_id FROM card
    UNION ALL SELECT 'card_copy', execution_id FROM card_copy
    UNION ALL SELECT 'letter', execution_id FROM letter
    UNION ALL SELECT 'claim', execution_id FROM claim
    UNION ALL SELECT 'idempotency', execution_id FROM idempotency
    UNION ALL SELECT 'search_field', execution_id FROM search_field
    UNION ALL SELECT 'expiry', execution_id FROM expiry
    UNION ALL SELECT 'concurrency_slot', execution_id FROM concurrency_slot
    UNION ALL SELECT 'delivery', sender FROM delivery
    UNION ALL SELECT 'fire', execution_id FROM fire WHERE execution_id IS NOT NULL
    UNION ALL SELECT 'schedule', last_execution FROM schedule WHERE last_execution IS NOT NULL
  ) r WHERE NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = r.execution_id)
  UNION ALL
  SELECT 'schedule', 'definition', s.definition FROM schedule s
    WHERE NOT EXISTS (SELECT 1 FROM definition d WHERE d.hash = s.definition)
  LIMIT 1000
"""

# Timers of kinds 1 and 2 (a delay, a retry) move an execution by themselves; all others accompany other open work.
HAS_NO_WORK: Final = """
  NOT EXISTS (SELECT 1 FROM effect t WHERE t.execution_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM wait t WHERE t.execution_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.execution_id = e.id AND t.kind IN (1, 2))
  AND NOT EXISTS (SELECT 1 FROM continuation t WHERE t.execution_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM concurrency_slot t WHERE t.execution_id = e.id AND t.is_held = 0)
  AND NOT EXISTS (SELECT 1 FROM delivery t WHERE t.target = e.id)
"""
"""Of an execution `e`: no row of open work moves it by itself. A delivery that it has sent, or a child, still may."""


def dangling_statement(id_text: str) -> str:
    """Returns the statement, at import; `id_text` is the store's SQL for the text of `execution_id`."""
    return _DANGLING.replace(":id_text:", id_text)


def dangling_texts(rows: Iterable[Row]) -> list[str]:
    """Returns a text for each row that the statement finds."""
    return [f"{kind} row of {what} {key}, which is not stored" for kind, what, key in rows]
