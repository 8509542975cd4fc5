"""One unit is one statement: a list of calls, joined once, in the order in which the database makes them."""

import re
from typing import Any

from msgspec.structs import replace

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, WORKFLOW, WORKSPACE, Samples
from looply.engine.ports.port import Fire
from looply.engine.ports.store import Unit, Value
from looply.engine.postgres.database.connections import one_statement
from looply.engine.postgres.histories.units import calls_of
from looply.engine.records.copies import CopyUpdate
from looply.engine.records.datastores import DatastoreChange
from looply.engine.records.decisions import DecisionRow
from looply.engine.records.letters import LetterRow
from looply.execution.approvals.decisions import Decision
from looply.execution.facts.deliveries import DeliveryKey
from looply.testing.clock import START_TIME

NUMBERS = {ORGANIZATION: 1, WORKSPACE: 2, WORKFLOW: 3, OTHER_ORGANIZATION: 4}
FIRE = Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=None)
EPOCH = 7
DECISION = Decision(
    step="ask",
    visit=1,
    scope="",
    user="ada@example.com",
    action="approve",
    comment="",
    on=START_TIME,
    via="INBOX",
    revision=1,
    is_final=True,
)


def letter(unit: Unit) -> LetterRow:
    return LetterRow(
        execution_id=unit.execution_id,
        seq=2,
        organization_id=ORGANIZATION,
        workflow_id=WORKFLOW,
        process_id="p",
        reason="UNFIT",
        source="SAP",
        sender="key:test",
        kept_on=START_TIME,
    )


def decision(unit: Unit) -> DecisionRow:
    return DecisionRow(
        execution_id=unit.execution_id,
        seq=3,
        organization_id=ORGANIZATION,
        workflow_id=WORKFLOW,
        workflow_version=1,
        process_id="p",
        decision=DECISION,
    )


def functions_of(unit: Unit) -> list[str]:
    statement, arguments = one_statement(calls_of(unit, EPOCH, NUMBERS))
    assert statement.startswith("SELECT ")
    assert statement.count("%s") == len(arguments)
    return re.findall(r"(\w+)\(", statement.removeprefix("SELECT "))


def full(**changes: Any) -> Unit:
    """Returns a unit with everything that a unit may have."""
    unit = Samples().first()
    facts = {
        "values": (Value(hash=b"h" * 32, codec=1, data=b"data"),),
        "fire": FIRE,
        "datastore": DatastoreChange(
            organization_id=OTHER_ORGANIZATION, name="d", expected=1, revision=2, after=None, limit=10
        ),
        "copies": (CopyUpdate(card_id="c", channel="inbox", wanted=1, due=START_TIME),),
        "letters": (letter(unit),),
        "decisions": (decision(unit),),
        "applied": (DeliveryKey(target=unit.execution_id, sender="s", seq=1),),
        "search": (("customer", "4711"),),
        "expires_on": START_TIME,
    }
    return replace(unit, **{**facts, **changes})


def test_a_plain_unit_is_one_call() -> None:
    assert functions_of(Samples().first()) == ["store_unit"]


def test_locks_come_before_the_unit_and_what_needs_its_row_after_it() -> None:
    assert functions_of(full()) == [
        "hold_lease",
        "hold_values",
        "put_letters",
        "wish_copies",
        "put_datastore",
        "hold_schedule",
        "hold_former",
        "store_unit",
        "note_fire",
        "put_search",
        "put_expiry",
        "put_decisions",
        "pass_on",
    ]


def test_a_fire_that_was_queued_takes_its_row() -> None:
    unit = replace(Samples().first(), fire=replace(FIRE, was_queued=True))
    assert functions_of(unit) == ["hold_schedule", "hold_former", "store_unit", "take_queued"]


def test_the_change_of_a_datastore_belongs_to_the_organization_that_it_names() -> None:
    calls = dict(calls_of(full(), EPOCH, NUMBERS))
    [arguments] = [found for call, found in calls.items() if call.startswith("put_datastore")]
    assert arguments[0] == NUMBERS[OTHER_ORGANIZATION]
