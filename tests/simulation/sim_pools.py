"""The pools of workflows that a run can draw from: a number of a pool means the same workflow for ever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim_regions import children, made_of_regions
from sim_workflows import Made, made

from looply.definition import Workflow


@dataclass(frozen=True)
class Pool:
    """`made` returns a workflow by its number; `callees` are those that others call.

    `is_rich`: executions have branches, approvals and operators who repair them. What clients choose in runs of the
    other pool stays as it was when runs of it were saved.
    """

    name: str
    made: Callable[[int], Made]
    callees: Callable[[], Mapping[str, Workflow]]
    is_rich: bool


FLAT = Pool("flat", made, dict, is_rich=False)
REGIONS = Pool("regions", made_of_regions, children, is_rich=True)
