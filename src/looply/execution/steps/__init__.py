"""Steps: one module for each kind of step, with the events with which a visit begins.

Imports `facts`, `document` and `approvals`.
Never here: what follows from a result; `deciding` and `answering` decide about that.
"""

from looply.execution.steps.registry import ENTRIES, Visit

__all__ = ["ENTRIES", "Visit"]
