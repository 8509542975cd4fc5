"""Copies of cards in a channel elsewhere: each looks as it has to, whatever becomes of calls and processes."""

from datetime import timedelta
from typing import Any

from contract.engine.people.approvals import ANN, BOB, BOSS, PEOPLE, asked, card_for, decide
from kit.channel import FakeChannel
from kit.driver import Driver
from looply.engine.cards.learning import learn
from looply.engine.cards.marks import CHECK_PAUSE, UNKNOWN_PAUSE
from looply.execution.approvals.card_view import view_of
from looply.execution.facts.commands import Reassigned, Recorded

MINUTE = timedelta(minutes=1)


async def elsewhere(engine: Driver, *names: str) -> FakeChannel:
    """Lets the engine keep copies of cards in a channel of its own from now on, and in others of these names."""
    channel = FakeChannel()
    engine.channels = {"inbox": channel, **dict.fromkeys(names, channel)}
    await engine.restart()
    return channel


async def reconcile(engine: Driver, span: timedelta = MINUTE) -> None:
    """Lets the reconciler do what falls due within a time. A call that hangs has its time."""
    end = engine.clock.now() + span
    names = engine.channels.keys()
    while True:
        work = engine.call(engine.reconciler.tick())
        await engine.settle()
        if not work.done():
            engine.clock.advance(timedelta(seconds=next(iter(engine.channels.values())).budget.call_seconds))
        await work
        due = await engine.store.copies.next_due(names)
        if due is None or due > end:
            return
        if (left := due - engine.clock.now()) > timedelta(0):
            engine.clock.advance(left)


async def seen(engine: Driver, channel: FakeChannel, execution_id: str) -> dict[str, str]:
    """Returns what recipients see, by recipient, and proves that all copies look as they have to."""
    execution = await engine.shell.executions.get(execution_id)
    for card_id, card in execution.state.cards.items():
        view = view_of(execution.workflow, execution.state, card_id)
        assert view is not None
        shown = channel.seen.get(card_id)
        assert shown == view or (shown is None and view.status in ("ANSWERED", "CLOSED")), card.recipient
    assert await engine.store.copies.count_stale() == 0
    return {view.recipient: view.status for view in channel.seen.values()}


class CopyStories:
    """What recipients see in a channel that keeps copies."""

    async def test_every_copy_is_shown_and_follows_what_happens(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, reminders=["PT1H"])
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == dict.fromkeys(PEOPLE, "OPEN")
        await engine.advance(timedelta(hours=1))
        await reconcile(engine)
        assert {view.reminder for view in channel.seen.values()} == {1}
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        assert (await seen(engine, channel, execution_id))[ANN] == "ANSWERED"
        await decide(engine, execution_id, 1, "reject")
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == dict.fromkeys(PEOPLE, "ANSWERED")
        assert {view.text for view in channel.seen.values() if view.recipient != ANN} == {
            f"answered by {BOB} (rejected)"
        }

    async def test_the_token_of_a_copy_answers(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine)
        (token,) = channel.tokens.values()
        assert await engine.answer(execution_id, token) == Recorded()

    async def test_each_end_is_shown(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        ended = await asked(engine, timeout="PT1H")
        terminated = await asked(engine)
        passed = await asked(engine, recipients=[ANN])
        await reconcile(engine)
        await engine.terminate(terminated)
        card = await card_for(engine, passed, ANN)
        assert isinstance(await engine.reassign(passed, card.card_id, BOSS), Reassigned)
        await engine.advance(timedelta(hours=1))
        await reconcile(engine)
        for execution_id, word in ((ended, "time to answer is over"), (terminated, "terminated")):
            await seen(engine, channel, execution_id)
            ids = {card.card_id for card in (await engine.state(execution_id)).cards.values()}
            assert all(word in channel.seen[card_id].text for card_id in ids)
        assert await seen(engine, channel, passed)
        assert channel.seen[card.card_id].text == f"the request was passed on to {BOSS}: on leave"
        assert channel.seen[(await card_for(engine, passed, BOSS)).card_id].status == "OPEN"

    async def test_a_reminder_is_a_message_of_its_own_and_each_message_follows(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN], reminders=["PT1H", "PT2H"])
        await reconcile(engine)
        card = await card_for(engine, execution_id, ANN)
        for number in (1, 2):
            await engine.advance(timedelta(hours=1))
            await reconcile(engine)
            assert channel.reminders == [card.card_id] * number
        assert len(channel.messages_of(card.card_id)) == 3
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        assert {view.status for _, view in channel.messages.values()} == {"ANSWERED"}
        assert len(channel.reminders) == 2

    async def test_a_channel_that_fails_hangs_and_loses_answers_is_right_a_minute_after_the_last_fault(
        self, engine: Driver
    ) -> None:
        channel = await elsewhere(engine)
        channel.troubles.extend(["FAIL", "LOSE", "HANG", "FAIL"])
        execution_id = await asked(engine)
        await reconcile(engine, UNKNOWN_PAUSE + MINUTE)
        assert await seen(engine, channel, execution_id) == dict.fromkeys(PEOPLE, "OPEN")
        for card_id in (await engine.state(execution_id)).cards:
            # A message whose send was not known is found when its reader does something with it.
            for message in channel.messages_of(card_id):
                await learn(engine.store.copies, card_id, channel.handle_of(message), engine.clock.now())
        channel.troubles.extend(["LOSE", "HANG", "FAIL"])
        await decide(engine, execution_id, 0, "reject")
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == dict.fromkeys(PEOPLE, "ANSWERED")
        assert channel.twins == []

    async def test_a_call_that_comes_late_is_overtaken_after_a_minute(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN, BOB])
        await reconcile(engine)
        channel.troubles.append("LATE")
        await decide(engine, execution_id, 0)
        await reconcile(engine, timedelta(seconds=20))
        await decide(engine, execution_id, 1)
        await reconcile(engine, timedelta(seconds=5))
        newest = channel.seen[(await card_for(engine, execution_id, ANN)).card_id]
        channel.land()
        assert newest not in channel.seen.values()
        await reconcile(engine, CHECK_PAUSE)
        assert await seen(engine, channel, execution_id) == {ANN: "ANSWERED", BOB: "ANSWERED"}
        calls = len(channel.calls)
        await reconcile(engine, timedelta(hours=1))
        assert len(channel.calls) == calls

    async def test_what_changes_while_a_channel_is_away_is_shown_as_it_is_then(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN, BOB])
        await reconcile(engine)
        channel.is_down = True
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        audit = await engine.shell.audit()
        assert (audit.stale_cards, list(audit.problems)) == (1, [])
        await decide(engine, execution_id, 1)
        await reconcile(engine)
        assert {view.status for view in channel.seen.values()} == {"OPEN"}
        channel.is_down = False
        await engine.advance(timedelta(minutes=5))
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == {ANN: "ANSWERED", BOB: "ANSWERED"}

    async def test_a_pending_update_survives_a_crash_and_one_in_flight_is_repeated(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("HANG")
        execution_id = await asked(engine, recipients=[ANN, BOB])
        engine.call(engine.reconciler.tick())
        await engine.settle()
        await engine.crash()
        await reconcile(engine, UNKNOWN_PAUSE)
        assert await seen(engine, channel, execution_id) == {ANN: "OPEN", BOB: "OPEN"}

    async def test_two_reconcilers_never_show_one_copy_at_once(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        ids = [await asked(engine) for _ in range(10)]
        await engine.together(*(engine.reconciler.tick() for _ in range(4)))
        assert channel.twins == []
        assert sorted(channel.calls) == sorted(set(channel.calls))
        assert channel.at_once <= 8 * 4
        for execution_id in ids:
            assert await seen(engine, channel, execution_id)

    async def test_a_copy_that_is_over_before_it_was_shown_is_never_shown(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine)
        await engine.terminate(execution_id)
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == {}
        assert channel.calls == []

    async def test_an_inbox_alone_costs_no_row(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        facts: Any = await engine.store.copies.of_execution(execution_id)
        assert list(facts) == []
        assert await engine.store.copies.next_due(("inbox", "teams")) is None

    async def test_rounds_follow_at_once_while_there_is_work_and_are_ten_seconds_apart_at_most(
        self, engine: Driver
    ) -> None:
        channel = await elsewhere(engine)
        assert await engine.reconciler.round() == 10.0, "what another process found wakes no reconciler here"
        await asked(engine, recipients=[ANN])
        assert await engine.reconciler.round() == 0.25
        assert await engine.reconciler.round() == 10.0
        for pause, until_next in ((timedelta(minutes=2), 10.0), (timedelta(seconds=4), 4.0)):
            channel.pause = pause
            channel.troubles.append("WAIT")
            await asked(engine, recipients=[BOB])
            assert await engine.reconciler.round() == 0.25
            assert await engine.reconciler.round() == until_next
            engine.clock.advance(pause)
            await reconcile(engine)
