"""Helpers of the scenarios of recorded histories."""

from typing import Any, Final

from kit.execution.driver import EXECUTION_ID, SEED, Simulator, encode_history
from kit.execution.workflows import CARD, call, card, step, workflow
from looply.execution.facts.address import Address, card_token, wait_token
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits

__all__ = [
    "BROKEN",
    "CARD",
    "EXECUTION_ID",
    "OK",
    "PEOPLE",
    "RETRY",
    "Simulator",
    "call",
    "card",
    "encode_history",
    "started",
    "step",
    "token",
    "workflow",
]

PEOPLE: Final = ("a@example.com", "b@example.com", "c@example.com")
RETRY: Final = {"max_attempts": 3, "interval": "PT10S", "jitter": 0.5}
OK: Final = {"status": "200", "statusText": "OK", "headers": {}, "data": {"n": 1}}
BROKEN: Final = "${div(1, 0)}"
"""An expression whose evaluation always fails."""


def started(
    *steps: dict[str, Json], edges: str, body: Json = None, limits: Limits = DEFAULT_LIMITS, **options: Any
) -> Simulator:
    """Returns the simulator of a workflow that is started. `options` are those of `workflow`."""
    simulator = Simulator(workflow(*steps, edges=edges, **options), limits=limits)
    simulator.start(body)
    return simulator


def token(name: str, visit: int = 1, part: int = -1, scope: str = "") -> str:
    """Returns the token of a wait, or of a card copy when its part is given."""
    address = Address(scope, name, visit)
    return wait_token(EXECUTION_ID, SEED, address) if part < 0 else card_token(EXECUTION_ID, SEED, address, part)
