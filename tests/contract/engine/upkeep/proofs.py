"""The audit finds what does not belong, and secrets are nowhere in clear."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from kit.definitions import asking, call, calling, chain, delaying, note, wait
from kit.driver import Driver
from looply.definition import Workflow
from looply.engine.coding.dictionary import STARTER, Dictionaries, starter_dictionary
from looply.engine.ports.store import EffectRow, TimerRow, Unit, WaitRow, Work, WorkChange
from looply.errors import LooplyError, StoreCorrupt
from looply.execution.facts.events import Discarded
from looply.jsontext import Json
from looply.testing.clock import START_TIME
from looply.testing.world import HANG, Answer

NOTHING = WorkChange()
HIDDEN = "sesame-open-4711"
CREDENTIAL = "correct-horse-battery"


async def plant(
    engine: Driver,
    execution_id: str,
    *,
    work: WorkChange = NOTHING,
    chain: bytes | None = None,
    head: Mapping[str, Any] = MappingProxyType({}),
    data: bytes | None = None,
    **more: Any,
) -> None:
    """Stores one more event of an execution in a unit that lies in one of these ways; the story is not proved then.

    `more` are fields of the unit, and `event`, where it is not to be one that says nothing.
    """
    engine.is_planted = True
    loaded = await engine.store.journal.load(execution_id)
    assert loaded is not None
    seq = loaded.head.seq
    event = more.pop("event", None) or Discarded(at=loaded.head.modified_on, step="wait_1", reason="planted")
    before = loaded.batches[-1].chain if chain is None else chain
    batch, _ = engine.codec.encode([event], loaded.head.organization_id, execution_id, seq + 1, before)
    unit = Unit(
        execution_id=execution_id,
        expected_seq=seq,
        head=replace(loaded.head, seq=seq + 1, **head),
        batch=batch if data is None else replace(batch, events=data),
        work=work,
        **more,
    )
    await engine.store.inner.journal.commit(unit)


async def problems(engine: Driver, execution_id: str) -> set[str]:
    """Returns the kinds of problems that the audit finds, all of which name the execution."""
    audit = await engine.shell.audit()
    assert all(problem["execution_id"] == execution_id for problem in audit.problems)
    return {str(problem["kind"]) for problem in audit.problems}


class AuditStories:
    """What `audit` says of a store that is sound, and of one that is not."""

    async def test_it_counts_what_is_stored_and_what_is_open(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        engine.world.script("call_2", Answer(status=500))
        for workflow in (asking(), delaying(), calling(), chain(call("call_2", fail_on=["5xx"])), chain(note())):
            await engine.trigger(workflow)
        await engine.settle()
        audit = await engine.shell.audit()
        assert (audit.executions, audit.open, audit.orphans, list(audit.problems)) == (5, 3, 0, [])
        engine.world.open_calls()[0].release()

    @pytest.mark.parametrize("table", ["effects", "timers", "waits", "continues"])
    async def test_a_row_too_many_is_found(self, engine: Driver, table: str) -> None:
        execution_id = await engine.trigger(asking())
        rows: dict[str, Any] = {
            "effects": (
                EffectRow(
                    execution_id=execution_id,
                    seq=99,
                    organization_id=(await engine.state(execution_id)).started.organization_id,
                    queue="http.request shop.example",
                    state="QUEUED",
                    attempt=1,
                    epoch=0,
                ),
            ),
            "timers": (TimerRow(execution_id=execution_id, seq=99, due=START_TIME, kind="WAIT"),),
            "waits": (WaitRow(execution_id=execution_id, seq=99, step="wait_1", sources=("SAP",)),),
            "continues": True,
        }
        await plant(engine, execution_id, work=WorkChange(put=Work(**{table: rows[table]})))
        assert await problems(engine, execution_id) == {"WORK"}

    async def test_a_row_too_few_is_found_and_so_is_the_orphan(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        (wait_row,) = (await engine.store.reads.work_of(execution_id)).waits
        await plant(engine, execution_id, work=WorkChange(drop_waits=(wait_row.seq,)))
        assert await problems(engine, execution_id) == {"WORK"}

    async def test_a_head_that_differs_is_found(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await plant(engine, execution_id, head={"status": "COMPLETED"})
        assert await problems(engine, execution_id) == {"HEAD"}

    @pytest.mark.parametrize("change", ["bytes", "chain"])
    async def test_damaged_bytes_are_found_and_never_served(self, engine: Driver, change: str) -> None:
        healthy = await engine.trigger(asking())
        execution_id = await engine.trigger(asking())
        if change == "bytes":
            await plant(engine, execution_id, data=b"garbage")
        else:
            await plant(engine, execution_id, chain=b"another history")
        await engine.restart()
        assert await problems(engine, execution_id) == {"UNREADABLE"}
        for action in (engine.state(execution_id), engine.resume(execution_id), engine.terminate(execution_id)):
            with pytest.raises(StoreCorrupt) as caught:
                await action
            assert execution_id in caught.value.message
        assert list(await engine.shell.executions.get_many([execution_id, healthy, "no id at all"])) == [healthy]
        assert await engine.status(healthy) == "WAITING"

    async def test_one_damaged_execution_does_not_stop_the_recovery_of_the_others(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        ids = [await engine.trigger(calling("GET"), {"n": n}) for n in range(3)]
        await engine.settle()
        await plant(engine, ids[1], data=b"garbage")
        engine.world.always("call_1", Answer())
        await engine.crash()
        await engine.settle()
        for execution_id in (ids[0], ids[2]):
            assert await engine.status(execution_id) == "COMPLETED"
        with pytest.raises(LooplyError):
            await engine.state(ids[1])


def stored_text(engine: Driver) -> bytes:
    """Returns everything that was handed to the store, without its compression."""
    dictionaries = Dictionaries({STARTER: starter_dictionary()})
    found = []
    for unit in engine.faults.units:
        found.append(dictionaries.decompress(unit.batch.codec, unit.batch.events))
        found += [dictionaries.decompress(value.codec, value.data) for value in unit.values]
        found.append(repr(unit).encode())
        if unit.snapshot is not None and unit.snapshot.state[:1] == b"\0":
            found.append(dictionaries.decompress(unit.snapshot.codec, unit.snapshot.state[1:]))
    return b"\n".join(found)


def secretive(**beside: Json) -> Workflow:
    """Returns a workflow that fetches a token and calls with it."""
    return chain(
        call("login", body="${payload.output.po}", secret=["/output/data/token"]),
        call(
            "call_1",
            headers={"authorization": "Bearer ${login.output.data.token}"},
            body="${concat('token=', login.output.data.token)}",
            **beside,
        ),
        wait(),
        note("copy", "${login.output.data.token}"),
    )


class SecretStories:
    """Values that later steps need and that must not be readable."""

    async def test_a_secret_is_usable_and_stored_nowhere_in_clear(self, engine: Driver) -> None:
        engine.world.script("login", Answer(data={"token": HIDDEN, "user": "visible-user"}))
        execution_id = await engine.trigger(secretive())
        await engine.settle()
        await engine.resume(execution_id)
        assert engine.world.calls_of("call_1")[0].input["headers"]["authorization"] == f"Bearer {HIDDEN}"
        text = stored_text(engine)
        assert b"visible-user" in text
        assert HIDDEN.encode() not in text

    async def test_a_secret_is_usable_after_a_crash(self, engine: Driver) -> None:
        engine.world.script("login", Answer(data={"token": HIDDEN}))
        engine.world.script("call_1", HANG)
        await engine.trigger(secretive(on_unknown="retry"))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        first, second = engine.world.calls_of("call_1")
        assert first.input == second.input
        assert second.input["body"] == f"token={HIDDEN}"
        assert HIDDEN.encode() not in stored_text(engine)

    async def test_a_secret_that_a_server_echoes_is_masked(self, engine: Driver) -> None:
        engine.world.script("login", Answer(data={"token": HIDDEN}))
        engine.world.script("call_1", Answer(data={"you sent": f"Bearer {HIDDEN}"}))
        execution_id = await engine.trigger(secretive())
        await engine.settle()
        data = (await engine.state(execution_id)).outputs["call_1"]["data"]
        assert HIDDEN not in str(data)
        assert HIDDEN.encode() not in stored_text(engine)

    async def test_credentials_of_a_connection_never_enter_a_history(self, engine: Driver) -> None:
        engine.world.connections.put("shop", {"password": CREDENTIAL})
        engine.world.script("call_1", Answer(data={"echo": CREDENTIAL}, headers={"x-debug": f"basic {CREDENTIAL}"}))
        execution_id = await engine.trigger(chain(call(connection="shop"), note()))
        await engine.settle()
        connection = engine.world.calls[0].connection
        assert connection is not None
        assert connection.secrets["password"] == CREDENTIAL
        assert CREDENTIAL not in str(await engine.events(execution_id))
        assert CREDENTIAL.encode() not in stored_text(engine)

    async def test_a_secret_of_the_callers_body_is_stored_nowhere_in_clear(self, engine: Driver) -> None:
        workflow = chain(wait(), call("call_1", body="${payload.output.pin}"), start={"secret": ["/output/pin"]})
        execution_id = await engine.trigger(workflow, {"pin": HIDDEN, "po": "visible-order"})
        await engine.crash()
        await engine.resume(execution_id)
        await engine.settle()
        assert engine.world.calls[0].input["body"] == HIDDEN
        text = stored_text(engine)
        assert b"visible-order" in text
        assert HIDDEN.encode() not in text

    async def test_a_retry_uses_the_credentials_of_today(self, engine: Driver) -> None:
        engine.world.connections.put("shop", {"password": CREDENTIAL})
        engine.world.script("call_1", Answer(status=503))
        await engine.trigger(chain(call(connection="shop", retry={"max_attempts": 2, "interval": "PT0S"})))
        await engine.settle()
        engine.world.connections.put("shop", {"password": "rotated-password"})
        await engine.tick()
        used = [seen.connection.secrets["password"] for seen in engine.world.calls if seen.connection is not None]
        assert used == [CREDENTIAL, "rotated-password"]
        assert engine.world.calls[0].input == engine.world.calls[1].input
        text = stored_text(engine)
        assert (CREDENTIAL.encode() in text, b"rotated-password" in text) == (False, False)

    async def test_a_secret_that_is_rotated_between_attempts_and_echoed_by_both_is_nowhere_in_clear(
        self, engine: Driver
    ) -> None:
        engine.world.connections.put("shop", {"password": CREDENTIAL})
        engine.world.script("call_1", Answer(status=503, data={"echo": CREDENTIAL}))
        execution_id = await engine.trigger(
            chain(call(connection="shop", retry={"max_attempts": 2, "interval": "PT1M"}), note())
        )
        await engine.settle()
        engine.world.connections.put("shop", {"password": "rotated-password"})
        await engine.crash()
        engine.world.script("call_1", Answer(data={"echo": f"Basic {'rotated-password'}"}))
        await engine.advance(timedelta(minutes=1))
        assert await engine.status(execution_id) == "COMPLETED"
        for hidden in (CREDENTIAL, "rotated-password"):
            assert hidden not in str(await engine.events(execution_id))
            assert hidden.encode() not in stored_text(engine)

    async def test_secrets_in_long_histories_and_large_values_are_sealed_too(self, engine: Driver) -> None:
        large = HIDDEN + "x" * 60_000
        engine.world.script("login", Answer(data={"token": large}))
        execution_id = await engine.trigger(secretive())
        await engine.settle()
        await engine.crash()
        await engine.resume(execution_id, {"text": "y" * 300_000})
        assert HIDDEN.encode() not in stored_text(engine)
        assert (await engine.state(execution_id)).payload["copy"] == large
