"""An outage of SAP: so many executions against a dead system, which comes back."""

import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.harness.filling import Folder
from bench.harness.load import get, post, run
from bench.harness.servers import Server, client_cores, free_port, json_of, looply, started, wait_for_port
from bench.sap.gateway import SERVICES
from bench.sap.measuring import figures
from bench.sap.workflows import creating, environment, sap_folder
from bench.speed import CLIENTS, Figures, Plan, drive
from looply.engine.effects.outages import RAMP_SECONDS

EXECUTIONS: Final = 1000
DRAIN_RATE: Final = 20
"""Attempts a second at first, when the system is back."""
_RETRY: Final = {"max_attempts": 3, "interval": "PT1S"}
_PATIENCE_SECONDS: Final = 180.0


def measure_outage(plan: Plan) -> Figures:
    """Returns the alarms, the incidents, and the rates at which the executions that waited were continued."""
    port, log = free_port(), plan.work / "outage.log"
    definition = creating(SERVICES["2"], "Orders", {"Order": "1"}, retry=_RETRY)
    folder = run(sap_folder(plan.work / "outage", port, {"order": definition}))
    settings = {**environment(port), "LOOPLY_TARGET_DRAIN_PER_SECOND": str(DRAIN_RATE)}
    with looply(folder.data, log, settings) as server:
        request = post(folder.trigger_path("order"), b"{}", folder.api_key)
        drive(server, [request] * EXECUTIONS, CLIENTS, 60.0)
        _until_parked(server, folder)
        command = [sys.executable, "-m", "bench.sap.gateway", str(port)]
        with started(command, plan.work / "gateway.log", cores=client_cores()) as (process, _):
            wait_for_port(port, process)
            instants = _all_changes(port)
        _until_closed(server, folder)
        failed = _count(server, folder, "FAILED")
    alarms = sum('"target_down"' in entry for entry in log.read_text("utf-8").splitlines())
    return {"executions": EXECUTIONS, "alarms": alarms, "incidents": failed, **_rates(instants)}


def _rates(instants: list[float]) -> Figures:
    """Returns the rates of the first two steps of the drain, which begins after the probe."""
    first = instants[0]
    steps = [
        sum(first + RAMP_SECONDS * step < at <= first + RAMP_SECONDS * (step + 1) for at in instants)
        for step in range(2)
    ]
    shares = [count / RAMP_SECONDS / (DRAIN_RATE * 2**step) for step, count in enumerate(steps)]
    return {"changes": len(instants), "drain_shares": [round(share, 3) for share in shares]}


def _until_parked(server: Server, folder: Folder) -> None:
    """Returns when the system counts as down and all executions wait for it. Raises: RuntimeError."""
    end = time.perf_counter() + _PATIENCE_SECONDS
    while True:
        items = _answer(server, folder, "/v2/workflows/getTargets")["items"]
        if items and items[0]["state"] == "DOWN" and items[0]["waiting"] == EXECUTIONS:
            return
        if time.perf_counter() > end:
            raise RuntimeError(f"the executions do not wait for the system: {items}")
        time.sleep(0.2)


def _all_changes(port: int) -> list[float]:
    end = time.perf_counter() + _PATIENCE_SECONDS
    while len(instants := figures(port)["instants"]) < EXECUTIONS:
        if time.perf_counter() > end:
            raise RuntimeError(f"{len(instants)} of {EXECUTIONS} executions were continued")
        time.sleep(0.5)
    return sorted(instants)


def _until_closed(server: Server, folder: Folder) -> None:
    end = time.perf_counter() + _PATIENCE_SECONDS
    while _count(server, folder, "RUNNING") + _count(server, folder, "WAITING"):
        if time.perf_counter() > end:
            raise RuntimeError("executions are still open")
        time.sleep(0.2)


def _count(server: Server, folder: Folder, status: str) -> int:
    """Returns how many executions have a status, at most a page of them."""
    found = _answer(server, folder, f"/v2/workflows/searchExecutions?limit=30&status={status}")
    return len(found["items"])


def _answer(server: Server, folder: Folder, path: str) -> dict[str, Any]:
    (answer,) = drive(server, [get(path, folder.api_key)], 1, 60.0, keeps=True).answers
    return dict(json_of(answer))


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    title = f"{found['executions']:,} executions against a dead system: alarms, incidents"
    is_met = (found["alarms"], found["incidents"]) == (1, 0)
    yield title, f"{found['alarms']}, {found['incidents']}", "1, 0", is_met
    all_done = f"{found['changes']:,}"
    yield "  continued when it is back, each once", all_done, "all", found["changes"] == found["executions"]
    for step, share in enumerate(found["drain_shares"]):
        title = f"  rate of the drain from {RAMP_SECONDS * step:.0f} s on, set to {DRAIN_RATE * 2**step}/s"
        yield title, f"{share * DRAIN_RATE * 2**step:.1f}/s", "+-20 %", abs(share - 1) <= 0.2
