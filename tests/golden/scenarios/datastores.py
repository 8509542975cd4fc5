"""Scenarios of datastores: outputs, failures, and crashes."""

from collections.abc import Callable
from typing import Final

from golden.scenarios.tools import Simulator, call, started, step


def datastore_read_and_changed() -> Simulator:
    simulator = started(
        step("read", "datastore", {"operation": "get", "name": "prices", "path": "/${payload.output.sku}"}),
        step(
            "write",
            "datastore",
            {
                "operation": "set",
                "name": "prices",
                "path": "/${payload.output.sku}",
                "value": {"net": "${add(read.output.value.net, 1)}"},
                "if_revision": "${read.output.revision}",
            },
        ),
        step("add", "datastore", {"operation": "merge", "name": "prices", "value": {"old": None}}),
        step("drop", "datastore", {"operation": "delete", "name": "prices"}),
        edges="start>read read>write write>add add>drop",
        body={"sku": "a/b"},
    )
    simulator.succeed({"value": {"net": 3}, "revision": 7})
    simulator.succeed({"value": {"net": 4}, "revision": 8})
    simulator.succeed({"value": {"a/b": {"net": 4}}, "revision": 9})
    simulator.succeed({"value": {"a/b": {"net": 4}}, "revision": 0})
    return simulator


def datastore_conflict_handled() -> Simulator:
    settings = {"operation": "set", "name": "prices", "value": 1, "if_revision": 3}
    simulator = started(step("write", "datastore", settings), call("c"), edges="start>write write:error>c")
    simulator.fail("CONFLICT", is_transient=False)
    return simulator


def datastore_change_lost_and_repeated() -> Simulator:
    simulator = started(
        step("write", "datastore", {"operation": "set", "name": "prices", "value": 1}), edges="start>write"
    )
    simulator.lose()
    simulator.succeed({"value": 1, "revision": 1})
    return simulator


DATASTORES: Final[tuple[Callable[[], Simulator], ...]] = (
    datastore_read_and_changed,
    datastore_conflict_handled,
    datastore_change_lost_and_repeated,
)
