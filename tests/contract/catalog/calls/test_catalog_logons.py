"""The count of refused logons, which all processes that share the catalog have in common."""

import asyncio
from pathlib import Path

import pytest

from kit.catalog import Opened, statements_on
from looply.catalog import Catalog
from looply.catalog.calls.logons import FORGOTTEN_AFTER, LEASE
from looply.connectors.credentials.logons import MOST_FAILURES, Logons, NoTry
from looply.errors import AuthFailed
from looply.testing.clock import FakeClock

KEY = bytes(range(16))
OTHER = bytes(16)


async def refuse(catalog: Catalog, key: bytes = KEY, times: int = MOST_FAILURES) -> None:
    for _ in range(times):
        ticket = await catalog.logons.take(key, is_test=False)
        assert isinstance(ticket, str)
        await catalog.logons.settle(key, ticket, is_accepted=False)


async def logon(logons: Logons, *, is_accepted: bool) -> str:
    try:
        async with logons.attempt(KEY, "S4") as attempt:
            await asyncio.sleep(0)
            attempt.is_accepted = is_accepted
    except AuthFailed as error:
        return error.code
    return "tried"


async def test_no_more_tries_are_under_way_than_are_left(catalog: Catalog) -> None:
    tickets = [await catalog.logons.take(KEY, is_test=False) for _ in range(MOST_FAILURES)]
    assert len({*tickets}) == MOST_FAILURES
    assert await catalog.logons.take(KEY, is_test=False) is NoTry.BUSY
    assert isinstance(await catalog.logons.take(OTHER, is_test=False), str)
    await catalog.logons.settle(KEY, str(tickets[0]), is_accepted=None)
    assert isinstance(await catalog.logons.take(KEY, is_test=False), str)


async def test_three_refusals_are_the_last_ones_also_after_a_restart(
    open_catalog: Opened, location: Path | str
) -> None:
    first = await open_catalog(location)
    await refuse(first)
    await first.close()
    again = await open_catalog(location)
    assert await again.logons.take(KEY, is_test=False) is NoTry.STOPPED
    assert isinstance(await again.logons.take(OTHER, is_test=False), str)


async def test_processes_make_three_tries_together(open_catalog: Opened, location: Path | str) -> None:
    if isinstance(location, Path):
        pytest.skip("one process owns a file")
    processes = [await open_catalog(location) for _ in range(3)]
    taken = await asyncio.gather(*[each.logons.take(KEY, is_test=False) for each in processes for _ in range(4)])
    tickets = [ticket for ticket in taken if isinstance(ticket, str)]
    assert (len({*tickets}), taken.count(NoTry.BUSY)) == (MOST_FAILURES, 9)
    for process, ticket in zip(processes, tickets, strict=True):
        await process.logons.settle(KEY, ticket, is_accepted=False)
    assert [await each.logons.take(KEY, is_test=False) for each in processes] == [NoTry.STOPPED] * 3


async def test_a_logon_that_is_accepted_begins_again_and_leaves_nothing(catalog: Catalog) -> None:
    await refuse(catalog, times=2)
    ticket = await catalog.logons.take(KEY, is_test=False)
    await catalog.logons.settle(KEY, str(ticket), is_accepted=True)
    await refuse(catalog)


async def test_a_test_is_tried_and_its_success_lets_others_try(catalog: Catalog) -> None:
    await refuse(catalog)
    ticket = await catalog.logons.take(KEY, is_test=True)
    await catalog.logons.settle(KEY, str(ticket), is_accepted=False)
    assert await catalog.logons.take(KEY, is_test=False) is NoTry.STOPPED
    ticket = await catalog.logons.take(KEY, is_test=True)
    await catalog.logons.settle(KEY, str(ticket), is_accepted=True)
    assert isinstance(await catalog.logons.take(KEY, is_test=False), str)


async def test_a_try_of_a_process_that_ended_is_free_again_after_its_lease(catalog: Catalog, clock: FakeClock) -> None:
    for _ in range(MOST_FAILURES):
        await catalog.logons.take(KEY, is_test=False)
    assert await catalog.logons.take(KEY, is_test=False) is NoTry.BUSY
    clock.advance(LEASE)
    assert isinstance(await catalog.logons.take(KEY, is_test=False), str)


async def test_a_principal_that_is_no_longer_tried_is_forgotten(catalog: Catalog, clock: FakeClock) -> None:
    await refuse(catalog)
    clock.advance(2 * FORGOTTEN_AFTER)
    await catalog.logons.take(OTHER, is_test=False)
    assert isinstance(await catalog.logons.take(KEY, is_test=False), str)


async def test_an_accepted_process_asks_nothing_until_it_is_refused(catalog: Catalog) -> None:
    logons = Logons(catalog.logons)
    assert await logon(logons, is_accepted=True) == "tried"
    with statements_on("refused_logons") as statements:
        for _ in range(5):
            await logon(logons, is_accepted=True)
        assert statements == []
        await logon(logons, is_accepted=False)
        assert statements != []
