"""Edits of the data document: which scope they belong to."""

import pytest

from kit.execution.driver import Simulator
from kit.execution.regions import items
from kit.execution.workflows import call
from looply.execution.facts.commands import EditDocument, Repaired, Unfit


def edited(simulator: Simulator, document: object, scope: str = "") -> Repaired | Unfit:
    reply = simulator.submit(EditDocument(at=simulator.now, by="op", via="API", document=document, scope=scope))
    assert isinstance(reply, Repaired | Unfit)
    return reply


@pytest.mark.parametrize(
    ("document", "scope", "path", "message"),
    [
        ({"payload": {"output": {"n": 1}}}, "f[9]", "/scope", "no branch or iteration 'f[9]' is open; open are f[0]"),
        ({"last": {"output": 1}}, "f[0]", "/document/last", "does not belong to the iteration f[0]"),
        ({"c": {"output": 1}}, "", "/document/c", "name the iteration by its scope; open are f[0]"),
    ],
)
def test_an_edit_of_another_scope_is_refused_with_the_open_ones(
    document: object, scope: str, path: str, message: str
) -> None:
    reply = edited(items(call("c"), edges=""), document, scope)
    assert isinstance(reply, Unfit)
    assert (reply.problems[0].path, message in reply.problems[0].message) == (path, True)


def test_of_many_open_scopes_the_message_names_the_first() -> None:
    body = {"items": list(range(12))}
    reply = edited(items(call("c"), edges="", body_=body, concurrency=12), {"c": {"output": 1}})
    assert isinstance(reply, Unfit)
    assert reply.problems[0].message.endswith("f[9], ...")


def test_an_edit_of_an_iteration_changes_its_own_output() -> None:
    simulator = items(call("c"), call("d"), edges="c>d")
    simulator.succeed({"status": "200"})
    assert isinstance(edited(simulator, {"c": {"output": {"status": "201"}}}, "f[0]"), Repaired)
    assert simulator.state.frames["f[0]"].outputs["c"] == {"status": "201"}
