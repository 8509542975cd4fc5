"""The commands that read, each with what it is given, and all that they print.

They are run in this process: the starts of so many commands would take longer than all that they do.
"""

import inspect
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from cyclopts import App

from looply.cli import main
from looply.cli.command_line import APP
from looply.cli.terminal.terminal import Terminal


class Sample(NamedTuple):
    """An execution that is shown, with the number of its last event."""

    execution_id: str
    status: str
    last: int


@dataclass
class Objects:
    """What the commands are asked for."""

    workflow_id: str
    scheduled_id: str
    bulk_id: str
    letter_id: str
    samples: list[Sample] = field(default_factory=list)
    """Executions of each kind."""


class Printed(NamedTuple):
    """What a command printed."""

    command: str
    text: str


_Arguments = Callable[[Objects], Sequence[tuple[str, ...]]]


def _given(*arguments: str) -> _Arguments:
    return lambda _: [arguments]


def _of_samples(made: Callable[[Sample], tuple[str, ...]]) -> _Arguments:
    return lambda objects: [made(sample) for sample in objects.samples]


_OF_A_SERVER: Final[Mapping[str, _Arguments]] = {
    "workflow templates": _given(),
    "workflow export": lambda objects: [(objects.workflow_id,)],
    "workflow diff": lambda objects: [(objects.workflow_id, "1", "1")],
    "workflow list": _given(),
    "workflow show": lambda objects: [(objects.workflow_id,)],
    "execution incidents": _given("--limit", "100"),
    "execution why": _of_samples(lambda sample: (sample.execution_id,)),
    "execution at": _of_samples(lambda sample: (sample.execution_id, str(sample.last))),
    "execution list": _given("--limit", "100"),
    "execution show": _of_samples(lambda sample: (sample.execution_id,)),
    # The watch of an execution that has failed waits for its repair.
    "execution watch": lambda objects: [(each.execution_id,) for each in objects.samples if each.status == "COMPLETED"],
    "letter list": _given(),
    "notification list": _given(),
    "letter show": lambda objects: [(objects.letter_id,)],
    "decision list": _given(),
    "bulk list": _given(),
    "bulk status": lambda objects: [(objects.bulk_id,)],
    "connection list": _given(),
    "connection show": _given("API"),
    "connection test": _given("API"),
    "target list": _given(),
    "profile list": lambda objects: [(objects.workflow_id,)],
    "profile show": lambda objects: [(objects.workflow_id, "dev")],
    "datastore list": _given(),
    "datastore get": _given("own"),
    "schedule list": _given(),
    "schedule fires": lambda objects: [(objects.scheduled_id,)],
    "schedule preview": lambda objects: [(objects.scheduled_id,)],
    "user list": _given(),
    "key list": _given(),
    "audit list": _given("--limit", "1000"),
    "audit export": _given(),
    "audit verify": _given(),
    "card list": _given(),
}
_OF_A_FOLDER: Final[Mapping[str, _Arguments]] = {
    "doctor": _given(),
    "organization list": _given("--usage"),
    "master-key status": _given(),
    "db check": _given(),
}
"""Commands that know no server."""

READS: Final = _OF_A_SERVER.keys() | _OF_A_FOLDER.keys()

_SHOWS_ITS_RESULT = "it changes something, and shows the result of an API call that reads show, too"
_SHOWS_ITS_INPUT = "it shows nothing but what its caller has given it"
_COPIES = "it copies files that are searched themselves"

OTHERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *(f"workflow {name}" for name in ("create", "import", "activate", "trigger")),
            *(f"execution {name}" for name in ("redrive", "repair", "rerun", "resume", "terminate")),
            *(f"letter {name}" for name in ("apply", "discard")),
            *(f"bulk {name}" for name in ("redrive", "repair", "terminate", "cancel")),
            *(f"connection {name}" for name in ("create", "update", "delete")),
            *(f"target {name}" for name in ("pause", "drain", "release")),
            *(f"profile {name}" for name in ("create", "update", "set-default", "delete")),
            *(f"datastore {name}" for name in ("put", "delete")),
            *(f"schedule {name}" for name in ("pause", "play")),
            *(f"user {name}" for name in ("invite", "role", "deactivate", "activate", "reset-link")),
            *(f"key {name}" for name in ("create", "revoke")),
            *(f"card {name}" for name in ("reassign", "remind")),
            *(f"notification {name}" for name in ("put", "secret", "delete", "test")),
            *(f"master-key {name}" for name in ("distribute", "activate", "retire")),
            *(f"db {name}" for name in ("upgrade", "prune")),
            "organization create",
            "init",
        ),
        _SHOWS_ITS_RESULT,
    ),
    **dict.fromkeys(
        (
            *(f"context {name}" for name in ("add", "use", "list", "remove")),
            *(f"workflow {name}" for name in ("new", "validate")),
            "expression eval",
            "card render",
            "completion",
            "bench expressions",
        ),
        _SHOWS_ITS_INPUT,
    ),
    **dict.fromkeys(("db backup", "db restore", "db move"), _COPIES),
    **dict.fromkeys(("serve", "worker"), "their log is searched"),
    "demo": "it has a folder and data of its own",
    "connection check": "it shows names of definitions, and none of that comes from an execution",
    "connection discover": "it shows what another system offers, and none of that comes from an execution",
    "teams package": "it writes the app of a connection",
    **dict.fromkeys(
        ("teams people", "teams check", "teams install", "teams installations", "teams installation", "teams cancel"),
        "it shows people of a bot, and nothing of executions",
    ),
}
"""Commands that are not searched, with the reason."""


def command_names() -> Iterator[str]:
    """Yields each command of the command line."""
    yield from (" ".join(words) for words, _ in _leaves(APP))


def read_server(address: str, key: str, objects: Objects) -> Iterator[Printed]:
    """Yields what the commands print that ask a running server, as a table and as JSON."""
    environment = {"LOOPLY_URL": address, "LOOPLY_API_KEY": key}
    for command, arguments in _OF_A_SERVER.items():
        for given in arguments(objects):
            for format_ in ("table", "json"):
                yield _run(command, (*given, "--output", format_), environment)


def read_folder(folder: Path, objects: Objects) -> Iterator[Printed]:
    """Yields what the commands print that read the folder of a stopped server."""
    with_folder = {" ".join(words) for words, command in _leaves(APP) if _takes_folder(command)}
    for command, arguments in (*_OF_A_SERVER.items(), *_OF_A_FOLDER.items()):
        if command in with_folder:
            for given in arguments(objects):
                yield _run(command, (*given, "--data", str(folder), "--output", "json"), {})


def _leaves(group: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    inner = [name for name in group if not name.startswith("-")]
    if not inner:
        yield words, group
    for name in inner:
        yield from _leaves(group[name], (*words, name))


def _takes_folder(command: App) -> bool:
    function: Any = command.default_command
    return not {"data", "target"}.isdisjoint(inspect.signature(function).parameters)


def _run(command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Printed:
    output, errors = io.StringIO(), io.StringIO()
    terminal = Terminal(source=io.BytesIO(), output=output, errors=errors, environment=environment)
    with redirect_stdout(output), redirect_stderr(errors):
        status = main([*command.split(), *arguments], terminal)
    text = output.getvalue() + errors.getvalue()
    assert status == 0, f"{command} {' '.join(arguments)}: {text}"
    return Printed(command, text)
