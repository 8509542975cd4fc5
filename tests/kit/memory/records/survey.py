"""The survey of the memory store."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from kit.memory.data import MemoryData
from looply.engine.records.figures.survey import Census, effect_counts


class MemorySurvey:
    """See `looply.engine.records.figures.survey.Survey`."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data

    async def acquire_auditor_role(self) -> bool:
        """Returns true: there is no other process."""
        return True

    async def count(self) -> Census:
        """Returns how much is open."""
        data = self._data
        executions = Counter(head.status for head in data.heads.values() if data.is_open(head.execution_id))
        if failed := len({execution_id for execution_id, _ in data.incidents}):
            executions["FAILED"] = failed
        queues = Counter((row.queue.partition(" ")[0], row.state == "RUNNING") for row in data.effects.values())
        plans = [plan for plan in data.schedules.values() if plan.status == "ACTIVE" and plan.due is not None]
        fires = (row for key in data.schedules for row in data.fires.get(key, {}).values())
        return Census(
            executions=dict(executions),
            incidents=dict(Counter(row.kind for row in data.incidents.values())),
            effects=effect_counts(queues),
            timers=len(data.timers),
            timer_due=min((row.due for row in data.timers.values()), default=None),
            schedule_due=min((plan.due for plan in plans if plan.due is not None), default=None),
            waits=len(data.waits),
            cards=len(data.cards),
            stale_copies=sum(copy.row.shown < copy.row.wanted for copy in data.copies.values()),
            undelivered=Counter(
                (copy.row.channel, copy.row.state)
                for card_id, copy in data.copies.items()
                if card_id in data.cards and copy.row.state != "SHOWN"
            ),
            deliveries=len(data.deliveries),
            continuations=len(data.continuations),
            awaiting_slot=sum(not row.is_held for row in data.places.values()),
            holding_slot=sum(row.is_held for row in data.places.values()),
            letters=sum(not row.action for row in data.letters.values()),
            missed_starts=sum(row.count for row in fires if row.outcome == "MISSED"),
        )

    async def find_orphans(self, limit: int) -> Sequence[str]:
        """Returns executions that no row will move."""
        data = self._data
        owners = {execution_id for execution_id, _ in (*data.effects, *data.waits)} | data.continuations
        owners |= {row.execution_id for row in data.timers.values() if row.kind in ("DELAY", "RETRY")}
        owners |= {row.execution_id for row in data.places.values() if not row.is_held}
        owners |= {key for row in data.deliveries for key in (row.target, row.sender)}
        hurt = {execution_id for execution_id, _ in data.incidents}
        owners |= {head.parent for key, head in data.heads.items() if data.is_open(key) or key in hurt}
        return sorted(key for key in data.heads if data.is_open(key) and key not in owners)[:limit]

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait."""
        data = self._data
        return Counter(head.organization_id for key, head in data.heads.items() if data.is_open(key))

    async def measure_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the bytes of a slice of what is stored, by organization, and where the next slice begins."""
        data, begin = self._data, int(after or 0)
        heads = ((head, data.batches.get(key, ())) for key, head in data.heads.items())
        histories = ((head.organization_id, batch.events) for head, batches in heads for batch in batches)
        values = ((organization_id, value.data) for (organization_id, _), value in data.values.items())
        rows = list(islice((*histories, *values), begin, begin + limit))
        sizes = Counter[str]()
        for organization_id, stored in rows:
            sizes[organization_id] += len(stored)
        return sizes, str(begin + limit) if len(rows) == limit else ""
