"""What an operator does on a store itself, without a key, is in its audit like all else."""

import asyncio
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Command
from cyclopts import App

from blackbox.harness.definitions import COMPUTING
from looply.bootstrap import open_application
from looply.catalog.people.invitations import NewAccount
from looply.cli.command_line import APP
from looply.settings import Settings

ANN = "ann@example.com"
RECORDED = {
    "init": "organization.create",
    "organization create": "organization.create",
    "workflow import": "workflow.create",
    "datastore put": "datastore.put",
    "datastore delete": "datastore.delete",
    "key create": "key.create",
    "key revoke": "key.revoke",
    "user invite": "invitation.create",
    "user role": "member.change",
    "user deactivate": "member.change",
    "user activate": "member.change",
    "user reset-link": "user.reset_link",
    "master-key distribute": "master_key.distribute",
    "master-key activate": "master_key.activate",
    "master-key retire": "master_key.retire",
}
"""Commands that change a store, in the order of the test, and the action that is recorded."""

MAKING = ("init", "organization create")
"""They make an organization, whose audit begins with that."""

WITHOUT_RECORD = {
    **dict.fromkeys(
        (
            *(f"datastore {name}" for name in ("list", "get")),
            *(f"schedule {name}" for name in ("list", "fires", "preview")),
            *(f"audit {name}" for name in ("list", "export", "verify")),
            *(f"{name} list" for name in ("workflow", "execution", "user", "key", "organization")),
            "master-key status",
            "doctor",
            "db check",
        ),
        "it reads",
    ),
    **dict.fromkeys(
        ("db upgrade", "db backup", "db restore", "db move"),
        "it works on files and tables, with the audit among them as it is",
    ),
    "db prune": "the counts of what was pruned are kept apart, and decisions with them",
}


def commands_of_a_store(group: App = APP, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields the commands that can work on a store itself."""
    inner = [name for name in group if not name.startswith("-")]
    for name in inner:
        yield from commands_of_a_store(group[name], (*words, name))
    if not inner:
        function: Any = group.default_command
        if not {"data", "target"}.isdisjoint(inspect.signature(function).parameters):
            yield " ".join(words)


def accept(folder: Path, link: str) -> None:
    """Makes the person of an invitation a member."""

    async def act() -> None:
        async with open_application(Settings(data=folder)) as application:
            account = NewAccount(name="Ann", email=ANN, password_hash="x")
            await application.services.catalog.people.invitations.accept(link.rpartition("/")[2], account)

    asyncio.run(act())


def test_every_command_on_a_store_is_tried_or_has_a_reason() -> None:
    assert set(commands_of_a_store()) == RECORDED.keys() | WITHOUT_RECORD.keys()


@pytest.mark.proof
def test_what_an_operator_does_on_a_store_is_recorded(run: Command, tmp_path: Path) -> None:
    folder, definition = tmp_path / "data", tmp_path / "flow.json"
    definition.write_text(json.dumps(COMPUTING), encoding="utf-8")

    def do(command: str, *arguments: str) -> Any:
        done = run(*command.split(), *arguments, "--data", str(folder), "--json")
        assert done.status == 0, done.out + done.err
        return done.document

    def acts(*options: str) -> list[str]:
        items = do("audit list", "--limit", "100", *options)["items"]
        return [item["action"] for item in reversed(items) if item["actor"]["kind"] == "operator"]

    do("init")
    (second,) = do("organization create", "Second")["items"]
    do("workflow import", str(definition))
    do("datastore put", "prices", "--value", "1")
    do("datastore delete", "prices", "--yes")
    made = do("key create", "Ops", "--scope", "read")
    do("key revoke", made["key_id"], "--yes")
    accept(folder, do("user invite", ANN, "--role", "viewer")["link"])
    do("user role", ANN, "operator")
    do("user deactivate", ANN)
    do("user activate", ANN)
    do("user reset-link", ANN)
    for step in ("distribute", "activate", "retire"):
        do(f"master-key {step}")
    begin = ["organization.create", "key.create", "invitation.create"]
    assert acts() == begin + [action for command, action in RECORDED.items() if command not in MAKING]
    assert acts("--organization", second["organization_id"])[: len(begin)] == begin
