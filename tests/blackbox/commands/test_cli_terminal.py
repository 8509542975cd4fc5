"""What a person and a shell see of commands against a server: tables, pipes, questions, and every kind of bad input."""

import os
import pty
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from typing import Any
from uuid import UUID

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import ASKING, COMPUTING, definition, http
from blackbox.harness.launcher import COMMAND, INTERRUPTIBLE, Server, environment_with, new_folder

PROGRAM_SECONDS = 300


class OtherSystem:
    """A system that is not Looply: it answers JSON, a page, or, below `/hang`, nothing until it is closed."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self._is_closed = threading.Event()
        other = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/hang"):
                    other.is_asked.set()
                    other._is_closed.wait(PROGRAM_SECONDS)
                body = b'{"hello": "world"}' if self.path.startswith("/json") else b"<html>hello</html>"
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name that the library calls

            def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - the library's name
                """Writes nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._is_closed.set()
        self._server.shutdown()
        self._server.server_close()


class Shell:
    """A server with an organization, and the commands of a person who works with it."""

    def __init__(self, folder: Path, other: OtherSystem, closed_port: int) -> None:
        self.made = new_folder(folder)
        self.server = Server(folder, (f"127.0.0.1:{other.port}", f"127.0.0.1:{closed_port}"))
        self.server.start()
        self.environment = environment_with(
            {
                "LOOPLY_URL": self.server.address,
                "LOOPLY_API_KEY": self.made["api_key"],
                "XDG_CONFIG_HOME": str(folder.with_name("config")),
                "TERM": "xterm",
            }
        )
        self.ids: dict[str, str] = {}
        with self.server.connect() as client:
            org = Organization(client, **self.made)
            failing = definition(http(f"http://127.0.0.1:{closed_port}/release", fail_on=["4xx"]), name="Failing")
            hanging = definition(http(f"{other.url}/hang", fail_on=["4xx"]), name="Hanging")
            self.ids["failing"] = org.create(failing)
            self.ids["hanging"] = org.create(hanging)
            self.ids["asking"] = org.create({**ASKING, "workflow_name": "Asking"})
            self.ids["first"] = org.create({**COMPUTING, "workflow_name": "Shared"})
            self.ids["second"] = org.create({**COMPUTING, "workflow_name": "Shared"})
            for name in ("failing", "asking", "first"):
                org.post(f"triggerworkflow/{self.ids[name]}/latest", {})
            org.until(self.ids["failing"], org.trigger(self.ids["failing"]), "FAILED")

    def run(
        self, *arguments: str, stdout: Any = subprocess.PIPE, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command without a terminal."""
        return subprocess.run(
            [COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **environment},
            timeout=PROGRAM_SECONDS,
            check=False,
        )

    def show(self, columns: int, *arguments: str, types: bytes = b"") -> tuple[int, list[str]]:
        """Runs a command on a terminal of so many columns; returns its exit status and the lines on the screen."""
        ours, theirs = pty.openpty()
        ioctl(theirs, TIOCSWINSZ, pack("HHHH", 50, columns, 0, 0))
        environment = {**self.environment, "NO_COLOR": "1"}
        with subprocess.Popen(
            [COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        ) as process:
            os.close(theirs)
            if types:
                os.write(ours, types)
            seen = b"".join(_chunks(ours))
            status = process.wait(PROGRAM_SECONDS)
        os.close(ours)
        return status, seen.decode().splitlines()

    @contextmanager
    def interruptible(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Runs a command that the block interrupts."""
        with subprocess.Popen(
            [*INTERRUPTIBLE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()


def _chunks(descriptor: int) -> Iterator[bytes]:
    """Yields what a terminal is given until its last program has ended."""
    while True:
        try:
            chunk = os.read(descriptor, 65_536)
        except OSError:  # Linux reports the end of a terminal as an error
            return
        if not chunk:
            return
        yield chunk


@pytest.fixture(scope="module")
def other_system() -> Iterator[OtherSystem]:
    found = OtherSystem()
    yield found
    found.close()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, other_system: OtherSystem, closed_port: int) -> Iterator[Shell]:
    found = Shell(tmp_path_factory.mktemp("shell") / "data", other_system, closed_port)
    yield found
    found.server.close()


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def refused(done: "subprocess.CompletedProcess[str]", status: int, *words: str) -> None:
    """Asserts that a command was refused in one line."""
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert done.stderr.startswith("looply: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == []


LISTS = [("execution", "list"), ("execution", "incidents"), ("workflow", "list"), ("key", "list")]


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
@pytest.mark.parametrize("columns", [80, 20])
def test_a_list_has_a_line_for_each_row_and_whole_ids(shell: Shell, columns: int, command: tuple[str, ...]) -> None:
    status, (titles, *rows) = shell.show(columns, *command)
    items = shell.run(*command, "-o", "json").stdout.count('"created_on"') or len(rows)
    assert (status, len(rows)) == (0, items)
    assert all(is_id(row.split()[0]) for row in rows), rows
    assert len(titles) <= max(columns, 36)
    assert all(len(row) <= max(columns, 36) for row in rows), rows


def test_a_pipe_gets_columns_separated_by_tabs_without_padding(shell: Shell) -> None:
    rows = shell.run("execution", "incidents").stdout.splitlines()
    assert {len(row.split("\t")) for row in rows} == {8}
    assert all(is_id(row.split("\t")[0]) for row in rows)
    assert not any(cell != cell.strip() for row in rows for cell in row.split("\t"))


def test_a_failed_execution_is_shown_on_80_columns_with_the_next_command(shell: Shell) -> None:
    (failed, *_) = shell.run("execution", "incidents", "-o", "ids").stdout.split()
    status, lines = shell.show(80, "execution", "show", failed)
    text = " ".join(" ".join(lines).split())
    assert status == 0
    assert f"looply execution redrive {failed}" in text
    assert "does not answer" in text or "CONNECTION" in text
    assert failed in lines[0]


def test_a_trigger_that_waits_for_a_failure_ends_with_1(shell: Shell) -> None:
    assert shell.run("workflow", "trigger", "Failing", "--wait", "PT60S").returncode == 1
    assert shell.run("workflow", "trigger", "Asking", "--wait", "PT60S").returncode == 0


@pytest.mark.parametrize("command", [*LISTS, ("workflow", "--help"), ("completion", "bash")], ids=" ".join)
def test_a_closed_pipe_ends_a_command_quietly(shell: Shell, command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = shell.run(*command, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


QUESTIONS = [
    ("key", "revoke", "01a20e69-0006-7f8b-a23c-443896d21064"),
    ("letter", "discard", "e-1:7"),
    ("bulk", "redrive", "--all"),
    ("bulk", "terminate", "--all"),
    ("datastore", "delete", "prices"),
    ("connection", "delete", "ERP"),
    ("profile", "delete", "Asking", "test"),
]


@pytest.mark.parametrize("command", QUESTIONS, ids=" ".join)
def test_a_question_without_a_terminal_is_refused_with_the_option_that_answers_it(
    shell: Shell, command: tuple[str, ...]
) -> None:
    refused(shell.run(*command), 2, "?", "--yes")


def test_a_question_on_a_terminal_does_nothing_unless_it_is_confirmed(shell: Shell) -> None:
    open_before = shell.run("execution", "list", "--status", "WAITING", "-o", "ids").stdout
    status, lines = shell.show(80, "bulk", "terminate", "--status", "WAITING", types=b"n\n")
    assert status == 1
    text = "\n".join(lines)
    assert "executions? [y/N]" in text
    assert text.endswith("looply: not confirmed; nothing was done")
    assert shell.run("execution", "list", "--status", "WAITING", "-o", "ids").stdout == open_before


@pytest.mark.parametrize("answers", ["json", "page"])
@pytest.mark.parametrize(
    "command",
    [
        ("workflow", "list"),
        ("workflow", "trigger", "01a20e65-a0ff-7d22-b3cd-096c128b7bea"),
        ("workflow", "trigger", "Asking"),
        ("execution", "list"),
        ("execution", "show", "PO-1"),
        ("execution", "watch"),
        ("bulk", "status", "b-1"),
    ],
    ids=" ".join,
)
def test_a_server_that_is_not_looply_is_one_line(
    shell: Shell, other_system: OtherSystem, command: tuple[str, ...], answers: str
) -> None:
    url = f"{other_system.url}/{answers}"
    refused(shell.run(*command, LOOPLY_URL=url), 1, url, "is it a Looply server")


def test_a_server_that_is_not_there_is_one_line(shell: Shell, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    refused(shell.run("workflow", "list", LOOPLY_URL=url), 1, url, "is the server running there?")


def test_an_unknown_context_is_one_line(shell: Shell) -> None:
    refused(shell.run("workflow", "list", "--context", "production"), 1, "'production'", "looply context add")


def test_a_name_that_two_workflows_share_is_one_line_with_their_ids(shell: Shell) -> None:
    ids = (shell.ids["first"], shell.ids["second"])
    refused(shell.run("workflow", "trigger", "Shared"), 1, "2 workflows are named 'Shared'", *ids)
    refused(shell.run("execution", "list", "--workflow-id", "Shared"), 1, "give one of their ids", *ids)


def test_an_interrupted_trigger_says_what_holds_in_one_line(shell: Shell, other_system: OtherSystem) -> None:
    with shell.interruptible("workflow", "trigger", "Hanging", "--wait", "PT60S") as process:
        assert other_system.is_asked.wait(PROGRAM_SECONDS)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PROGRAM_SECONDS)
    assert (process.returncode, out, errors.count("\n")) == (130, "", 1)
    assert "interrupted; the execution may have been started and continues on the server" in errors


def test_an_interrupted_watch_says_how_to_see_the_execution_in_one_line(shell: Shell) -> None:
    (waiting, *_) = shell.run("execution", "list", "--status", "WAITING", "-o", "ids").stdout.split()
    with shell.interruptible("execution", "watch", waiting) as process:
        assert process.stdout is not None
        assert "EXECUTION_STARTED" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PROGRAM_SECONDS)
    assert (process.returncode, errors.count("\n")) == (130, 1)
    assert f"'looply execution show {waiting}' shows it" in errors
