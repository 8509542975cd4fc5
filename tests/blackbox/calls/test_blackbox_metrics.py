"""Metrics of running processes, and the effect of deleted rows on them."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, note, wait
from blackbox.harness.installation import Installation
from blackbox.harness.launcher import ANSWER_SECONDS, Server, doctor, init, new_folder, run

TOKEN = "the-token-of-who-is-on-call"
BEARER = {"authorization": f"Bearer {TOKEN}"}
COUNTED_SECONDS = 90.0
"""So long may it take until the auditor has counted once more, on a machine that has much else to do."""
DELAYING = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1S"}}, note("done"))
WAITING = definition(wait("wait_1"), note("done"))


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    return new_folder(tmp_path / "data")


@pytest.fixture
def server(tmp_path: Path, made: dict[str, str]) -> Iterator[Server]:
    listen = {"LOOPLY_METRICS_LISTEN": "127.0.0.1:0", "LOOPLY_METRICS_TOKEN": TOKEN}
    found = Server(tmp_path / "data", **listen)
    yield found
    found.close()


@contextmanager
def organization_of(server: Server | Installation, made: dict[str, str]) -> Iterator[Organization]:
    with server.connect() as client:
        yield Organization(client, made["organization_id"], made["workspace_id"], made["api_key"])


def listeners(lines: list[dict[str, str]]) -> list[str]:
    """Returns the addresses of the listeners of metrics that a log names, oldest first."""
    return [line["address"] for line in lines if line["event"] == "metrics_listening"]


def sample(text: str, name: str) -> float | None:
    """Returns the value of a series, by its name with its labels; where it has more labels, the sum over these."""
    family, _, labels = name.removesuffix("}").partition("{")
    rows = re.findall(rf"^{family}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    values = [float(value) for found, value in rows if set(filter(None, labels.split(","))) <= set(found.split(","))]
    return sum(values) if values else None


def scraped(address: str) -> str:
    answer = httpx2.get(f"{address}/metrics", headers=BEARER, timeout=ANSWER_SECONDS)
    assert answer.status_code == 200, answer.text
    return answer.text


def until(address: str, is_so: Callable[[str], bool]) -> str:
    """Returns the first scrape of which something is so."""
    deadline = time.monotonic() + COUNTED_SECONDS
    while True:
        text = scraped(address)
        if is_so(text):
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)


def one_who_shows(addresses: Sequence[str], name: str) -> str:
    """Returns the address of the one process that shows a sample, once just one does: the right may change hands."""
    deadline = time.monotonic() + COUNTED_SECONDS
    while True:
        found = [address for address in addresses if sample(scraped(address), name) is not None]
        if len(found) == 1:
            return found[0]
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_a_server_shows_itself_on_its_own_port_and_on_the_other_one(server: Server, made: dict[str, str]) -> None:
    server.start()
    (beside,) = listeners(server.log_lines())
    with organization_of(server, made) as organization:
        organization.trigger(organization.create(WAITING))
    for address in (server.address, beside):
        assert httpx2.get(f"{address}/metrics", timeout=ANSWER_SECONDS).status_code == 403
        text = scraped(address)
        assert sample(text, 'looply_executions_started_total{trigger="REQUEST"}') == 1
        assert sample(text, "looply_ready") == 1
        assert (sample(text, "looply_commit_group_units_count") or 0) >= 1
        assert (sample(text, "process_resident_memory_bytes") or 0) > 1e7
    assert httpx2.get(f"{beside}/healthz/ready", timeout=ANSWER_SECONDS).status_code == 200
    assert httpx2.get(f"{beside}/v2/workflows/getKeys", timeout=ANSWER_SECONDS).status_code == 404
    route = (
        'looply_http_request_duration_seconds_count{method="POST",route="/v2/workflows/triggerworkflow/{workflow_id}"'
    )
    assert sample(scraped(beside), f'{route},status="200"}}') == 1
    assert server.stop() == 0


def test_the_address_of_the_metrics_must_be_free(server: Server, tmp_path: Path) -> None:
    server.start()
    (beside,) = listeners(server.log_lines())
    init(tmp_path / "other")
    place = beside.removeprefix("http://")
    done = run("serve", "--data", tmp_path / "other", "--port", "0", "--set", f"metrics_listen={place}")
    assert done.returncode == 1
    assert f"port {place.rpartition(':')[2]}" in done.stderr


def test_executions_that_lost_their_rows_continue_and_the_metrics_show_it(server: Server, made: dict[str, str]) -> None:
    server.start()
    with organization_of(server, made) as organization:
        waiting, delaying = organization.create(WAITING), organization.create(DELAYING)
        asked = [organization.trigger(waiting) for _ in range(3)]
    server.kill()
    with closing(apsw.Connection(str(server.folder / "executions.db"))) as other:
        other.execute("DELETE FROM wait")
    lost = doctor(server.folder)
    assert {problem["kind"] for problem in lost["problems"]} == {"WORK"}
    assert len(lost["problems"]) == 3
    server.start()
    text = until(server.address, lambda text: sample(text, "looply_executions_mended_total") == 3)
    assert sample(text, "looply_orphan_executions") == 0
    assert sample(text, "looply_damaged_executions") == 0
    assert sample(text, 'looply_executions_open{status="WAITING"}') == 3
    assert sample(text, "looply_waits_open") == 3
    with organization_of(server, made) as organization:
        for execution_id in asked:
            assert organization.resume(execution_id).status_code == 200
        organization.trigger(delaying)
    until(server.address, lambda text: sample(text, 'looply_executions_ended_total{status="COMPLETED"}') == 4)
    assert len([line for line in server.log_lines() if line["event"] == "execution_mended"]) == 3
    assert server.stop() == 0
    assert doctor(server.folder)["problems"] == []


@pytest.mark.distributed
@pytest.mark.timeout(600)
def test_of_several_processes_each_shows_itself_and_one_the_store(tmp_path: Path) -> None:
    listen = {"LOOPLY_METRICS_LISTEN": "127.0.0.1:0", "LOOPLY_METRICS_TOKEN": TOKEN}
    installation = Installation(tmp_path / "data", (), **listen)
    try:
        installation.prepare()
        installation.start(2, 1)
        with organization_of(installation, installation.made) as organization:
            organization.trigger(organization.create(WAITING))
        addresses = listeners(installation.log_lines())
        assert len(addresses) == 3
        assert all(sample(scraped(address), "looply_ready") == 1 for address in addresses)
        started = [sample(scraped(each), 'looply_executions_started_total{trigger="REQUEST"}') for each in addresses]
        assert sum(count or 0 for count in started) == 1
        auditor = one_who_shows(addresses, 'looply_executions_open{status="WAITING"}')
        until(auditor, lambda text: sample(text, 'looply_executions_open{status="WAITING"}') == 1)
        assert installation.stop() == 0
    finally:
        installation.close()
