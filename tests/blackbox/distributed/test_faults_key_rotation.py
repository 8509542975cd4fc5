"""The master key of several machines, rotated by the documented steps: both servers serve, and processes are killed."""

import base64
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, wait
from blackbox.harness.installation import Installation, Node
from blackbox.harness.launcher import run
from blackbox.harness.sink import Sink
from looply.catalog.tenants.rotation import wrapping_context
from looply.master_keys import VARIABLE, MasterKey, parse_keys
from looply.sealing import SealBroken

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

PATH = "/rotation/use"
TOKEN = "rotation-token-8c1f"
PIN = "rotation-pin-40be"
EX_CONFIG = 78
BETWEEN_CALLS_SECONDS = 0.2
MORE_SECONDS = 60


class Tenant(NamedTuple):
    """An organization and its workflow, which uses a secret of a payload and one of a connection."""

    made: dict[str, str]
    workflow_id: str


class Started(NamedTuple):
    """An execution whose trigger was acknowledged."""

    tenant: Tenant
    execution_id: str


@pytest.fixture
def installation(tmp_path: Path, sink: Sink) -> Iterator[Installation]:
    found = Installation(tmp_path / "run", [f"127.0.0.1:{sink.port}"])
    try:
        found.prepare()
        yield found.start(2, 1)
    finally:
        found.close()


def new_tenant(made: dict[str, str], server: Node, sink: Sink) -> Tenant:
    """Stores the connection and the workflow of an organization by one of the servers."""
    # A read, which is repeated when its worker is killed.
    call = http(PATH, "use", connection="API", headers={"x-pin": "${payload.output.pin}"})
    flow = definition(wait(), call)
    flow["workflow_steps"][0] = {**flow["workflow_steps"][0], "secret": ["/output/pin"]}
    settings = {"base_url": sink.address, "auth": "bearer"}
    body = {"name": "API", "kind": "http", "settings": settings, "secrets": {"token": TOKEN}}
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        org = Organization(client, **made)
        taken(partial(org.post, "createConnection", body))
        workflow_id = taken(partial(org.post, "createWorkflow", {"definition": flow}))["item"]["workflow_id"]
        taken(partial(org.post, "activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1}))
        return Tenant(made, workflow_id)


def taken(call: Callable[[], httpx2.Response]) -> Any:
    """Returns the answer of a call, made again where a busy machine leaves the organization no share of the server."""
    for _ in range(MORE_SECONDS):
        answer = call()
        if answer.json().get("code") != "QUOTA":
            break
        time.sleep(1)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Callers:
    """One caller for each server, which triggers there and resumes at the other one, until they are stopped."""

    def __init__(self, servers: Sequence[Node], *tenants: Tenant) -> None:
        self._servers = servers
        self._tenants = list(tenants)
        self._is_over = threading.Event()
        self.started: list[list[Started]] = [[] for _ in servers]
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(len(servers))]
        for thread in self._threads:
            thread.start()

    def add(self, tenant: Tenant) -> None:
        """Calls the workflow of one more organization, too."""
        self._tenants.append(tenant)

    def more(self) -> None:
        """Returns when each server has acknowledged another trigger of each organization."""
        expected = [len(started) + len(self._tenants) for started in self.started]
        for _ in range(int(MORE_SECONDS / BETWEEN_CALLS_SECONDS)):
            if all(len(started) >= count for started, count in zip(self.started, expected, strict=True)):
                return
            self._is_over.wait(BETWEEN_CALLS_SECONDS)
        raise AssertionError(f"{list(map(len, self.started))} of {expected} triggers; refused: {self.refused[-3:]}")

    def stop(self) -> list[Started]:
        """Stops the callers and returns all that was acknowledged."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(MORE_SECONDS)
        return list(itertools.chain.from_iterable(self.started))

    def _call(self, number: int) -> None:
        here, there = self._servers[number].address, self._servers[number - 1].address
        with httpx2.Client(base_url=here, timeout=30) as first, httpx2.Client(base_url=there, timeout=30) as second:
            for turn in itertools.count():
                if self._is_over.wait(BETWEEN_CALLS_SECONDS):
                    return
                tenant = self._tenants[turn % len(self._tenants)]
                # A server that was killed gives no answer.
                with suppress(httpx2.TransportError):
                    self._pass_on(number, tenant, *(Organization(client, **tenant.made) for client in (first, second)))

    def _pass_on(self, number: int, tenant: Tenant, here: Organization, there: Organization) -> None:
        answer = here.post(f"triggerworkflow/{tenant.workflow_id}", {"pin": PIN})
        if self._is_done(answer):
            started = Started(tenant, answer.json()["looply_execution_id"])
            self.started[number].append(started)
            self._is_done(there.resume(started.execution_id))

    def _is_done(self, answer: httpx2.Response) -> bool:
        if answer.status_code != 200 and answer.json().get("code") != "QUOTA":
            self.refused.append(answer.text)
        return answer.status_code == 200


def complete(started: Sequence[Started], installation: Installation) -> None:
    """Shows that each execution ends well, after a resume where the one of its caller was lost."""
    with installation.connect() as client:
        for tenant, execution_id in started:
            org = Organization(client, **tenant.made)
            named = {"workflow_id": tenant.workflow_id, "workflow_execution_id": execution_id}
            for _ in range(int(MORE_SECONDS / BETWEEN_CALLS_SECONDS)):
                item = taken(partial(org.get, "getWorkflowExecutionById", **named))["item"]
                if item["status"] == "COMPLETED":
                    break
                if item["status"] == "WAITING":
                    org.resume(execution_id)
                time.sleep(BETWEEN_CALLS_SECONDS)
            assert item["status"] == "COMPLETED", item["workflow_incidents"]


def states(installation: Installation) -> list[tuple[str, str, int]]:
    shown = installation.operating.master_keys()
    return [(each["key_id"], each["state"], each["data_keys"]) for each in shown]


def wrapped_keys(installation: Installation) -> list[tuple[Any, ...]]:
    query = "SELECT organization_id, number, master_key_id, wrapped FROM looply_catalog.data_keys"
    return installation.postgres.run(query, "looply")


def opens(key: MasterKey, wrapped: bytes, organization_id: str, number: int) -> bool:
    try:
        key.sealer().open(wrapped, wrapping_context(organization_id, number))
    except SealBroken:
        return False
    return True


def test_two_servers_serve_while_the_master_key_is_rotated_and_the_former_one_opens_nothing(
    installation: Installation, sink: Sink
) -> None:
    (former,) = parse_keys(installation.environment[VARIABLE])
    (following,) = parse_keys(base64.b64encode(os.urandom(32)).decode())
    first, second = installation.servers
    callers = Callers(installation.servers, new_tenant(installation.made, first, sink))

    def restart_all(*keys: MasterKey, has_crash: bool = False) -> None:
        """Kills one process after the other, each of which starts again with these keys."""
        setting = ",".join(key.file_line() for key in keys)
        first.kill(**{VARIABLE: setting})
        callers.more()
        if keys[0] == following:
            # On the first machine an organization is made, whose secrets the other one seals at once.
            installation.environment[VARIABLE] = setting
            (made,) = installation.operating.add_organizations(1)
            callers.add(new_tenant(made, second, sink))
            callers.more()
        if has_crash:
            second.kill()
            callers.more()
        for node in (second, *installation.workers):
            node.kill(**{VARIABLE: setting})
        callers.more()

    try:
        callers.more()
        restart_all(former, following)
        # The second server crashes while its setting still has the former key first: that undoes nothing.
        restart_all(following, former, has_crash=True)
        assert states(installation) == [(former.key_id, "former", 0), (following.key_id, "active", 2)]
        restart_all(following)
        assert states(installation) == [(former.key_id, "retired", 0), (following.key_id, "active", 3)]
    finally:
        started = callers.stop()

    complete(started, installation)
    assert callers.refused == []
    sent = sink.lines(PATH)
    assert len(sent) >= len(started)
    assert all(PIN in str(line) and TOKEN in str(line) for line in sent)

    rows = wrapped_keys(installation)
    assert [name for _, _, name, _ in rows] == [following.key_id] * 3
    for organization_id, number, _, wrapped in rows:
        assert opens(following, wrapped, organization_id, number)
        assert not opens(former, wrapped, organization_id, number)
    refused = run("serve", "--port", "0", **{**installation.environment, VARIABLE: former.file_line()})
    assert refused.returncode == EX_CONFIG, refused.stderr
    assert f"does not have the master key {following.key_id}" in refused.stderr
    assert installation.stop() == 0
    assert installation.operating.doctor()["problems"] == []
