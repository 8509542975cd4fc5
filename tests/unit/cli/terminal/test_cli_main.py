"""The boundary around all commands: switches, exit statuses, and how errors are reported."""

import asyncio
import io
import json
import signal
import subprocess
import sys
from types import FrameType

import httpx2
import pytest
from cli_kit import ID, Command, Looply

from looply import __version__
from looply.cli import main
from looply.cli.display.pages import printable
from looply.cli.operating.serve import Ready, run_until_stopped
from looply.cli.terminal.switches import read_switches
from looply.cli.terminal.terminal import Terminal
from looply.settings import Settings

GROUPS = [
    "init",
    "serve",
    "worker",
    "demo",
    "doctor",
    "bench",
    "workflow",
    "execution",
    "schedule",
    "key",
    "expression",
    "card",
    "db",
]


def test_the_help_names_every_command_in_order(run: Command) -> None:
    done = run("--help")
    assert done.status == 0
    places = [done.out.index(f" {name} ") for name in GROUPS]
    assert places == sorted(places)


def test_nothing_at_all_shows_the_help(run: Command) -> None:
    assert run().out == run("--help").out


def test_the_version_is_that_of_the_package(run: Command) -> None:
    assert run("--version").out.strip() == __version__


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "looply", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__


@pytest.mark.parametrize("name", GROUPS)
def test_every_command_has_a_help_page(run: Command, name: str) -> None:
    done = run(name, "--help")
    assert (done.status, done.err) == (0, "")
    assert f"looply {name}" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("workflw",),
        ("workflow", "lst"),
        ("workflow", "list", "--nothing"),
        ("workflow", "list", "--limit", "0"),
        ("workflow", "list", "--limit", "many"),
        ("workflow", "show"),
        ("workflow", "activate", "w", "one"),
        ("workflow", "validate", "--strict"),
        ("workflow", "import", "f", "--data", "d", "--url", "http://x"),
        ("execution", "list", "--status", "DONE"),
        ("key", "create", "Name"),
        ("key", "create", "Name", "--scope", "all"),
        ("key", "create", "Name", "--scope", "read", "--expires-on", "tomorrow"),
        ("serve", "--port", "70000"),
        ("serve", "--set", "port"),
        ("workflow", "trigger", "w", "f", "--payload", "{}"),
        ("workflow", "trigger", "w", "--payload", "{"),
        ("workflow", "trigger", "w", "--idempotency-key", "schlüssel"),
        ("execution", "resume", "e", "--payload", "[]"),
        ("bench", "--seconds", "0"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line_or_a_document(run: Command, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("looply: ")
    shown = run(*arguments, "--json")
    assert (shown.status, shown.err) == (2, done.err)
    assert (shown.document["code"], shown.document["errors"]) == ("USAGE", [])


@pytest.mark.parametrize("place", range(3))
def test_json_is_accepted_anywhere_after_the_command(run: Command, place: int) -> None:
    arguments = ["key", "list", "--api-key="]
    arguments.insert(place + 1, "--json")
    assert run(*arguments, env={}).document["code"] == "USAGE"


def test_what_follows_two_dashes_is_left_as_it_is() -> None:
    tokens, switches = read_switches(["workflow", "import", "--", "--json"])
    assert (tokens, switches.format) == (["workflow", "import", "--", "--json"], "table")


@pytest.mark.parametrize("env", [{}, {"LOOPLY_API_KEY": "k", "LOOPLY_URL": "looply.test"}, {"LOOPLY_API_KEY": "ü"}])
def test_a_server_without_key_or_address_is_wrong_usage(run: Command, env: dict[str, str]) -> None:
    assert run("workflow", "list", env=env).status == 2


def test_a_refusal_of_the_server_is_reported_with_its_findings(run: Command) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        errors = [{"path": "/name", "message": "is too long", "hint": "use 200 characters"}]
        return httpx2.Response(422, json={"message": "the name is refused", "code": "INVALID_NAME", "errors": errors})

    done = run("key", "create", "Name", "--scope", "read", answer=refuse)
    assert done.status == 1
    assert done.err == "looply: the name is refused\n  /name: is too long (use 200 characters)\n"
    shown = run("key", "create", "Name", "--scope", "read", "--json", answer=refuse)
    assert (shown.status, shown.err) == (1, done.err)
    assert shown.document == {
        "message": "the name is refused",
        "code": "INVALID_NAME",
        "errors": [{"path": "/name", "message": "is too long", "hint": "use 200 characters"}],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Forbidden"}, "key is not accepted"),
        ({"message": "Forbidden", "code": "SCOPE"}, "lacks the scope"),
    ],
)
def test_a_refused_key_is_reported(run: Command, body: dict[str, str], words: str) -> None:
    done = run("workflow", "list", answer=lambda request: httpx2.Response(403, json=body))
    assert done.status == 1
    assert words in done.err


def test_a_single_problem_that_is_the_message_is_shown_once(run: Command) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        errors = [{"path": "/name", "message": "the name is too long"}]
        return httpx2.Response(422, json={"message": "the name is too long", "code": "INVALID", "errors": errors})

    assert run("workflow", "list", answer=refuse).err == "looply: the name is too long\n"


def test_an_unreachable_server_is_reported(run: Command) -> None:
    def break_off(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    done = run("workflow", "list", "--json", answer=break_off)
    assert (done.status, done.document["code"]) == (1, "CONNECTION")
    assert "http://looply.test does not answer (refused)" in done.document["message"]


def test_a_call_without_an_answer_may_have_been_done(run: Command) -> None:
    def stall(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("late")

    assert "may have been done" in run("workflow", "list", answer=stall).err


@pytest.mark.parametrize("answer", [httpx2.Response(200, text="<html>"), httpx2.Response(502, json=[1])])
def test_a_response_of_another_server_is_reported(run: Command, answer: httpx2.Response) -> None:
    assert "no JSON object" in run("workflow", "list", answer=lambda request: answer).err


@pytest.mark.parametrize("arguments", [("workflow", "list"), ("workflow", "show", ID), ("bulk", "status", "b-1")])
def test_a_json_server_that_is_not_looply_is_one_line(run: Command, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, answer=lambda request: httpx2.Response(200, json={"hello": "world"}))
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "is it a Looply server of this release?" in done.err


def test_an_unknown_call_and_a_defect_of_the_server_are_explained(run: Command) -> None:
    missing = httpx2.Response(404, json={"message": "not found", "code": "NOT_FOUND", "errors": []})
    assert "a different release" in run("schedule", "list", answer=lambda request: missing).err
    defect = httpx2.Response(500, json={"message": "something went wrong", "code": "INTERNAL", "request_id": "r-7"})
    assert "(request r-7)" in run("workflow", "list", answer=lambda request: defect).err


def crash(request: httpx2.Request) -> httpx2.Response:
    raise RuntimeError("a defect")


def test_a_defect_is_one_line_and_no_traceback(run: Command) -> None:
    done = run("workflow", "list", answer=crash)
    assert (done.status, done.err) == (1, "looply: RuntimeError: a defect\n")
    assert run("workflow", "list", "--json", answer=crash).document["code"] == "INTERNAL"


def test_debug_shows_the_traceback(run: Command) -> None:
    for done in (
        run("workflow", "list", "--debug", answer=crash),
        run("workflow", "list", answer=crash, env={"LOOPLY_API_KEY": "k", "LOOPLY_DEBUG": "1"}),
    ):
        assert "Traceback" in done.err


class Interrupted(io.BytesIO):
    def readline(self, size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


class ReaderGone(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError


def test_an_interrupt_ends_with_130_and_prints_nothing() -> None:
    errors = io.StringIO()
    terminal = Terminal(source=Interrupted(), output=io.StringIO(), errors=errors, environment={})
    assert (main(["expression", "eval"], terminal), errors.getvalue()) == (130, "")


async def test_a_server_that_is_asked_to_stop_while_it_starts_ends_in_order() -> None:
    errors = io.StringIO()
    terminal = Terminal(source=io.BytesIO(), output=io.StringIO(), errors=errors, environment={})
    starts = asyncio.Event()

    async def never_ready(_ready: Ready) -> None:
        starts.set()
        await asyncio.Event().wait()

    serving = asyncio.create_task(run_until_stopped(terminal, Settings(), None, never_ready))
    await starts.wait()
    serving.cancel()
    await serving
    assert [json.loads(line)["event"] for line in errors.getvalue().splitlines()] == ["stopped"]


@pytest.mark.parametrize("arguments", [["expression", "eval"], ["workflow", "lst", "--json"]])
def test_a_closed_pipe_ends_the_command_quietly(arguments: list[str]) -> None:
    errors = io.StringIO()
    terminal = Terminal(source=io.BytesIO(b"{}\n"), output=ReaderGone(), errors=errors, environment={})
    assert (main(arguments, terminal), errors.getvalue()) == (141, "")


def test_a_command_restores_the_signal_handler(run: Command, looply: Looply) -> None:
    def own(_number: int, _frame: FrameType | None) -> None:
        """Never called."""

    looply.answers["getKeys"] = {"items": []}
    before = signal.signal(signal.SIGTERM, own)
    try:
        assert run("key", "list").status == 0
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_process_without_standard_streams_works_and_no_file_gets_their_numbers(closed: str) -> None:
    code = (
        "import os, sys; from looply.cli import main; status = main(['expression', 'eval']);"
        "sys.exit(status or os.open(os.devnull, os.O_RDONLY) < 3)"
    )
    shell = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(["sh", "-c", shell, sys.executable, code], input="", text=True, check=False)
    assert done.returncode == 0


def test_control_characters_of_others_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\nü") == "a\\x1b[31mb\nü"


@pytest.mark.parametrize("arguments", [["--help"], ["expression", "eval"], ["workflow", "--help"]])
def test_help_and_expressions_start_without_server_and_stores(arguments: list[str]) -> None:
    code = (
        "import sys, json; from looply.cli import main; status = main(sys.argv[1:]);"
        "names = [n for n in ('sqlalchemy', 'alembic', 'uvicorn', 'apsw', 'looply.server', 'looply.app')"
        " if n in sys.modules]; print('\\n' + json.dumps([status, names]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], input="", capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
