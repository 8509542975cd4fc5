"""One module for each kind of step: the events with which a visit begins."""

from looply.execution.steps.registry import ENTRIES, Visit

__all__ = ["ENTRIES", "Visit"]
