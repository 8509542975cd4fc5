"""Makes a data folder and a PostgreSQL database with rows in every table beside histories: `record_release.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from golden.recording.record import summary
from golden.recording.record_folder import fill_catalog
from golden.stores.beside import (
    BOSS,
    CALLEE,
    HOUR,
    LEFT_AFTER,
    PEOPLE,
    SLICE,
    LeftBeside,
    body_of,
    driver_of_database,
    driver_of_folder,
    renamed,
    rows_of_database,
    rows_of_folder,
    schedules,
    workflows,
)
from golden.stores.folder import open_catalog, put_key
from kit.driver import ORGANIZATION, WORKSPACE, Driver, id_of
from looply.catalog.authored.bulks import Progress
from looply.execution.facts.address import Address, card_token, parse_address, wait_token
from looply.execution.facts.commands import EditDocument, Recorded, Redrive, Released, Repaired, Settled, SettleLetter
from looply.execution.facts.events import ResumeIgnored
from looply.testing.clock import START_TIME, fake_loop
from looply.testing.world import HANG

FOLDED: Final = 5
"""Changes of figures that are in counters and roll-ups when the process is killed."""

_LAST: Final = ("sending", "line", "not_shown", "parent_to_be")
"""Stories that begin just before the process is killed."""


async def fill_bulks(place: Path | str) -> dict[str, str]:
    """Leaves one running bulk, held by the killed process, and a cancelled one; returns their ids."""
    catalog = await open_catalog(place, fake_loop().clock)
    redrive = await catalog.bulks.start((ORGANIZATION, WORKSPACE), "redrive", {"status": "FAILED"}, {"reason": "ü"})
    terminate = await catalog.bulks.start((ORGANIZATION, WORKSPACE), "terminate", {"process_id": "PO-*"}, {})
    await catalog.bulks.cancel(ORGANIZATION, terminate.bulk_id)
    await catalog.bulks.take("the process that ends", SLICE)
    progress = Progress(cursor=ORGANIZATION, done=3, refused=1, is_last=False)
    assert await catalog.bulks.record(redrive.bulk_id, "the process that ends", progress)
    await catalog.close()
    return {"redrive": redrive.bulk_id, "terminate": terminate.bulk_id}


async def fill_schedules(driver: Driver) -> None:
    """Makes schedules fire, wait, skip and miss."""
    for name, workflow in schedules().items():
        await driver.put_schedule(workflow, status="PAUSED" if name == "paused" else "ACTIVE")
    await driver.advance(HOUR)
    await driver.advance(HOUR)


async def fill_store(driver: Driver) -> dict[str, str]:
    """Brings each story to its state at the kill, and returns their executions."""
    ids: dict[str, str] = {}
    driver.world.always("sending", HANG)
    driver.world.always("early", HANG)
    for name, workflow in workflows().items():
        if name not in _LAST:
            ids[name] = await driver.trigger(workflow, body_of(name), process_id=f"PO-{name}")
            await driver.settle()
    await driver.deliver()
    await act_on(driver, ids)
    await settle_letters(driver, ids)
    await driver.reconciler.tick()
    # Some changes are folded, and others wait.
    await driver.store.figures.fold(FOLDED)
    driver.clock.advance(START_TIME + LEFT_AFTER - driver.clock.now())
    for name in _LAST:
        ids[name] = await driver.trigger(workflows()[name], body_of(name), process_id=f"PO-{name}")
        await driver.settle()
    return ids


async def act_on(driver: Driver, ids: dict[str, str]) -> None:
    """Performs actions of people, systems and operators on some of the stories."""
    seed = (await driver.state(ids["items"])).started.seed
    first = wait_token(ids["items"], seed, Address("loop[0]", "ask", 1))
    assert await driver.resume(ids["items"], {"n": 0}, token=first) == Released()
    seed = (await driver.state(ids["quorum"])).started.seed
    (passed_on,) = [one for one in await open_cards(driver, ids["quorum"]) if one.recipient == PEOPLE[1]]
    await driver.reassign(ids["quorum"], passed_on.card_id, BOSS)
    decided = card_token(ids["quorum"], seed, parse_address("approval_1:1"), 0)
    assert await driver.answer(ids["quorum"], decided) == Recorded()
    common = {"at": driver.clock.now(), "by": "operator", "via": "API", "reason": "mended"}
    edit = EditDocument(**common, document={"payload": {"output": {"po": "edited"}}})
    assert await driver.shell.submit(ids["renamed"], edit) == Repaired()
    redrive = Redrive(**common, workflow=renamed(), workflow_version=2, steps={"card_1": "question"})
    assert await driver.shell.submit(ids["renamed"], redrive) == Repaired()


async def open_cards(driver: Driver, execution_id: str) -> list[object]:
    """Returns the rows of the open cards of an execution."""
    return [one for one in await driver.shell.executions.open_cards(ORGANIZATION) if one.execution_id == execution_id]


async def settle_letters(driver: Driver, ids: dict[str, str]) -> None:
    """Sends resumes before waits that do not accept them; one of these letters is settled."""
    for name in ("letter", "letter_discarded"):
        assert await driver.resume(ids[name], {"n": 1}, by="early") == Released(buffered=True)
    for call in driver.world.open_calls():
        call.release()
    await driver.settle()
    (event,) = await driver.events(ids["letter_discarded"], ResumeIgnored)
    number = (await driver.events(ids["letter_discarded"])).index(event) + 1
    discard = SettleLetter(
        at=driver.clock.now(), by="operator", via="API", letter=number, action="discard", reason="asked by phone"
    )
    assert await driver.shell.submit(ids["letter_discarded"], discard) == Settled(action="DISCARDED")


async def make(place: Path | str, driver: Driver, rows: Callable[[], dict[str, int]]) -> LeftBeside:
    """Fills a folder or database, by a driver on its store, and leaves it as a killed process does."""
    api_key, catalog = await fill_catalog(place)
    await driver.open()
    await fill_schedules(driver)
    ids = await fill_store(driver)
    audit = await driver.shell.audit()
    assert list(audit.problems) == []
    for number, head in enumerate(await driver.store.reads.scan("", 1000)):
        if head.execution_id not in ids.values():
            ids[f"started_by_others_{number}"] = head.execution_id
    found = {name: await driver.shell.executions.get(execution_id) for name, execution_id in ids.items()}
    kept = driver.shell.schedules
    ledger = {name: list(await kept.fires(id_of(workflow), None, 100)) for name, workflow in schedules().items()}
    catalog.update(await fill_bulks(place))
    await driver.crash(reopens=False)
    counted = rows()
    assert all(counted.values()), counted
    return LeftBeside(
        executions=ids,
        definitions={name: execution.workflow.hash.hex() for name, execution in found.items()},
        summaries={name: summary(execution.state) for name, execution in found.items()},
        open=audit.open,
        api_key=api_key,
        catalog={**catalog, "callee": CALLEE},
        rows=counted,
        ledger=ledger,
    )


async def make_folder(folder: Path) -> LeftBeside:
    """Fills a folder and leaves it as a killed process does."""
    put_key(folder)
    return await make(folder, driver_of_folder(folder), lambda: rows_of_folder(folder))


async def make_database(address: str) -> LeftBeside:
    """Fills an empty database and leaves it as a killed process does."""
    return await make(address, driver_of_database(address), lambda: rows_of_database(address))
