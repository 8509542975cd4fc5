"""One module for each kind of step: what must be recorded when an execution arrives there."""

from looply.execution.steps.registry import ENTRIES, Visit

__all__ = ["ENTRIES", "Visit"]
