"""The copies of cards in channels: which are due, who has taken them, and what becomes of a try."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from contract.store.samples import Samples
from looply.engine.ports.card_channel import TryAgain
from looply.engine.ports.store import Store
from looply.engine.records.copies import CHECKING, UNSURE, CopyMark, CopyRow, CopyUpdate
from looply.testing.clock import START_TIME

SECOND = timedelta(seconds=1)
SOON = START_TIME + timedelta(minutes=1)


async def sent(store: Store, samples: Samples, *channels: str, number: int = 2) -> str:
    """Stores an execution with one copy in each channel, `c0`, `c1` ..., each due a second after the former."""
    copies = tuple(
        CopyUpdate(card_id=f"c{place}", channel=channel, wanted=number, due=START_TIME + place * SECOND)
        for place, channel in enumerate(channels)
    )
    unit = samples.first()
    await store.journal.commit(replace(unit, copies=copies))
    return unit.execution_id


async def take(store: Store, now: Any = SOON, limit: int = 9, *channels: str) -> list[str]:
    """Takes copies for ten seconds, and returns their ids in the order of time."""
    found = await store.copies.take(now, now + 10 * SECOND, limit, channels or ("teams", "email"))
    return sorted(row.card_id for row in found)


def mark(**fields: Any) -> CopyMark:
    facts: dict[str, Any] = {"handle": "", "due": SOON, "since": START_TIME, **fields}
    return CopyMark(**facts)


async def row(store: Store, card_id: str = "c0") -> CopyRow:
    found = await store.copies.find(card_id)
    assert found is not None
    return found


class CopiesContract:
    """Copies of cards."""

    async def test_a_copy_begins_pending_and_is_due_in_its_channel_only(self, store: Store, samples: Samples) -> None:
        execution_id = await sent(store, samples, "teams", "email", "teams")
        expected = CopyRow(card_id="c0", execution_id=execution_id, channel="teams", wanted=2, since=START_TIME)
        assert await row(store) == expected
        assert await store.copies.find("another") is None
        assert await store.copies.next_due(("email",)) == START_TIME + SECOND
        assert await store.copies.next_due(()) is None
        assert await take(store, SOON, 9, "email") == ["c1"]
        assert await take(store, SOON, 1, "teams") == ["c0"]
        assert await take(store, START_TIME + SECOND, 9, "teams") == []
        assert [each.card_id for each in await store.copies.of_execution(execution_id)] == ["c0", "c1", "c2"]

    async def test_a_copy_that_is_taken_is_given_to_no_other_until_its_lease_ends(
        self, store: Store, samples: Samples
    ) -> None:
        await sent(store, samples, "teams")
        assert await take(store) == ["c0"]
        assert await take(store, SOON + 9 * SECOND) == []
        assert await store.copies.next_due(("teams",)) == SOON + 10 * SECOND
        assert (await row(store)).takes == 1
        assert await take(store, SOON + 10 * SECOND) == ["c0"]
        assert ((await row(store)).takes, (await row(store)).is_in_doubt) == (2, True)
        await store.copies.record("c0", "", mark())
        assert ((await row(store)).takes, (await row(store)).is_in_doubt) == (0, False)

    async def test_what_became_of_a_try_is_recorded_as_it_is(self, store: Store, samples: Samples) -> None:
        execution_id = await sent(store, samples, "teams")
        handle = '{"a":["1"]}'
        full = mark(
            handle=handle, shown=2, since=SOON, attempts=3, state="SHOWN", code="C", reason="why", reminded=1,
            doubt=CHECKING, is_reported=False,
        )  # fmt: skip
        assert await store.copies.record("c0", "", full)
        assert await row(store) == CopyRow(
            card_id="c0", execution_id=execution_id, channel="teams", wanted=2, shown=2, handle=handle, since=SOON,
            attempts=3, state="SHOWN", code="C", reason="why", reminded=1, doubt=CHECKING, is_reported=False,
        )  # fmt: skip
        assert await store.copies.count_stale() == 0
        assert not await store.copies.record("c0", "", full)
        assert not await store.copies.record("another", "", full)

    async def test_a_copy_is_due_while_it_is_stale_in_doubt_or_not_reported(
        self, store: Store, samples: Samples
    ) -> None:
        await sent(store, samples, "teams")
        for fields, is_due in (
            ({"shown": 0}, True),
            ({"shown": 2}, False),
            ({"shown": 2, "doubt": UNSURE}, True),
            ({"shown": 2, "is_reported": False}, True),
        ):
            assert await store.copies.record("c0", "", mark(**fields))
            assert (await store.copies.next_due(("teams",)) == SOON) is is_due, fields
            assert (await take(store) == ["c0"]) is is_due, fields

    async def test_a_change_makes_a_copy_due_unless_its_channel_asked_for_a_pause(
        self, store: Store, samples: Samples
    ) -> None:
        unit = samples.first()
        update = CopyUpdate(card_id="c0", channel="teams", wanted=2, due=START_TIME)
        await store.journal.commit(replace(unit, copies=(update,)))
        later = SOON + timedelta(hours=1)
        assert await store.copies.record("c0", "", mark(due=later, attempts=5, code="TRY_AGAIN"))
        changed = replace(samples.next(unit.head), copies=(replace(update, wanted=3, due=SOON),))
        await store.journal.commit(changed)
        assert ((await row(store)).attempts, (await row(store)).wanted) == (0, 3)
        assert await store.copies.next_due(("teams",)) == SOON
        assert await store.copies.record("c0", "", mark(due=later, held=later, code=TryAgain.code))
        again = replace(samples.next(changed.head), copies=(replace(update, wanted=4, due=SOON),))
        await store.journal.commit(again)
        assert await store.copies.next_due(("teams",)) == later

    async def test_a_copy_that_changed_while_it_was_shown_stays_due_as_the_change_says(
        self, store: Store, samples: Samples
    ) -> None:
        await sent(store, samples, "teams", number=5)
        assert await store.copies.record("c0", "", mark(shown=4, due=SOON + timedelta(hours=1), state="SHOWN"))
        assert await store.copies.next_due(("teams",)) == START_TIME
        # An older view never hides that a newer one was shown.
        assert await store.copies.record("c0", "", mark(shown=5, state="SHOWN"))
        assert await store.copies.record("c0", "", mark(shown=3, state="SHOWN"))
        assert (await row(store)).shown == 5

    async def test_a_message_that_was_found_makes_a_copy_shown_and_due(self, store: Store, samples: Samples) -> None:
        await sent(store, samples, "teams")
        await store.copies.record("c0", "", mark(doubt=UNSURE, held=SOON + SECOND, code="UNKNOWN", reason="cut"))
        handle = '{"a":["1"]}'
        assert await store.copies.put_handle("c0", "", handle, SOON)
        assert not await store.copies.put_handle("c0", "", handle, SOON)
        found = await row(store)
        assert (found.state, found.since, found.handle, found.doubt) == ("SHOWN", SOON, handle, CHECKING)
        assert (found.code, found.reason, found.is_reported) == ("", "", False)
        await store.copies.mark_reported("c0", "SHOWN", "")
        assert await store.copies.put_handle("c0", handle, '{"a":["1","2"]}', SOON + SECOND)
        found = await row(store)
        assert (found.since, found.is_reported) == (SOON, True)

    async def test_a_message_that_was_found_ends_a_hold_and_no_lease(self, store: Store, samples: Samples) -> None:
        await sent(store, samples, "teams")
        handles, later = ["", '{"a":["1"]}', '{"a":["1","2"]}', '{"a":["1","2","3"]}'], SOON + timedelta(hours=1)
        assert await store.copies.record("c0", "", mark(due=later, held=later, code=TryAgain.code))
        assert await store.copies.put_handle("c0", handles[0], handles[1], SOON)
        assert await store.copies.next_due(("teams",)) == later
        assert await store.copies.record(
            "c0", handles[1], mark(handle=handles[1], due=later, held=later, code="SEND_UNKNOWN")
        )
        assert await store.copies.put_handle("c0", handles[1], handles[2], SOON)
        assert await take(store) == ["c0"]
        assert await store.copies.put_handle("c0", handles[2], handles[3], SOON)
        assert await take(store, SOON + 9 * SECOND) == []

    async def test_a_report_counts_for_the_state_that_it_reported(self, store: Store, samples: Samples) -> None:
        await sent(store, samples, "teams")
        blocked = mark(shown=2, state="BLOCKED", code="B", is_reported=False)
        await store.copies.record("c0", "", blocked)
        await store.copies.mark_reported("c0", "SHOWN", "")
        await store.copies.mark_reported("c0", "BLOCKED", "other")
        assert not (await row(store)).is_reported
        await store.copies.mark_reported("c0", "BLOCKED", "B")
        assert (await row(store)).is_reported

    async def test_only_copies_that_could_not_be_delivered_are_tried_again(
        self, store: Store, samples: Samples
    ) -> None:
        await sent(store, samples, "teams", "teams", "teams")
        for card_id, state in (("c0", "BLOCKED"), ("c1", "SHOWN"), ("c2", "FAILED")):
            await store.copies.record(card_id, "", mark(shown=2, state=state, attempts=1))
        assert await take(store) == []
        await store.copies.retry([], SOON)
        await store.copies.retry(["c0", "c1", "another"], SOON)
        assert await take(store) == ["c0"]
        assert ((await row(store)).state, (await row(store)).attempts) == ("BLOCKED", 0)
