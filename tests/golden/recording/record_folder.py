"""Makes a data folder that every later release opens, upgrades, proves and continues: `record_release.py`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from golden.recording.record import summary
from golden.recording.sums import add_sums
from golden.stores.folder import (
    FOLDERS,
    PASSWORD,
    FixedIds,
    Left,
    body_of,
    driver_of,
    open_catalog,
    open_keys,
    pack,
    put_key,
    scheduled,
    workflows,
)
from kit.definitions import computing
from kit.driver import ORGANIZATION, WORKSPACE, Driver, id_of
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.keys import KeyDraft
from looply.errors import Unavailable
from looply.execution.facts.address import card_token, parse_address
from looply.testing.clock import FakeTimeLoop, SerialEntropy, fake_loop
from looply.testing.world import HANG, Answer


async def fill_catalog(place: Path | str) -> tuple[str, dict[str, str]]:
    """Makes the catalog in a folder or database; returns the text of its API key, and its content."""
    ids = FixedIds(SerialEntropy())
    catalog = await open_catalog(place, fake_loop().clock, ids)
    await catalog.organizations.create("Golden")
    for name, workflow in (("Order", computing()), ("Every hour", scheduled())):
        ids.expect(id_of(workflow))
        draft = WorkflowDraft(name=name, definition=workflow.definition)
        made = await catalog.workflows.create(ORGANIZATION, WORKSPACE, draft)
        await catalog.workflows.activate(ORGANIZATION, (made.workflow_id, made.workflow_version))
    order = id_of(computing())
    await catalog.profiles.create(ORGANIZATION, order, "test", {"url": "https://test.example"})
    shop = ConnectionDraft(name="shop", kind="http", settings={}, secrets={"token": PASSWORD})
    await catalog.connections.create(ORGANIZATION, WORKSPACE, shop)
    card = await catalog.cards.create(
        ORGANIZATION, WORKSPACE, CardDraft(name="Ask", payload={"type": "AdaptiveCard", "version": "1.5", "body": []})
    )
    key = await catalog.keys.create(ORGANIZATION, WORKSPACE, KeyDraft(name="golden", scopes={"trigger", "read"}))
    await catalog.close()
    return key.text, {
        "workflow_id": order,
        "scheduled_id": id_of(scheduled()),
        "card_id": card.card_id,
        "key_id": key.key.key_id,
    }


async def fill_store(driver: Driver) -> dict[str, str]:
    """Brings each story to its state at the kill, and returns their executions."""
    world = driver.world
    world.connections.put("shop", {"password": PASSWORD})
    world.script("retried", Unavailable("refused"))
    world.script("incident", Answer(status=500))
    for name in ("out_get", "out_post", "kept", "queued"):
        world.always(name, HANG)
    ids: dict[str, str] = {}
    for name, workflow in workflows().items():
        if name == "cut":
            # Its first stretch is stored and nothing more: the process dies over it.
            driver.faults.lost_answers = 1
            driver.call(driver.trigger(workflow, body_of(name)))
            await driver.settle()
            ids[name] = (await driver.newest(1))[0].head.execution_id
        else:
            ids[name] = await driver.trigger(workflow, body_of(name), process_id=f"PO-{name}", key=f"key-{name}")
            await driver.settle()
    return ids


async def act_on(driver: Driver, ids: dict[str, str]) -> None:
    """Performs actions of people and systems on some of the stories."""
    await driver.resume(ids["kept"], {"n": 1}, by="early")
    seed = (await driver.state(ids["carded"])).started.seed
    await driver.answer(ids["carded"], card_token(ids["carded"], seed, parse_address("card_1:1"), 0))
    await driver.terminate(ids["terminated"], "not needed")
    await driver.put_schedule(scheduled())


async def make(place: Path | str, driver: Driver) -> Left:
    """Fills a folder or database, by a driver on its store, and leaves it as a killed process does."""
    api_key, catalog = await fill_catalog(place)
    driver.sealers = await open_keys(place, driver.clock)
    await driver.open()
    ids = await fill_store(driver)
    await act_on(driver, ids)
    driver.clock.advance(timedelta(minutes=1))
    audit = await driver.shell.audit()
    assert list(audit.problems) == []
    assert any(unit.snapshot is not None for unit in driver.faults.units)
    assert any(unit.values for unit in driver.faults.units)
    summaries = {name: summary(await driver.state(execution_id)) for name, execution_id in ids.items()}
    await driver.crash(reopens=False)
    return Left(
        executions=ids,
        definitions={name: workflow.hash.hex() for name, workflow in workflows().items()},
        summaries=summaries,
        open=audit.open,
        api_key=api_key,
        catalog=catalog,
    )


async def make_folder(folder: Path) -> Left:
    """Fills a folder and leaves it as a killed process does."""
    put_key(folder)
    return await make(folder, driver_of(folder))


def put_left(left: msgspec.Struct, target: Path) -> None:
    """Writes the content of a folder or database into a file beside it."""
    target.write_bytes(msgspec.json.format(msgspec.json.encode(left, order="sorted"), indent=1) + b"\n")


def record_folder(name: str, make_folder: Callable[[Path], Coroutine[Any, Any, msgspec.Struct]]) -> None:
    """Records a folder unless there is one of that name."""
    FOLDERS.mkdir(exist_ok=True)
    target = FOLDERS / f"{name}.tar.xz"
    if target.exists():
        sys.exit(f"{target} is recorded already and never changes")
    with TemporaryDirectory() as base, asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        folder = Path(base) / "data"
        folder.mkdir(mode=0o700)
        left = runner.run(make_folder(folder))
        pack(folder, target)
    put_left(left, target.with_name(f"{name}.json"))
    add_sums()
    sys.stdout.write(f"added {target.name}, {target.stat().st_size} bytes\n")
