"""A thousand executions against a system that is down, on a server that is killed while it waits, probes and drains."""

import time
from pathlib import Path

import httpx2
import pytest

from blackbox.evidence.draining import check_rate, free_port, serving, until, waiting
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http
from blackbox.harness.launcher import Server, doctor, init

COUNT = 1000
RETRY = {"max_attempts": 3, "interval": "PT1S"}


@pytest.mark.timeout(900)
def test_a_dead_system_is_one_alarm_and_no_incident_through_every_kill(tmp_path: Path) -> None:
    port = free_port()
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{port}"], LOOPLY_TARGET_DRAIN_PER_SECOND="5")
    server.start()
    url = f"http://127.0.0.1:{port}/orders"
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            workflow_id = org.create(definition(http(url, method="PUT", step={"retry": RETRY})))
            ids = [org.trigger(workflow_id, {"n": n}) for n in range(COUNT)]
            until(org, lambda found: found == ("DOWN", COUNT))
            # While it waits, about when the first probe is made, and while a later one may be out.
            for pause in (0.5, 9.0, 3.0):
                time.sleep(pause)
                server.kill()
                server.start()
            assert waiting(org)[0] == "DOWN"
            with serving(port) as system:
                state, _ = until(org, lambda found: found[0] == "DRAINING")
                assert state == "DRAINING"
                time.sleep(2)
                server.kill()
                server.start()
                until(org, lambda found: found[1] == 0)
                end = time.monotonic() + 60
                while org.pages("searchExecutions", status=["RUNNING", "WAITING"]) and time.monotonic() < end:
                    time.sleep(0.5)
            assert org.pages("searchExecutions", status=["RUNNING", "WAITING", "FAILED", "TERMINATED"]) == []
            assert len(ids) == COUNT
        lines = [line for line in server.log_lines() if line.get("event") == "target_down"]
        assert len(lines) == 1, lines
        assert len(system.keys) == COUNT
        # A call that was out when its process was killed is made again, as its method allows.
        assert system.repeated <= 8
        # The kill costs the drain a second or two of its first ten, which are its slowest.
        check_rate(system.instants, system.repeated)
        assert server.stop() == 0
        report = doctor(server.folder)
        assert (report["open"], report["orphans"], report["problems"]) == (0, 0, [])
    finally:
        server.close()
