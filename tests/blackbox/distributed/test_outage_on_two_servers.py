"""An outage on two servers and two workers: all see one outage and one drain, also when some of them are killed."""

import time
from collections import Counter
from pathlib import Path

import pytest

from blackbox.evidence.draining import DRAIN_RATE, check_not_faster, free_port, serving, until, waiting
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http
from blackbox.harness.installation import Installation

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

COUNT = 60
RETRY = {"max_attempts": 5, "interval": "PT1S"}


def test_two_servers_and_two_workers_have_one_alarm_and_one_rate(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(
        tmp_path / "run", [f"127.0.0.1:{port}"], LOOPLY_TARGET_DRAIN_PER_SECOND=f"{DRAIN_RATE:g}"
    )
    try:
        installation.prepare()
        installation.start(2, 2)
        with installation.connect(timeout=120) as client:
            org = Organization(client, **installation.made)
            shop = {"name": "SHOP", "kind": "http", "settings": {"base_url": f"http://127.0.0.1:{port}"}, "secrets": {}}
            assert org.post("createConnection", shop).status_code == 200
            workflow_id = org.create(
                definition(http("/orders", method="PUT", connection="SHOP", step={"retry": RETRY}))
            )
            for number in range(COUNT):
                org.trigger(workflow_id, {"n": number})
            until(org, lambda found: found == ("DOWN", COUNT), 180)
            assert len(org.pages("searchExecutions", waiting_for="SHOP")) == COUNT
            with serving(port) as system:
                # What these have held back others let go.
                installation.workers[0].process.kill()
                until(org, lambda found: found[0] == "DRAINING")
                installation.servers[0].kill()
                end = time.monotonic() + 180
                while (left := org.pages("searchExecutions", status=["RUNNING", "WAITING"])) and time.monotonic() < end:
                    time.sleep(0.2)
                assert not left, f"{len(left)} executions wait; systems: {waiting(org)}"
                until(org, lambda found: found == ("", 0))
            assert Counter(each["status"] for each in org.pages("searchExecutions")) == {"COMPLETED": COUNT}
        assert len(system.keys) == COUNT
        assert system.repeated == 0
        check_not_faster(system.instants)
        events = [line.get("event") for line in installation.log_lines()]
        assert (events.count("target_down"), events.count("target_up")) == (1, 1)
    finally:
        installation.close()


def test_a_wait_that_is_over_is_ended_by_one_process_and_nothing_is_sent(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(tmp_path / "run", [f"127.0.0.1:{port}"])
    try:
        installation.prepare()
        installation.start(2, 2)
        with installation.connect(timeout=120) as client, serving(port) as system:
            org = Organization(client, **installation.made)
            end = int((time.time() + 3600) * 1000)
            target = f"http://127.0.0.1:{port}"
            assert org.post("pauseTarget", {"target": target, "until": end, "reason": "an upgrade"}).status_code == 200
            # Each process reads the rows of systems once a second.
            time.sleep(3)
            step = {"retry": RETRY, "park": "PT20S"}
            workflow_id = org.create(definition(http(f"{target}/orders", method="PUT", step=step)))
            for number in range(12):
                org.trigger(workflow_id, {"n": number})
            until(org, lambda found: found == ("PAUSED", 12), 60)
            installation.workers[0].process.kill()
            limit = time.monotonic() + 180
            while (left := org.pages("searchExecutions", status=["RUNNING", "WAITING"])) and time.monotonic() < limit:
                time.sleep(0.5)
            assert not left, f"{len(left)} executions wait; systems: {waiting(org)}"
            codes = Counter(each["code"] for each in org.pages("getIncidents"))
            assert codes == {"TARGET_DOWN": 12}
            assert org.post("releaseTarget", {"target": target}).status_code == 200
            time.sleep(5)
            assert system.keys == {}
    finally:
        installation.close()
