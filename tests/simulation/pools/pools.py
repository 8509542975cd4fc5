"""The pools of workflows that a run can draw from: a number of a pool means the same workflow for ever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from looply.definition import Workflow, compile_definition
from simulation.pools.regions import children, made_of_regions
from simulation.pools.workflows import Made, made
from simulation.running.choice import SeededChoice, choose, happens

CHANNEL = "teams"
_KEPT = ("PT1S", "PT5S", "PT1M", "PT1H")


@dataclass(frozen=True)
class Pool:
    """`made` returns a workflow by its number; `callees` are those that others call.

    `is_rich`: executions have branches and approvals, and operators repair them. `forgets`: ended executions are
    pruned, and clients follow streams. `has_outages`: systems are down for a time, and operators stop them.
    `has_channel`: cards are shown by a channel elsewhere. Choices of clients in the first pool, which has none of
    these, stay as they were when runs of it were saved.
    """

    name: str
    made: Callable[[int], Made]
    callees: Callable[[], Mapping[str, Workflow]]
    is_rich: bool = False
    forgets: bool = False
    has_outages: bool = False
    has_channel: bool = False


def _kept(made_before: Callable[[int], Made]) -> Callable[[int], Made]:
    """Returns the same workflows, some of which have a retention."""

    @cache
    def made_again(number: int) -> Made:
        before = made_before(number)
        choice = SeededChoice(f"retention {number}")
        if not happens(choice, "retention", 600):
            return before
        settings = {**before.document.get("workflow_settings", {}), "retention": choose(choice, "kept", _KEPT)}
        document = {**before.document, "workflow_settings": settings}
        return Made(document, compile_definition(document), before.every_ms)

    return made_again


@cache
def _made_for_channel(number: int) -> Made:
    """Returns a workflow of the first pool whose cards are sent by the channel."""
    before = made(number)
    steps = [
        {**step, "settings": {**step["settings"], "channel": CHANNEL}} if step["type"] == "adaptiveCard" else step
        for step in before.document["workflow_steps"]
    ]
    document = {**before.document, "workflow_steps": steps}
    return Made(document, compile_definition(document), before.every_ms)


FLAT = Pool("flat", made, dict)
REGIONS = Pool("regions", _kept(made_of_regions), children, is_rich=True, forgets=True)
RETENTION = Pool("retention", _kept(made), dict, forgets=True)
OUTAGES = Pool("outages", made, dict, has_outages=True)
CARDS = Pool("cards", _made_for_channel, dict, has_channel=True)
POOLS = {pool.name: pool for pool in (FLAT, REGIONS, RETENTION, OUTAGES, CARDS)}
