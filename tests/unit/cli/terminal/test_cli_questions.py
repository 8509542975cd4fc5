"""Questions before something is destroyed, names in place of ids, progress, and interrupted waits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from cli_kit import BULK, ID, WORKFLOW, Command, Looply, refusal

from looply.cli.terminal.workflow_names import find_workflow

OTHER = "01a20e65-a0ff-7d22-b3cd-096c128b7beb"
DELETE = ("datastore", "delete", "prices")


@pytest.fixture
def deletable(looply: Looply) -> Looply:
    looply.answers["deleteDatastore"] = {"message": "success"}
    return looply


@pytest.mark.parametrize("answer", [b"y\n", b"YES\n", b" yes "])
def test_what_a_person_confirms_is_done(run: Command, deletable: Looply, answer: bytes) -> None:
    done = run(*DELETE, columns=80, stdin=answer)
    assert (done.status, len(deletable.calls)) == (0, 1)
    assert done.err == "Delete the datastore 'prices' with its document? [y/N] "


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"", b"yes, but", b"\xff"])
def test_any_other_answer_does_nothing(run: Command, deletable: Looply, answer: bytes) -> None:
    done = run(*DELETE, columns=80, stdin=answer)
    assert (done.status, deletable.calls) == (1, [])
    assert done.err.endswith("looply: not confirmed; nothing was done\n")


def test_without_a_terminal_the_command_must_say_yes(run: Command, deletable: Looply) -> None:
    done = run(*DELETE)
    assert (done.status, deletable.calls) == (2, [])
    assert done.err.endswith("There is no terminal to ask on: repeat the command with --yes\n")
    assert (run(*DELETE, "--yes").status, len(deletable.calls)) == (0, 1)
    assert (run(*DELETE, "-y", columns=80).err, len(deletable.calls)) == ("", 2)


@pytest.mark.parametrize("verb", ["Terminate", "Redrive"])
def test_a_bulk_asks_with_the_number_of_executions(run: Command, looply: Looply, verb: str) -> None:
    found = {"message": "forecast", "count": 37, "truncated": False, "items": []}
    looply.answers[f"bulk{verb}"] = [found, {"message": "success", "item": BULK}, found]
    done = run("bulk", verb.lower(), "--all", columns=80, stdin=b"y\n")
    assert (done.status, f"{verb} 37 executions? [y/N]" in done.err) == (0, True)
    assert [call[2]["dry_run"] for call in looply.calls] == [True, False]
    assert run("bulk", verb.lower(), "--all").status == 2
    assert run("bulk", verb.lower(), "--all", "--dry-run").status == 0


QUESTIONS = [
    (("key", "revoke", "k-1"), "Revoke the API key k-1 for good"),
    (("key", "revoke", "k-1", "--cascade"), "and the keys that were created with it"),
    (("letter", "discard", "e-1:7"), "Discard the letter e-1:7 for good"),
    (("connection", "delete", "ERP"), "Delete the connection 'ERP'"),
    (("profile", "delete", WORKFLOW, "test"), "Delete the profile 'test'"),
]


@pytest.mark.parametrize(("command", "question"), QUESTIONS)
def test_what_cannot_be_had_again_is_asked_about(
    run: Command, looply: Looply, command: tuple[str, ...], question: str
) -> None:
    done = run(*command, columns=80, stdin=b"n\n")
    assert (done.status, question in done.err, looply.calls) == (1, True, [])
    done = run(*command)
    assert (done.status, done.err.endswith("repeat the command with --yes\n"), looply.calls) == (2, True, [])


def test_a_bulk_is_waited_for_and_its_refusals_are_its_status(run: Command, looply: Looply) -> None:
    ended = {**BULK, "status": "DONE", "ended_on": 1_700_000_009_000}
    looply.answers["bulkRedrive"] = {"message": "success", "item": BULK}
    looply.answers["getBulk"] = [{"item": BULK}, {"item": {**ended, "refused": 0}}]
    assert run("bulk", "redrive", "--all", "--yes", "--wait", "--json").document["item"]["status"] == "DONE"
    looply.answers["getBulk"] = {"item": ended}
    assert run("bulk", "redrive", "--all", "--yes", "--wait").status == 1
    looply.answers["getBulk"] = {"item": {**ended, "refused": 0, "status": "CANCELLED"}}
    assert run("bulk", "redrive", "--all", "--yes", "--wait").status == 1


def test_progress_is_written_to_standard_error_of_a_terminal_only(run: Command, looply: Looply) -> None:
    looply.answers["bulkRedrive"] = {"message": "success", "item": BULK}
    looply.answers["getBulk"] = {"item": {**BULK, "refused": 0, "status": "DONE", "ended_on": 1_700_000_009_000}}
    assert run("bulk", "redrive", "--all", "--yes", "--wait").err == ""
    shown = run("bulk", "redrive", "--all", "--yes", "--wait", "--json", columns=80)
    assert ("redrive" in shown.err, shown.document["item"]["status"]) == (True, "DONE")


def version(workflow_id: str, name: str, number: int = 1) -> dict[str, Any]:
    return {"workflow_id": workflow_id, "workflow_name": name, "workflow_version": number}


def test_a_workflow_is_named_where_its_id_is_taken(run: Command, looply: Looply) -> None:
    # It was called Store before its second version.
    versions = [version(WORKFLOW, "Shop", 2), version(OTHER, "Store"), version(WORKFLOW, "Store")]
    looply.answers["getOrganizationWorkflows"] = {"items": versions}
    looply.answers[f"triggerworkflow/{WORKFLOW}/latest"] = {"looply_execution_id": ID}
    looply.answers["toggleScheduledWorkflow"] = {"workflow_id": OTHER, "workflow_version": 1, "status": "PAUSED"}
    looply.answers["getIncidents"] = {"items": []}
    looply.answers["bulkRedrive"] = {"message": "success", "item": BULK}
    assert run("workflow", "trigger", "Shop").status == 0
    assert run("schedule", "pause", "Store").status == 0
    assert run("execution", "incidents", "--workflow-id", "Shop").status == 0
    assert run("bulk", "redrive", "--workflow-id", "Shop", "--yes").status == 0
    given = [call for call in looply.calls if call[0] != "getOrganizationWorkflows"]
    assert given[1][2]["workflow_id"] == OTHER
    assert given[2][1]["workflow_id"] == WORKFLOW
    assert given[3][2]["filter"] == {"workflow_id": WORKFLOW}


def test_an_id_is_not_looked_up(run: Command, looply: Looply) -> None:
    looply.answers["getIncidents"] = {"items": []}
    run("execution", "incidents", "--workflow-id", WORKFLOW)
    assert [call[0] for call in looply.calls] == ["getIncidents"]


def test_a_payload_with_the_field_workflow_id_is_sent_as_it_is(run: Command, looply: Looply) -> None:
    looply.answers[f"triggerworkflow/{WORKFLOW}/latest"] = {"looply_execution_id": ID}
    run("workflow", "trigger", WORKFLOW, "--payload", '{"workflow_id": "Shop"}')
    assert looply.calls[0][2] == {"workflow_id": "Shop"}


def test_a_name_of_several_workflows_is_one_line_with_their_ids(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationWorkflows"] = {"items": [version(OTHER, "Shop"), version(WORKFLOW, "Shop")]}
    done = run("workflow", "trigger", "Shop")
    ids = f"{WORKFLOW}, {OTHER}"
    assert (done.status, done.err) == (1, f"looply: 2 workflows are named 'Shop'; give one of their ids: {ids}\n")


def test_an_unknown_name_is_one_line_with_a_suggestion(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationWorkflows"] = {"items": [version(WORKFLOW, "Shop")]}
    done = run("workflow", "show", "Shopp")
    line = "looply: no workflow has the id or the name 'Shopp'; did you mean 'Shop'?\n"
    assert (done.status, done.err) == (1, line)


def test_a_key_that_may_not_read_workflows_needs_the_id(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationWorkflows"] = refusal(403, message="Forbidden", code="SCOPE")
    done = run("workflow", "trigger", "Shop")
    assert (done.status, "give the id of the workflow" in done.err) == (1, True)


async def list_versions(*items: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for item in items:
        yield item


async def test_a_name_is_found_among_the_versions_of_a_store_too() -> None:
    versions = version(OTHER, "Shop", 1), version(WORKFLOW, "Shop", 1), version(WORKFLOW, "Store", 2)
    assert await find_workflow("Store", list_versions(*versions)) == WORKFLOW
    assert await find_workflow("Shop", list_versions(*versions)) == OTHER
    assert await find_workflow(WORKFLOW, list_versions()) == WORKFLOW


def interrupt(_request: httpx2.Request) -> httpx2.Response:
    raise asyncio.CancelledError


def test_an_interrupted_wait_says_what_holds_in_one_line(run: Command, looply: Looply) -> None:
    looply.answers[f"triggerworkflow/{WORKFLOW}/latest"] = interrupt
    done = run("workflow", "trigger", WORKFLOW, "--wait", "PT60S")
    assert (done.status, done.out, done.err.count("\n")) == (143, "", 1)
    assert "the execution may have been started" in done.err
    looply.answers["bulkRedrive"] = {"message": "success", "item": BULK}
    looply.answers["getBulk"] = interrupt
    done = run("bulk", "redrive", "--all", "--yes", "--wait")
    assert (done.status, "'looply bulk cancel b-1' stops it" in done.err) == (143, True)


def test_surplus_words_are_one_line_without_terms_of_a_library(run: Command) -> None:
    done = run("datastore", "delete", "a", "b" * 10_000)
    assert (done.status, done.err.count("\n"), len(done.err) < 1_000) == (2, 1, True)
    assert "unexpected argument 'bbb" in done.err
    assert "'looply datastore delete --help'" in done.err


@pytest.mark.parametrize("group", ["workflow", "execution", "db"])
def test_a_group_shows_its_help(run: Command, group: str) -> None:
    assert run(group).out == run(group, "--help").out == run("help", group).out
    assert run(group).status == 0


def test_version_is_a_command_too(run: Command) -> None:
    assert run("version").out == run("--version").out
