"""The units of systemd let through what a server asks the kernel for, with the processes that run code of authors.

No systemd runs here, so nothing can be started under a unit: a tracer notes every kind of call that a server and its
processes make in the course of calls, mails and functions, and the filter of each unit, taken apart by
`systemd-analyze`, must have it.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from blackbox.harness.client import Organization
from blackbox.harness.definitions import graph, http
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink
from kit.servers.held_port import HeldPort

UNITS = Path(__file__).parents[3] / "deploy" / "systemd"
SECONDS = 240.0
CODE = (
    ("javascript", "return { twice: input * 2 }", "COMPLETED"),
    ("python", "return {'twice': input * 2}", "COMPLETED"),
    ("javascript", "while (true) {}", "FAILED"),
    ("python", "x = []\nwhile True:\n    x.append('a' * 100000)", "FAILED"),
)
"""Code of both languages that ends by itself, and that is ended for its time and its memory."""

OF_ROOT = {"fchown"} if os.geteuid() == 0 else set()
"""SQLite gives the files that it makes to the owner of the database, where it may. The units run it as a user."""


@pytest.fixture(scope="module")
def sets() -> dict[str, list[str]]:
    """The sets of system calls that systemd knows by name, each with the names and sets that it consists of."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, list[str]] = {}
    for name, body in re.findall(r"^(@[\w-]+)\n((?:    .*\n|\n(?=    ))+)", said.stdout, re.MULTILINE):
        found[name] = [line.strip() for line in body.splitlines() if line.strip() and "#" not in line]
    return found


def expanded(name: str, sets: dict[str, list[str]]) -> set[str]:
    """Returns the system calls of a filter name."""
    if not name.startswith("@"):
        return {name}
    return {call for each in sets[name] for call in expanded(each, sets)}


def let_through(unit: Path, sets: dict[str, list[str]]) -> set[str]:
    """Returns the calls that the filter of a unit lets through: a list, with what later lines add and take away."""
    first, *rest = re.findall(r"^SystemCallFilter=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    # What every process needs is always let through.
    found = expanded("@default", sets) | {call for name in first.split() for call in expanded(name, sets)}
    for line in rest:
        named = {call for name in line.lstrip("~").split() for call in expanded(name, sets)}
        found = found - (named - expanded("@default", sets)) if line.startswith("~") else found | named
    return found


class Mailbox:
    """Takes every mail."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return "250 OK"


@pytest.fixture(scope="module")
def made_calls(tracing: None, tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[set[str]]:
    """The kinds of calls of a server that has done what steps can ask for, from its start to its end."""
    folder = tmp_path_factory.mktemp("traced")
    made, counts = new_folder(folder / "data"), folder / "counts"
    place = HeldPort()
    allow = ["127.0.0.0/8", f"127.0.0.1:{place.number}"]
    server = Server(folder / "data", allow, LOOPLY_LIMITS_FUNCTION_TIME_SECONDS="10")
    # Beside the server, not above it: signals and ids are the server's own.
    server.prefix = ("strace", "-D", "-f", "-qq", "-c", "-S", "name", "-o", str(counts))
    mail_server = Controller(Mailbox(), hostname="127.0.0.1", port=place.number)
    mail_server.start()
    try:
        server.start()
        with server.connect(timeout=120) as client:
            work(Organization(client, **made), sink, mail_server.port)
        assert server.stop() == 0
        yield set(re.findall(r"^ *[\d.]+ .* ([a-z_0-9]+)$", until_written(counts), re.MULTILINE)) - {"total"}
    finally:
        server.close()
        mail_server.stop()


def until_written(counts: Path) -> str:
    """Returns what the tracer has counted, once it has noticed that the last process ended."""
    for _ in range(600):
        if counts.exists() and " total" in (text := counts.read_text(encoding="utf-8")):
            return text
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError("the tracer wrote nothing")


def work(org: Organization, sink: Sink, mail_port: int) -> None:
    """Lets executions call, compute with code and send a mail."""
    settings = {"host": "127.0.0.1", "port": mail_port, "tls": "none", "from": "Orders <orders@example.com>"}
    made = org.post("createConnection", {"name": "MAIL", "kind": "smtp", "settings": settings})
    assert made.status_code == 200, made.text
    mail = {"connection": "MAIL", "to": "ann@example.com", "subject": "Hello", "text": "Hi"}
    steps = [http(f"{sink.address}/filter", "call_1", "POST"), {"id": "email_1", "type": "email", "settings": mail}]
    called = graph(steps, ("WorkflowStartState", "call_1"), ("call_1", "email_1"), name="Calls and mails")
    assert org.run(called, {"n": 1}, seconds=SECONDS)["status"] == "COMPLETED"
    for language, code, status in CODE:
        step = {"language": language, "code": code, "input": "${payload.output.n}"}
        function = {"id": "function_1", "type": "function", "settings": step}
        computing = graph([function], ("WorkflowStartState", "function_1"), name=f"Code in {language}")
        assert org.run(computing, {"n": 21}, seconds=SECONDS)["status"] == status


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.name)
def test_a_unit_allows_the_system_calls_of_its_processes(
    unit: Path, sets: dict[str, list[str]], made_calls: set[str]
) -> None:
    assert {"execve", "prlimit64", "prctl", "setpgid", "connect"} <= made_calls, "the tracer saw too little"
    assert made_calls - let_through(unit, sets) - OF_ROOT == set()
