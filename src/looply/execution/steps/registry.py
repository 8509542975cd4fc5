"""The registry of step types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.execution.steps import (
    approval,
    card,
    child,
    choice,
    datastore,
    delay,
    effect,
    override,
    redirect,
    region,
    terminate,
    wait,
)
from looply.execution.steps.visit import Entry, Visit

ENTRIES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        **dict.fromkeys(OPERATION_STEPS, effect.enter),
        "conditional": choice.enter_conditional,
        "branchConditional": choice.enter_branch_conditional,
        "advancedConditional": choice.enter_advanced_conditional,
        "adaptiveCard": card.enter,
        "approval": approval.enter,
        "wait": wait.enter,
        "delay": delay.enter,
        "overridePayload": override.enter,
        "datastore": datastore.enter,
        "parallel": region.enter_parallel,
        "join": region.enter_join,
        "forEach": region.enter_for_each,
        "subworkflow": child.enter,
        "redirect": redirect.enter,
        "terminate": terminate.enter,
    }
)
"""Step type -> the function that returns the events with which a visit begins."""

__all__ = ["ENTRIES", "Entry", "Visit"]
