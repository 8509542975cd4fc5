"""Statements of stores are written once and sent in two dialects."""

import asyncio
from typing import Any

import apsw
import pytest

from looply.engine.sql.dialects import Variants, postgres_text, sqlite_text
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.sessions import SqliteSession, run


def test_a_parameter_has_its_type_in_postgresql_only() -> None:
    statement = "SELECT 1 FROM a WHERE execution_id = :execution:uuid AND seq = :seq AND id = ANY (:ids:uuid[])"
    assert sqlite_text(statement) == (
        "SELECT 1 FROM a WHERE execution_id = :execution AND seq = :seq AND id = ANY (:ids)"
    )
    assert postgres_text(statement) == (
        "SELECT 1 FROM a WHERE execution_id = %(execution)s::uuid AND seq = %(seq)s AND id = ANY (%(ids)s::uuid[])"
    )


def test_a_cast_is_no_parameter() -> None:
    assert postgres_text("SELECT sum(bytes)::bigint FROM value") == "SELECT sum(bytes)::bigint FROM value"


def test_words_of_one_dialect_are_translated_or_left_out() -> None:
    statement = "SELECT greatest(a, b) FROM n CROSS JOIN e INDEXED BY e_org ON e.org = n.n FOR UPDATE SKIP LOCKED"
    assert sqlite_text(statement) == "SELECT max(a, b) FROM n CROSS JOIN e INDEXED BY e_org ON e.org = n.n"
    assert postgres_text(statement) == "SELECT greatest(a, b) FROM n JOIN e ON e.org = n.n FOR UPDATE SKIP LOCKED"


def test_a_lateral_join_stays_a_cross_join() -> None:
    statement = "SELECT 1 FROM n CROSS JOIN LATERAL (SELECT 1) e"
    assert postgres_text(statement) == statement


def test_a_statement_may_be_another_one_in_each_dialect() -> None:
    statement = Variants("SELECT hex(:id)", "SELECT :id::uuid::text")
    assert (sqlite_text(statement), postgres_text(statement)) == ("SELECT hex(:id)", "SELECT %(id)s::uuid::text")


def test_a_function_of_a_session_runs_to_its_end_in_one_call() -> None:
    session = SqliteSession(apsw.Connection(":memory:"), Names())

    async def add(one: int, two: int) -> Any:
        ((found,),) = await session.rows("SELECT :one + :two", {"one": one, "two": two})
        return found

    assert run(add(1, 2)) == 3


def test_a_function_of_a_session_that_waits_for_something_else_is_refused() -> None:
    with pytest.raises(RuntimeError, match="waits for something else"):
        run(asyncio.sleep(0))
