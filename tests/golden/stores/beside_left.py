"""Checks of the rows that a killed process left beside histories, on every store; see `left.py`.

Each check is of the stories of `beside.workflows`, one minute after the process was killed, and raises
AssertionError.
"""

from datetime import timedelta
from typing import Final

from golden.stores.beside import BOSS, HOUR, PEOPLE, SLICE, LeftBeside, schedules
from golden.stores.left import Opened
from kit.channel import FakeChannel
from kit.definitions import chain, datastore
from kit.driver import ORGANIZATION, id_of
from looply.catalog import Catalog
from looply.engine.ports.lists import Filter
from looply.engine.records.letters import LetterFilter, LetterRow
from looply.execution.facts.address import Address, card_token, parse_address, wait_token
from looply.execution.facts.commands import Recorded, Released, Settled, SettleLetter
from looply.execution.facts.events import ResumeIgnored, StepUnknown

_TICK: Final = timedelta(seconds=5)
_MINUTE: Final = timedelta(minutes=1)
_ENOUGH: Final = 5
"""Enough ticks to apply all deliveries, whichever process holds a row."""


async def check_others(opened: Opened, left: LeftBeside) -> None:
    """Children report to their parents, the requested one is started, and the queue advances."""
    ids = left.executions
    await _deliver(opened)
    for name in ("parent", "parent_to_be"):
        (child,) = (await opened.next.state(ids[name])).children.values()
        assert await opened.next.resume(child.child_id, {"n": 1}) == Released(), name
    assert (await opened.next.state(ids["line"])).is_queued
    assert await opened.next.resume(ids["slot"]) == Released()
    await _deliver(opened)
    assert await opened.next.resume(ids["line"]) == Released()
    for name in ("parent", "parent_to_be", "slot", "line"):
        assert await opened.next.status(ids[name]) == "COMPLETED", name
    for name in ("parent", "parent_to_be"):
        assert (await opened.next.state(ids[name])).payload["last"] == f"PO-{name}"


async def check_answers(opened: Opened, left: LeftBeside) -> None:
    """Branches, iterations, an approval and a renamed card take the answers by tokens that were handed out before."""
    ids = left.executions
    assert await opened.next.resume(ids["branches"], state="left") == Released()
    assert await opened.next.answer(ids["branches"], await _card(opened, left, "branches", "split[right]/right:1"))
    for index in (1, 2):
        await _deliver(opened)
        assert await opened.next.resume(ids["items"], {"n": index}, token=await _item(opened, left, index))
    assert await opened.next.answer(ids["renamed"], await _card(opened, left, "renamed", "card_1:1")) == Recorded()
    passed_on = await _card(opened, left, "quorum", "approval_1:1", part=3)
    assert await opened.next.answer(ids["quorum"], passed_on) == Recorded()
    await opened.settle()
    states = {name: await opened.next.state(ids[name]) for name in ("branches", "items", "renamed", "quorum")}
    assert {name: state.status for name, state in states.items()} == dict.fromkeys(states, "COMPLETED")
    assert [each["n"] for each in states["items"].outputs["loop"]["items"]] == [0, 1, 2]
    assert states["renamed"].payload["seen"] == "approve"
    assert states["renamed"].payload["po"] == "edited"
    decisions = states["quorum"].outputs["approval_1"]["decisions"]
    assert [decision["user"] for decision in decisions] == [PEOPLE[0], BOSS]


async def check_letters(opened: Opened, left: LeftBeside) -> None:
    """The letters are unchanged; the open one is applied to a wait that accepts it."""
    ids = left.executions
    found = {row.execution_id: row for row in await _letters(opened)}
    assert set(found) == {ids["letter"], ids["letter_discarded"]}
    discarded, row = found[ids["letter_discarded"]], found[ids["letter"]]
    assert (discarded.action, discarded.settled_by, discarded.note) == ("DISCARDED", "operator", "asked by phone")
    assert (row.action, row.reason, row.sender, row.process_id) == ("", "UNFIT", "early", "PO-letter")
    assert await opened.next.resume(ids["letter"], source="TEAMS") == Released()
    ((_, event),) = await opened.next.shell.executions.history(row.execution_id, row.seq - 1, 1)
    assert isinstance(event, ResumeIgnored)
    now = opened.next.clock.now()
    apply = SettleLetter(at=now, by="operator", via="API", letter=row.seq, action="apply", payload=event.payload)
    assert await opened.next.shell.submit(row.execution_id, apply) == Settled(action="APPLIED")
    assert await opened.next.status(ids["letter"]) == "COMPLETED"
    assert (await opened.next.state(ids["letter"])).outputs["wait_2"]["n"] == 1
    assert {row.action for row in await _letters(opened)} == {"DISCARDED", "APPLIED"}


async def check_found(opened: Opened, left: LeftBeside) -> None:
    """A search finds executions by the same values and suffixes as before."""
    ids = left.executions
    for search in ({"fields": (("po", ("PO-searched",)),)}, {"process_ids": ("*-searched",)}):
        page = await opened.next.shell.executions.list(ORGANIZATION, Filter(**search))
        assert [item.head.execution_id for item in page.items] == [ids["searched"]], search


async def check_datastores(opened: Opened, left: LeftBeside) -> None:
    """A datastore has its content and revision; a deleted one is created again with a higher revision."""
    store = opened.next.store.datastores
    prices = (await store.find(ORGANIZATION, "prices")).stored
    assert prices is not None
    assert (prices.value, prices.revision) == ({"net": 3, "text": "ü"}, 1)
    gone = await store.find(ORGANIZATION, "gone")
    assert (gone.stored, gone.next_revision) == (None, 3)
    again = await opened.next.trigger(chain(datastore("set", name="gone", value=1)))
    await opened.settle()
    assert (await opened.next.state(again)).outputs["set_1"]["revision"] == gone.next_revision
    assert again > max(left.executions.values())


async def check_copies(opened: Opened, left: LeftBeside) -> None:
    """The copy that was not shown is shown once; all engines have one channel."""
    assert await opened.next.store.copies.count_stale() == 1
    await opened.advance(_MINUTE)
    for engine in opened.engines:
        await engine.reconciler.tick()
    (card,) = (await opened.next.state(left.executions["not_shown"])).cards.values()
    channel = opened.next.channels["inbox"]
    assert isinstance(channel, FakeChannel)
    assert channel.calls == [(card.card_id, card.changed)]
    assert await opened.next.store.copies.count_stale() == 0


async def check_sending(opened: Opened, left: LeftBeside) -> None:
    """The call that was in flight is made again, by its `on_unknown`."""
    (lost,) = await opened.next.events(left.executions["sending"], StepUnknown)
    assert lost.cause == "CRASH"
    assert [(seen.step, seen.attempt) for seen in opened.world.calls] == [("sending", 2)]
    assert await opened.next.status(left.executions["sending"]) == "COMPLETED"


async def check_ledger(opened: Opened, left: LeftBeside) -> None:
    """Ledgers are unchanged; a fire that waits starts when the execution before it has ended."""
    waiting = schedules()["queued"]
    for name, workflow in schedules().items():
        ledger = list(await opened.next.shell.schedules.fires(id_of(workflow), None, 100))
        assert ledger == left.ledger[name], name
    paused = await opened.next.schedule(schedules()["paused"])
    assert (paused.status, paused.last) == ("PAUSED", None)
    (before,) = [row.execution_id for row in left.ledger["queued"] if row.outcome == "STARTED"]
    await opened.next.resume(before)
    await _deliver(opened)
    newest, *_ = await opened.next.shell.schedules.fires(id_of(waiting), None, 100)
    assert newest.outcome in ("STARTED", "CAUGHT_UP")
    assert newest.nominal == left.ledger["queued"][0].nominal
    assert await opened.next.status(newest.execution_id) == "WAITING"
    await opened.advance(HOUR)
    newest, *_ = await opened.next.shell.schedules.fires(id_of(waiting), None, 100)
    assert newest.outcome == "QUEUED"


async def check_bulks(catalog: Catalog, left: LeftBeside) -> None:
    """A running bulk continues at its cursor, and a cancelled one stays cancelled."""
    cancelled = await catalog.bulks.get(ORGANIZATION, left.catalog["terminate"])
    assert (cancelled.status, cancelled.criteria) == ("CANCELLED", {"process_id": "PO-*"})
    (taken,) = await catalog.bulks.take("another process", SLICE)
    assert (taken.bulk_id, taken.cursor, taken.done, taken.refused) == (left.catalog["redrive"], ORGANIZATION, 3, 1)
    assert (taken.criteria, taken.options) == ({"status": "FAILED"}, {"reason": "ü"})
    actions = [record.action for record in (await catalog.audit.list_page(ORGANIZATION, 100)).items]
    assert {"bulk.redrive", "bulk.terminate", "bulk.cancel"} <= set(actions)


CHECKS: Final = (
    check_others,
    check_answers,
    check_letters,
    check_found,
    check_datastores,
    check_copies,
    check_sending,
    check_ledger,
)


async def _deliver(opened: Opened) -> None:
    for _ in range(_ENOUGH):
        await opened.advance(_TICK)


async def _letters(opened: Opened) -> list[LetterRow]:
    return list(await opened.next.shell.letters.list(ORGANIZATION, LetterFilter(), None, 100))


async def _card(opened: Opened, left: LeftBeside, name: str, address: str, part: int = 0) -> str:
    execution_id = left.executions[name]
    seed = (await opened.next.state(execution_id)).started.seed
    return card_token(execution_id, seed, parse_address(address), part)


async def _item(opened: Opened, left: LeftBeside, index: int) -> str:
    execution_id = left.executions["items"]
    seed = (await opened.next.state(execution_id)).started.seed
    return wait_token(execution_id, seed, Address(f"loop[{index}]", "ask", 1))
