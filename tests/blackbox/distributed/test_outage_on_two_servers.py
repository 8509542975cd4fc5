"""An outage on two servers and two workers: all see one outage and one drain, also when one of them is killed."""

import json
import time
from pathlib import Path

import pytest

from blackbox.evidence.draining import DRAIN_RATE, check_rate, free_port, serving, until, waiting
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http
from blackbox.harness.installation import Installation
from blackbox.harness.sink import Sink

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(900)]

COUNT = 400
RETRY = {"max_attempts": 5, "interval": "PT1S"}


def test_two_servers_and_two_workers_have_one_alarm_one_message_and_one_rate(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    installation = Installation(
        tmp_path / "run",
        [f"127.0.0.1:{port}", sink.address.removeprefix("http://")],
        LOOPLY_TARGET_DRAIN_PER_SECOND=f"{DRAIN_RATE:g}",
    )
    try:
        installation.prepare()
        installation.start(2, 2)
        with installation.connect(timeout=120) as client:
            org = Organization(client, **installation.made)
            body = {"name": "hook", "channel": "webhook", "target": f"{sink.address}/hook"}
            assert org.post("putNotification", body).status_code == 200
            shop = {"name": "SHOP", "kind": "http", "settings": {"base_url": f"http://127.0.0.1:{port}"}, "secrets": {}}
            assert org.post("createConnection", shop).status_code == 200
            step = http("/orders", method="PUT", connection="SHOP", step={"retry": RETRY})
            workflow_id = org.create(definition(step))
            for number in range(COUNT):
                org.trigger(workflow_id, {"n": number})
            until(org, lambda found: found == ("DOWN", COUNT), 180)
            found = org.pages("searchExecutions", waiting_for="SHOP")
            assert len(found) == COUNT
            sink.wait_for("/hook", 1)
            installation.workers[0].kill()
            installation.servers[0].kill()
            assert waiting(org)[0] == "DOWN"
            with serving(port) as system:
                until(org, lambda state: state[0] == "DRAINING")
                time.sleep(2)
                installation.workers[1].kill()
                until(org, lambda state: state[1] == 0, 180)
                end = time.monotonic() + 60
                while org.pages("searchExecutions", status=["RUNNING", "WAITING"]) and time.monotonic() < end:
                    time.sleep(0.5)
                until(org, lambda state: state == ("", 0))
            ended = org.pages("searchExecutions", status=["COMPLETED"])
            assert len(ended) == COUNT
            assert len(system.keys) == COUNT
            # The calls that a killed worker had made and not reported are made again, as their method allows.
            assert system.repeated <= 8
            check_rate(system.instants, system.repeated)
            sink.wait_for("/hook", 2)
        events = [line.get("event") for line in installation.log_lines()]
        assert (events.count("target_down"), events.count("target_up")) == (1, 1)
        assert messages(sink) == ["DOWN", "UP"]
    finally:
        installation.close()


def messages(sink: Sink) -> list[str]:
    """Returns what the messages that the sink has got say of systems."""
    return [each["state"] for line in sink.lines("/hook") for each in json.loads(line["body"])["systems"]]
