"""Which queued execution is the next to take a slot: the search for it and the check at the commit say the same."""

import re
from importlib.resources import files

import apsw
from hypothesis import given
from hypothesis import strategies as st

from looply.engine.sql.dialects import sqlite_text
from looply.engine.sql.work import ADMISSIBLE, next_for_slot
from looply.engine.sqlite.pending.slots import MAY_TAKE

ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.booleans()), max_size=12)
"""Rows of executions: workflow, since when, `max_concurrency`, whether a slot is held; ids are their positions."""


def queue(rows: list[tuple[int, int, int, bool]]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    schema = files("looply.engine.sqlite").joinpath("schema/0001_base/05_deliveries.sql").read_text("utf-8")
    connection.execute(schema[schema.index("CREATE TABLE concurrency_slot") :])
    for number, (workflow, since_ms, most, is_held) in enumerate(rows):
        row = (number.to_bytes(16), workflow, 1, since_ms, most, int(is_held))
        connection.execute(
            "INSERT INTO concurrency_slot(execution_id, workflow, seq, since_ms, max_concurrency, is_held)"
            " VALUES (?,?,?,?,?,?)",
            row,
        )
    return connection


@given(rows=ROWS)
def test_an_execution_is_found_admissible_when_it_may_take_a_slot_at_the_commit(
    rows: list[tuple[int, int, int, bool]],
) -> None:
    connection = queue(rows)
    admissible = {row[0] for row in connection.execute(sqlite_text(ADMISSIBLE), {"limit": 100})}
    allowed = {
        number.to_bytes(16)
        for number, (workflow, _, _, is_held) in enumerate(rows)
        if not is_held and connection.execute(MAY_TAKE, {"workflow": workflow, "execution": number.to_bytes(16)}).get
    }
    assert admissible == allowed


@given(rows=ROWS)
def test_the_execution_that_waits_longest_is_the_next_one(rows: list[tuple[int, int, int, bool]]) -> None:
    connection = queue(rows)
    expected = set()
    for workflow in {row[0] for row in rows}:
        queued = [(row[1], number) for number, row in enumerate(rows) if row[0] == workflow and not row[3]]
        held = sum(row[3] for row in rows if row[0] == workflow)
        if queued and held < rows[min(queued)[1]][2]:
            expected.add(min(queued)[1].to_bytes(16))
    assert {row[0] for row in connection.execute(sqlite_text(ADMISSIBLE), {"limit": 100})} == expected


def test_each_store_has_the_order_of_the_queue_once() -> None:
    schema = files("looply.engine.postgres").joinpath("schema/0001_base/06_deliveries.sql").read_text("utf-8")
    order = re.compile(r"ORDER BY q\.since_ms, q\.execution_id LIMIT 1")
    assert len(order.findall(schema)) == len(order.findall(next_for_slot(":workflow"))) == 1
    assert schema.count("next_for_slot(") == 2
