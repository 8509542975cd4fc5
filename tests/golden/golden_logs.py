"""Scenarios of the setting `log`: what is recorded where the log tells less."""

from collections.abc import Callable
from typing import Final

from golden_tools import OK, RETRY, Simulator, call, started, step

from looply.execution.commands import Redrive


def _logged(level: str) -> Simulator:
    """A condition, a call that is tried again, an answer, and a call that fails for good and is made once more."""
    rules = [{"variable": "${payload.output.n}", "operator": "IsPresent"}]
    simulator = started(
        step("if", "conditional", {"rules": rules}),
        call("c", "PUT", retry=RETRY),
        step("w", "wait"),
        call("d", fail_on=["5xx"]),
        edges="start>if if:yes>c c>w w>d",
        body={"n": 1},
        settings={"log": level},
    )
    simulator.fail()
    simulator.tick(60)
    simulator.succeed(OK)
    simulator.resume({"answer": "yes"})
    simulator.succeed({**OK, "status": "500"})
    simulator.submit(Redrive(at=simulator.now, by="operator"))
    (effect,) = simulator.effects
    simulator.terminate()
    simulator.report(effect, OK)
    return simulator


def logged_in_full_as_ever() -> Simulator:
    return _logged("full")


def logged_with_errors_only() -> Simulator:
    return _logged("errors")


def logged_with_next_to_nothing() -> Simulator:
    return _logged("none")


LOGS: Final[tuple[Callable[[], Simulator], ...]] = (
    logged_in_full_as_ever,
    logged_with_errors_only,
    logged_with_next_to_nothing,
)
